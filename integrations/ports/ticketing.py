"""What a case asks of a ticket system."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from cases.report import TicketRef
from cases.values import Instant, Value

__all__ = [
    "NewTicket",
    "Noted",
    "StatusSet",
    "TicketChange",
    "TicketDraft",
    "TicketPriority",
    "TicketRef",
    "TicketStatus",
    "Ticketing",
]


class TicketStatus(StrEnum):
    """The three states a case moves a ticket to; each adapter knows its vendor's words."""

    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"


class TicketPriority(StrEnum):
    """How much a ticket hurries."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class TicketDraft(Value):
    """A ticket as it shall be opened. Subject and body hold macros' words, no reported text."""

    case_number: str
    subject: str
    body: str
    queue: str
    priority: TicketPriority = TicketPriority.NORMAL
    key: str
    """Names this opening for ever: the same key never opens a second ticket."""


class Noted(Value):
    """A note stands on the ticket."""

    reference: str
    already: bool = False
    """True when it stood there before: an earlier try had worked."""


class StatusSet(Value):
    """The ticket has the status, as a second look shows."""

    status: TicketStatus
    already: bool = False


class NewTicket(Value):
    """A ticket that somebody else opened."""

    ticket: TicketRef
    at: Instant
    delivery: str
    """The dedup key of this news."""
    queue: str
    status: str
    """The vendor's own word."""
    tags: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)


class TicketChange(Value):
    """Something that somebody else did to a ticket: its kind and author, never its text."""

    ticket: TicketRef
    at: Instant
    delivery: str
    kind: str
    """`comment`, `reply`, `status`, `priority`, `owner`, `merged`, `other`."""
    actor: str
    """The vendor's id of who did it."""
    status: str | None = None
    """The vendor's word for the status it has now."""


class Ticketing(Protocol):
    """One ticket system."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        ...

    async def comment(self, ticket: TicketRef, text: str, *, key: str) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        ...

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status; having had it already is success."""
        ...

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did since the instant (inclusive), oldest first; our own echo is left out.

        Ask again with the latest `at` seen: boundaries repeat, so drop known `delivery` keys.
        """
        ...
