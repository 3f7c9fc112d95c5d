"""Stories of people who may hurt themselves: together they take every way the runbook knows."""

from collections.abc import Callable
from datetime import timedelta

from cases.acts import Answer, Close, Decide, Dissent, Evidence, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from runbooks.plan import Severity
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import answer, asked, close, complete, has_performed, performed, write
from tests.workflows.world import CaseUnderTest

RUNBOOK = "self-harm-risk"
CHECK = "wellness-check"
CONTACT = "contact-notice"
CHECK_MEMO = (
    "facts",
    "legal-basis",
    "why-no-delay",
    "why-nothing-less",
    "data-fields",
    "recipient",
    "recipient-found-at",
)
CONTACT_MEMO = ("facts", "relation", "why-it-is-safe-to-tell", "data-fields")

STORIES: dict[str, Scenario] = {}


def story(**answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers."""

    def add(play: Play) -> Play:
        opened = {"answers": {"origin": "classifier", **answers}}
        STORIES[play.__name__] = Scenario(play=play, runbook=RUNBOOK, opened=opened)
        return play

    return add


async def assessed(case: CaseUnderTest, outcome: str, *, row: str = "", **answers: str) -> None:
    """An expert has looked, and says where the case goes."""
    await case.in_stage("assessment")
    said = {"attempt": "no", "plan": "no", "minor": "no", "harm_to_others": "no"}
    told = {"ideation": "yes", **said, **answers}
    if told["ideation"] != "no":
        told["aware_at"] = (await case.now()).isoformat()
    await answer(case, "hana", row=row, **told)
    await complete(case, "assessment", outcome, "hana")


async def emergency(case: CaseUnderTest) -> None:
    """The expert believes that life is in danger; the memo is written and the gate is open."""
    await assessed(case, "emergency", row="1", attempt="yes")
    await write(case, CHECK, "dora", *CHECK_MEMO)


async def help_came(case: CaseUnderTest) -> None:
    """The service has been told, and says that help is on its way."""
    await case.in_stage("receipt")
    await answer(case, "levi", us_linked="yes", eu_linked="no", authority_receipt="ref-9")
    await complete(case, "receipt", "received", "levi")


async def answered(case: CaseUnderTest, *, model: str = "no") -> None:
    """The person was written to, answered, and is looked after again a day later."""
    seen = await case.in_stage("support")
    if "model-part" not in seen.answers:
        await answer(case, "hana", country="country-4", companion="us-ca", model_part=model)
    outcome = "answered" if model == "no" else "answered-review-model"
    await complete(case, "support", outcome, "hana")
    await complete(case, "follow-up", "settled", "hugo")


@story()
async def help_is_offered_and_answered(case: CaseUnderTest) -> None:
    """Resources appear at once; an expert writes; nobody is told, and no account is touched."""
    seen = await case.until(lambda seen: seen.effect_named("crisis-resources") is not None)
    assert (seen.severity.current, seen.stage) == (Severity.SEV1, "assessment")
    await assessed(case, "support", row="7")
    seen = await case.in_stage("support")
    change = seen.plan_changes[-1]
    assert (change.was, change.now, change.target) == (Severity.SEV1, Severity.SEV2, "4 hours")
    assert "Answer the person: 24 hours instead of 4 hours" in change.ahead
    await answered(case, model="unknown")
    early = Close(disposition="guardian-notified", record="r")
    await case.in_stage("closure")
    refused(await case.act(early, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "resources")
    assert sorted(performed(case)) == [
        "count-referral",
        "crisis-resources",
        "review-model",
        "safe-message",
    ]


@story()
async def two_roles_send_help(case: CaseUnderTest) -> None:
    """An attempt is in progress: an expert and counsel agree within minutes, and help is sent."""
    seen = await case.in_stage("assessment")
    assert not any(clock.statutory for clock in seen.clocks)
    await emergency(case)
    seen = await case.picture()
    first = seen.clock("assessment#1")
    assert first is not None
    assert first.within == timedelta(minutes=15)
    running = {clock.id for clock in seen.clocks if clock.statutory}
    assert running == {"US-2702-emerg", "EU-DSA18"}
    refused(
        await case.act(Decide(gate=CHECK, verdict=Verdict.APPROVE), person="ines"),
        Outcome.NOT_YOURS,
        Reason.ROLE,
    )
    await approve(case, CHECK, "hana")
    assert "alert-services" not in performed(case)
    await approve(case, CHECK, "dora")
    await help_came(case)
    await answered(case)
    await close(case, "emergency-services")
    await has_performed(case, "alert-services")
    assert performed(case).count("alert-services") == 1


@story()
async def two_roles_do_not_send_help(case: CaseUnderTest) -> None:
    """Not to send it needs the same two, with reasons; the person is answered all the same."""
    await emergency(case)
    silent = await case.act(Decide(gate=CHECK, verdict=Verdict.REJECT), person="hana")
    refused(silent, Outcome.REFUSED, Reason.REASON_REQUIRED)
    await reject(case, CHECK, "hana")
    await reject(case, CHECK, "dora")
    seen = await case.in_stage("support")
    ended = [clock for clock in seen.clocks if clock.statutory]
    assert {clock.events[-1].because for clock in ended} == {"rejected:wellness-check"}
    await answered(case)
    seen = await case.in_stage("closure")
    assert [clock.id for clock in seen.clocks if clock.statutory and clock.breached_at] == []
    await close(case, "resources")
    assert "alert-services" not in performed(case)


@story()
async def opinions_on_sending_help_are_split(case: CaseUnderTest) -> None:
    """One would send help and one would not: an executive decides, and silence never does."""
    await emergency(case)
    await approve(case, CHECK, "hana")
    await case.forward(timedelta(hours=2))
    seen = await case.in_stage(CHECK)
    assert seen.effect_named("alert-services") is None
    await reject(case, CHECK, "dora")
    seen = await asked(case, CHECK)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await approve(case, CHECK, "eve")
    await case.in_stage("receipt")
    await case.forward(timedelta(minutes=16))
    await answer(case, "levi", us_linked="no", eu_linked="yes")
    await complete(case, "receipt", "unconfirmed", "levi")
    await case.until(lambda seen: sum(visit.stage == "receipt" for visit in seen.visits) == 2)
    await help_came(case)
    await answered(case)
    await close(case, "emergency-services")


@story()
async def a_deputy_and_a_stand_in_are_there(case: CaseUnderTest) -> None:
    """Counsel is silent: the deputy may answer after ten minutes, the manager after twenty."""
    await emergency(case)
    await case.forward(timedelta(minutes=11))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    early = await case.act(Decide(gate=CHECK, verdict=Verdict.APPROVE), person="ines")
    refused(early, Outcome.NOT_YOURS, Reason.ROLE)
    await case.forward(timedelta(minutes=10))
    await case.until(lambda seen: seen.rounds[-1].stand_in_from is not None)
    await approve(case, CHECK, "hana")
    await approve(case, CHECK, "ines")
    await help_came(case)
    await answered(case)
    await case.in_stage("closure")
    unratified = Close(disposition="emergency-services", record="r", lessons="l")
    refused(await case.act(unratified, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await approve(case, CHECK, "dora")
    await close(case, "emergency-services")


@story()
async def a_reviewer_objects_to_silence(case: CaseUnderTest) -> None:
    """Help was not sent; a reviewer objects, an executive sends it, and new facts come back."""
    await emergency(case)
    await reject(case, CHECK, "hugo")
    await reject(case, CHECK, "dora")
    await case.in_stage("support")
    decided = await case.binding(CHECK)
    objection = Dissent(gate=CHECK, reason="they said goodbye")
    accepted(await case.act(objection, person="hana", binding=decided))
    seen = await asked(case, CHECK)
    assert seen.rounds[-1].kind is RoundKind.DISSENT
    await approve(case, CHECK, "eve")
    await case.in_stage("receipt")
    await answer(case, "levi", us_linked="no", eu_linked="no", authority_receipt="ref-2")
    await complete(case, "receipt", "new-facts", "levi")
    await complete(case, "assessment", "support", "hana")
    await answered(case)
    await close(case, "emergency-services")


@story()
async def a_guardian_is_told(case: CaseUnderTest) -> None:
    """A minor: an expert and Policy agree that the guardian is told, with least data."""
    await assessed(case, "contact", row="5", minor="yes", contact="guardian")
    await write(case, CONTACT, "pia", *CONTACT_MEMO)
    more = Decide(gate=CONTACT, verdict=Verdict.MORE_INFORMATION, reason="is home safe?")
    accepted(await case.act(more, person="pia"))
    await complete(case, "assessment", "contact", "hana")
    await asked(case, CONTACT)
    await approve(case, CONTACT, "hana")
    await approve(case, CONTACT, "pia")
    await answered(case)
    await close(case, "guardian-notified")
    await has_performed(case, "tell-contact")
    assert performed(case).count("tell-contact") == 1


@story()
async def home_is_not_safe(case: CaseUnderTest) -> None:
    """Nobody close is told where that could hurt: the roles agree, and once an executive must."""
    await assessed(case, "support", row="5", minor="unknown", contact="guardian")
    await case.in_stage("support")
    await answer(case, "hana", country="country-4", companion="no", model_part="no")
    await complete(case, "support", "contact", "hana")
    await write(case, CONTACT, "pia", *CONTACT_MEMO)
    await approve(case, CONTACT, "hana")
    await reject(case, CONTACT, "pia")
    seen = await asked(case, CONTACT)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, CONTACT, "eve")
    await complete(case, "support", "contact", "hana")
    await asked(case, CONTACT)
    await reject(case, CONTACT, "hana")
    await reject(case, CONTACT, "pia")
    await answered(case)
    await close(case, "resources")
    assert "tell-contact" not in performed(case)


@story(concern="historic")
async def nobody_is_at_risk(case: CaseUnderTest) -> None:
    """Long past, and nothing now: the expert says so, and what they looked at is on record."""
    await assessed(case, "not-at-risk", row="9", ideation="no")
    await close(case, "not-at-risk")
    assert performed(case) == ["crisis-resources"]


@story()
async def it_gets_worse_and_everybody_is_late(case: CaseUnderTest) -> None:
    """Late at every step, worse twice: each time somebody is told, and an expert looks again."""
    await case.forward(timedelta(minutes=61))
    await assessed(case, "contact", row="7")
    await write(case, CONTACT, "pia", *CONTACT_MEMO)
    await case.forward(timedelta(hours=7))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, CONTACT, "hana")
    await approve(case, CONTACT, "pola")
    await case.in_stage("support")
    await case.forward(timedelta(hours=19))
    await answer(case, "hana", country="country-4", companion="elsewhere", model_part="no")
    await complete(case, "support", "answered", "hana")
    await case.in_stage("follow-up")
    await case.forward(timedelta(hours=25))
    await complete(case, "follow-up", "worse", "hana")
    await complete(case, "assessment", "support", "hana")
    await complete(case, "support", "worse", "hana")
    await case.in_stage("assessment")
    await answer(case, "hana", row="1", attempt="yes", aware_at=(await case.now()).isoformat())
    await complete(case, "assessment", "emergency", "hana")
    await write(case, CHECK, "dora", *CHECK_MEMO)
    await case.forward(timedelta(hours=2))
    more = Decide(gate=CHECK, verdict=Verdict.MORE_INFORMATION, reason="where are they?")
    accepted(await case.act(more, person="dora"))
    place = Evidence(label="place", reference="store:8", digest="d" * 64)
    accepted(await case.act(place, person="hana"))
    await complete(case, "assessment", "emergency", "hana")
    await asked(case, CHECK)
    await approve(case, CHECK, "hana")
    await approve(case, CHECK, "dora")
    await help_came(case)
    await answered(case)
    await case.in_stage("closure")
    await case.forward(timedelta(hours=25))
    await close(case, "emergency-services")


@story()
async def others_are_in_danger(case: CaseUnderTest) -> None:
    """Somebody else is in danger: the case goes on as a threat to life, where four eyes decide."""
    await assessed(case, "harm-to-others", harm_to_others="yes")


@story(origin="third-party")
async def an_authority_asks_for_data(case: CaseUnderTest) -> None:
    """Whoever asks in the name of an authority is called back there, not here."""
    await assessed(case, "authority-asks")


ROWS: tuple[tuple[dict[str, str], str, Severity], ...] = (
    ({"ideation": "yes", "minor": "no"}, "6", Severity.SEV1),
    ({"plan": "yes"}, "2", Severity.SEV0),
    ({"timeframe": "no"}, "3", Severity.SEV0),
    ({"means": "no"}, "4", Severity.SEV1),
    ({"plan": "no", "ideation": "no", "concern": "third-party"}, "9", Severity.SEV3),
    ({"minor": "yes"}, "8", Severity.SEV2),
    ({"concern": "their-own-now"}, "11", Severity.SEV3),
)
"""Answers one after the other, and the row each of them leads to."""


@story()
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Nobody has looked: treated as danger. Then every row that no other story needs holds."""
    await case.until(lambda seen: seen.severity.current is Severity.SEV1)
    for answers, row, severity in ROWS:
        accepted(await case.act(Answer(answers=answers), person="hana"))
        seen = await case.until(lambda seen, row=row: seen.severity.row == row)  # type: ignore[misc]
        assert seen.severity.current is severity
    await assessed(case, "not-at-risk", ideation="no")
    await close(case, "not-at-risk")
