"""Stories of intimate images: together they take every way the runbook knows."""

from datetime import timedelta

from cases.acts import Close, Complete, Decide, Dissent, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from tests.workflows.scenarios import Scenario, accepted, approve, refused, reject
from tests.workflows.telling import (
    answer,
    ask_back,
    asked,
    close,
    collects,
    complete,
    has_performed,
    performed,
    write,
)
from tests.workflows.world import CaseUnderTest

RUNBOOK = "non-consensual-intimate-imagery"
STORIES: dict[str, Scenario] = {}
GATE = "refusal"
MEMO = ("facts", "ground", "why-not-intimate-or-consensual")

story = collects(STORIES, RUNBOOK, requester="person-shown", location="list-1")


async def valid(case: CaseUnderTest, **answers: str) -> None:
    """The request is found complete, since an hour ago, and is with its reviewer."""
    since = (await case.now()) - timedelta(hours=1)
    await answer(case, "tess", age="adult", valid_since=since.isoformat(), **answers)
    await complete(case, "validity", "valid", "tess")


REASONS = {
    "content_type": "image",
    "automated_decision": "not-automated",
    "account_decision": "suspended",
    "synthetic": "no",
}
PUBLIC = ("decision-facts", "incompatible-content-explanation")


async def reasoned(case: CaseUnderTest, outcome: str = "restrict", **answers: str) -> None:
    """The uploader was told why; Policy is asked about what will be public."""
    await case.in_stage("account")
    put_up = (await case.now()).isoformat()
    await answer(case, "rhea", content_date=put_up, **{**REASONS, **answers})
    await complete(case, "account", outcome, "rhea")
    await case.until(
        lambda seen: any((e.name, e.state) == ("remove-content", "done") for e in seen.effects)
    )


async def published(case: CaseUnderTest) -> None:
    """The reasons are approved word for word, and go to the public database."""
    await write(case, "publication", "pia", *PUBLIC)
    await approve(case, "publication", "pia")
    seen = await case.in_stage("closure")
    draft = seen.drafts["database-statement"].draft
    assert draft.gaps == ()
    assert draft.fields["category-specification"] == ["non-consensual-image-sharing"]


async def gone(case: CaseUnderTest, disposition: str = "removed", *, found: bool = False) -> None:
    """Copies were looked for, the requester told, the uploader's account judged."""
    await complete(case, "copies", "found" if found else "none", "rhea")
    await case.in_stage("requester-notice")
    await answer(case, "rhea", proof_of_time="log-9")
    await complete(case, "requester-notice", "told", "rhea")
    await reasoned(case)
    await published(case)
    await close(case, disposition)


@story(spread="public")
async def one_reviewer_removes(case: CaseUnderTest) -> None:
    """One reviewer removes, with copies; 48 hours count from the instant of a complete request."""
    early = await case.act(Complete(stage="validity", outcome="valid"), person="tess")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "tess", age="adult")
    unsaid = await case.act(Complete(stage="validity", outcome="valid"), person="tess")
    refused(unsaid, Outcome.REFUSED, Reason.UNANSWERED)
    seen = await case.picture()
    assert seen.clock("US-TIDA") is None
    since = (await case.now()) - timedelta(hours=1)
    await answer(case, "tess", valid_since=since.isoformat())
    seen = await case.picture()
    clock = seen.clock("US-TIDA")
    assert clock is not None
    assert clock.due_at(await case.now()) == since + timedelta(hours=48)
    await complete(case, "validity", "valid", "tess")
    await complete(case, "removal", "remove", "rhea")
    seen = await case.until(
        lambda seen: any(
            run.id == "US-TIDA" and run.events[-1].verb == "stop" for run in seen.clocks
        )
    )
    assert seen.clock("IN-2h") is None
    await gone(case, "removed-copies", found=True)
    await has_performed(case, "remove-content", "block-hash", "remove-copies")


@story()
async def an_incomplete_request_starts_no_clock(case: CaseUnderTest) -> None:
    """What is missing is asked for; the clock waits for it, and a second look settles a doubt."""
    await answer(case, "tess", age="adult")
    await complete(case, "validity", "incomplete", "tess")
    await case.in_stage("needs-info")
    await case.forward(timedelta(days=3))
    seen = await case.picture()
    assert seen.clock("US-TIDA") is None
    await complete(case, "needs-info", "answered", "tess")
    await answer(case, "tess", valid_since=(await case.now()).isoformat())
    await complete(case, "validity", "valid", "tess")
    await complete(case, "removal", "in-doubt", "rhea")
    await complete(case, "second-look", "remove", "rolf")
    await complete(case, "copies", "none", "rhea")
    await case.in_stage("requester-notice")
    await answer(case, "rhea", proof_of_time="log-9")
    await complete(case, "requester-notice", "told", "rhea")
    await reasoned(case, "no-action", account_decision="nothing")
    await write(case, "publication", "pia", *PUBLIC)
    seen = await case.picture()
    assert "decision-account" not in seen.drafts["database-statement"].draft.fields
    await ask_back(case, "publication", "pia")
    await complete(case, "account", "no-action", "rhea")
    await asked(case, "publication")
    await reject(case, "publication", "pia")
    await case.in_stage("closure")
    assert "database-statement" not in performed(case)
    wrong = Close(disposition="removed-copies", record="r")
    refused(await case.act(wrong, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "removed")


@story()
async def nobody_completes_the_request(case: CaseUnderTest) -> None:
    """What is plainly intimate goes at once and stays gone; after 14 days the request lapses."""
    await answer(case, "tess", age="adult")
    await complete(case, "validity", "facially-intimate", "tess")
    await case.until(lambda seen: seen.effect_named("block-hash") is not None)
    await case.forward(timedelta(days=14, hours=1))
    seen = await case.in_stage("closure")
    assert seen.clock("US-TIDA") is None
    await close(case, "incomplete-lapsed")
    assert performed(case) == ["remove-content", "block-hash", "ask-requester"]


@story(threats="sextortion")
async def it_was_gone_before_the_law_asked(case: CaseUnderTest) -> None:
    """The image went while the request was incomplete: its clock starts met."""
    await answer(case, "tess", age="adult")
    await complete(case, "validity", "facially-intimate", "tess")
    await complete(case, "needs-info", "answered", "tess")
    await case.until(
        lambda seen: any((e.name, e.state) == ("remove-content", "done") for e in seen.effects)
    )
    await answer(case, "tess", valid_since=(await case.now()).isoformat())
    seen = await case.picture()
    clock = seen.clock("US-TIDA")
    assert clock is not None
    assert clock.reading(await case.now()).ended
    await complete(case, "validity", "valid", "tess")
    await complete(case, "copies", "none", "rhea")
    await case.in_stage("requester-notice")
    await answer(case, "rhea", proof_of_time="log-9")
    await complete(case, "requester-notice", "told", "rhea")
    await complete(case, "account", "uploader-unknown", "rhea")
    await close(case, "removed")
    await has_performed(case, "remove-content")
    assert performed(case).count("remove-content") == 1


@story()
async def silence_removes_and_two_put_it_back(case: CaseUnderTest) -> None:
    """Nobody acts: at hour 46 it goes by itself. A dissent decides whether it comes back."""
    await valid(case)
    await case.forward(timedelta(hours=46))
    seen = await case.in_stage("copies")
    removed = seen.effect_named("remove-content")
    assert removed is not None
    assert seen.breached
    clock = seen.clock("US-TIDA")
    assert clock is not None
    assert clock.breached_at is None
    await complete(case, "copies", "none", "rhea")
    await case.in_stage("requester-notice")
    await answer(case, "rhea", proof_of_time="log-9")
    await complete(case, "requester-notice", "contested", "rhea")
    await write(case, GATE, "rolf", *MEMO)
    accepted(await case.act(Dissent(gate=GATE, reason="it is intimate"), person="rosa"))
    seen = await asked(case, GATE)
    assert seen.rounds[-1].kind is RoundKind.DISSENT
    await approve(case, GATE, "eve")
    await case.in_stage("refusal-notice")
    await case.forward(timedelta(hours=3, minutes=1))
    await complete(case, "refusal-notice", "told", "rhea")
    await close(case, "refused-lawful")
    await has_performed(case, "undo-remove-content", "undo-block-hash")


@story(india_linked="yes")
async def two_hours_in_india(case: CaseUnderTest) -> None:
    """A complaint from India leaves two hours: it is gone before anybody has read the request."""
    now = await case.now()
    await answer(case, "tess", india_complaint_at=now.isoformat())
    await case.forward(timedelta(minutes=106))
    seen = await case.until(
        lambda seen: any((e.name, e.state) == ("remove-content", "done") for e in seen.effects)
    )
    clock = seen.clock("IN-2h")
    assert clock is not None
    assert clock.breached_at is None
    await answer(case, "tess", age="adult")
    await complete(case, "validity", "india-linked", "tess")
    await case.in_stage("copies")
    await case.forward(timedelta(hours=18, minutes=1))
    await complete(case, "copies", "none", "rhea")
    await case.in_stage("requester-notice")
    await case.forward(timedelta(hours=18, minutes=1))
    await answer(case, "rhea", proof_of_time="log-9")
    await complete(case, "requester-notice", "told", "rhea")
    await case.in_stage("account")
    await case.forward(timedelta(hours=18, minutes=1))
    await reasoned(case)
    await case.in_stage("publication")
    await case.forward(timedelta(hours=18, minutes=1))
    await published(case)
    await case.in_stage("closure")
    await case.forward(timedelta(hours=24, minutes=1))
    await close(case, "removed")


@story(abuse_signs="newsworthy")
async def legal_finds_no_misuse(case: CaseUnderTest) -> None:
    """Signs of misuse are for Legal to look at; senior and Legal disagree, an executive removes."""
    await answer(case, "tess", age="adult", valid_since=(await case.now()).isoformat())
    await complete(case, "validity", "signs-of-misuse", "tess")
    await case.in_stage("misuse")
    await case.forward(timedelta(hours=4, minutes=1))
    early = await case.act(Complete(stage="misuse", outcome="genuine"), person="lena")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "lena", abuse_assessment="note-3")
    await complete(case, "misuse", "genuine", "lena")
    await complete(case, "removal", "in-doubt", "rhea")
    await complete(case, "second-look", "refuse", "rolf")
    await write(case, GATE, "rosa", *MEMO)
    own = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="rolf")
    refused(own, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    await approve(case, GATE, "rosa")
    await reject(case, GATE, "lena")
    seen = await asked(case, GATE)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, GATE, "eve")
    await gone(case)


@story(abuse_signs="mass-filing")
async def two_refuse_and_nobody_alone(case: CaseUnderTest) -> None:
    """Nobody refuses alone: a senior and Legal's deputy must agree."""
    await answer(case, "tess", age="adult", valid_since=(await case.now()).isoformat())
    await complete(case, "validity", "signs-of-misuse", "tess")
    await case.in_stage("misuse")
    await answer(case, "lena", abuse_assessment="note-3")
    await complete(case, "misuse", "misuse", "lena")
    await write(case, GATE, "rolf", *MEMO)
    await ask_back(case, GATE, "lena")
    await complete(case, "removal", "refuse", "rhea")
    await asked(case, GATE)
    alone = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="dean")
    refused(alone, Outcome.NOT_YOURS, Reason.ROLE)
    await case.forward(timedelta(hours=6, minutes=1))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, GATE, "rolf")
    seen = await case.picture()
    assert seen.stage == GATE
    await approve(case, GATE, "dean")
    await complete(case, "refusal-notice", "told", "rhea")
    await close(case, "refused-not-depicted")
    assert "remove-content" not in performed(case)


@story()
async def the_clock_ends_a_second_look(case: CaseUnderTest) -> None:
    """A doubt that nobody settles does not keep the image up: hour 46 comes first."""
    await valid(case, hash_received_at=(await case.now()).isoformat())
    await case.in_stage("removal")
    # Not to the minute: three quarters of the second look must not fall on hour 46.
    await case.forward(timedelta(hours=42, minutes=30))
    await complete(case, "removal", "in-doubt", "rhea")
    await case.in_stage("second-look")
    await case.forward(timedelta(hours=2, minutes=31))
    await gone(case)


@story()
async def a_second_look_sees_a_child(case: CaseUnderTest) -> None:
    """Who cannot rule out a child neither removes, doubts nor refuses here: it is child safety."""
    await valid(case)
    await complete(case, "removal", "in-doubt", "rhea")
    await case.in_stage("second-look")
    await case.forward(timedelta(hours=3, minutes=1))
    await answer(case, "rolf", age="uncertain")
    for outcome in ("remove", "refuse"):
        barred = await case.act(Complete(stage="second-look", outcome=outcome), person="rolf")
        refused(barred, Outcome.REFUSED, Reason.NOT_SO)
    seen = await case.picture()
    clock = seen.clock("US-TIDA")
    assert clock is not None
    assert not clock.reading(await case.now()).ended
    await complete(case, "second-look", "minor", "rolf")
    await case.until(lambda seen: seen.closed)


@story(age="uncertain")
async def a_child_may_be_shown(case: CaseUnderTest) -> None:
    """An uncertain age is child safety: blocked at once, and nobody here looks at it again."""
    await complete(case, "validity", "minor", "tess")
    await case.until(lambda seen: seen.closed)
    assert "tell-requester" not in performed(case)


@story()
async def a_reviewer_sees_a_child(case: CaseUnderTest) -> None:
    """What a reviewer finds to be a child's image moves to child safety from there."""
    await valid(case)
    await complete(case, "removal", "minor", "rhea")
    await case.until(lambda seen: seen.closed)
