"""Whether anything is under way for a case: known here, so that the server need not be asked.

The worker of a simulation runs in this process, and everything that a case does passes through it:
which activities it asked for, and which of them it has heard of. A case rests when it waits for
nothing but people and time, and the server knows it: moved while the server still waits for an
answer of the case, it would be given one task more.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from workflows.around import InstanceAround, RunnerAround

ENDS = frozenset(
    {
        "complete_workflow_execution",
        "fail_workflow_execution",
        "cancel_workflow_execution",
    }
)


@dataclass
class _UnderWay:
    """What one run of a case waits for, as far as it has come."""

    asked: set[int] = field(default_factory=set)
    """Activities that it has heard nothing of yet."""
    unheard: int = 0
    """Signals that are on their way to it."""
    thinking: bool = True
    """It computes, or is about to: it has been begun, or failed to."""
    ended: bool = False
    run: str = ""
    """The run of it that has computed last."""


class Bustle:
    """Knows of each case whether anything is under way for it."""

    def __init__(self) -> None:
        self._cases: dict[str, _UnderWay] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._runs: dict[str, str] = {}
        self._unanswered: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def plugin(self) -> SimplePlugin:
        """With it the cases of a client's workers are watched."""
        return _Watching(self)

    async def over(self, case: str, rested: Callable[[], bool], *, until: float) -> bool:
        """Nothing is under way for the case and `rested` says so too, or it has ended.

        False when that has not come at `until`, by the loop's clock.
        """
        self._loop = asyncio.get_running_loop()
        # It is listened to before it is looked at: what changes in between is not missed.
        stirred = self._waiting[case] = asyncio.Event()
        try:
            async with asyncio.timeout_at(until):
                while not (self.ended(case) or (self._still(case) and rested())):
                    await stirred.wait()
                    stirred.clear()
        except TimeoutError:
            return False
        finally:
            del self._waiting[case]
        return True

    def begins(self, case: str) -> None:
        """The case is to be started."""
        self._cases[case] = _UnderWay()

    def told(self, case: str) -> None:
        """The case is to hear something that nobody waits for."""
        self._cases[case].unheard += 1

    def open(self, case: str) -> int:
        """How many answers the case waits for."""
        return len(self._cases[case].asked)

    def ended(self, case: str) -> bool:
        """Whether the case has come to its end."""
        return self._cases[case].ended

    def _still(self, case: str) -> bool:
        under_way = self._cases[case]
        unanswered = self._unanswered[under_way.run]
        return not under_way.thinking and not under_way.unheard and not unanswered

    def stirred(self, case: str) -> None:
        """Something has changed for the case: whoever waits looks again. From any thread."""
        if self._loop is not None and case in self._waiting:
            self._loop.call_soon_threadsafe(self._look, case)

    def _look(self, case: str) -> None:
        if (event := self._waiting.get(case)) is not None:
            event.set()

    # -- what the worker sees -----------------------------------------------------------------

    def owes(self, run: str) -> None:
        """The server waits for what that run says to a task."""
        self._unanswered[run] += 1

    def answered(self, run: str) -> None:
        """The server has it."""
        self._unanswered[run] -= 1
        if (case := self._runs.get(run)) is not None:
            self._look(case)

    # -- and what it sees in its own threads --------------------------------------------------

    def anew(self, case: str) -> None:
        """The case's code begins at the beginning: a new run, or a worker that knew nothing."""
        self._cases[case] = _UnderWay(unheard=self._cases[case].unheard)

    def activated(self, case: str, act: WorkflowActivation) -> None:
        """The case computes."""
        under_way = self._cases[case]
        under_way.thinking = True
        under_way.run = act.run_id
        self._runs[act.run_id] = case
        under_way.asked -= {
            job.resolve_activity.seq for job in act.jobs if job.HasField("resolve_activity")
        }
        if not act.is_replaying:
            under_way.unheard -= sum(job.HasField("signal_workflow") for job in act.jobs)

    def completed(
        self, case: str, act: WorkflowActivation, done: WorkflowActivationCompletion
    ) -> None:
        """The case has computed, and asks for what it asks."""
        under_way = self._cases[case]
        commands = done.successful.commands
        under_way.asked |= {
            command.schedule_activity.seq
            for command in commands
            if command.HasField("schedule_activity")
        }
        kinds = {command.WhichOneof("variant") for command in commands}
        under_way.ended = bool(kinds & ENDS)
        # What failed is done again, what is replayed is not at its end, and a run that is
        # continued goes on as another.
        under_way.thinking = (
            done.HasField("failed")
            or act.is_replaying
            or "continue_as_new_workflow_execution" in kinds
        )
        self.stirred(case)


class _Watching(SimplePlugin):
    def __init__(self, bustle: Bustle) -> None:
        super().__init__("bustle", workflow_runner=self._watching)
        self._bustle = bustle

    def _watching(self, runner: WorkflowRunner | None) -> WorkflowRunner:
        return _WatchingRunner(runner or SandboxedWorkflowRunner(), self._bustle)

    async def run_worker(
        self,
        worker: Worker,
        next: Callable[[Worker], Awaitable[None]],  # noqa: A002 - so the SDK calls it
    ) -> None:
        """The worker runs, and every task of it is known until the server has the answer."""
        cases = worker._workflow_worker  # noqa: SLF001 - the SDK tells nobody of it
        if cases is not None:
            handle = cases._handle_activation  # noqa: SLF001 - see above

            async def listening(act: WorkflowActivation) -> None:
                self._bustle.owes(act.run_id)
                try:
                    await handle(act)
                finally:
                    self._bustle.answered(act.run_id)

            cases._handle_activation = listening  # type: ignore[method-assign]  # noqa: SLF001
        await super().run_worker(worker, next)


class _WatchingRunner(RunnerAround):
    def __init__(self, inner: WorkflowRunner, bustle: Bustle) -> None:
        super().__init__(inner)
        self._bustle = bustle

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        self._bustle.anew(det.info.workflow_id)
        return _WatchedInstance(
            super().create_instance(det), self._bustle, case=det.info.workflow_id
        )


class _WatchedInstance(InstanceAround):
    def __init__(self, inner: WorkflowInstance, bustle: Bustle, *, case: str) -> None:
        super().__init__(inner)
        self._bustle = bustle
        self._case = case

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if any(job.HasField("remove_from_cache") for job in act.jobs):
            return super().activate(act)
        self._bustle.activated(self._case, act)
        done = super().activate(act)
        self._bustle.completed(self._case, act, done)
        return done
