"""A clock is a fold over its events, at any instant, in any order of arrival (I12)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cases.clock import ClockEvent, ClockVerb, read

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
VERBS = st.sampled_from([ClockVerb.PAUSE, ClockVerb.RESUME, ClockVerb.RESET, ClockVerb.STOP])
MINUTES = st.lists(st.integers(1, 10_000), min_size=1, max_size=12, unique=True)


@st.composite
def histories(draw: st.DrawFn) -> list[ClockEvent]:
    """A started clock and whatever happened to it, at distinct instants."""
    minutes = draw(MINUTES)
    events = [ClockEvent(verb=ClockVerb.START, at=ZERO)]
    events += [
        ClockEvent(verb=draw(VERBS), at=ZERO + timedelta(minutes=minute)) for minute in minutes
    ]
    return events


@given(histories(), st.integers(0, 12_000), st.randoms())
def test_order_of_arrival_does_not_matter(
    events: list[ClockEvent], minute: int, chance: object
) -> None:
    """Events at distinct instants read the same in whatever order they were written."""
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert read(shuffled, at=ZERO + timedelta(minutes=minute)) == read(
        events, at=ZERO + timedelta(minutes=minute)
    )


@given(histories(), st.integers(0, 12_000), st.integers(0, 12_000))
def test_the_past_does_not_change(events: list[ClockEvent], minute: int, later: int) -> None:
    """A clock at a past instant reads as it did then: later events are not looked at."""
    at = ZERO + timedelta(minutes=minute)
    known_then = [event for event in events if event.at <= at]

    assert read(events, at=at) == read(known_then, at=at)
    if later >= minute and not any(event.verb is ClockVerb.RESET for event in events):
        assert (
            read(events, at=ZERO + timedelta(minutes=later)).elapsed >= read(events, at=at).elapsed
        )


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 1000))
def test_a_pause_is_left_out(ran: int, stood: int, on: int) -> None:
    """What ran before and after a pause adds up; the pause does not count."""
    paused, resumed = ZERO + timedelta(minutes=ran), ZERO + timedelta(minutes=ran + stood)
    events = [
        ClockEvent(verb=ClockVerb.START, at=ZERO),
        ClockEvent(verb=ClockVerb.PAUSE, at=paused),
        ClockEvent(verb=ClockVerb.RESUME, at=resumed),
    ]

    assert read(events, at=resumed + timedelta(minutes=on)).elapsed == timedelta(minutes=ran + on)


@given(histories(), st.integers(0, 12_000), st.integers(1, 20_000))
def test_the_deadline_is_when_enough_has_run(
    events: list[ClockEvent], minute: int, target: int
) -> None:
    """Left alone, a clock has run for its target exactly at the instant it names."""
    at = ZERO + timedelta(minutes=minute)
    known = [event for event in events if event.at <= at]
    instant = read(known, at=at).reached(timedelta(minutes=target), at=at)

    reading = read(known, at=at)
    assert (instant is None) == (not reading.running)
    if instant is not None and instant >= at:
        assert read(known, at=instant).elapsed == timedelta(minutes=target)
