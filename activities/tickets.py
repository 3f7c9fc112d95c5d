"""The case's ticket is kept in step: opened once, noted once, moved once (I1, I9)."""

from collections.abc import Mapping

from temporalio import activity

from activities.documents import Documents
from activities.failing import told_to_temporal
from activities.on_record import speaking_for
from activities.outside import Outside
from integrations.errors import MisansweredError, RefusedError
from integrations.ports.ticketing import TicketDraft, Ticketing, TicketPriority, TicketStatus
from runbooks.plan import Severity
from workflows.effects import SYNC_TICKET, TicketOrder, TicketResult

PRIORITIES: Mapping[Severity, TicketPriority] = {
    Severity.SEV0: TicketPriority.URGENT,
    Severity.SEV1: TicketPriority.URGENT,
    Severity.SEV2: TicketPriority.HIGH,
    Severity.SEV3: TicketPriority.NORMAL,
    Severity.SEV4: TicketPriority.LOW,
}


class Tickets:
    """Writes to whichever system the case's ticket is in."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._documents = Documents(outside.store)

    @activity.defn(name=SYNC_TICKET.name)
    async def sync_ticket(self, order: TicketOrder) -> TicketResult:
        """Note and status stand on the ticket; a tracker that refuses is reported, not retried."""
        store = self._outside.store
        with told_to_temporal(), speaking_for(store, order):
            known = order.ticket or await store.tickets.of(order.case)
            system = known.system if known is not None else self._outside.default_ticketing
            if system is None or system not in self._outside.ticketing:
                return TicketResult(ticket=known, failed="not-connected")
            ticketing = self._outside.ticketing[system]
            try:
                ticket = known or await ticketing.open_ticket(self._draft(order))
                await store.tickets.opened(order.case, ref=ticket, at=order.at)
                return await self._write(ticketing, order, TicketResult(ticket=ticket))
            except (RefusedError, MisansweredError) as error:
                return TicketResult(ticket=known, failed=type(error).__name__)

    async def _write(
        self, ticketing: Ticketing, order: TicketOrder, result: TicketResult
    ) -> TicketResult:
        ticket = result.ticket
        if ticket is not None and order.lines:
            note = await self._documents.note(order, link=self._page(order))
            await ticketing.comment(ticket, note, key=order.key)
        if ticket is not None and order.status is not None:
            await ticketing.set_status(ticket, TicketStatus(order.status), key=order.key)
        return result

    def _draft(self, order: TicketOrder) -> TicketDraft:
        return TicketDraft(
            case_number=order.number,
            subject=f"Escalation case {order.number}",
            body=f"Case {order.number} is worked on in the escalation system.\n{self._page(order)}",
            queue=self._outside.ticket_queue,
            priority=PRIORITIES[order.severity],
            key=f"open/{order.case}",
        )

    def _page(self, order: TicketOrder) -> str:
        return f"{self._outside.public_url}/cases/{order.number}"
