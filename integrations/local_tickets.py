"""A tracker of our own, for demos and single desks: notes and statuses kept beside the messages.

Nobody but us writes here, so it needs no comparing: it says what it was told last.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cases.report import TicketRef
from integrations.markers import fingerprint
from integrations.ports.ticketing import (
    Marked,
    NewTicket,
    Noted,
    PrioritySet,
    SeenTicket,
    StatusSet,
    TicketChange,
    TicketDraft,
    TicketLink,
    TicketPriority,
    TicketStatus,
    link_key,
)

SYSTEM = "local"

_STATUS, _PRIORITY = "Status: ", "Priority: "


class NoteStore(Protocol):
    """Where the tracker keeps what was written; the first text of a key stays."""

    async def put_note(self, *, key: str, ticket: TicketRef, text: str) -> bool:
        """The note is kept; whether it was new."""
        ...

    async def notes(self, ticket: TicketRef) -> list[tuple[str, str]]:
        """Key and text of every note of the ticket, the oldest first."""
        ...


class LocalTickets:
    """Ticketing into our own store; it can stand in for any vendor's tickets in a demo."""

    def __init__(self, store: NoteStore, *, instance: str = "desk") -> None:
        self._store = store
        self._instance = instance

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of the case, whose number it shares."""
        ticket = TicketRef(system=SYSTEM, instance=self._instance, id=draft.case_number)
        await self._store.put_note(key=draft.key, ticket=ticket, text=draft.body)
        return ticket

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """The note stands once; nobody looks for the marks of others here."""
        del also
        new = await self._store.put_note(key=key, ticket=ticket, text=text)
        return Noted(reference=key, already=not new)

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The status is noted once."""
        new = await self._store.put_note(
            key=f"{key}/{status.value}", ticket=ticket, text=_STATUS + status.value
        )
        return StatusSet(status=status, already=not new)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The priority is noted once."""
        new = await self._store.put_note(
            key=f"{key}/{priority.value}", ticket=ticket, text=_PRIORITY + priority.value
        )
        return PrioritySet(priority=priority, already=not new)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """A note says where the ticket leads."""
        return await self.comment(ticket, f"{link.title}: {link.url}", key=link_key(link.url))

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The mark of the opening is the note it left."""
        await self._store.put_note(key=key, ticket=ticket, text="")

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it was written; None for one that never was."""
        notes = await self._store.notes(ticket)
        if not notes:
            return None
        word, priority = TicketStatus.OPEN.value, None
        for _, text in notes:
            if text.startswith(_STATUS):
                word = text.removeprefix(_STATUS)
            elif text.startswith(_PRIORITY):
                priority = TicketPriority(text.removeprefix(_PRIORITY))
        return SeenTicket(
            ticket=ticket,
            status=TicketStatus(word),
            word=word,
            priority=priority,
            notes=tuple(fingerprint(key) for key, _ in notes),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """Nothing: a case's ticket has the case's number, and needs no looking for."""
        del key
        return []

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Nothing: there are no tickets here but the cases' own."""
        del instant
        return []

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """Nothing: nobody else writes here."""
        del instant
        return []
