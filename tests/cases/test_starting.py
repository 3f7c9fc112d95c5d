"""Clocks that wait for an instant somebody records, and outcomes that wait for answers."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.acts import Answer, Complete
from cases.clock import ClockRun
from cases.clocks import take_due
from cases.effects import settle
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from tests.cases.house import BEGIN, House

IMAGERY = "non-consensual-intimate-imagery"
CLOCK = "US-TIDA"
HOUR = timedelta(hours=1)
IN_FORCE = BEGIN + timedelta(days=200)
"""Section 3 of the act binds platforms from 2026-05-19 on: before it the clock runs in no case."""
FEW = settings(max_examples=20)
"""A whole case with signed acts is made for each example."""


def house_of() -> House:
    """A case about an adult, at its first stage."""
    house = House.of(IMAGERY)
    house.now = IN_FORCE
    said = {"requester": "person-shown", "age": "adult", "us-linked": "yes"}
    house.act(Answer(answers=said), person="tess", role="triage")
    return house


def says(house: House, minutes: int) -> ClockRun:
    """Somebody answers that the request was complete so many minutes after the opening."""
    instant = (IN_FORCE + timedelta(minutes=minutes)).isoformat()
    house.act(Answer(answers={"valid-since": instant}), person="tess", role="triage")
    clock = house.state.clock(CLOCK)
    assert clock is not None
    return clock


@FEW
@given(wait=st.integers(0, 20_000), before=st.integers(0, 40_000))
def test_a_clock_counts_from_the_recorded_instant_and_not_before_it_is_recorded(
    wait: int, before: int
) -> None:
    """Without the answer it does not run; with it, it counts from there."""
    house, since = house_of(), wait - before
    house.now = IN_FORCE + timedelta(minutes=wait)
    assert house.state.clock(CLOCK) is None

    clock = says(house, since)

    reading = clock.reading(house.now)
    assert reading.started_at == IN_FORCE + timedelta(minutes=since)
    assert clock.target(house.now) == 48 * HOUR


@FEW
@given(said=st.lists(st.integers(-5_000, 0), min_size=1, max_size=5, unique=True))
def test_a_clock_that_runs_is_never_given_time_back(said: list[int]) -> None:
    """Of several answers the earliest counts."""
    house = house_of()

    for minutes in said:
        clock = says(house, minutes)

    assert clock.reading(house.now).started_at == IN_FORCE + timedelta(minutes=min(said))


def test_what_was_done_before_is_in_time() -> None:
    """An image that is gone when the request becomes complete leaves nothing to count."""
    house = house_of()
    body = Complete(stage="validity", outcome="facially-intimate")
    house.act(body, person="tess", role="triage")
    removed = house.state.effect_named("remove-content")
    assert removed is not None
    settle(house.file, removed, state="done", at=house.now)
    house.now = IN_FORCE + 72 * HOUR

    clock = says(house, 60)

    assert clock.reading(house.now).ended
    assert clock.breached_at is None
    assert not clock.steps(house.now)


def test_an_outcome_waits_for_the_answers_it_needs() -> None:
    """Nobody accepts a request without saying since when it was complete."""
    house = house_of()
    body = Complete(stage="validity", outcome="valid")

    early = house.act(body, person="tess", role="triage")
    says(house, 0)
    late = house.act(body, person="tess", role="triage")

    assert (early.outcome, early.reason, early.detail) == (
        Outcome.REFUSED,
        Reason.UNANSWERED,
        "valid-since",
    )
    assert late.outcome is Outcome.ACCEPTED
    started = [e.body["clock"] for e in house.state.journal.pending if e.kind is Kind.CLOCK_STARTED]
    assert CLOCK in started


def due(house: House, hours: int) -> ClockRun:
    """Somebody answers that the request wants its answer so many hours after the opening."""
    instant = (BEGIN + hours * HOUR).isoformat()
    house.act(Answer(answers={"due-date": instant}), person="tess", role="triage")
    clock = house.state.clock("order-due")
    assert clock is not None
    return clock


@FEW
@given(said=st.lists(st.integers(1, 2_000), min_size=1, max_size=4, unique=True))
def test_an_order_says_itself_when_it_is_due(said: list[int]) -> None:
    """The newest answer is the deadline, and help is called at shares of that time."""
    house = House.of("law-enforcement-request")
    clock = house.state.clock("order-due")
    assert clock is not None
    assert clock.due_at(house.now) == BEGIN + 14 * 24 * HOUR

    for hours in said:
        clock = due(house, hours)

    assert clock.due_at(house.now) == BEGIN + said[-1] * HOUR
    steps = [instant for instant, _, step in clock.steps(house.now) if step is not None]
    assert steps == [BEGIN + said[-1] * HOUR * share / 100 for share in (50, 75, 90)]


def test_an_order_that_was_due_before_it_was_read_is_late_at_once() -> None:
    """A deadline in the past is no error: it is a breach, on record."""
    house = House.of("law-enforcement-request")
    house.now = BEGIN + 2 * HOUR

    clock = due(house, -24)
    take_due(house.file, at=house.now)

    assert clock.breached_at is not None
