"""What Temporal has of runs that have ended, for whoever seals them."""

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.converter import PayloadCodec
from temporalio.service import RPCError

from audit.ends import ending
from audit.errors import HistoryMissingError
from audit.histories import Run, fetch, fetch_run, reset_from
from gateway.engine_port import CutOff
from gateway.errors import EngineRefusedError, EngineUnavailableError
from workflows.messages import OBLIGATION, WORKFLOW

_CUT_OFF = (
    f'WorkflowType IN ("{WORKFLOW}", "{OBLIGATION}") AND '
    'ExecutionStatus IN ("Terminated", "Failed", "TimedOut", "Canceled")'
)
_WORDS = {
    WorkflowExecutionStatus.TERMINATED: "terminated",
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


def _codec_of(client: Client) -> PayloadCodec:
    codec = client.data_converter.payload_codec
    if codec is None:
        raise EngineRefusedError("the client cannot open payloads: connect it with the keyring")
    return codec
