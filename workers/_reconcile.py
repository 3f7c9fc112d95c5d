"""Store and engine after a restore: what can be driven again is, the rest is told."""

from collections.abc import AsyncIterator
from datetime import datetime

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from activities.record import store_batch, store_owed
from cases.values import Value
from store import (
    CaseFilter,
    CaseRow,
    DeliveryState,
    Finding,
    ObligationRow,
    Store,
    StoreError,
    UnknownCase,
)
from workflows.effects import APPEND_JOURNAL, JournalBatch
from workflows.messages import WORKFLOW
from workflows.obligation_effects import APPEND_OBLIGATION, ObligationBatch

_MANY = 100_000
_ENDED = ("closed", "cancelled")


class Reconciled(Value):
    """What was found, and what was mended without a person."""

    cases: int
    appended: int
    """Journal batches that the store had lost and a history still held."""
    reopened: int
    """Deliveries whose case the engine does not know: their case is started again."""
    waiting_acts: int
    """Acts that are recorded; they are applied as soon as a gateway runs."""
    waiting_deliveries: int
    findings: tuple[Finding, ...]


async def reconcile(store: Store, client: Client, *, at: datetime) -> Reconciled:
    """Each side is compared with the other; journals that fell behind are completed."""
    findings: list[Finding] = []
    appended = reopened = 0
    cases = await _cases(store)
    for case in cases:
        try:
            runs = [run async for run in _runs(client, case.id)]
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            runs = []
        if not runs:
            reopened += await _unknown(store, case, findings, at=at)
            continue
        for run in runs:
            appended += await _completed(store, client, case, run, findings)
    for row in await store.obligations.open_of():
        restarted, completed = await _owed(store, client, row, findings)
        reopened += restarted
        appended += completed
    findings += [finding async for finding in _strangers(store, client)]
    findings += await store.backup.reconcile()
    lag = await store.health.outbox()
    return Reconciled(
        cases=len(cases),
        appended=appended,
        reopened=reopened,
        waiting_acts=lag.acts.pending,
        waiting_deliveries=lag.deliveries.pending,
        findings=tuple(findings),
    )


async def _cases(store: Store) -> list[CaseRow]:
    ids = [line.case for line in await store.views.list(CaseFilter(limit=_MANY))]
    known = [await store.cases.get(case) for case in ids]
    return [*known, *await store.cases.unstarted(limit=_MANY)]


async def _runs(client: Client, case: str) -> AsyncIterator[str]:
    """The runs of the case, the oldest first: each names the one it went on as."""
    described = await client.get_workflow_handle(case).describe()
    first = described.raw_description.workflow_execution_info.first_run_id or described.run_id
    run: str | None = first
    while run:
        yield run
        handle = client.get_workflow_handle(case, run_id=run)
        described = await handle.describe()
        if described.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
            return
        history = await handle.fetch_history()
        last = history.events[-1].workflow_execution_continued_as_new_event_attributes
        run = last.new_execution_run_id


async def _completed(
    store: Store, client: Client, case: CaseRow, run: str, findings: list[Finding]
) -> int:
    """Batches that the run appended after the store was copied are appended again."""
    head = (await store.journal.head(case.id)).sequence
    converter = client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=case.id)
    )
    done = 0
    history = await client.get_workflow_handle(case.id, run_id=run).fetch_history()
    for event in history.events:
        if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            continue
        order = event.activity_task_scheduled_event_attributes
        if order.activity_type.name != APPEND_JOURNAL.name:
            continue
        (batch,) = await converter.decode(list(order.input.payloads), [JournalBatch])
        if batch.last <= head:
            continue
        try:
            await store_batch(store, batch, run=run)
        except StoreError as error:
            findings.append(
                Finding(
                    case=case.id,
                    what=f"entries {batch.first} to {batch.last} of its history do not follow "
                    f"its journal ({type(error).__name__})",
                    mend=f"escalate case explain {case.number}",
                )
            )
            break
        done += 1
    return done


async def _unknown(store: Store, case: CaseRow, findings: list[Finding], *, at: datetime) -> int:
    """A case that never wrote anything is started again; one that did is told."""
    if case.status in _ENDED:
        # Temporal forgets closed cases after its retention: the store is the authority.
        return 0
    if (await store.journal.head(case.id)).sequence == 0:
        started = await store.deliveries.list(case=case.id, state=DeliveryState.STARTED)
        for delivery in started:
            await store.deliveries.reopen(delivery.key, at=at)
        return len(started)
    findings.append(
        Finding(
            case=case.id,
            what=f"case {case.number} is open and the engine does not know it",
            mend="put the engine's file of the same backup back; or report it again, as a new case",
        )
    )
    return 0


async def _owed(
    store: Store, client: Client, row: ObligationRow, findings: list[Finding]
) -> tuple[int, int]:
    """What a closed case owes is started again if it never wrote anything, or completed."""
    try:
        runs = [run async for run in _runs(client, row.workflow_id)]
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        runs = []
    head = (await store.journal.head(row.case, stream=row.stream)).sequence
    if runs:
        return 0, sum([await _owed_completed(store, client, row, run, findings) for run in runs])
    if head:
        findings.append(
            Finding(
                case=row.case,
                what=f"it owes {row.name}, and the engine does not know it",
                mend="put the engine's file of the same backup back",
            )
        )
        return 0, 0
    if row.started_at is None:
        return 0, 0
    await store.obligations.forgotten(row.key)
    return 1, 0


async def _owed_completed(
    store: Store, client: Client, row: ObligationRow, run: str, findings: list[Finding]
) -> int:
    head = (await store.journal.head(row.case, stream=row.stream)).sequence
    converter = client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=row.workflow_id)
    )
    done = 0
    history = await client.get_workflow_handle(row.workflow_id, run_id=run).fetch_history()
    for event in history.events:
        order = event.activity_task_scheduled_event_attributes
        if order.activity_type.name != APPEND_OBLIGATION.name:
            continue
        (batch,) = await converter.decode(list(order.input.payloads), [ObligationBatch])
        if batch.last <= head:
            continue
        try:
            await store_owed(store, batch, run=run)
        except StoreError as error:
            findings.append(
                Finding(
                    case=row.case,
                    what=f"entries {batch.first} to {batch.last} of {row.name} do not follow "
                    f"its journal ({type(error).__name__})",
                    mend=f"escalate case explain {batch.picture.number}",
                )
            )
            break
        done += 1
    return done


async def _strangers(store: Store, client: Client) -> AsyncIterator[Finding]:
    query = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(query):
        try:
            await store.cases.get(found.id)
        except UnknownCase:
            yield Finding(
                case=found.id,
                what="runs in the engine, and the store with its keys was copied before it began",
                mend=f"`temporal workflow terminate --workflow-id {found.id}`, then let the source "
                "deliver its report again",
            )
