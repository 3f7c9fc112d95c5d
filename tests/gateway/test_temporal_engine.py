"""The engine port on a real Temporal: what each failure of the server means to a door."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt, Outcome
from cases.report import Report, Source
from cases.state import CaseState
from gateway.errors import CaseGoneError, EngineRefusedError, EngineUnavailableError
from gateway.temporal_engine import TemporalEngine
from runbooks import compile_runbook, load_runbook
from runbooks.library import library
from runbooks.plan import Severity
from tests.gateway.world import MovableClock
from workflows.messages import (
    ACT_UPDATE,
    REPORT_SIGNAL,
    WORKFLOW,
    CaseInput,
    ReportReceived,
    RoutedBy,
)

SHORT = timedelta(seconds=2)


@workflow.defn(name=WORKFLOW)
class Answering:
    """Answers every act by its payload; `stop` ends it."""

    def __init__(self) -> None:
        self._stopped = False

    @workflow.run
    async def run(self, request: CaseInput, state: CaseState | None = None) -> str:
        """Waits for the end."""
        await workflow.wait_condition(lambda: self._stopped)
        return request.number

    @workflow.update(name=ACT_UPDATE)
    def act(self, envelope: ActEnvelope) -> ActReceipt:
        """Accepted, unless the payload says otherwise."""
        if envelope.payload == "bad":
            raise ApplicationError("no", type="Malformed")
        return ActReceipt(act=envelope.payload, outcome=Outcome.ACCEPTED, applied_at=workflow.now())

    @workflow.signal(name=REPORT_SIGNAL)
    def report(self, report: ReportReceived) -> None:
        """A report ends it."""
        del report
        self._stopped = True


@pytest.fixture
async def request_() -> CaseInput:
    """A case's input."""
    runbook = load_runbook(library()["user-safety-escalation"], file="x")
    return CaseInput(
        case=f"case/{uuid.uuid4().hex[:26]}",
        number="1001",
        report=Report(
            source=Source.STANDARD,
            instance="i",
            external_id="e",
            delivery="d",
            received_at=await MovableClock().now(),
        ),
        pathway=compile_runbook(runbook),
        routed=RoutedBy(reason="r"),
        severity=Severity.SEV3,
        severity_row="1",
        severity_because="b",
        root_key="",
        salt="",
    )


async def test_a_case_is_started_once_and_answers(
    client: Client, task_queue: str, request_: CaseInput
) -> None:
    """A start is idempotent, also after closing; an act has one answer; a closed case is gone."""
    engine = TemporalEngine(client, task_queue=task_queue)
    case = request_.case
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Answering],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await engine.start(request_)
        await engine.start(request_)
        act_id = str(uuid.uuid4())
        envelope = ActEnvelope(payload="a-1")
        first = await engine.deliver(envelope, case=case, act_id=act_id, within=SHORT * 5)
        again = await engine.deliver(envelope, case=case, act_id=act_id, within=SHORT * 5)
        assert first == again
        with pytest.raises(EngineRefusedError, match="Malformed"):
            await engine.deliver(
                ActEnvelope(payload="bad"), case=case, act_id=str(uuid.uuid4()), within=SHORT * 5
            )
        report = ReportReceived(delivery="d", source=Source.STANDARD, at=await MovableClock().now())
        await engine.signal(case, name=REPORT_SIGNAL, message=report)
        await client.get_workflow_handle(case).result()
        await engine.start(request_)
        with pytest.raises(CaseGoneError):
            await engine.deliver(envelope, case=case, act_id=str(uuid.uuid4()), within=SHORT * 5)
        with pytest.raises(CaseGoneError):
            await engine.signal(case, name=REPORT_SIGNAL, message=report)


async def test_without_workers_a_case_starts_and_acts_wait(
    client: Client, task_queue: str, request_: CaseInput
) -> None:
    """A start needs no worker; an act is unavailable within the time given, not longer."""
    engine = TemporalEngine(client, task_queue=task_queue)
    await engine.start(request_)
    clock = MovableClock()
    before = await clock.now()

    with pytest.raises(EngineUnavailableError):
        await engine.deliver(
            ActEnvelope(payload="a"), case=request_.case, act_id=str(uuid.uuid4()), within=SHORT
        )
    assert await clock.now() - before < SHORT * 2


@workflow.defn(name=WORKFLOW)
class Broken:
    """Its code cannot go on: every task of it fails and is tried again."""

    @workflow.run
    async def run(self, request: CaseInput, state: CaseState | None = None) -> str:
        """Never gets anywhere."""
        raise RuntimeError("this build is wrong")

    @workflow.update(name=ACT_UPDATE)
    def act(self, envelope: ActEnvelope) -> ActReceipt:
        """Never gets here."""
        raise NotImplementedError


async def test_a_case_whose_worker_cannot_go_on_is_not_gone(
    client: Client, task_queue: str, request_: CaseInput
) -> None:
    """The server says that it is not ready: the act waits, and nobody is told that no case runs."""
    engine = TemporalEngine(client, task_queue=task_queue)
    said = ""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Broken],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await engine.start(request_)
        for _ in range(20):
            with pytest.raises(EngineUnavailableError) as error:
                await engine.deliver(
                    ActEnvelope(payload="a"),
                    case=request_.case,
                    act_id=str(uuid.uuid4()),
                    within=SHORT,
                )
            said = str(error.value)
            if "failed_precondition" in said:
                break
    assert "failed_precondition" in said


async def test_a_dead_server_is_unavailable(
    client: Client, task_queue: str, request_: CaseInput
) -> None:
    """Nothing listens there: unavailable, and readiness says so."""
    nobody = await Client.connect("127.0.0.1:1", lazy=True, data_converter=client.data_converter)
    engine = TemporalEngine(nobody, task_queue=task_queue)

    assert await engine.trouble() is not None
    assert await TemporalEngine(client, task_queue=task_queue).trouble() is None
    with pytest.raises(EngineUnavailableError):
        await engine.deliver(
            ActEnvelope(payload="a"), case=request_.case, act_id=str(uuid.uuid4()), within=SHORT
        )


@workflow.defn
class Ordering:
    """One step that fails at first, and would be tried again in an hour only."""

    @workflow.run
    async def run(self) -> int:
        """The try that did it."""
        tries: int = await workflow.execute_activity(
            "stubborn",
            activity_id="step-1",
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)),
        )
        return tries


async def test_a_step_that_waits_is_tried_at_once_when_it_is_hurried(
    client: Client, task_queue: str
) -> None:
    """Under its own key and without a further event; what has ended is not tried again."""
    tries: list[int] = []

    @activity.defn(name="stubborn")
    async def stubborn() -> int:
        tries.append(activity.info().attempt)
        if len(tries) == 1:
            raise ApplicationError("not yet")
        return len(tries)

    engine = TemporalEngine(client, task_queue=task_queue)
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Ordering],
        activities=[stubborn],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            Ordering.run, id=f"hurry-{uuid.uuid4().hex[:8]}", task_queue=task_queue
        )
        step = {"run": handle.result_run_id or "", "activity": "step-1"}
        async with asyncio.timeout(60):
            # The server schedules the next try by itself: there is no event to wait for.
            while not await _waits(handle):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

        other = await engine.hurry(handle.id, run=step["run"], activity="step-2")
        hurried = await engine.hurry(handle.id, **step)
        result = await handle.result()
        ended = await engine.hurry(handle.id, **step)

    assert (other, hurried, ended) == (False, True, False)
    assert result == 2
    assert not await engine.hurry(f"nothing-{uuid.uuid4()}", **step)


async def _waits(handle: WorkflowHandle[Any, Any]) -> bool:
    """The step has failed once, and waits for its next try."""
    pending = (await handle.describe()).raw_description.pending_activities
    return any(each.attempt > 1 for each in pending)
