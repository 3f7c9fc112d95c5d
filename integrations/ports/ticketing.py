"""What a case asks of a ticket system."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from cases.report import TicketRef
from cases.values import Instant, Value

__all__ = [
    "Approval",
    "Marked",
    "NewTicket",
    "Noted",
    "PrioritySet",
    "SeenTicket",
    "StatusSet",
    "TicketChange",
    "TicketDraft",
    "TicketLink",
    "TicketPriority",
    "TicketRef",
    "TicketStatus",
    "Ticketing",
    "link_key",
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


class PrioritySet(Value):
    """The ticket has the priority, as a second look shows."""

    priority: TicketPriority
    already: bool = False


class TicketLink(Value):
    """Where a ticket leads: the page of its case, or of a case that belongs with it."""

    url: str
    title: str
    """A case's number and nothing else (I13)."""


def link_key(url: str) -> str:
    """The key of the note that says the link, in trackers where a link is a note."""
    return f"link/{url}"


class Approval(Value):
    """A vendor's own approval record: a hint, never a decision of ours."""

    id: str
    verdict: str
    """The vendor's word: `pending`, `approved`, `declined`, `requested`, `rejected`."""


class Marked(Value):
    """A ticket that carries the mark of an opening."""

    ticket: TicketRef
    mark: str
    """The fingerprint of the opening's key."""
    at: Instant
    """When it changed last."""


class SeenTicket(Value):
    """A ticket as its tracker shows it now, without a word of what people wrote on it."""

    ticket: TicketRef
    """As the tracker calls it now: it may have moved, or been merged into another."""
    status: TicketStatus | None
    """None for a word that means none of ours."""
    word: str
    """The vendor's own word for the status."""
    priority: TicketPriority | None
    """None where the tracker keeps none, or one that means none of ours."""
    queue: str = ""
    marks: tuple[str, ...] = ()
    """Fingerprints of the openings it says it comes from."""
    notes: tuple[str, ...] = ()
    """Fingerprints of our notes, oldest first; one that stands twice is here twice."""
    links: tuple[str, ...] = ()
    """Addresses it leads to."""
    merged: bool = False
    deleted: bool = False
    approvals: tuple[Approval, ...] = ()
    version: str = ""
    """What the tracker calls this state of the ticket, where it does."""


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
    """`comment`, `reply`, `status`, `priority`, `owner`, `merged`, `deleted`, `other`."""
    actor: str
    """The vendor's id of who did it."""
    status: str | None = None
    """The vendor's word for the status it has now."""
    priority: str | None = None
    """The vendor's word for the priority it has now."""
    into: TicketRef | None = None
    """The ticket that takes its place: it was merged, or stands for a placeholder of ours."""


class Ticketing(Protocol):
    """One ticket system."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        ...

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """An internal note with this key stands on the ticket exactly once.

        `also` are keys of earlier notes whose words are in this text: it bears their marks too.
        """
        ...

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status; having had it already is success."""
        ...

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The ticket has the priority; having had it already is success."""
        ...

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The ticket leads there, once, however often it is asked."""
        ...

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The ticket bears the mark of this opening again."""
        ...

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it is now; None where the tracker shows none of that name."""
        ...

    async def find(self, key: str) -> list[TicketRef]:
        """Every ticket that bears the mark of this opening, the oldest first."""
        ...

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every ticket that bears a mark of ours and changed since the instant."""
        ...

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did since the instant (inclusive), oldest first; our own echo is left out.

        Ask again with the latest `at` seen: boundaries repeat, so drop known `delivery` keys.
        """
        ...
