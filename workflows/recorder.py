"""Makes a case's journal durable: one append at a time, everything that is new in each."""

import asyncio
import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from cases.file import CaseFile
    from cases.journal import Entry, Kind, packed
    from cases.permissions import waiting_on
    from cases.state import default_of, fields_of
    from workflows import attributes
    from workflows.asking import ask
    from workflows.effects import APPEND_JOURNAL, Heading, JournalBatch, Owed
    from workflows.lanes import queue_of
    from workflows.pulse import Pulse


class Recorder:
    """Knows which entries are durable, and which of the new ones can wait for company.

    The outcome of a delivered notice is recorded *aside*: it goes with the next entry that
    matters, or after a while alone. That saves a case an activity for each mail it sends.
    """

    def __init__(self, file: CaseFile, pulse: Pulse) -> None:
        self._file = file
        self._pulse = pulse
        self._aside: dict[int, datetime] = {}
        self._owed: list[Owed] = []
        self._durable = file.state.journal.sequence - len(file.state.journal.pending)
        self._appending: asyncio.Task[None] | None = None
        # A case that is being reopened was published as it ended: what differs is to be said.
        self._published: dict[str, JsonValue] = fields_of(file.state) if file.state.closed else {}
        self._heading: Heading | None = None
        self._awaited = 0

    @contextmanager
    def aside(self, *, until: datetime, loud: bool = False) -> Iterator[None]:
        """Entries made inside wait for company `until` then, unless they are `loud`."""
        before = self._file.state.journal.sequence
        yield
        if not loud:
            made = range(before + 1, self._file.state.journal.sequence + 1)
            self._aside.update(dict.fromkeys(made, until))

    @property
    def due_at(self) -> datetime | None:
        """When what waits aside goes alone."""
        return min(self._aside.values(), default=None)

    def owe(self, owed: Sequence[Owed]) -> None:
        """What is owed is recorded together with the entries made by now."""
        self._owed.extend(owed)

    def wants_append(self, at: datetime) -> bool:
        """Whether there is something to store that does not wait, and no append is under way."""
        return self._appending is None and any(
            self._aside.get(entry.sequence, at) <= at for entry in self._file.state.journal.pending
        )

    @property
    def awaited(self) -> bool:
        """Whether something waits for entries that are not on their way to the store."""
        pending = bool(self._file.state.journal.pending)
        return self.idle and pending and self._durable < self._awaited

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
        pending = bool(self._file.state.journal.pending)
        if self.wants_append(workflow.now()) or (everything and pending and self.idle):
            self._appending = asyncio.create_task(self._append())

    async def durable(self, through: int) -> None:
        """Entries up to `through` are stored."""
        self._awaited = max(self._awaited, through)
        if self._durable < through:
            await workflow.wait_condition(lambda: self._durable >= through)

    async def _append(self) -> None:
        journal = self._file.state.journal
        try:
            batch = self._batch(tuple(journal.pending), at=workflow.now())
            self._announce(batch.heading)
            # Entries that travel need not wait for company any more.
            self._aside = {item: at for item, at in self._aside.items() if item > batch.last}
            stored = await ask(
                APPEND_JOURNAL,
                batch,
                summary=f"journal {batch.first}-{batch.last}",
                pulse=self._pulse,
                queue=queue_of(self._file),
            )
            journal.stored(stored.sequence)
            self._durable = max(self._durable, stored.sequence)
        finally:
            self._appending = None

    def _batch(self, entries: Sequence[Entry], *, at: datetime) -> JournalBatch:
        state = self._file.state
        # A rule that a shadow would have issued is watched by nobody.
        rules = () if state.shadow else entries
        issued = (self._watched(entry) for entry in rules if entry.kind is Kind.RULE_ISSUED)
        owed, self._owed = (*self._owed, *issued), []
        return JournalBatch(
            case=state.case,
            original_run=workflow.info().original_execution_run_id,
            first=entries[0].sequence,
            previous=entries[0].previous,
            salt=base64.b64encode(self._file.record.salt).decode(),
            entries=packed(entries),
            heading=self.heading(at),
            changes=self._changes(),
            owed=owed,
            at=at,
        )

    @staticmethod
    def _watched(entry: Entry) -> Owed:
        """What watches the interim rule that the entry says was issued."""
        said = {name: str(value) for name, value in entry.body.items()}
        return Owed(
            key=said["key"],
            name=said["obligation"],
            title=f"{said['number']}: {said['title']}",
            owner=said["owner"],
            due_at=datetime.fromisoformat(said["due"]),
        )

    def _changes(self) -> dict[str, JsonValue]:
        """The fields that read otherwise than the last batch left them."""
        changes: dict[str, JsonValue] = {}
        now = fields_of(self._file.state)
        for name in self._published.keys() - now.keys():
            now[name] = default_of(name)
        for name, value in sorted(now.items()):
            if name not in self._published or self._published[name] != value:
                self._published[name] = changes[name] = value
        return changes

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
            shadow=state.shadow,
        )

    def _announce(self, heading: Heading) -> None:
        if not self._file.state.closed:
            # A closed case is found by its execution status; saying it again costs an event.
            attributes.show(self._heading, heading)
        self._heading = heading
        waiting = ", ".join(heading.waiting_on) or "nobody"
        workflow.set_current_details(
            ("**Shadow: nothing is sent** · " if heading.shadow else "")
            + f"**{heading.stage or heading.status}** · {heading.severity.value} · "
            f"waits on {waiting}"
            + (f" · due {heading.due_at:%Y-%m-%d %H:%M}Z" if heading.due_at else "")
        )
