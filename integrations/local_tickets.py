"""A tracker of our own, for demos and single desks: notes and statuses kept beside the messages."""

from datetime import datetime
from typing import Protocol

from cases.report import TicketRef
from integrations.ports.ticketing import (
    NewTicket,
    Noted,
    StatusSet,
    TicketChange,
    TicketDraft,
    TicketStatus,
)

SYSTEM = "local"


class NoteStore(Protocol):
    """Where the tracker keeps what was written; the first text of a key stays."""

    async def put_note(self, *, key: str, ticket: TicketRef, text: str) -> bool:
        """The note is kept; whether it was new."""
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

    async def comment(self, ticket: TicketRef, text: str, *, key: str) -> Noted:
        """The note stands once."""
        new = await self._store.put_note(key=key, ticket=ticket, text=text)
        return Noted(reference=key, already=not new)

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The status is noted once."""
        new = await self._store.put_note(
            key=f"{key}/{status.value}", ticket=ticket, text=f"Status: {status.value}"
        )
        return StatusSet(status=status, already=not new)

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """Nothing: nobody else writes here."""
        del instant
        return []
