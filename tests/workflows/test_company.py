"""What a case says in company: outcomes of pages go on record with what it does next.

Nothing is lost or late by it: each outcome is on record within an hour, and once.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from temporalio.worker import Worker

from cases.journal import Entry, Kind
from cases.notice import Purpose
from tests.workflows.paged import running
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.scenarios import close, to_closure
from tests.workflows.world import World, open_case
from workers.engine import Engine
from workflows.company import PAGED

pytestmark = pytest.mark.timeout(120)

TEN = timedelta(minutes=10)
CACHED = pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])


def batches(world: World) -> Iterator[tuple[Entry, ...]]:
    """The entries of each append, in order."""
    return (batch.restore() for batch in world.batches)


def ended(entries: tuple[Entry, ...], purpose: Purpose) -> list[Entry]:
    """The outcomes of such notices among them."""
    return [
        entry
        for entry in entries
        if entry.kind is Kind.NOTICE_ENDED and entry.body["purpose"] == purpose.value
    ]


@CACHED
async def test_a_pages_outcome_goes_with_the_next_step(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """One append has the outcome of one step and the order of the next; each has one outcome."""
    world = World()
    async with running(engine, task_queue, world, cached=cached) as case:
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].step == 1)
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].step == 2)
        await case.forward(TEN)

    (first,) = [
        entries
        for entries in batches(world)
        if any(entry.body["key"] == _key(world, step=1) for entry in ended(entries, Purpose.PAGE))
    ]
    assert _key(world, step=2) in {
        entry.body["key"] for entry in first if entry.kind is Kind.NOTICE_ORDERED
    }
    entries = world.entries[case.handle.id]
    keys = [str(e.body["key"]) for e in entries if e.kind is Kind.NOTICE_ENDED and "key" in e.body]
    ordered = [str(e.body["key"]) for e in entries if e.kind is Kind.NOTICE_ORDERED]
    assert sorted(keys) == sorted(ordered)


def _key(world: World, *, step: int) -> str:
    return next(
        order.key
        for order in world.notices
        if order.of_step is not None and order.of_step.step == step
    )


async def test_a_pages_outcome_is_on_record_within_the_hour(
    engine: Engine, task_queue: str
) -> None:
    """Nothing else comes for days: the hour is over, and it goes alone."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        case = await open_case(world, client, task_queue=task_queue)
        await to_closure(case)
        await case.forward(timedelta(hours=24, minutes=1))
        await _until(lambda: Purpose.PAGE in [order.purpose for order in world.notices])
        paged = next(o for o in world.notices if o.purpose is Purpose.PAGE)

        await case.forward(PAGED + timedelta(minutes=1))
        await _until(lambda: any(ended(entries, Purpose.PAGE) for entries in batches(world)))
        await close(case, "actioned")
        await case.handle.result()

    (batch,) = [b for b in world.batches if ended(b.restore(), Purpose.PAGE)]
    assert timedelta(0) <= batch.at - paged.at <= PAGED + timedelta(seconds=30)
    await replay(engine, await runs_of(client, case))


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the world is looked at
            await asyncio.sleep(0.02)
