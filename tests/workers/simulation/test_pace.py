"""How many cases are under way at once follows from how punctual they are."""

import asyncio
from datetime import timedelta

from workers.simulation.pace import LAGGING, Pace

SECOND = timedelta(seconds=1)


def test_more_are_played_while_everything_is_on_time() -> None:
    """Places are added one by one."""
    pace = Pace(first=4)
    for _ in range(40):
        pace.lagged(SECOND)

    assert pace.places > 8


def test_fewer_are_played_when_acts_lag() -> None:
    """Places are taken away at once, but never the last ones."""
    pace = Pace(first=100, least=2)
    for _ in range(50):
        pace.lagged(LAGGING + SECOND)

    assert pace.places == 2
    assert pace.worst == LAGGING + SECOND


async def test_a_place_is_waited_for() -> None:
    """No more than the places are under way at any time."""
    pace = Pace(first=3)
    under_way, most = 0, 0

    async def one() -> None:
        nonlocal under_way, most
        async with pace:
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(one() for _ in range(20)))

    assert most == 3
