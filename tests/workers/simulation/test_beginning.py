"""A week begins on a Monday that lies ahead, whenever it is asked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.workers.simulation.orders import order
from workers.simulation.beginning import AHEAD, WEEK, coming_monday, not_yet_come

WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=UTC)
INSTANTS = st.integers(0, 10**9).map(lambda later: WEDNESDAY + timedelta(seconds=later / 2))


@given(INSTANTS)
def test_the_coming_monday_is_the_next_that_can_be_waited_for(now: datetime) -> None:
    """Midnight of a Monday, ahead, and none before it is."""
    monday = coming_monday(now)

    assert (monday.weekday(), monday.hour, monday.minute, monday.microsecond) == (0, 0, 0, 0)
    assert now + AHEAD <= monday < now + AHEAD + WEEK


@given(INSTANTS, INSTANTS)
def test_what_is_over_comes_again_at_the_same_time_of_the_week(
    instant: datetime, now: datetime
) -> None:
    """Later by whole weeks, and by no more of them than needed; what lies ahead stays."""
    moved = not_yet_come(instant, now=now)

    assert (moved - instant) % WEEK == timedelta(0)
    assert moved >= now + AHEAD
    assert moved == instant or moved - WEEK < now + AHEAD


def test_an_order_keeps_the_week_it_names_until_that_is_over() -> None:
    """Without one it takes the coming week; an old one is moved."""
    asked = order().placed_after(WEDNESDAY)
    assert asked.begins == datetime(2026, 11, 30, tzinfo=UTC)
    assert asked.placed_after(WEDNESDAY) == asked
    later = asked.placed_after(WEDNESDAY + 2 * WEEK)
    assert later.begins == datetime(2026, 12, 14, tzinfo=UTC)
