"""Stories of requests for data: together they take every way the runbook knows."""

from datetime import timedelta

from cases.acts import Close, Complete, Decide, Dissent, Resolution, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from runbooks.plan import CallBackResult
from tests.workflows.scenarios import Scenario, accepted, approve, refused, reject
from tests.workflows.telling import (
    answer,
    ask_back,
    asked,
    call,
    close,
    collects,
    complete,
    has_performed,
    performed,
    settle,
    write,
)
from tests.workflows.world import CaseUnderTest

RUNBOOK = "law-enforcement-request"
STORIES: dict[str, Scenario] = {}

story = collects(STORIES, RUNBOOK, country="country-3", reference="ref-9", controller="ours")


def hours(number: float) -> timedelta:
    """So many hours, and a minute."""
    return timedelta(hours=number, minutes=1)


async def named(case: CaseUnderTest) -> None:
    """It is on record who asks, and for what."""
    told = {"agency": "agency-3", "requested_data": "list-4"}
    await answer(case, "levi", sender_domain="years", officer="yes", **told)


async def verified(case: CaseUnderTest, stage: str = "verification") -> None:
    """The authority was called back, and confirmed."""
    await case.in_stage(stage)
    await named(case)
    await call(case, CallBackResult.CONFIRMED, "levi")
    await complete(case, stage, "verified", "levi")


async def kept(case: CaseUnderTest, outcome: str = "kept", **answers: str) -> None:
    """What is asked for is preserved, and it is known whether an order forbids telling the user."""
    await case.in_stage("preservation")
    said = {"snapshot": "snap-1", "non_disclosure": "no"} | answers
    await answer(case, "levi", **said)
    await complete(case, "preservation", outcome, "levi")


async def sufficient(case: CaseUnderTest, *, fresh: bool = True) -> None:
    """Legal finds the request sufficient."""
    if fresh:
        await write(case, "sufficiency", "lena", "legal-basis", "scope", "conflicts-of-law")
    await asked(case, "sufficiency")
    await approve(case, "sufficiency", "lena")


async def insufficient(case: CaseUnderTest, *, fresh: bool = True) -> None:
    """Legal wants it narrowed, or objects."""
    if fresh:
        await write(case, "sufficiency", "lena", "legal-basis", "scope", "conflicts-of-law")
    await asked(case, "sufficiency")
    await reject(case, "sufficiency", "lena")


async def ordered(case: CaseUnderTest) -> None:
    """Two people of law-enforcement response agree to collect."""
    await asked(case, "collection-order")
    await approve(case, "collection-order", "levi")
    await approve(case, "collection-order", "lara")


async def collected(case: CaseUnderTest, number: str = "1") -> None:
    """It is collected, with its hash manifest."""
    await case.in_stage("collection")
    await answer(case, "levi", manifest=f"manifest-{number}", accounts=number)
    await complete(case, "collection", "collected", "levi")


async def checked(case: CaseUnderTest, number: str = "1") -> None:
    """Two ordered it, one collected it, another found exactly the scope."""
    await ordered(case)
    await collected(case, number)
    await asked(case, "scope-check")
    await approve(case, "scope-check", "lara")


async def classed(case: CaseUnderTest, kind: str, *, fresh: bool = True) -> None:
    """Legal says whether it is content or records, and its gate is asked."""
    await case.in_stage("classification")
    if fresh:
        await answer(case, "lena", data_class=kind)
    await complete(case, "classification", kind, "lena")
    await asked(case, f"{kind}-release")


async def delivered(case: CaseUnderTest) -> None:
    """The authority says that it has it."""
    await case.in_stage("delivery")
    await answer(case, "levi", authority_receipt="receipt-2", accounts_produced="1")
    await complete(case, "delivery", "received", "levi")


async def told(case: CaseUnderTest) -> None:
    """Legal lets the user be told, and that has been done."""
    await case.in_stage("closure")
    await settle(case, "notify-user", Resolution.CLEAR, "lena")


@story(instrument="subpoena")
async def a_fake_subpoena(case: CaseUnderTest) -> None:
    """Nobody takes it for real before the authority has been called back."""
    await complete(case, "triage", "request", "tess")
    await case.in_stage("verification")
    await named(case)
    unsaid = await case.act(Complete(stage="verification", outcome="fake"), person="levi")
    refused(unsaid, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.REFUTED, "levi")
    await complete(case, "verification", "fake", "levi")
    await write(case, "refusal", "lena", "facts", "why-refused")
    await approve(case, "refusal", "lena")
    await approve(case, "refusal", "levi")
    await close(case, "rejected")


@story(instrument="warrant")
async def a_gagged_warrant_is_answered_and_the_user_told_later(case: CaseUnderTest) -> None:
    """Counsel and law-enforcement response hand content over; the user is told after the gag."""
    now = await case.now()
    await complete(case, "triage", "request", "tess")
    await case.in_stage("verification")
    await case.forward(hours(24))
    early = await case.act(Complete(stage="verification", outcome="verified"), person="levi")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    await verified(case)
    until = (now + timedelta(days=90)).isoformat()
    await kept(case, non_disclosure="yes", non_disclosure_until=until)
    await sufficient(case)
    await checked(case)
    await classed(case, "content")
    own = await case.act(Decide(gate="content-release", verdict=Verdict.APPROVE), person="levi")
    refused(own, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    await approve(case, "content-release", "lena")
    seen = await asked(case, "content-release")
    assert seen.stage == "content-release"
    await approve(case, "content-release", "lara")
    await delivered(case)
    seen = await case.until(lambda seen: seen.effect_named("notify-user") is not None)
    notice = seen.effect_named("notify-user")
    assert notice is not None
    assert notice.state == "suppressed"
    assert not notice.open
    await case.forward(timedelta(days=91))
    seen = await case.until(
        lambda seen: any((e.name, e.state) == ("notify-user", "held-back") for e in seen.effects)
    )
    assert "notify-user" not in performed(case)
    await told(case)
    await close(case, "full")
    await has_performed(case, "notify-user")
    assert performed(case).count("notify-user") == 1


@story(instrument="subpoena")
async def the_case_closes_before_the_gag_ends(case: CaseUnderTest) -> None:
    """Two of law-enforcement response release records; an obligation tells the user later."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    await kept(case, non_disclosure="yes")
    await sufficient(case)
    await checked(case)
    await classed(case, "records")
    await approve(case, "records-release", "levi")
    twice = await case.act(Decide(gate="records-release", verdict=Verdict.APPROVE), person="lena")
    refused(twice, Outcome.NOT_YOURS, Reason.ROLE)
    await approve(case, "records-release", "lara")
    await delivered(case)
    await case.in_stage("closure")
    await case.forward(timedelta(days=31))
    await close(case, "partial")
    await case.until(lambda _: "suppressed-notify-user" in {owed.name for owed in case.world.owed})
    assert "notify-user" not in performed(case)


@story(instrument="epoc")
async def a_european_order_is_objected_to(case: CaseUnderTest) -> None:
    """Ten days for a production order; our objection stops them, and is accepted."""
    now = await case.now()
    await answer(case, "tess", epoc_received_at=now.isoformat())
    await complete(case, "triage", "european-order", "tess")
    await verified(case)
    await case.in_stage("preservation")
    await case.forward(timedelta(days=9, hours=1))
    await kept(case)
    await insufficient(case)
    await complete(case, "objection", "object", "lena")
    await case.in_stage("objection-answer")
    await case.forward(timedelta(days=30, hours=1))
    await complete(case, "objection-answer", "accepted", "lena")
    await case.in_stage("closure")
    seen = await case.picture()
    clock = seen.clock("EU-EPOC-10d")
    assert clock is not None
    assert clock.breached_at is None
    await close(case, "objection-filed")


@story(instrument="epoc-emergency")
async def eight_hours_are_kept(case: CaseUnderTest) -> None:
    """An emergency order is verified in half an hour and answered within eight hours."""
    now = await case.now()
    missing = await case.act(Complete(stage="triage", outcome="european-emergency"), person="tess")
    refused(missing, Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "tess", emergency_epoc_received_at=now.isoformat())
    await complete(case, "triage", "european-emergency", "tess")
    await case.in_stage("urgent-verification")
    await case.forward(timedelta(minutes=31))
    await verified(case, "urgent-verification")
    await case.in_stage("preservation")
    await case.forward(hours(6.75))
    await kept(case)
    await sufficient(case)
    await checked(case)
    await classed(case, "records")
    await approve(case, "records-release", "levi")
    await approve(case, "records-release", "lara")
    await delivered(case)
    await told(case)
    seen = await case.picture()
    clock = seen.clock("EU-EPOC-8h")
    assert clock is not None
    assert clock.breached_at is None
    await case.forward(hours(97))
    await close(case, "full")


@story(instrument="epoc-emergency")
async def an_emergency_order_is_fake(case: CaseUnderTest) -> None:
    """The authority never sent it: two refuse, and nothing is handed over."""
    await answer(case, "tess", emergency_epoc_received_at=(await case.now()).isoformat())
    await complete(case, "triage", "european-emergency", "tess")
    await case.in_stage("urgent-verification")
    await named(case)
    await call(case, CallBackResult.REFUTED, "levi")
    await complete(case, "urgent-verification", "fake", "levi")
    await write(case, "refusal", "lena", "facts", "why-refused")
    await case.forward(hours(18))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, "refusal", "dean")
    await approve(case, "refusal", "levi")
    await close(case, "rejected")
    assert not {"produce", "collect"} & set(performed(case))


@story(instrument="epoc-emergency")
async def an_emergency_order_lacks_something(case: CaseUnderTest) -> None:
    """Refuse or ask? The roles disagree, the executive does not refuse; it is withdrawn."""
    await answer(case, "tess", emergency_epoc_received_at=(await case.now()).isoformat())
    await complete(case, "triage", "european-emergency", "tess")
    await case.in_stage("urgent-verification")
    await named(case)
    await complete(case, "urgent-verification", "insufficient", "levi")
    await write(case, "refusal", "lena", "facts", "why-refused")
    await approve(case, "refusal", "lena")
    await reject(case, "refusal", "levi")
    seen = await asked(case, "refusal")
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, "refusal", "eve")
    await kept(case)
    await write(case, "sufficiency", "lena", "legal-basis", "scope", "conflicts-of-law")
    await ask_back(case, "sufficiency", "lena")
    await complete(case, "inquiry", "withdrawn", "levi")
    await close(case, "withdrawn")


@story(instrument="subpoena")
async def an_insufficient_subpoena_is_completed(case: CaseUnderTest) -> None:
    """What is missing is asked for before it is refused, and again, until it is withdrawn."""
    await complete(case, "triage", "request", "tess")
    await case.in_stage("verification")
    await named(case)
    await complete(case, "verification", "insufficient", "levi")
    await write(case, "refusal", "lena", "facts", "why-refused")
    await ask_back(case, "refusal", "lena")
    await case.in_stage("inquiry")
    await case.forward(hours(54))
    await complete(case, "inquiry", "answered", "levi")
    await insufficient(case)
    await case.in_stage("objection")
    await case.forward(hours(54))
    await complete(case, "objection", "refuse", "lena")
    await asked(case, "refusal")
    await ask_back(case, "refusal", "lena")
    await complete(case, "inquiry", "withdrawn", "levi")
    await close(case, "withdrawn")


@story(instrument="epoc-preservation")
async def only_preservation_is_asked_for(case: CaseUnderTest) -> None:
    """It is kept, that is confirmed, and the days before it expires are told."""
    now = await case.now()
    await answer(case, "tess", epoc_preservation_received_at=now.isoformat())
    await complete(case, "triage", "european-preservation", "tess")
    await verified(case)
    await kept(case, "kept-only")
    await case.in_stage("closure")
    await case.forward(timedelta(days=58))
    await close(case, "preserved")


@story(instrument="preservation-request")
async def an_american_preservation_is_asked_for(case: CaseUnderTest) -> None:
    """Ninety days, and fourteen and three before they are over somebody is told."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    produce = Complete(stage="preservation", outcome="national-security")
    refused(await case.act(produce, person="levi"), Outcome.REFUSED, Reason.UNANSWERED)
    await kept(case, "kept-only")
    seen = await case.in_stage("closure")
    assert {clock.id for clock in seen.clocks if clock.hold} == {"US-2703f"}
    await case.forward(timedelta(days=88))
    await close(case, "preserved")


@story(instrument="lawful-order-in")
async def an_indian_order_finds_no_data(case: CaseUnderTest) -> None:
    """72 hours; too broad a request is narrowed, and there is nothing."""
    now = await case.now()
    due = (now + timedelta(hours=70)).isoformat()
    await answer(case, "tess", india_order_received_at=now.isoformat(), due_date=due)
    await complete(case, "triage", "indian-order", "tess")
    await answer(case, "tess", over_broad="yes")
    await verified(case)
    await case.in_stage("preservation")
    await case.forward(hours(65))
    seen = await case.picture()
    clock = seen.clock("order-due")
    assert clock is not None
    assert clock.due_at(await case.now()) == now + timedelta(hours=70)
    await kept(case)
    await insufficient(case)
    await complete(case, "objection", "narrowed", "lena")
    await ordered(case)
    await case.in_stage("collection")
    await answer(case, "levi", manifest="manifest-0", accounts="0")
    await complete(case, "collection", "no-data", "levi")
    await case.in_stage("closure")
    await case.forward(timedelta(days=178))
    await close(case, "none-no-data")


@story(instrument="court-order", foreign_conflict="yes")
async def it_is_an_emergency(case: CaseUnderTest) -> None:
    """Life is in danger: another runbook decides, and what is asked for is kept meanwhile."""
    await complete(case, "triage", "emergency", "tess")
    await case.until(lambda seen: seen.closed)
    assert "produce" not in performed(case)


@story(instrument="subpoena", over_broad="yes", controller="customer")
async def it_is_a_customers_data(case: CaseUnderTest) -> None:
    """The authority is sent to the customer whose data it is."""
    await complete(case, "triage", "customer-data", "tess")
    await close(case, "redirected-to-customer")


@story(instrument="subpoena")
async def it_is_withdrawn_at_once(case: CaseUnderTest) -> None:
    """Nothing was collected, and nothing is left to do."""
    await case.forward(hours(3))
    await complete(case, "triage", "withdrawn", "tess")
    await close(case, "withdrawn")


async def cleared(case: CaseUnderTest, number: str) -> None:
    """Cleared counsel finds it lawful and collects."""
    await asked(case, "cleared-review")
    await approve(case, "cleared-review", "cleo")
    await case.in_stage("cleared-collection")
    await answer(case, "cleo", manifest=f"manifest-{number}", accounts="1")
    await complete(case, "cleared-collection", "collected", "cleo")
    await asked(case, "cleared-release")


async def secret(case: CaseUnderTest) -> None:
    """A national security order is with cleared counsel, and asked."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    await kept(case, "national-security", non_disclosure="no")
    await write(case, "cleared-review", "cleo", "legal-basis", "scope")


@story(instrument="national-security", foreign_conflict="yes")
async def only_cleared_counsel_decides(case: CaseUnderTest) -> None:
    """A national security order: cleared counsel reviews, objects, collects, releases, delivers."""
    await secret(case)
    other = await case.act(Decide(gate="cleared-review", verdict=Verdict.APPROVE), person="lena")
    refused(other, Outcome.NOT_YOURS, Reason.ROLE)
    await case.forward(hours(54))
    await ask_back(case, "cleared-review", "cleo")
    await complete(case, "preservation", "national-security", "levi")
    await asked(case, "cleared-review")
    await reject(case, "cleared-review", "cleo")
    await case.in_stage("cleared-objection")
    await case.forward(hours(54))
    await complete(case, "cleared-objection", "ordered", "cleo")
    await asked(case, "cleared-review")
    await approve(case, "cleared-review", "cleo")
    await case.in_stage("cleared-collection")
    await case.forward(hours(36))
    await answer(case, "cleo", manifest="manifest-1", accounts="1")
    await complete(case, "cleared-collection", "collected", "cleo")
    await asked(case, "cleared-release")
    own = await case.act(Decide(gate="cleared-release", verdict=Verdict.APPROVE), person="cleo")
    refused(own, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    await case.forward(hours(18))
    await ask_back(case, "cleared-release", "cyra")
    await complete(case, "cleared-collection", "collected", "cleo")
    await asked(case, "cleared-release")
    await reject(case, "cleared-release", "cyra")
    await complete(case, "cleared-objection", "ordered", "cleo")
    await cleared(case, "2")
    await approve(case, "cleared-release", "cyra")
    await case.in_stage("cleared-delivery")
    await case.forward(hours(36))
    await answer(case, "cleo", authority_receipt="receipt-5")
    await complete(case, "cleared-delivery", "received", "cleo")
    await told(case)
    await close(case, "national-security")
    assert "produce" not in performed(case)


@story(instrument="national-security")
async def a_secret_order_is_given_up(case: CaseUnderTest) -> None:
    """Cleared counsel objects, and the authority accepts that."""
    await secret(case)
    await reject(case, "cleared-review", "cyra")
    await complete(case, "cleared-objection", "accepted", "cleo")
    await close(case, "objection-filed")


@story(instrument="information-order", over_broad="no", foreign_conflict="yes")
async def everything_is_doubted(case: CaseUnderTest) -> None:
    """Dual control says no, the check sends it back twice; then exactly the scope leaves."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    await kept(case)
    await write(case, "sufficiency", "lena", "legal-basis", "scope", "conflicts-of-law")
    await case.forward(hours(54))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, "sufficiency", "dean")
    await asked(case, "collection-order")
    await case.forward(hours(18))
    await ask_back(case, "collection-order", "levi")
    await complete(case, "inquiry", "answered", "levi")
    await sufficient(case, fresh=False)
    await asked(case, "collection-order")
    await approve(case, "collection-order", "levi")
    await reject(case, "collection-order", "lara")
    await sufficient(case, fresh=False)
    await ordered(case)
    await case.in_stage("collection")
    await case.forward(hours(36))
    await collected(case)
    await asked(case, "scope-check")
    alone = await case.act(Decide(gate="scope-check", verdict=Verdict.APPROVE), person="levi")
    refused(alone, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    await case.forward(hours(18))
    await ask_back(case, "scope-check", "lara")
    await collected(case, "2")
    await asked(case, "scope-check")
    await reject(case, "scope-check", "lara")
    await collected(case, "3")
    await asked(case, "scope-check")
    await approve(case, "scope-check", "lara")
    await case.in_stage("classification")
    await case.forward(hours(18))
    await classed(case, "content")
    await approve(case, "content-release", "lena")
    await approve(case, "content-release", "lara")
    await case.in_stage("delivery")
    await case.forward(hours(36))
    early = Close(disposition="full", record="r")
    refused(await case.act(early, person="ines"), Outcome.REFUSED, Reason.NOT_THE_STAGE)
    await delivered(case)
    await told(case)
    await close(case, "full")


@story(instrument="court-order")
async def counsel_and_response_disagree(case: CaseUnderTest) -> None:
    """The release of content is asked back, split, narrowed, objected to, and then ordered."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    await kept(case)
    await sufficient(case)
    await checked(case)
    await classed(case, "content")
    await case.forward(hours(18))
    await ask_back(case, "content-release", "lena")
    await complete(case, "inquiry", "answered", "levi")
    await sufficient(case, fresh=False)
    await checked(case, "4")
    await classed(case, "content", fresh=False)
    await approve(case, "content-release", "lena")
    await reject(case, "content-release", "lara")
    seen = await asked(case, "content-release")
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, "content-release", "eve")
    await complete(case, "objection", "narrowed", "lena")
    await checked(case, "5")
    await classed(case, "content", fresh=False)
    accepted(await case.act(Dissent(gate="content-release", reason="too much"), person="lara"))
    seen = await asked(case, "content-release")
    assert seen.rounds[-1].kind is RoundKind.DISSENT
    tied = await case.act(Decide(gate="content-release", verdict=Verdict.APPROVE), person="eve")
    refused(tied, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    await approve(case, "content-release", "erik")
    await delivered(case)
    await told(case)
    await close(case, "full")


@story(instrument="mlat")
async def records_are_disputed(case: CaseUnderTest) -> None:
    """Our objection is answered by an order; the second person says no, then objects."""
    await complete(case, "triage", "request", "tess")
    await verified(case)
    await kept(case)
    await insufficient(case)
    await complete(case, "objection", "object", "lena")
    await complete(case, "objection-answer", "ordered", "lena")
    await insufficient(case, fresh=False)
    await complete(case, "objection", "object", "lena")
    await complete(case, "objection-answer", "narrowed", "lena")
    await checked(case)
    await classed(case, "records")
    await case.forward(hours(18))
    await ask_back(case, "records-release", "lara")
    await complete(case, "inquiry", "answered", "levi")
    await sufficient(case, fresh=False)
    await checked(case, "2")
    await classed(case, "records", fresh=False)
    await approve(case, "records-release", "levi")
    await reject(case, "records-release", "lara")
    await complete(case, "objection", "narrowed", "lena")
    await checked(case, "3")
    await classed(case, "records", fresh=False)
    accepted(await case.act(Dissent(gate="records-release", reason="wrong dates"), person="lara"))
    await asked(case, "records-release")
    await approve(case, "records-release", "lena")
    await delivered(case)
    await told(case)
    await close(case, "partial")
    await has_performed(case, "file-objection")
    assert performed(case).count("file-objection") == 1
