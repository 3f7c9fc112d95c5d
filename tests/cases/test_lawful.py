"""Rows that contradict one another in a case, and decisions that end a clock as an effect does."""

from datetime import datetime, timedelta
from pathlib import Path

from cases.acts import Answer, Complete
from cases.journal import Kind
from runbooks import load_runbook
from runbooks.compile import compile_runbook
from tests.cases.house import BEGIN, House

BREACH = (Path(__file__).parent / "breach.yaml").read_text(encoding="utf-8")
SILENCED = BREACH.replace(
    "  listed: {ask", '  silence: {ask: "Does an order forbid it?", answer: yes-no}\n  listed: {ask'
).replace(
    "  - {class: [data-breach]}\n",
    '  - {class: [data-breach]}\n  - {if: {silence: "yes"}, fact: [non-disclosure]}\n',
)
LATE = BEGIN - timedelta(hours=1)
TIMES = {"aware_at": LATE.isoformat(), "californians": "900"}


def said(case: House, **answers: str) -> None:
    """These answers are given by who does triage."""
    named = {name.replace("_", "-"): value for name, value in answers.items()}
    receipt = case.act(Answer(answers=named), person="tess", role="triage")
    assert receipt.accepted, receipt


def running(case: House) -> set[str]:
    """The clocks of the law that run."""
    return {clock.id for clock in case.state.clocks if clock.statutory and not clock.ended}


def reasons(case: House, clock: str) -> list[str]:
    """Why it runs, as the journal has it."""
    started = [
        entry.body["law"]
        for entry in case.state.journal.pending
        if entry.kind is Kind.CLOCK_STARTED and entry.body.get("clock") == clock
    ]
    found = started[-1]
    assert isinstance(found, list)
    return [str(each) for each in found]


def test_an_order_of_silence_suppresses_what_would_tell_people_and_nothing_else() -> None:
    """The duty to tell residents stands by, the authority's clock runs on, and both come back."""
    case = House.of("breach", text=SILENCED.encode())
    said(case, **TIMES)
    assert running(case) == {"UK-GDPR33", "US-CA-446-30d"}

    said(case, silence="yes")
    assert running(case) == {"UK-GDPR33"}

    said(case, silence="no")
    assert running(case) == {"UK-GDPR33", "US-CA-446-30d"}
    clock = case.state.clock("US-CA-446-30d")
    assert clock is not None
    assert clock.reading(case.now).started_at == LATE


def test_a_pathway_that_says_nothing_of_what_its_rows_ask_for_decides_no_conflict() -> None:
    """Cases of earlier releases go on as they began: their triggers have no such word."""
    case = House.of("breach", text=SILENCED.encode())
    pathway = case.file.pathway
    earlier = [
        clock.model_copy(
            update={"trigger": clock.trigger and clock.trigger.model_copy(update={"does": ""})}
        )
        for clock in pathway.clocks
    ]
    case.file.pathway = pathway.model_copy(update={"clocks": tuple(earlier)})
    assert '"does"' not in case.file.pathway.model_dump_json()

    said(case, **TIMES, silence="yes")

    assert "US-CA-446-30d" in running(case)


def test_who_may_be_a_child_is_a_matter_of_child_safety() -> None:
    """The removal clock runs on, says where it belongs, and nobody removes or refuses it here."""
    case = House.of("non-consensual-intimate-imagery", at=BEGIN + timedelta(days=330))
    at = case.now.isoformat()
    said(case, requester="person-shown", age="uncertain", us_linked="yes", valid_since=at)

    assert any(each.startswith("uncertain-age: ") for each in reasons(case, "US-TIDA"))
    for outcome in ("valid", "india-linked", "signs-of-misuse"):
        refused = case.act(
            Complete(stage="validity", outcome=outcome), person="tess", role="triage"
        )
        assert not refused.accepted


def test_a_decision_before_awareness_does_not_end_what_begins_after_it() -> None:
    """Not to act was decided before anybody was aware: that answer was to another question."""
    text = BREACH.replace(
        "stops: [effect:tell-uk]", 'stops: [effect:tell-uk, "again:work"]'
    ).replace("      done: closure\n", "      again: work\n      done: closure\n")
    case = House.of("breach", text=text.encode())
    again = Complete(stage="work", outcome="again")
    assert case.act(again, person="tess", role="triage").accepted

    def aware(at: datetime) -> None:
        said(case, aware_at=at.isoformat())

    case.now += timedelta(hours=1)
    aware(case.now)
    assert "UK-GDPR33" in running(case)
    assert case.act(again, person="tess", role="triage").accepted
    assert "UK-GDPR33" not in running(case)


def test_a_decision_after_the_event_was_in_time() -> None:
    """The event turns out to lie before the decision: the decision has ended its clock."""
    text = BREACH.replace(
        "stops: [effect:tell-uk]", 'stops: [effect:tell-uk, "again:work"]'
    ).replace("      done: closure\n", "      again: work\n      done: closure\n")
    case = House.of("breach", text=text.encode())
    again = Complete(stage="work", outcome="again")
    assert case.act(again, person="tess", role="triage").accepted

    said(case, **TIMES)

    clock = case.state.clock("UK-GDPR33")
    assert clock is not None
    assert clock.ended
    assert clock.events[-1].because == "again:work"


def test_what_the_law_asks_for_travels_in_one_word() -> None:
    """The compiled clock says what its row asks for, and reads back the same."""
    pathway = compile_runbook(load_runbook(BREACH.encode(), file="breach.yaml"))

    does = {clock.id: clock.trigger.does for clock in pathway.clocks if clock.trigger is not None}

    assert does == {
        "EU-GDPR33": "report",
        "UK-GDPR33": "report",
        "US-CA-446-30d": "tell-user",
        "US-CA-446-15d": "report",
        "US-SEC-105": "report",
    }
