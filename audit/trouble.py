"""What keeps a case from going on: the engine's side and the outbox's, each with its remedy."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType, PendingActivityState, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from audit.explain import explain_state
from audit.explanation import Explanation, Trouble
from cases.state import CasePicture
from runbooks import compile_runbook, load_runbook
from runbooks.plan import Pathway
from store import ActState, Store
from workflows.effects import APPEND_JOURNAL, NOTIFY, PERFORM, SYNC_TICKET

_LOOKED_BACK = 20
"""How many events back the reason of a failing workflow task is looked for."""


async def explain(
    case: str, *, store: Store, client: Client | None, at: datetime
) -> Explanation | None:
    """Everything that is known about where the case stands; None while it has no picture yet.

    Without a client, or with one that does not answer, it is the store's part alone.
    """
    view = await store.views.get(case)
    if view is None:
        return None
    state = CasePicture.of(view.state)
    pathway = await pathway_of(state.digest, store=store)
    said = explain_state(state, pathway, at=at, as_of=view.line.as_of)
    troubles = [item async for item in _outbox(case, state, store)]
    looked = False
    if client is not None and not state.closed:
        try:
            troubles += await engine_troubles(case, number=state.number, client=client)
            looked = True
        except RPCError as error:
            troubles.append(
                Trouble(
                    what="Temporal does not answer",
                    detail=error.status.name.lower(),
                    mend="escalate doctor",
                )
            )
    return said.model_copy(update={"troubles": tuple(troubles), "looked_at_engine": looked})


async def pathway_of(digest: str, *, store: Store) -> Pathway:
    """The rules the case is pinned to, compiled from their document."""
    source = await store.objects.get(digest)
    return compile_runbook(load_runbook(source, file=f"{digest}.yaml"))


async def engine_troubles(case: str, *, number: str, client: Client) -> list[Trouble]:
    """What Temporal says is stuck. RPCError when it does not answer."""
    handle = client.get_workflow_handle(case)
    try:
        described = await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        mend = f"escalate deliveries list --state pending   (case {number})"
        return [Trouble(what="the case's workflow is not there", mend=mend)]
    found: list[Trouble] = []
    if described.status is not WorkflowExecutionStatus.RUNNING:
        status = described.status.name.lower() if described.status is not None else "unknown"
        found.append(
            Trouble(
                what="the workflow has ended and the case has not",
                detail=status,
                mend=f"escalate audit export {number} --out DIR, then reset it in Temporal",
            )
        )
    found += await _failing_task(client, described)
    found += _pending_activities(described, number=number)
    if not await _pollers(client, described.task_queue):
        found.append(
            Trouble(
                what="no worker asks for work",
                detail=f"task queue {described.task_queue}",
                mend="escalate worker",
            )
        )
    return found


async def _failing_task(client: Client, described: WorkflowExecutionDescription) -> list[Trouble]:
    raw = described.raw_description
    task = raw.pending_workflow_task
    if not raw.HasField("pending_workflow_task") or task.attempt <= 1:
        return []
    return [
        Trouble(
            what=f"the workflow task fails, attempt {task.attempt}",
            since=task.original_scheduled_time.ToDatetime(tzinfo=UTC),
            detail=await _last_failure(client, described),
            mend="deploy a worker that can do it: the case goes on by itself (escalate worker)",
        )
    ]


async def _last_failure(client: Client, described: WorkflowExecutionDescription) -> str:
    """The kind of the newest failure; never its message, which may repeat what people wrote."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, maximum_page_size=_LOOKED_BACK
    )
    request.execution.workflow_id = described.id
    request.execution.run_id = described.run_id
    answer = await client.workflow_service.get_workflow_execution_history_reverse(
        request, retry=True
    )
    for event in answer.history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed: Any = event.workflow_task_failed_event_attributes
            kind = failed.failure.application_failure_info.type
            return kind or str(failed.cause)
    return ""


def _pending_activities(
    described: WorkflowExecutionDescription, *, number: str
) -> Iterator[Trouble]:
    mends = {
        APPEND_JOURNAL.name: "escalate doctor",
        NOTIFY.name: "escalate doctor --live",
        PERFORM.name: f"escalate case receipt {number} NAME done|skip",
        SYNC_TICKET.name: "escalate doctor --live",
    }
    for activity in described.raw_description.pending_activities:
        if activity.attempt <= 1 and not activity.HasField("last_failure"):
            continue
        name = activity.activity_type.name
        running = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        kind = activity.last_failure.application_failure_info.type or "failed"
        yield Trouble(
            what=f"{name} {'is tried again' if running else 'waits to be tried again'}",
            detail=f"attempt {activity.attempt}, last error {kind}",
            mend=mends.get(name, "escalate doctor"),
        )


async def _pollers(client: Client, queue: str) -> int:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await client.workflow_service.describe_task_queue(request, retry=True)
    return len(answer.pollers)


async def _outbox(case: str, state: CasePicture, store: Store) -> AsyncIterator[Trouble]:
    pending = await store.acts.pending(case)
    if pending:
        yield Trouble(
            what=f"{len(pending)} acts are signed and not applied yet",
            since=pending[0].signed_at,
            detail=pending[0].last_error,
            mend="escalate gateway   (it delivers them; then: escalate worker)",
        )
    dead = await store.acts.list(state=ActState.DEAD, case=case)
    for act in dead:
        yield Trouble(
            what=f"an act ({act.verb}) was given up",
            since=act.signed_at,
            detail=act.last_error,
            mend=f"escalate deliveries redeliver {act.id}",
        )
    if await store.journal.forks(case):
        yield Trouble(
            what="the case says something else than it said before",
            mend=f"escalate audit export {state.number} --out DIR, then escalate audit replay DIR",
        )
