"""How a ticket is brought to what its case has said: notes gathered, then status, priority, link.

Used by the case's own activity, and by whoever compares tickets with their cases afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.voices import Voice
from cases.saying import Sayable
from integrations.markers import fingerprint
from integrations.ports.ticketing import (
    TicketDraft,
    Ticketing,
    TicketLink,
    TicketPriority,
    TicketRef,
    TicketStatus,
)
from runbooks.plan import Severity
from store import KeptTicket, Store, TicketWrite

PRIORITIES: Mapping[Severity, TicketPriority] = {
    Severity.SEV0: TicketPriority.URGENT,
    Severity.SEV1: TicketPriority.URGENT,
    Severity.SEV2: TicketPriority.HIGH,
    Severity.SEV3: TicketPriority.NORMAL,
    Severity.SEV4: TicketPriority.LOW,
}


def priority_of(severity: Severity, may: Sayable) -> TicketPriority | None:
    """What the severity comes to in a tracker; None where its readers may not know."""
    return PRIORITIES[severity] if may.severity else None


MOST_TOGETHER = 5
"""Notes that go out as one comment: their marks must fit where the shortest tracker keeps them."""


@dataclass(frozen=True)
class TicketWriting:
    """Writes for one tracker, on behalf of the store's record of what cases said."""

    store: Store
    ticketing: Ticketing
    public_url: str
    voice: Voice
    """The tracker's."""

    async def open(
        self,
        case: str,
        *,
        number: str,
        queue: str,
        priority: TicketPriority | None,
        at: datetime,
    ) -> TicketRef:
        """The case has a ticket of its own in the tracker: opened now, or by an earlier try.

        Without a `priority` it has the middle one: how grave the case is, is not said there.
        """
        priority = priority or TicketPriority.NORMAL
        ticket = await self.ticketing.open_ticket(
            TicketDraft(
                case_number=number,
                subject=self.voice.say("ticket.subject", number=number),
                body=self.voice.say("ticket.body", number=number, link=self.page(number)),
                queue=queue,
                priority=priority,
                key=opening(case),
            )
        )
        ticket = await self.store.tickets.opened(case, ref=ticket, at=at)
        await self.store.ticket_keeping.brought(case, priority=priority.value)
        return ticket

    async def say(self, ticket: TicketRef, case: str, *, at: datetime) -> int:
        """Every note of the case stands on the ticket; how many comments that took."""
        owed = await self.store.ticket_keeping.written(case, owed=True)
        notes = [write for write in owed if write.note]
        comments = 0
        while notes:
            together, notes = notes[:MOST_TOGETHER], notes[MOST_TOGETHER:]
            comments += 1
            notes = [*await self._say(ticket, together, at=at), *notes]
        return comments

    async def settle(self, ticket: TicketRef, case: str, *, at: datetime) -> None:
        """The ticket has the status that the case gave it last; nothing of it is owed any more."""
        owed = await self.store.ticket_keeping.written(case, owed=True)
        status = next((write.status for write in reversed(owed) if write.status), "")
        if status:
            await self.ticketing.set_status(ticket, TicketStatus(status), key=owed[-1].key)
            await self.store.ticket_keeping.brought(case, status=status)
        if owed:
            await self.store.ticket_keeping.done([write.key for write in owed], at=at)

    async def keep(
        self, ticket: TicketRef, kept: KeptTicket, *, priority: TicketPriority | None
    ) -> None:
        """Priority and the way to the case's page are as the case has them; None leaves it."""
        if priority is not None and kept.priority != priority.value:
            await self.ticketing.set_priority(ticket, priority, key=opening(kept.case))
            await self.store.ticket_keeping.brought(kept.case, priority=priority.value)
        page = self.page(kept.number)
        if kept.link != page:
            await self.ticketing.link(ticket, self.link(kept.number))
            await self.store.ticket_keeping.brought(kept.case, link=page)

    def page(self, number: str) -> str:
        """The address of a case's page."""
        return f"{self.public_url}/cases/{number}"

    def link(self, number: str) -> TicketLink:
        """The way to a case's page."""
        return self.link_to(self.page(number), number)

    def link_to(self, page: str, number: str) -> TicketLink:
        """The way to that page, which is of the case of that number."""
        return TicketLink(url=page, title=self.voice.say("case", number=number))

    async def _say(
        self, ticket: TicketRef, together: Sequence[TicketWrite], *, at: datetime
    ) -> list[TicketWrite]:
        """The notes stand as one comment; those are returned that an earlier try had left out."""
        first, *rest = together
        noted = await self.ticketing.comment(
            ticket,
            "\n".join(write.note for write in together),
            key=first.key,
            also=[write.key for write in rest],
        )
        standing = list(together)
        if noted.already and rest:
            # An earlier try may have said fewer of them: what stands there is read, not guessed.
            seen = await self.ticketing.look(ticket)
            marks = set(seen.notes) if seen is not None else set()
            standing = [
                write for write in together if write is first or fingerprint(write.key) in marks
            ]
        await self.store.ticket_keeping.done(
            [write.key for write in standing if not write.status], at=at
        )
        return [write for write in together if write not in standing]


def opening(case: str) -> str:
    """The key of the ticket that a case opens."""
    return f"open/{case}"
