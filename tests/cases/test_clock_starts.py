"""When clocks begin: instants that people decide, and the law that answers bring about."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cases.acts import Answer, Close, Complete, Receipt, Resolution
from cases.clock import ClockRun
from cases.clock_starts import begin_at_severity
from cases.file import CaseFile
from cases.journal import Entry, Kind
from cases.receipts import Reason
from runbooks import RunbookProblems, load_runbook
from runbooks.plan import Severity
from tests.cases.house import BEGIN, House
from tests.runbooks.texts import load

TEXT = (Path(__file__).parent / "breach.yaml").read_text(encoding="utf-8")
WITH_BOTH = Path(__file__).parents[1] / "workers" / "simulation"
HOUR = timedelta(hours=1)
AWARE = BEGIN - 4 * HOUR


def house() -> House:
    """A case of that runbook, opened without an answer."""
    return House.of("breach", text=TEXT.encode())


def answer(case: House, **answers: object) -> None:
    """The questions have these answers."""
    said = {
        name.replace("_", "-"): value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in answers.items()
    }
    receipt = case.act(Answer(answers=said), person="tess", role="triage")
    assert receipt.accepted, receipt


def running(file: CaseFile) -> set[str]:
    """The clocks of the law that run."""
    return {clock.id for clock in file.state.clocks if clock.statutory and not clock.ended}


def clock_of(case: House, name: str) -> ClockRun:
    """The clock, which is there."""
    clock = case.state.clock(name)
    assert clock is not None
    return clock


def entries(case: House, kind: Kind, clock: str) -> list[Entry]:
    """What the journal says of the clock."""
    found = case.state.journal.pending
    return [each for each in found if each.kind is kind and each.body.get("clock") == clock]


def due_after(case: House, name: str) -> timedelta:
    """How long after awareness the clock is due."""
    due = clock_of(case, name).due_at(case.now)
    assert due is not None
    return due - AWARE


def tell(case: House) -> None:
    """Everything that is due is ordered, and somebody has done it."""
    receipt = case.act(Complete(stage="work", outcome="tell"), person="tess", role="triage")
    assert receipt.accepted, receipt


def done(case: House, effect: str) -> None:
    """A person has done that, and has its receipt."""
    record = case.state.effect_named(effect)
    assert record is not None
    settled = Receipt(effect=record.key, resolution=Resolution.DONE, reference="r-1")
    receipt = case.act(settled, person="ines", role="incident-manager")
    assert receipt.accepted, receipt


def test_nothing_runs_before_its_event_is_on_record() -> None:
    """No awareness, no clock, whatever the answers say of where people are."""
    case = house()

    answer(case, germans="yes", britons="yes", californians=900, listed="yes")

    assert running(case.file) == set()


def test_who_decided_the_instant_is_on_record() -> None:
    """The clock counts from the answered instant; the entry names who, which question, and why."""
    case = house()
    answer(case, germans="yes", aware_at=AWARE)

    assert running(case.file) == {"EU-GDPR33", "UK-GDPR33"}
    assert due_after(case, "EU-GDPR33") == 72 * HOUR
    (entry,) = entries(case, Kind.CLOCK_STARTED, "EU-GDPR33")
    assert (entry.body["because"], entry.body["by"]) == ("aware-at answered", "tess")
    assert entry.body["law"] == [
        "the case is about data-breach",
        "we are taken to be: controller",
        "victim in DE",
    ]


def test_an_earlier_instant_counts_and_a_later_one_does_not() -> None:
    """As for awareness of old: an answer never gives time back."""
    case = house()
    answer(case, germans="yes", aware_at=AWARE)

    answer(case, aware_at=AWARE + 2 * HOUR)
    later = due_after(case, "EU-GDPR33")
    answer(case, aware_at=AWARE - 2 * HOUR)

    assert (later, due_after(case, "EU-GDPR33")) == (72 * HOUR, 70 * HOUR)


def test_an_instant_that_has_not_come_is_refused() -> None:
    """Nobody puts a clock off by deciding something tomorrow."""
    case = house()

    said = Answer(answers={"aware-at": (case.now + HOUR).isoformat()})
    receipt = case.act(said, person="tess", role="triage")

    assert receipt.reason is Reason.BAD_ANSWER


def test_every_regime_has_its_own_clock_from_its_own_event() -> None:
    """Materiality is another decision than awareness, and the sample follows the notice."""
    case = house()
    answer(case, germans="yes", californians=900, listed="yes", aware_at=AWARE)
    first = running(case.file)

    answer(case, decided_at=case.now - HOUR)
    second = running(case.file)
    tell(case)
    done(case, "tell-people")

    assert first == {"EU-GDPR33", "UK-GDPR33", "US-CA-446-30d"}
    assert second == first | {"US-SEC-105"}
    assert running(case.file) == second - {"US-CA-446-30d"} | {"US-CA-446-15d"}


def test_what_answers_no_longer_bring_about_is_cancelled_and_can_come_back() -> None:
    """A clock that is brought about again counts from its event, not from now."""
    case = house()
    answer(case, germans="yes", aware_at=AWARE)
    case.later(HOUR)

    answer(case, germans="no")
    without = running(case.file)
    case.later(HOUR)
    answer(case, germans="yes")

    assert without == {"UK-GDPR33"}
    (cancelled,) = entries(case, Kind.CLOCK_CANCELLED, "EU-GDPR33")
    assert cancelled.body["because"] == "the answers no longer bring it about"
    assert due_after(case, "EU-GDPR33") == 72 * HOUR


def test_only_what_is_due_is_ordered() -> None:
    """A regime that does not hold gives nobody a task; one that holds later gives one then."""
    case = house()
    answer(case, britons="yes", aware_at=AWARE)

    tell(case)
    first = {effect.name for effect in case.state.effects}
    answer(case, germans="yes")
    tell(case)

    assert first == {"tell-uk"}
    assert {effect.name for effect in case.state.effects} == {"tell-uk", "tell-de"}


def test_what_has_been_done_is_not_asked_again() -> None:
    """Where answers bring a fulfilled row about once more, it has been met in time."""
    case = house()
    answer(case, britons="yes", aware_at=AWARE)
    tell(case)
    done(case, "tell-uk")

    answer(case, britons="no")
    answer(case, britons="yes")

    assert running(case.file) == set()
    stopped = entries(case, Kind.CLOCK_STOPPED, "UK-GDPR33")
    assert [entry.body["because"] for entry in stopped] == ["effect:tell-uk"]


def test_a_row_that_comes_to_hold_after_its_event_counts_from_it() -> None:
    """The sample is owed from the notice on, also when the count is corrected afterwards."""
    case = house()
    answer(case, californians=100, aware_at=AWARE)
    tell(case)
    done(case, "tell-people")
    notified = case.now
    before = running(case.file)
    case.later(20 * HOUR)

    answer(case, californians=501)

    assert before == {"UK-GDPR33"}
    assert clock_of(case, "US-CA-446-15d").reading(case.now).started_at == notified


def test_a_case_cannot_close_over_a_duty() -> None:
    """While the law waits for something, nothing ends that requires its duties to be met."""
    case = house()
    answer(case, britons="yes", aware_at=AWARE)
    tell(case)
    case.act(Complete(stage="work", outcome="done"), person="tess", role="triage")
    close = Close(disposition="told", record="as decided")

    early = case.act(close, person="ines", role="incident-manager")
    done(case, "tell-uk")
    late = case.act(close, person="ines", role="incident-manager")

    assert early.reason is Reason.UNMET
    assert "duties-met: UK-GDPR33" in early.detail
    assert late.accepted


@pytest.mark.parametrize(
    "what,by",
    [
        ("use: US-SEC-105@1, starts-at: decided-at", "use: US-SEC-105@1"),
        ("starts-at: decided-at", "starts-at: decided-at, starts: opened"),
        ("within: 8h", "within: 8h, starts-at: decided-at"),
        ("stops: [effect:tell-uk]", "stops: [closed]"),
        ("- {class: [data-breach]}", '- {if: {germans: "no"}}'),
        ("- {class: [data-breach]}", "- {class: [burglary]}"),
    ],
)
def test_what_cannot_be_meant_is_refused(what: str, by: str) -> None:
    """One event a clock, no task that nothing waits for, and only the law's own words."""
    assert TEXT.count(what) == 1
    with pytest.raises(RunbookProblems):
        load_runbook(TEXT.replace(what, by).encode(), file="breach.yaml")


def test_the_pathway_says_all_of_it_as_it_travels() -> None:
    """What decides is pinned with the case: the row's predicate, its days, what answers mean."""
    pathway = house().file.pathway

    read = type(pathway).model_validate_json(pathway.model_dump_json())

    assert read == pathway
    assert load(TEXT).document.law[0].means == ("data-breach",)


STATED = """\
  ORDER:
    title: "Answer by the instant the order names"
    starts: receipt
    within: 14d
    due-at: due-date
    stops: [effect:notify, closed]
    late: [{at: 75%, page: legal}]
    owner: legal
    source: "The order"
    mark: V
    review-by: 2027-02-01
"""


def ordered() -> House:
    """A case with an order that says itself when it is due."""
    questions = """\
  received-at: {ask: "When was it received?", answer: instant}
  due-date: {ask: "When is it due?", answer: instant}
"""
    text = TEXT.replace("\nintake:\n", f"\nintake:\n{questions}", 1)
    text = text.replace("\nclocks:\n", f"\nclocks:\n{STATED}", 1)
    return House.of("breach", text=text.encode())


def test_a_corrected_due_instant_holds_though_receipt_was_corrected_too() -> None:
    """Of two due instants the one said last holds, wherever the clock has turned out to begin."""
    case = ordered()
    answer(case, received_at=BEGIN - HOUR, due_date=BEGIN + 200 * HOUR)

    answer(case, received_at=BEGIN - 9 * HOUR, due_date=BEGIN + 20 * HOUR)

    assert clock_of(case, "ORDER").due_at(case.now) == BEGIN + 20 * HOUR
    assert clock_of(case, "ORDER").reading(case.now).started_at == BEGIN - 9 * HOUR


def test_an_order_due_before_we_had_it_is_due_as_it_came() -> None:
    """It is due at the instant of receipt, and where that was earlier, at the earlier one."""
    case = ordered()
    answer(case, received_at=BEGIN - HOUR, due_date=BEGIN - 5 * HOUR)
    came = clock_of(case, "ORDER").due_at(case.now)

    answer(case, received_at=BEGIN - 9 * HOUR)

    assert came == BEGIN - HOUR
    assert clock_of(case, "ORDER").due_at(case.now) == BEGIN - 5 * HOUR


def test_a_question_nobody_has_answered_counts_as_unknown_to_the_law_where_it_is_asked() -> None:
    """Also one with a condition; where it is not asked it says nothing."""
    text = (WITH_BOTH / "severe-and-lawful.yaml").read_bytes()
    case = House.of("severe", text=text)
    case.state.severity = case.state.severity.model_copy(update={"current": Severity.SEV0})

    answer(case, breach="no")
    before = running(case.file)
    answer(case, breach="yes")

    assert before == set()
    assert running(case.file) == {"EU-GDPR33"}


def test_severity_begins_no_clock_that_the_law_does_not_ask_for() -> None:
    """Raised while the law is silent it begins nothing; lifted by answers, it comes back."""
    text = (WITH_BOTH / "severe-and-lawful.yaml").read_bytes()
    case = House.of("severe", text=text)
    raised = case.state.severity.model_copy(update={"current": Severity.SEV0})
    answer(case, breach="no")
    case.state.severity = raised
    begin_at_severity(case.file, at=case.now)
    silent = running(case.file)

    case.state.severity = raised.model_copy(update={"current": Severity.SEV3})
    answer(case, breach="yes", abroad="yes")
    mild = running(case.file)
    case.later(HOUR)
    case.state.severity = raised
    begin_at_severity(case.file, at=case.now)
    since = case.now
    case.later(HOUR)
    answer(case, abroad="no")
    lifted = running(case.file)
    answer(case, abroad="yes")

    assert (silent, mild, lifted) == (set(), set(), set())
    assert running(case.file) == {"EU-GDPR33"}
    assert clock_of(case, "EU-GDPR33").reading(case.now).started_at == since
