"""The case's ticket is kept in step: opened once, noted once, moved once (I1, I9)."""

from contextlib import suppress

from temporalio import activity

from activities.documents import Documents
from activities.failing import as_application_error, told_to_temporal
from activities.on_record import speaking_for
from activities.outside import Outside
from activities.ticket_writing import TicketWriting, priority_of
from activities.voices import Voice
from cases.report import TicketRef
from cases.saying import Viewer
from integrations.errors import MisansweredError, RefusedError, VendorError
from integrations.ports.ticketing import TicketPriority, TicketStatus
from store import TicketWrite
from workflows.effects import SYNC_TICKET, TicketOrder, TicketResult

PATIENCE = 5
"""After so many tries the case goes on: what it said is kept, and written when all is well."""

KEPT = "kept-until-the-tracker-answers"


class Tickets:
    """Writes to whichever system the case's ticket is in."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._documents = Documents(outside.store)

    @activity.defn(name=SYNC_TICKET.name)
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """Note and status stand on the ticket, or are kept until its tracker takes them.

        A tracker that refuses is reported, not retried; one that stays silent gets a placeholder
        in our own store, so that the case waits for nobody (I9).
        """
        outside = self._outside
        with told_to_temporal(), speaking_for(outside.store, order):
            known = order.ticket or await outside.store.tickets.of(order.case)
            system = known.system if known is not None else outside.default_ticketing
            if system is None or system not in outside.ticketing:
                return TicketResult(ticket=known, failed="not-connected")
            if system in outside.local_ticketing:
                return await self._write_here(order, known, system=system)
            write = TicketWrite(
                key=order.key,
                note=await self._note(order, self._voice(system)),
                status=order.status or "",
                at=order.at,
            )
            await outside.store.ticket_keeping.intend(
                order.case,
                write,
                system=system,
                ours=order.ticket is None and known is None,
            )
            try:
                return TicketResult(ticket=await self._write(order, known, system=system))
            except (RefusedError, MisansweredError) as error:
                return await self._give_up(order, known, error, failed=type(error).__name__)
            except VendorError as error:
                if activity.info().attempt < PATIENCE:
                    raise as_application_error(error) from error
                return await self._give_up(order, known, error, failed=KEPT)

    async def _write(
        self, order: TicketOrder, known: TicketRef | None, *, system: str
    ) -> TicketRef:
        store = self._outside.store
        writing = self._writing(system)
        if known is None:
            known = await writing.open(
                order.case,
                number=order.number,
                queue=self._outside.queue_of(system),
                priority=await self._priority(order),
                at=order.at,
            )
        else:
            await store.tickets.opened(order.case, ref=known, at=order.at)
        await writing.say(known, order.case, at=order.at)
        kept = await store.ticket_keeping.of(order.case)
        if kept is not None:
            # A field that the tracker does not take holds no note up: comparing finds and tells it.
            with suppress(RefusedError, MisansweredError):
                await writing.keep(known, kept, priority=await self._priority(order))
            if kept.placeholder_since is not None:
                await store.ticket_keeping.adopted(order.case)
        await writing.settle(known, order.case, at=order.at)
        return known

    async def _give_up(
        self, order: TicketOrder, known: TicketRef | None, error: VendorError, *, failed: str
    ) -> TicketResult:
        await self._outside.store.ticket_keeping.give_up(
            order.case, at=order.at, error=type(error).__name__, placeholder=known is None
        )
        return TicketResult(ticket=known, failed=failed)

    async def _write_here(
        self, order: TicketOrder, known: TicketRef | None, *, system: str
    ) -> TicketResult:
        """Our own tracker is never down: nothing is kept for later."""
        outside = self._outside
        ticketing = outside.ticketing[system]
        writing = self._writing(system)
        if known is None:
            known = await writing.open(
                order.case,
                number=order.number,
                queue=outside.queue_of(system),
                priority=await self._priority(order),
                at=order.at,
            )
        else:
            await outside.store.tickets.opened(order.case, ref=known, at=order.at)
        if order.lines:
            await ticketing.comment(known, await self._note(order, writing.voice), key=order.key)
        if order.status is not None:
            await ticketing.set_status(known, TicketStatus(order.status), key=order.key)
        return TicketResult(ticket=known)

    async def _priority(self, order: TicketOrder) -> TicketPriority | None:
        return priority_of(order.severity, await self._documents.may(order, Viewer.TICKET))

    def _voice(self, system: str) -> Voice:
        """How the tracker's readers are told."""
        return self._outside.locales.for_place(system)

    def _writing(self, system: str) -> TicketWriting:
        outside = self._outside
        return TicketWriting(
            outside.store, outside.ticketing[system], outside.public_url, self._voice(system)
        )

    async def _note(self, order: TicketOrder, voice: Voice) -> str:
        if not order.lines:
            return ""
        page = f"{self._outside.public_url}/cases/{order.number}"
        return await self._documents.note(order, voice, link=page)
