"""Token buckets that all processes share: what is urgent passes, the rest comes later."""

import asyncio
from datetime import timedelta

from store import Pace, Store, Urgency
from tests.store.building import START, later

PACE = Pace(name="mail", count=60, per=timedelta(minutes=1), burst=8)
SECOND = timedelta(seconds=1)


async def test_a_full_bucket_is_emptied_and_fills_again(store: Store) -> None:
    """Eight at once, then one a second; every refusal is counted."""
    took = [await store.paces.take([PACE], urgency=Urgency.USUAL, at=START) for _ in range(9)]

    assert [refusal is None for refusal in took] == [True] * 8 + [False]
    assert took[-1] is not None
    assert (took[-1].name, took[-1].wait) == ("mail", SECOND)
    assert await store.paces.take([PACE], urgency=Urgency.USUAL, at=later(seconds=1)) is None
    [row] = await store.paces.all()
    assert (row.hits, row.hit_at) == (1, START)


async def test_what_is_low_leaves_a_reserve(store: Store) -> None:
    """Two of eight tokens are kept for what is not low."""
    low = [await store.paces.take([PACE], urgency=Urgency.LOW, at=START) for _ in range(8)]

    assert [refusal is None for refusal in low] == [True] * 6 + [False] * 2
    assert await store.paces.take([PACE], urgency=Urgency.USUAL, at=START) is None


async def test_what_is_urgent_always_passes_and_others_wait_for_it(store: Store) -> None:
    """A hundred urgent ones pass at once; the debt is bounded, and is everybody else's to wait."""
    urgent = [await store.paces.take([PACE], urgency=Urgency.FIRST, at=START) for _ in range(100)]
    refused = await store.paces.take([PACE], urgency=Urgency.USUAL, at=START)

    assert urgent == [None] * 100
    assert refused is not None
    assert refused.wait == (PACE.burst + 1) * SECOND


async def test_a_pause_the_vendor_asks_for_holds_back_what_is_not_urgent(store: Store) -> None:
    """Its Retry-After counts for every process, and is a hit."""
    await store.paces.closed(PACE, until=later(seconds=40), at=START)

    refused = await store.paces.take([PACE], urgency=Urgency.USUAL, at=later(seconds=10))

    assert refused is not None
    assert refused.wait == timedelta(seconds=30)
    assert await store.paces.take([PACE], urgency=Urgency.FIRST, at=later(seconds=10)) is None
    assert await store.paces.take([PACE], urgency=Urgency.USUAL, at=later(seconds=41)) is None


async def test_tokens_of_several_limits_are_taken_together_or_not_at_all(store: Store) -> None:
    """Who is refused by one limit takes nothing from the other."""
    person = Pace(name="to/ada", count=1, per=timedelta(hours=1), burst=1)
    assert await store.paces.take([PACE, person], urgency=Urgency.USUAL, at=START) is None

    refused = await store.paces.take([PACE, person], urgency=Urgency.USUAL, at=START)

    assert refused is not None
    assert refused.name == "to/ada"
    levels = {row.name: row.level for row in await store.paces.all()}
    assert levels == {"mail": 7.0, "to/ada": 0.0}


async def test_many_at_once_take_no_more_than_there_are(store: Store) -> None:
    """Twenty askers in parallel: eight pass."""
    asked = (store.paces.take([PACE], urgency=Urgency.USUAL, at=START) for _ in range(20))

    took = await asyncio.gather(*asked)

    assert took.count(None) == PACE.burst
