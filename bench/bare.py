"""Bare Temporal workflows to be measured against: no journal, no signatures, no encryption.

`BareTogether` has the same activities, timers and updates as ours, told by a shape that is read
from one of our own histories. `BareNaive` is how one would write the runbook on the first day: six
effects, one after the other, with updates or with signals.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

SHORT = timedelta(seconds=20)
DUE = timedelta(hours=4)
STEPS = 4
"""Updates of a canonical case: triage, two gates, closing."""


@dataclass
class Shape:
    """How many activities a case runs before its first update and after each."""

    activities: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, history: WorkflowHistory) -> "Shape":
        """The shape of a history."""
        counts: Counter[int] = Counter()
        updates = 0
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                updates += 1
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                counts[updates] += 1
        return cls([counts[step] for step in range(updates + 1)])


@dataclass
class Told:
    """What an activity of a bare case is told."""

    case: str
    step: int
    payload: str


class Bench:
    """Activities that do nothing but say that they ran."""

    def __init__(self) -> None:
        self.ran: dict[tuple[str, int], asyncio.Event] = {}

    @activity.defn(name="nothing")
    async def nothing(self, told: Told) -> str:
        """Done."""
        self.at(told.case, told.step).set()
        return told.payload

    def at(self, case: str, step: int) -> asyncio.Event:
        """Set when a step's activity ran."""
        return self.ran.setdefault((case, step), asyncio.Event())


class _Steps:
    def __init__(self) -> None:
        self._done = 0

    async def _gate(self, step: int) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._done > step, timeout=DUE, timeout_summary="SLA"
            )
        except TimeoutError:
            return

    async def _do(self, step: int, payload: str) -> None:
        await workflow.execute_activity(
            "nothing",
            Told(workflow.info().workflow_id, step, payload),
            start_to_close_timeout=SHORT,
        )


@workflow.defn
class BareTogether(_Steps):
    """The same activities, timers and updates as ours; those of one step together."""

    @workflow.run
    async def run(self, shape: Shape, payload: str) -> int:
        """Walks the steps."""
        last = len(shape.activities) - 1
        for step, count in enumerate(shape.activities):
            await asyncio.gather(*(self._do(step, payload) for _ in range(count)))
            if step < last:
                await self._gate(step)
        return self._done

    @workflow.update
    def decide(self, payload: str) -> str:
        """The next step may begin."""
        self._done += 1
        return payload

    @workflow.signal
    def decided(self, payload: str) -> None:
        """The same, without an answer."""
        del payload
        self._done += 1


@workflow.defn
class BareNaive(_Steps):
    """Six effects one after the other, and a gate after each of the first four."""

    @workflow.run
    async def run(self, payload: str) -> int:
        """Intake (ticket, classify), triage, notify, gate, notify, gate, update ticket, close."""
        await self._do(0, payload)
        await self._do(0, payload)
        await self._gate(0)
        await self._do(1, payload)
        await self._gate(1)
        await self._do(2, payload)
        await self._gate(2)
        await self._do(3, payload)
        await self._gate(3)
        await self._do(4, payload)
        return self._done

    @workflow.update
    def decide(self, payload: str) -> str:
        """The next step may begin."""
        self._done += 1
        return payload

    @workflow.signal
    def decided(self, payload: str) -> None:
        """The same, without an answer."""
        del payload
        self._done += 1


@dataclass
class Bare:
    """A place where bare cases run."""

    bench: Bench
    client: Client
    task_queue: str
    payload: str = "x" * 1024

    async def together(self, shape: Shape) -> None:
        """One case with our shape."""
        await self._drive(BareTogether.run, [shape, self.payload], signals=False)

    async def naive(self, *, signals: bool) -> None:
        """One naive case."""
        await self._drive(BareNaive.run, [self.payload], signals=signals)

    async def _drive(self, run: Any, arguments: Sequence[Any], *, signals: bool) -> None:
        case = f"bare-{uuid.uuid4().hex}"
        handle = await self.client.start_workflow(
            run, args=list(arguments), id=case, task_queue=self.task_queue
        )
        for step in range(STEPS):
            await self.bench.at(case, step).wait()
            if signals:
                await handle.signal("decided", self.payload)
            else:
                await handle.execute_update("decide", self.payload)
        await handle.result()
        for step in range(STEPS + 1):
            self.bench.ran.pop((case, step), None)


SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("bench")
)
"""As the SDK runs workflows unless told otherwise, and ours; its modules are passed through."""


@asynccontextmanager
async def bare(
    address: str, namespace: str, *, runner: WorkflowRunner = SANDBOX
) -> AsyncIterator[Bare]:
    """A worker for bare cases runs inside, without codec."""
    bench = Bench()
    client = await Client.connect(address, namespace=namespace)
    queue = f"bare-{uuid.uuid4().hex[:8]}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[BareTogether, BareNaive],
        activities=[bench.nothing],
        workflow_runner=runner,
    ):
        yield Bare(bench, client, queue)
