"""The store's effects: the journal is appended, acts are collected, a severity is assessed."""

from collections.abc import Sequence

from temporalio import activity

from activities.documents import Documents
from activities.failing import told_to_temporal
from activities.outside import Outside
from cases.journal import Entry, Kind
from cases.notice import NoticeEnd
from runbooks import assess
from store import (
    Appended,
    CaseBatch,
    CaseHeading,
    DoorRound,
    ObligationEntries,
    ObligationRow,
    Store,
)
from workflows.effects import (
    APPEND_JOURNAL,
    ASSESS,
    COLLECT_ACTS,
    Assessed,
    AssessOrder,
    Collected,
    CollectOrder,
    JournalBatch,
    Stored,
)
from workflows.obligation_effects import APPEND_OBLIGATION, ObligationBatch


async def store_batch(store: Store, batch: JournalBatch, *, run: str) -> Appended:
    """The batch is in the store, once, however often it is handed in; also by a restore."""
    entries = batch.restore()
    appended = await store.append_case(
        CaseBatch(
            case=batch.case,
            original_run=batch.original_run,
            run=run,
            entries=entries,
            heading=CaseHeading.model_validate(batch.heading.model_dump()),
            changes=batch.changes,
            rounds=tuple(
                DoorRound(
                    gate=round_.gate,
                    round=round_.round,
                    revision=round_.revision,
                    content_hash=round_.content_hash,
                    nonce=round_.nonce,
                    asked_at=round_.asked_at,
                    expires_at=round_.expires_at,
                    open=round_.open,
                )
                for round_ in batch.rounds
            ),
            at=batch.at,
        )
    )
    for owed in batch.owed:
        await store.obligations.record(
            ObligationRow(
                key=owed.key,
                case=batch.case,
                name=owed.name,
                title=owed.title,
                owner=owed.owner,
                due_at=owed.due_at,
                recorded_at=batch.at,
            )
        )
    await _tell_lost(store, entries, of=batch.case, number=batch.heading.number)
    return appended


async def store_owed(store: Store, batch: ObligationBatch, *, run: str) -> Appended:
    """The batch of an obligation is in the store, once; also by a restore."""
    entries = batch.restore()
    appended = await store.obligations.append(
        ObligationEntries(
            case=batch.case,
            name=batch.name,
            original_run=batch.original_run,
            run=run,
            entries=entries,
            picture=batch.picture,
            next_at=batch.next_at,
            next_label=batch.next_label,
            at=batch.at,
        )
    )
    await _tell_lost(store, entries, of=batch.workflow_id, number=batch.picture.number)
    return appended


async def _tell_lost(store: Store, entries: Sequence[Entry], *, of: str, number: str) -> None:
    for entry in entries:
        end = entry.body.get("end")
        lost = (NoticeEnd.NOBODY.value, NoticeEnd.UNDELIVERED.value)
        if entry.kind is Kind.NOTICE_ENDED and end in lost:
            await store.health.alarm(
                kind="notice-lost",
                key=f"{of}/{entry.sequence}",
                text=f"case {number}: a notice to {entry.body.get('role')} ended {end}",
                mend=f"escalate case explain {number}",
                at=entry.at,
            )


class Recording:
    """Effects that only touch our own store."""

    def __init__(self, outside: Outside) -> None:
        self._store = outside.store
        self._documents = Documents(outside.store)

    @activity.defn(name=APPEND_JOURNAL.name)
    async def append_journal(self, batch: JournalBatch) -> Stored:
        """Entries, picture, rounds and what is owed are durable together, exactly once."""
        run = activity.info().workflow_run_id or batch.original_run
        with told_to_temporal():
            appended = await store_batch(self._store, batch, run=run)
        return Stored(sequence=appended.sequence, forked=appended.forked)

    @activity.defn(name=APPEND_OBLIGATION.name)
    async def append_obligation(self, batch: ObligationBatch) -> Stored:
        """An obligation's entries and its picture are durable together, exactly once."""
        run = activity.info().workflow_run_id or batch.original_run
        with told_to_temporal():
            appended = await store_owed(self._store, batch, run=run)
        return Stored(sequence=appended.sequence, forked=appended.forked)

    @activity.defn(name=COLLECT_ACTS.name)
    async def collect_acts(self, order: CollectOrder) -> Collected:
        """The round is closed at the door; what was signed in time and not delivered comes back."""
        if order.ready:
            with told_to_temporal():
                waiting = await self._store.acts.at_door(order.case, by=order.deadline)
            return Collected(envelopes=tuple(each.envelope for each in waiting))
        with told_to_temporal():
            envelopes = await self._store.acts.collect(
                case=order.case,
                gate=order.gate,
                round=order.round,
                deadline=order.deadline,
                at=order.at,
            )
        return Collected(envelopes=tuple(envelopes))

    @activity.defn(name=ASSESS.name)
    async def assess_severity(self, order: AssessOrder) -> Assessed:
        """What the pinned runbook's table says about the answers."""
        with told_to_temporal():
            runbook = await self._documents.of(order.runbook_digest)
        assessed = assess(runbook, order.answers)
        return Assessed(severity=assessed.severity, row=str(assessed.row), because=assessed.because)
