"""Under a backlog of several hundred mild notices what is urgent is done first, by order and count.

The backlog is real: activities of a real server, more than the worker has slots for.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from cases.acts import Cancel, Complete
    from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, Purpose
    from runbooks.plan import Severity
    from tests.fakes.clock import START
    from tests.workflows.playing import client_of, replay, runs_of
    from tests.workflows.scenarios import accepted
    from tests.workflows.world import World, open_case
    from workers.engine import Engine
    from workers.settings import URGENT
    from workflows.asking import ask
    from workflows.effects import NOTIFY
    from workflows.lanes import lane
    from workflows.pulse import Pulse

pytestmark = pytest.mark.timeout(120)

MANY, SLOTS = 300, 4


class Busy(World):
    """A world whose channels take a while; `stuck` is a mail server that answers nobody mild."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Purpose]] = []
        self.waiting = 0
        self.stuck = asyncio.Event()

    @activity.defn(name="notify")
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """Told, as soon as the server answers."""
        if order.severity is Severity.SEV3:
            self.waiting += 1
            await self.stuck.wait()
        self.told.append((order.number, order.purpose))
        return NoticeResult(end=NoticeEnd.DELIVERED)


@workflow.defn(name="Backlog")
class Backlog:
    """Many notices at once."""

    @workflow.run
    async def run(self, orders: list[NoticeOrder]) -> int:
        """Every one of them has been told."""
        pulse = Pulse()
        told = [
            ask(NOTIFY, order, summary="backlog", pulse=pulse, priority=lane(order))
            for order in orders
        ]
        return len(await asyncio.gather(*told))


def mild(number: str, purpose: Purpose = Purpose.WORK, *, count: int = 1) -> list[NoticeOrder]:
    """Notices of a SEV3 case."""
    return [
        NoticeOrder(
            key=f"{number}-{purpose.value}-{index}",
            case=f"case/{number}",
            number=number,
            purpose=purpose,
            role="triage",
            severity=Severity.SEV3,
            at=START,
        )
        for index in range(count)
    ]


@asynccontextmanager
async def working(client: Client, queue: str) -> AsyncIterator[None]:
    """A worker as `workers.worker` runs it: a queue for everything, and one for what is urgent."""
    async with AsyncExitStack() as stack:
        for name, slots in ((queue, SLOTS), (queue + URGENT, 2)):
            await stack.enter_async_context(
                Worker(
                    client,
                    task_queue=name,
                    workflows=[Backlog],
                    max_concurrent_activities=slots,
                )
            )
        yield


async def begun(
    client: Client, queue: str, orders: list[NoticeOrder]
) -> WorkflowHandle[Backlog, int]:
    """The backlog waits at the server."""
    handle = await client.start_workflow(
        Backlog.run, orders, id=f"case/backlog-{uuid.uuid4().hex[:8]}", task_queue=queue
    )
    async with asyncio.timeout(60):
        while True:
            raw = (await handle.describe()).raw_description
            if len(raw.pending_activities) == len(orders):
                return handle
            await asyncio.sleep(0.05)


async def queued(client: Client, queue: str, count: int) -> None:
    """So many activities stand in the queue itself: a history has them a moment earlier."""
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    async with asyncio.timeout(30):
        while True:
            found = await client.workflow_service.describe_task_queue(asked, retry=True)
            if found.stats.approximate_backlog_count >= count:
                return
            await asyncio.sleep(0.05)


async def test_a_grave_case_goes_its_way_while_every_slot_is_taken_by_mild_ones(
    engine: Engine, task_queue: str, record_property: Callable[[str, object], None]
) -> None:
    """300 mild notices, every slot stuck: meanwhile it is told, decided and recorded."""
    world = Busy()
    client = await client_of(engine, world)
    async with working(client, task_queue):
        backlog = await begun(client, task_queue, mild("2001", count=MANY))
        async with asyncio.timeout(30):
            while world.waiting < SLOTS:  # noqa: ASYNC110 - the server hands them out
                await asyncio.sleep(0.02)

        case = await open_case(
            world, client, task_queue=task_queue, urgent_queue=task_queue + URGENT
        )
        assert (await case.picture()).severity.current is Severity.SEV1
        async with asyncio.timeout(60):
            while not world.told:  # noqa: ASYNC110 - the server hands it out
                await asyncio.sleep(0.02)
            accepted(await case.act(Complete(stage="triage", outcome="escalate"), person="tess"))
            while "stage:work:completed" not in case.kinds:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)

        urgent = [(number, purpose) for number, purpose in world.told if number == "1001"]
        assert (case.request.number, Purpose.WORK) in urgent
        assert len(world.told) == len(urgent)
        assert world.waiting == SLOTS
        record_property("lanes", f"{len(urgent)} urgent told, 0 of {MANY} mild ones before them")
        world.stuck.set()
        assert await backlog.result() == MANY
        accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        await case.handle.result()
    await replay(engine, await runs_of(client, case))


async def test_among_mild_ones_a_page_is_first_and_each_case_has_its_share(
    engine: Engine, task_queue: str
) -> None:
    """In one queue: a page overtakes 300 notices, and five of another case are not behind them."""
    world = Busy()
    client = await client_of(engine, world)
    async with working(client, task_queue):
        first = await begun(client, task_queue, mild("2001", count=MANY))
        second = await begun(client, task_queue, mild("2002", count=5))
        page = await begun(client, task_queue, mild("2003", Purpose.PAGE))
        # Pollers hold some of them already.
        await queued(client, task_queue, MANY + 6 - 3 * SLOTS)
        world.stuck.set()
        await asyncio.gather(*(each.result() for each in (first, second, page)))

    order = [number for number, _ in world.told]
    assert len(order) == MANY + 6
    # What pollers had been handed before the page came is ahead of it, and nothing else is.
    handed = 3 * SLOTS
    assert order.index("2003") <= handed, order[:30]
    last_of_five = len(order) - 1 - order[::-1].index("2002")
    assert last_of_five <= 2 * 5 + handed, [order.index("2002"), last_of_five]


def test_a_mild_notice_is_last_and_a_grave_one_first() -> None:
    """The lanes of one queue: SEV0 and SEV1, then pages and SEV2, then the rest."""
    [work], [page] = mild("2001"), mild("2001", Purpose.PAGE)
    grave = work.model_copy(update={"severity": Severity.SEV0})

    assert [lane(each) for each in (grave, page, work)] == [
        Priority(priority_key=key, fairness_key="2001") for key in (1, 3, 5)
    ]
