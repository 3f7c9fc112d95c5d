"""An escalation on the real engine: it survives every task, is replayed, and stops when it must."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity

from cases.acts import Acknowledge
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult
from cases.paging import RunState
from tests.workflows.paged import running
from tests.workflows.scenarios import accepted
from tests.workflows.world import World
from workers.engine import Engine

pytestmark = pytest.mark.timeout(120)

TEN = timedelta(minutes=10)


class Kept(World):
    """A world in which the first page of a step is kept until somebody's hours."""

    kept_until: timedelta | None = None
    stuck = False

    @activity.defn(name="notify")
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """Kept once, or stuck in a channel that takes nothing, as a test says."""
        self.notices.append(order)
        if self.stuck and order.of_step is not None:
            raise TimeoutError
        if self.kept_until is not None and order.of_step is not None:
            until, self.kept_until = order.at + self.kept_until, None
            return NoticeResult(end=NoticeEnd.HELD, later=until)
        return NoticeResult(end=NoticeEnd.DELIVERED)


def steps(world: World) -> list[int]:
    """The steps that were told, in order."""
    return [order.of_step.step for order in world.notices if order.of_step is not None]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_steps_come_stop_and_come_again_when_it_lapses(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """Two steps, an acknowledgement, silence, and who let it lapse."""
    world = Kept()
    async with running(engine, task_queue, world, cached=cached) as case:
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].step == 1)
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].step == 2)
        accepted(await case.act(Acknowledge(stage="triage"), person="tess"))
        seen = await case.picture()
        assert seen.escalations[0].state is RunState.ACKNOWLEDGED
        await case.forward(TEN * 2)
        told = steps(world)

        await case.forward(TEN + timedelta(minutes=1))
        await case.until(lambda seen: seen.escalations[0].lapsed == ["tess"])

    assert told[:2] == [1, 2]
    assert len(steps(world)) > len(told)
    assert any(order.of_step and order.of_step.lapsed == ("tess",) for order in world.notices)


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_kept_page_is_sent_when_its_hours_come(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """The same notice under the same key, by the case's own timer."""
    world = Kept()
    world.kept_until = timedelta(minutes=90)
    async with running(engine, task_queue, world, cached=cached) as case:
        await case.forward(TEN)
        await case.until(lambda seen: bool(seen.held))
        await case.forward(timedelta(minutes=91))
        await case.until(lambda seen: not seen.held)

    pages = [order.key for order in world.notices if order.of_step and order.of_step.step == 1]
    assert len(pages) >= 2
    assert pages[0] in pages[1:]
    ended = world.kinds(case.handle.id)
    assert "notice:message:held" in ended


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_page_that_no_channel_takes_ends_when_somebody_has_it(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """The attempts stop with the acknowledgement: nothing arrives an hour later."""
    world = Kept()
    world.stuck = True
    async with running(engine, task_queue, world, cached=cached) as case:
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].step == 1)
        async with asyncio.timeout(20):
            while not steps(world):  # noqa: ASYNC110 -- the activity says nothing when it begins
                await asyncio.sleep(0.02)
        accepted(await case.act(Acknowledge(stage="triage"), person="tess"))
        await asyncio.sleep(0.2)
        tried = len(steps(world))
        await asyncio.sleep(2.5)
        assert len(steps(world)) <= tried
        world.stuck = False

    entries = world.entries[case.handle.id]
    ends = [e.body.get("end") for e in entries if e.kind.value == "notice:message:ended"]
    assert "acknowledged" in ends
