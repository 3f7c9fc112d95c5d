"""The engine as the doors see it, on Temporal."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    ResetActivityRequest,
)
from temporalio.client import (
    Client,
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCStatusCode

from audit.histories import Run
from cases.envelope import ActEnvelope
from cases.ids import obligation_id
from cases.receipts import ActReceipt
from cases.state import CaseState
from cases.values import Inbound
from gateway import engine_runs
from gateway.engine_look import EngineLook, look
from gateway.engine_port import CutOff
from gateway.errors import CaseGoneError, EngineRefusedError, EngineUnavailableError
from workflows.attributes import at_reopening, at_start, of_obligation
from workflows.messages import (
    ACT_UPDATE,
    OBLIGATION,
    WORKFLOW,
    CaseInput,
    ObligationInput,
    arguments,
)

RPC_TIMEOUT = timedelta(seconds=10)
PROBE_TIMEOUT = timedelta(seconds=2)

# Not FAILED_PRECONDITION: so the server answers for a case that runs and has no worker that can go
# on with it. The message waits for one.
_GONE = RPCStatusCode.NOT_FOUND
_SETTLED = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION})
_REFUSED = frozenset(
    {
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.OUT_OF_RANGE,
        RPCStatusCode.UNIMPLEMENTED,
    }
)
# The server says so when the workflow ended, or went on as a new run, under an accepted update.
_CLOSED_UNDER_UPDATE = "AcceptedUpdateCompletedWorkflow"


class TemporalEngine:
    """Starts cases and hands them messages through a client that has the payload codec."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def start(self, case: CaseInput) -> None:
        """The case runs, now or already (design §3.4).

        One that ran and has closed is not opened again: its number was given out once.
        """
        await self._start(
            WORKFLOW,
            arguments(case),
            workflow_id=case.case,
            attributes=at_start(case),
            summary=f"Case {case.number} · {case.pathway.title}",
        )

    async def reopen(self, case: CaseInput, state: CaseState) -> None:
        """A new run of the closed case, under the same workflow id; one that runs already stays.

        This is the one start that takes an id again: everything else finds it taken.
        """
        await self._start(
            WORKFLOW,
            [case, state],
            workflow_id=case.case,
            attributes=at_reopening(case),
            summary=f"Case {case.number} · {case.pathway.title}",
            reuse=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )

    async def start_obligation(self, owed: ObligationInput) -> None:
        """The obligation runs, now or already; one that has ended is not started again."""
        await self._start(
            OBLIGATION,
            arguments(owed),
            workflow_id=obligation_id(owed.case, owed.plan.name),
            attributes=of_obligation(owed),
            summary=f"Case {owed.number} owes: {owed.plan.title or owed.plan.name}",
        )

    async def _start(
        self,
        workflow: str,
        args: Sequence[object],
        *,
        workflow_id: str,
        attributes: TypedSearchAttributes,
        summary: str,
        reuse: WorkflowIDReusePolicy = WorkflowIDReusePolicy.REJECT_DUPLICATE,
    ) -> None:
        try:
            await self._client.start_workflow(
                workflow,
                args=args,
                id=workflow_id,
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=reuse,
                search_attributes=attributes,
                static_summary=summary,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            _raise(error)
        except RuntimeError as error:
            raise _unreachable() from error

    async def deliver(
        self, envelope: ActEnvelope, *, case: str, act_id: str, within: timedelta
    ) -> ActReceipt:
        """The workflow's answer to the act; the act's id is the update's id."""
        handle = self._client.get_workflow_handle(case)
        try:
            async with asyncio.timeout(within.total_seconds()):
                receipt: ActReceipt = await handle.execute_update(
                    ACT_UPDATE,
                    envelope,
                    id=act_id,
                    result_type=ActReceipt,
                    rpc_timeout=within,
                )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == _CLOSED_UNDER_UPDATE:
                # Ambiguous between closing and continuing as new: ask again, and it is clear.
                raise EngineUnavailableError("the run ended under the update") from error
            kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
            raise EngineRefusedError(f"the act was not taken: {kind}") from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise EngineUnavailableError("no answer in time") from error
        except RPCError as error:
            _raise(error)
        except RuntimeError as error:
            raise _unreachable() from error
        return receipt

    async def signal(self, case: str, *, name: str, message: Inbound) -> None:
        """The running case has the message."""
        try:
            await self._client.get_workflow_handle(case).signal(
                name, message, rpc_timeout=RPC_TIMEOUT
            )
        except RPCError as error:
            _raise(error)
        except RuntimeError as error:
            raise _unreachable() from error

    async def hurry(self, workflow: str, *, run: str, activity: str) -> bool:
        """The step's next try is made now; False when it is not waiting for one any more."""
        service = self._client.workflow_service
        execution = WorkflowExecution(workflow_id=workflow, run_id=run)
        try:
            seen = await service.describe_workflow_execution(
                DescribeWorkflowExecutionRequest(
                    namespace=self._client.namespace, execution=execution
                ),
                timeout=RPC_TIMEOUT,
            )
            if all(each.activity_id != activity for each in seen.pending_activities):
                return False
            await service.reset_activity(
                ResetActivityRequest(
                    namespace=self._client.namespace,
                    execution=execution,
                    id=activity,
                    identity=self._client.identity,
                ),
                timeout=RPC_TIMEOUT,
            )
        except RPCError as error:
            if error.status in _SETTLED:
                return False
            _raise(error)
        except RuntimeError as error:
            raise _unreachable() from error
        return True

    async def look(self, case: str) -> EngineLook:
        """The case as the engine sees it, for whoever asks why it does not go on."""
        return await look(self._client, case, task_queue=self._task_queue)

    async def ended_run(self, workflow: str, run: str) -> Run | None:
        """The run, payloads opened; None while it goes on."""
        return await engine_runs.ended_run(self._client, workflow, run)

    async def was_reset(self, workflow: str, run: str) -> bool:
        """Whether a reset left the run behind."""
        return await engine_runs.was_reset(self._client, workflow, run)

    async def cut_off(self) -> list[CutOff]:
        """Every run that did not end by itself, as far back as the engine remembers."""
        return await engine_runs.cut_off(self._client)

    async def taken_up(self, workflow: str, run: str) -> bool:
        """A new run goes on from where a terminated one had come to; False where none can."""
        return await engine_runs.taken_up(self._client, workflow, run)

    async def trouble(self) -> str | None:
        """Why the server cannot be reached; None when it answers its health check."""
        try:
            healthy = await self._client.service_client.check_health(timeout=PROBE_TIMEOUT)
        except RPCError as error:
            return f"the engine does not answer: {error.status.name.lower()}"
        except RuntimeError:
            return "the engine cannot be reached"
        return None if healthy else "the engine says that it is not serving"


def _unreachable() -> EngineUnavailableError:
    # A lazy client connects at its first call, and says so with a bare RuntimeError when it cannot:
    # a gateway that starts while the server is down must record acts all the same.
    return EngineUnavailableError("the engine cannot be reached")


def _raise(error: RPCError) -> NoReturn:
    # Only the status travels: a server's message may repeat what it was sent.
    status = error.status.name.lower()
    if error.status is _GONE:
        raise CaseGoneError(f"no such running case: {status}") from error
    if error.status in _REFUSED:
        raise EngineRefusedError(f"the engine refused the message: {status}") from error
    raise EngineUnavailableError(f"the engine is not available: {status}") from error
