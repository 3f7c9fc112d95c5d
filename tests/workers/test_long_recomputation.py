"""A case that takes long to be recomputed is waited for, and not failed over and over again."""

import asyncio
import time

from temporalio.api.enums.v1 import EventType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from cases.acts import Cancel
from tests.workflows.playing import runs_of
from tests.workflows.scenarios import accepted
from tests.workflows.world import OneKeyring, World, open_case
from workers.engine import Engine
from workers.temporal import connect
from workflows.around import InstanceAround, RunnerAround

SLOW = 3.0
"""Seconds; longer than the two after which the SDK left to itself gives up."""


class _Slow(InstanceAround):
    def __init__(self, inner: WorkflowInstance) -> None:
        super().__init__(inner)
        self._first = True

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if self._first:
            self._first = False
            time.sleep(SLOW)
        return super().activate(act)


class _SlowRunner(RunnerAround):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Slow(super().create_instance(det))


def _slowly(runner: WorkflowRunner | None) -> WorkflowRunner:
    assert runner is not None
    return _SlowRunner(runner)


async def test_a_case_that_takes_long_to_recompute_goes_on(engine: Engine, task_queue: str) -> None:
    """It is not failed once, though its first task takes longer than the SDK would wait."""
    world = World()
    client = await connect(
        engine.address,
        namespace=engine.namespace,
        keyring=OneKeyring(),
        activities=world.activities,
        extra_plugins=[SimplePlugin("slow", workflow_runner=_slowly)],
    )
    async with Worker(client, task_queue=task_queue):
        case = await open_case(world, client, task_queue=task_queue)
        accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    (run,) = await runs_of(client, case)
    kinds = [event.event_type for event in run.events]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT not in kinds
