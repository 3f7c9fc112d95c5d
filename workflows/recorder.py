"""Makes a case's journal durable: one append at a time, everything that is new in each."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from cases.canonical import canonical, sha256
    from cases.file import CaseFile
    from cases.gate import RoundState
    from cases.permissions import waiting_on
    from cases.state import picture
    from workflows import attributes
    from workflows.asking import ask
    from workflows.effects import APPEND_JOURNAL, DoorRound, Heading, JournalBatch


class Recorder:
    """Knows which entries are durable, and which of the new ones can wait for company.

    The outcome of a delivered notice is recorded *aside*: it goes with the next entry that
    matters, which saves a case an activity for each mail it sends.
    """

    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._aside: set[int] = set()
        self._durable = file.state.journal.sequence - len(file.state.journal.pending)
        self._appending: asyncio.Task[None] | None = None
        self._published: dict[str, str] = {}
        self._heading: Heading | None = None

    @contextmanager
    def aside(self, *, loud: bool = False) -> Iterator[None]:
        """Entries made inside wait for the next append that happens anyway, unless `loud`."""
        before = self._file.state.journal.sequence
        yield
        if not loud:
            self._aside.update(range(before + 1, self._file.state.journal.sequence + 1))

    @property
    def wants_append(self) -> bool:
        """Whether there is something to store that should not wait, and no append is under way."""
        return self._appending is None and any(
            entry.sequence not in self._aside for entry in self._file.state.journal.pending
        )

    @property
    def idle(self) -> bool:
        """Whether no append is under way."""
        return self._appending is None

    @property
    def clean(self) -> bool:
        """Whether every entry is durable."""
        return self._appending is None and not self._file.state.journal.pending

    def append(self, *, everything: bool = False) -> None:
        """What is new is on its way to the store."""
        if self.wants_append or (everything and not self.clean and self._appending is None):
            self._appending = asyncio.create_task(self._append())

    async def durable(self, through: int) -> None:
        """Entries up to `through` are stored."""
        if self._durable < through:
            await workflow.wait_condition(lambda: self._durable >= through)

    async def _append(self) -> None:
        journal = self._file.state.journal
        try:
            entries = tuple(journal.pending)
            batch = self._batch(entries_through=entries[-1].sequence, at=workflow.now())
            self._announce(batch.heading)
            stored = await ask(
                APPEND_JOURNAL,
                batch,
                summary=f"journal {entries[0].sequence}-{entries[-1].sequence}",
            )
            journal.stored(stored.sequence)
            self._durable = max(self._durable, stored.sequence)
            self._aside = {item for item in self._aside if item > stored.sequence}
        finally:
            self._appending = None

    def _batch(self, *, entries_through: int, at: datetime) -> JournalBatch:
        state = self._file.state
        changes: dict[str, JsonValue] = {}
        for name, value in picture(state).items():
            digest = sha256(canonical({"value": value}))
            if self._published.get(name) != digest:
                self._published[name] = digest
                changes[name] = value
        return JournalBatch(
            case=state.case,
            original_run=workflow.info().original_execution_run_id,
            entries=tuple(
                entry for entry in state.journal.pending if entry.sequence <= entries_through
            ),
            heading=self.heading(at),
            changes=changes,
            rounds=tuple(
                DoorRound(
                    gate=round_.gate,
                    round=round_.number,
                    revision=round_.revision,
                    content_hash=round_.content_hash,
                    nonce=round_.nonce,
                    asked_at=round_.asked_at,
                    expires_at=round_.expires_at,
                    open=round_.state is RoundState.OPEN,
                )
                for round_ in state.rounds
            )
            if "rounds" in changes
            else (),
            at=at,
        )

    def heading(self, at: datetime) -> Heading:
        """The case in a line, as lists and filters need it."""
        state = self._file.state
        coming = state.next_instant(at)
        waiting = waiting_on(state, self._file.pathway, at=at)
        return Heading(
            number=state.number,
            runbook=state.runbook,
            version=state.version,
            status=state.status,
            stage=state.stage or "",
            severity=state.severity.current,
            waiting_on=tuple(dict.fromkeys(item.role for item in waiting)),
            due_at=state.due_at(at),
            next_at=coming[0] if coming is not None else None,
            next_label=coming[1] if coming is not None else "",
            breached=state.breached,
        )

    def _announce(self, heading: Heading) -> None:
        attributes.show(self._heading, heading)
        self._heading = heading
        waiting = ", ".join(heading.waiting_on) or "nobody"
        workflow.set_current_details(
            f"**{heading.stage or heading.status}** · {heading.severity.value} · "
            f"waits on {waiting}"
            + (f" · due {heading.due_at:%Y-%m-%d %H:%M}Z" if heading.due_at else "")
        )
