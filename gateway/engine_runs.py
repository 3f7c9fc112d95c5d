"""What Temporal has of runs that have ended, for whoever seals them."""

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.converter import PayloadCodec
from temporalio.service import RPCError

from audit.ends import ending
from audit.errors import HistoryMissingError
from audit.histories import Run, fetch, fetch_run, reset_from
from gateway.engine_port import CutOff
from gateway.errors import EngineRefusedError, EngineUnavailableError
from workflows.messages import OBLIGATION, WORKFLOW

TERMINATED = "terminated"
_CUT_OFF = (
    f'WorkflowType IN ("{WORKFLOW}", "{OBLIGATION}") AND '
    'ExecutionStatus IN ("Terminated", "Failed", "TimedOut", "Canceled")'
)
_WORDS = {
    WorkflowExecutionStatus.TERMINATED: TERMINATED,
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.TIMED_OUT: "timed out",
    WorkflowExecutionStatus.CANCELED: "canceled",
}


async def ended_run(client: Client, workflow: str, run: str) -> Run | None:
    """The run, payloads opened; None while it goes on."""
    try:
        found = await fetch_run(client, workflow, run=run, codec=_codec_of(client))
    except RPCError as error:
        raise EngineUnavailableError(f"the engine says {error.status.name.lower()}") from error
    return found if ending(found) is not None else None


async def cut_off(client: Client) -> list[CutOff]:
    """Every run that did not end by itself, as far back as the engine remembers."""
    try:
        return [
            CutOff(
                workflow=each.id,
                run=each.run_id,
                status=_WORDS.get(each.status, "ended") if each.status is not None else "ended",
            )
            async for each in client.list_workflows(_CUT_OFF)
        ]
    except RPCError as error:
        raise EngineUnavailableError(f"the engine says {error.status.name.lower()}") from error


async def was_reset(client: Client, workflow: str, run: str) -> bool:
    """Whether a reset left the run behind: the run that goes on says so in its own record."""
    try:
        history = await fetch(client, workflow, codec=_codec_of(client))
    except HistoryMissingError:
        return False
    except RPCError as error:
        raise EngineUnavailableError(f"the engine says {error.status.name.lower()}") from error
    return any(run in reset_from(each) for each in history.runs)


async def taken_up(client: Client, workflow: str, run: str) -> bool:
    """A new run goes on from where a terminated one had come to; False where there is none.

    Asked twice it begins one run. What a door or a system sent meanwhile, and what the terminated
    run was handed after its last step, comes to the new one.
    """
    handle = client.get_workflow_handle(workflow)
    try:
        newest = await handle.describe()
        if newest.run_id != run or newest.status is not WorkflowExecutionStatus.TERMINATED:
            # Another gateway was quicker, or whoever terminated it has begun it anew.
            return newest.status is WorkflowExecutionStatus.RUNNING
        history = await client.get_workflow_handle(workflow, run_id=run).fetch_history()
        steps = [
            event.event_id
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        ]
        if not steps:
            return False
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run),
                reason="terminated, and no act says so",
                workflow_task_finish_event_id=steps[-1],
                # The server answers the same request with the run it began for it.
                request_id=f"taken-up-{run}",
            )
        )
    except RPCError as error:
        raise EngineUnavailableError(f"the engine says {error.status.name.lower()}") from error
    return True


def _codec_of(client: Client) -> PayloadCodec:
    codec = client.data_converter.payload_codec
    if codec is None:
        raise EngineRefusedError("the client cannot open payloads: connect it with the keyring")
    return codec
