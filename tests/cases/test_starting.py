"""Clocks that wait for an instant somebody records, and outcomes that wait for answers."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cases.acts import Answer, Complete
from cases.clock import ClockRun
from cases.effects import settle
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from tests.cases.house import BEGIN, House

IMAGERY = "non-consensual-intimate-imagery"
CLOCK = "US-TIDA"
HOUR = timedelta(hours=1)


def house_of() -> House:
    """A case about an adult, at its first stage."""
    house = House.of(IMAGERY)
    said = {"requester": "person-shown", "age": "adult"}
    house.act(Answer(answers=said), person="tess", role="triage")
    return house


def says(house: House, minutes: int) -> ClockRun:
    """Somebody answers that the request was complete so many minutes after the opening."""
    instant = (BEGIN + timedelta(minutes=minutes)).isoformat()
    house.act(Answer(answers={"valid-since": instant}), person="tess", role="triage")
    clock = house.state.clock(CLOCK)
    assert clock is not None
    return clock


@given(wait=st.integers(0, 20_000), since=st.integers(-20_000, 20_000))
def test_a_clock_counts_from_the_recorded_instant_and_not_before_it_is_recorded(
    wait: int, since: int
) -> None:
    """Without the answer it does not run; with it, it counts from there, never from the future."""
    house = house_of()
    house.now = BEGIN + timedelta(minutes=wait)
    assert house.state.clock(CLOCK) is None

    clock = says(house, since)

    reading = clock.reading(house.now)
    assert reading.started_at == min(BEGIN + timedelta(minutes=since), house.now)
    assert clock.target(house.now) == 48 * HOUR


@given(said=st.lists(st.integers(-5_000, 0), min_size=1, max_size=5, unique=True))
def test_a_clock_that_runs_is_never_given_time_back(said: list[int]) -> None:
    """Of several answers the earliest counts."""
    house = house_of()

    for minutes in said:
        clock = says(house, minutes)

    assert clock.reading(house.now).started_at == BEGIN + timedelta(minutes=min(said))


def test_what_was_done_before_is_in_time() -> None:
    """An image that is gone when the request becomes complete leaves nothing to count."""
    house = house_of()
    body = Complete(stage="validity", outcome="facially-intimate")
    house.act(body, person="tess", role="triage")
    removed = house.state.effect_named("remove-content")
    assert removed is not None
    settle(house.file, removed, state="done", at=house.now)
    house.now = BEGIN + 72 * HOUR

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
