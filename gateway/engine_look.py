"""What the engine knows of a case that does not go on: for `escalate case explain`."""

from datetime import timedelta
from typing import Protocol, runtime_checkable

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, RPCError

from cases.values import Value
from gateway.errors import EngineUnavailableError

PATIENCE = timedelta(seconds=5)
_FAILING = 2
"""A workflow task in its second attempt has failed once already."""


class PendingCall(Value):
    """An outside call the case waits for."""

    activity: str
    attempt: int
    last_error: str = ""
    """The error's type; its message may hold what somebody wrote."""


class EngineLook(Value):
    """One case as the engine sees it."""

    status: str
    pollers: int
    failing_task_attempts: int = 0
    """How often the case's code has failed at the same place."""
    calls: tuple[PendingCall, ...] = ()


@runtime_checkable
class LooksIn(Protocol):
    """An engine that can be asked about one case."""

    async def look(self, case: str) -> EngineLook:
        """The case as it stands there; `EngineUnavailableError` when it cannot be asked."""
        ...


async def look(client: Client, case: str, *, task_queue: str) -> EngineLook:
    """The case's run, its pending calls, and how many workers poll for it."""
    try:
        description = await client.get_workflow_handle(case).describe(rpc_timeout=PATIENCE)
        polled = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            # The server ends connections every few minutes: a call on one of them is made again.
            retry=True,
            timeout=PATIENCE,
        )
    except RPCError as error:
        raise EngineUnavailableError(f"the engine says {error.status.name.lower()}") from error
    raw = description.raw_description
    attempt = raw.pending_workflow_task.attempt if raw.HasField("pending_workflow_task") else 0
    return EngineLook(
        status=description.status.name.lower() if description.status is not None else "unknown",
        pollers=len(polled.pollers),
        failing_task_attempts=attempt if attempt >= _FAILING else 0,
        calls=tuple(
            PendingCall(
                activity=pending.activity_type.name,
                attempt=pending.attempt,
                last_error=_type_of(pending.last_failure),
            )
            for pending in raw.pending_activities
        ),
    )


def _type_of(failure: object) -> str:
    info = getattr(failure, "application_failure_info", None)
    return str(getattr(info, "type", "") or "")
