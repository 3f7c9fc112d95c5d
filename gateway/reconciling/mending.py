"""Differences that are ours are mended: every step may be done again, and none is done twice."""

from collections.abc import Mapping
from datetime import datetime

from activities.ticket_writing import TicketWriting, opening
from cases.report import TicketRef
from gateway.doors import Doors, Tracker
from gateway.intake import take_in
from gateway.reconciling.drift import SAID, Drift, DriftKind
from gateway.reconciling.wanted import Wanted
from gateway.reports import key_of_find, write_ticket
from integrations.markers import fingerprint
from integrations.ports.ticketing import (
    SeenTicket,
    TicketChange,
    TicketStatus,
)

MOVES: Mapping[DriftKind, TicketStatus] = {
    DriftKind.STATUS_BEHIND: TicketStatus.SOLVED,
    DriftKind.STILL_SOLVED: TicketStatus.OPEN,
    DriftKind.STILL_PENDING: TicketStatus.OPEN,
    DriftKind.HOLD_NOT_SHOWN: TicketStatus.PENDING,
}
"""Differences that a status mends."""


class Mending:
    """Mends the differences of one case, in the tracker or at our own door."""

    def __init__(self, doors: Doors, tracker: Tracker, wanted: Wanted, *, at: datetime) -> None:
        self._doors = doors
        self._store = doors.store
        self._tracker = tracker
        self._tickets = tracker.tickets
        self._wanted = wanted
        self._kept = wanted.kept
        self._at = at
        self._writing = TicketWriting(
            doors.store,
            tracker.tickets,
            doors.settings.public_url.rstrip("/"),
            doors.locales.for_place(tracker.source.value),
        )

    async def adopt(self) -> TicketRef:
        """The case has a ticket of the tracker's in the placeholder's place, and hears of it."""
        kept = self._kept
        ticket = await self._writing.open(
            kept.case,
            number=kept.number,
            queue=self._tracker.opens_in or "General",
            priority=self._wanted.priority,
            at=self._at,
        )
        await self._writing.say(ticket, kept.case, at=self._at)
        opened = await self._store.ticket_keeping.of(kept.case)
        await self._writing.keep(ticket, opened or kept, priority=self._wanted.priority)
        await self._writing.settle(ticket, kept.case, at=self._at)
        await self._store.ticket_keeping.adopted(kept.case)
        await self.tell("opened", ticket, into=ticket)
        return ticket

    async def mend(self, drift: Drift, seen: SeenTicket) -> None:
        """The difference is gone."""
        ticket = seen.ticket
        if drift.kind in MOVES:
            await self._move(ticket, MOVES[drift.kind])
            return
        match drift.kind:
            case DriftKind.MERGED:
                await self._follow(ticket)
            case DriftKind.DUPLICATED:
                await self._part(ticket, drift.subject)
            case DriftKind.PRIORITY_BEHIND | DriftKind.PRIORITY_CHANGED:
                await self._hurry(ticket)
            case DriftKind.MARK_LOST:
                await self._tickets.remark(ticket, key=opening(self._kept.case))
            case DriftKind.NOTE_OWED | DriftKind.NOTE_MISSING:
                await self._say(ticket, again=drift.subject)
            case DriftKind.LINK_MISSING | DriftKind.LINK_OUTDATED | DriftKind.RELATED_MISSING:
                await self._lead(ticket, drift.subject or self._wanted.page)
            case DriftKind.CASE_NOT_TOLD:
                await self.tell("opened", self._wanted.knows or ticket, into=ticket)
            case DriftKind.NEWS_MISSED:
                await self.tell("status", ticket, word=seen.word, seen=seen)
            case _:
                raise ValueError(drift.kind)

    async def tell(
        self,
        what: str,
        ticket: TicketRef,
        *,
        into: TicketRef | None = None,
        word: str = "",
        seen: SeenTicket | None = None,
        about: str = "",
    ) -> None:
        """The case hears of it through the door every news comes through, once for what it is."""
        version = about or (seen.version if seen is not None else "")
        place = into.id if into is not None else ticket.id
        change = TicketChange(
            ticket=ticket,
            at=self._at,
            delivery=f"compared/{self._kept.case}/{what}/{place}/{word}/{version}",
            kind=what,
            actor="",
            status=word or None,
            into=into,
        )
        await take_in(
            self._doors,
            source=self._tracker.source,
            instance=self._tracker.instance,
            key=key_of_find(self._tracker.source, change.delivery),
            body=write_ticket(change),
            case=self._kept.case,
        )

    async def _follow(self, into: TicketRef) -> None:
        """Notes go to the ticket that this one was merged into, and the case knows."""
        kept = self._kept
        was = kept.ticket or into
        await self._store.tickets.moved(kept.case, ref=into, at=self._at)
        # The old ticket bears the mark still, and takes no change any more: it is no twin.
        said = SAID[DriftKind.DUPLICATED]
        twin = {"case": kept.case, "kind": DriftKind.DUPLICATED.value, "subject": was.id}
        await self._store.ticket_drift.found(
            **twin, whose=said.whose, says=said.says, mend=said.mend, at=self._at
        )
        await self._store.ticket_drift.mended(**twin, at=self._at)
        await self.tell("merged", was, into=into)

    async def _part(self, ticket: TicketRef, twin: str) -> None:
        """The later ticket says which one is kept, and is solved; nothing of it is deleted."""
        other = ticket.model_copy(update={"id": twin, "url": ""})
        key = f"twin/{self._kept.case}/{twin}"
        where = ticket.url or ticket.id
        await self._tickets.comment(
            other,
            self._writing.voice.say("ticket.twin", number=self._kept.number, link=where),
            key=key,
        )
        await self._tickets.set_status(other, TicketStatus.SOLVED, key=key)

    async def _move(self, ticket: TicketRef, status: TicketStatus) -> None:
        key = f"compared/{self._kept.case}/{status.value}"
        await self._tickets.set_status(ticket, status, key=key)
        await self._store.ticket_keeping.brought(self._kept.case, status=status.value)

    async def _hurry(self, ticket: TicketRef) -> None:
        priority = self._wanted.priority
        if priority is None:
            return
        await self._tickets.set_priority(ticket, priority, key=opening(self._kept.case))
        await self._store.ticket_keeping.brought(self._kept.case, priority=priority.value)

    async def _lead(self, ticket: TicketRef, page: str) -> None:
        number = page.rpartition("/")[2]
        await self._tickets.link(ticket, self._writing.link_to(page, number))
        if page == self._wanted.page:
            await self._store.ticket_keeping.brought(self._kept.case, link=page)

    async def _say(self, ticket: TicketRef, *, again: str) -> None:
        """What is owed stands on the ticket; so does what stood there, by the mark `again`."""
        keeping, case = self._store.ticket_keeping, self._kept.case
        if again:
            writes = await keeping.written(case)
            await keeping.missing([w.key for w in writes if fingerprint(w.key) == again])
        await self._writing.say(ticket, case, at=self._at)
        await self._writing.settle(ticket, case, at=self._at)
