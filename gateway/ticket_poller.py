"""Tickets that nobody pushes to us are looked for: new ones become deliveries (design §3.1)."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from gateway.doors import Doors, Tracker
from gateway.intake import take_in
from gateway.pacing import keep_going
from gateway.reports import key_of_find, write_ticket
from integrations.errors import UnreadableBodyError, VendorError
from integrations.ports.ticketing import NewTicket
from store import DeliveryConflict

log = structlog.get_logger(__name__)

KIND = "ticket-poller"
# Boundaries repeat, and a tracker's own clock may lag: known deliveries are dropped by their key.
_OVERLAP = timedelta(seconds=5)


class TicketPoller:
    """Asks the tracker what others did since it was last asked, and remembers how far it came."""

    def __init__(self, doors: Doors, tracker: Tracker) -> None:
        self._doors = doors
        self._tracker = tracker
        self._cursor = f"tickets/{tracker.instance}"

    async def run(self) -> None:
        """The tracker is asked again and again, until this is cancelled."""
        await keep_going(
            KIND,
            self._doors,
            due=asyncio.Event(),
            every=self._tracker.every,
            work=self._poll,
            part=self._tracker.instance,
            # What was found at the boundary is found again: only the pause ends it.
            again=False,
            on_silence=self._silent,
        )

    async def _poll(self) -> int:
        found = await self.once()
        doors = self._doors
        at = await doors.clock.now()
        await doors.store.health.clear(kind="tracker", key=self._cursor, at=at)
        return found

    async def _silent(self, error: VendorError) -> None:
        doors = self._doors
        await doors.store.health.alarm(
            kind="tracker",
            key=self._cursor,
            text="new tickets cannot be read",
            mend=error.mend,
            at=await doors.clock.now(),
        )

    async def once(self) -> int:
        """What was new is stored as deliveries; how much that was."""
        doors = self._doors
        remembered = await doors.store.deliveries.cursor(self._cursor)
        if remembered is None:
            # A tracker's past is not reported: only what happens from the first poll on.
            now = await doors.clock.now()
            await doors.store.deliveries.set_cursor(self._cursor, value=now.isoformat())
            remembered = now.isoformat()
        since = datetime.fromisoformat(remembered).astimezone(UTC)
        news = await self._tracker.tickets.changed_since(since - _OVERLAP)
        taken = 0
        for item in sorted(news, key=lambda each: each.at):
            if isinstance(item, NewTicket) and not self._ours(item):
                continue
            try:
                result = await take_in(
                    doors,
                    source=self._tracker.source,
                    instance=item.ticket.instance,
                    key=key_of_find(self._tracker.source, item.delivery),
                    body=write_ticket(item),
                )
            except UnreadableBodyError as error:
                # A ticket that cannot be read must not hold up the ones after it.
                log.warning("a ticket cannot be read", error=type(error).__name__)
                continue
            taken += not isinstance(result, DeliveryConflict)
        if news:
            latest = max(since, *(item.at for item in news))
            await doors.store.deliveries.set_cursor(self._cursor, value=latest.isoformat())
        return taken

    def _ours(self, ticket: NewTicket) -> bool:
        queue = self._tracker.queue
        return not queue or ticket.queue == queue
