"""Events go out to whoever subscribed: in order within a case, again and again for days (§9).

The pauses are those of Standard Webhooks. A receiver that answers 410 is not called again until a
person says so, and the duty manager is told.
"""

import asyncio
import hashlib
from datetime import datetime, timedelta

import structlog

from activities.on_record import StoreLedger
from gateway.doors import Doors
from gateway.pacing import keep_going
from integrations.errors import IntegrationError, VendorError
from integrations.event_webhook import Event, EventWebhooks
from integrations.ledger import speaking
from integrations.ports.ledger import Behalf
from store import EventRow, UnknownRow

log = structlog.get_logger(__name__)

KIND = "event-dispatcher"
GONE = "subscription-gone"
PAUSES: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before the second try, the third …; after the last one the event is a dead letter."""

_AT_ONCE = 16
_PRUNE_EVERY = timedelta(hours=1)
_LONGEST_TRY = timedelta(seconds=20)
"""Shorter than a lease: nobody else takes an event up while it is being sent."""
_GONE_STATUS = 410
_SPREAD = 0.1


class EventDispatcher:
    """Claims events by lease, so that several gateways share the work."""

    def __init__(self, doors: Doors, webhooks: EventWebhooks) -> None:
        self._doors = doors
        self._webhooks = webhooks
        self._ledger = StoreLedger(doors.store)
        self._pruned: datetime | None = None

    async def run(self) -> None:
        """Events are sent until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.events_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What is due now has been tried once; how many events that were."""
        doors = self._doors
        at = await doors.clock.now()
        await self._forget(at)
        claimed = await doors.store.events.claim(
            owner=doors.id,
            at=at,
            lease=max(doors.settings.lease, _LONGEST_TRY * 2),
            limit=_AT_ONCE,
        )
        await asyncio.gather(*(self._send(row) for row in claimed))
        return len(claimed)

    async def _send(self, row: EventRow) -> None:
        events = self._doors.store.events
        behalf = Behalf(case=row.case, key=row.key, attempt=row.attempts)
        try:
            address = await self._doors.store.subscriptions.address(row.subscription)
            with speaking(self._ledger, behalf):
                async with asyncio.timeout(_LONGEST_TRY.total_seconds()):
                    status = await self._webhooks.send(
                        Event(
                            id=row.key,
                            number=row.number,
                            kind=row.kind,
                            stream=row.stream,
                            sequence=row.sequence,
                            at=row.at,
                        ),
                        name=row.subscription,
                        url=address.url,
                        secret=address.secret,
                    )
        except UnknownRow:
            # Unsubscribed in between: the event went with its subscription.
            return
        except TimeoutError:
            await self._failed(row, error="TimeoutError")
        except VendorError as error:
            if error.status == _GONE_STATUS:
                await self._gone(row)
            else:
                await self._failed(row, error=_said(error), wait=error.retry_after)
        except IntegrationError as error:
            await self._failed(row, error=type(error).__name__)
        else:
            at = await self._doors.clock.now()
            await events.delivered(row.key, answer=str(status), at=at)

    async def _failed(self, row: EventRow, *, error: str, wait: timedelta | None = None) -> None:
        at = await self._doors.clock.now()
        if row.attempts > len(PAUSES):
            log.warning("event is a dead letter", reason=error)
            await self._doors.store.events.dead(row.key, reason=error, at=at)
            return
        pause = max(pause_before(row.key, row.attempts + 1), wait or timedelta())
        await self._doors.store.events.failed(row.key, error=error, next_attempt_at=at + pause)

    async def _gone(self, row: EventRow) -> None:
        store, at = self._doors.store, await self._doors.clock.now()
        error = f"answered {_GONE_STATUS}"
        await store.events.failed(row.key, error=error, next_attempt_at=at)
        if await store.subscriptions.gone(row.subscription, because=error, at=at):
            log.warning("a receiver asked never to be called again", reason=error)
            await store.health.alarm(
                kind=GONE,
                key=row.subscription,
                text=f"{row.subscription} asked never to be sent events again (410 Gone)",
                mend=f"ask who runs it; then `escalate deliveries resume {row.subscription}` or "
                f"`escalate deliveries unsubscribe {row.subscription}`",
                at=at,
            )

    async def _forget(self, at: datetime) -> None:
        if self._pruned is not None and self._pruned <= at < self._pruned + _PRUNE_EVERY:
            return
        self._pruned = at
        before = at - self._doors.settings.ledger_keep
        gone = await self._doors.store.calls.prune(before=before)
        gone += await self._doors.store.events.prune(before=before)
        gone += await self._doors.store.arrivals.prune(before=before)
        if gone:
            log.info("old deliveries are forgotten", count=gone)


def pause_before(key: str, attempt: int) -> timedelta:
    """The pause before that try, the first being 1; spread, so that not all come back at once.

    By the event's own id and not by chance: the same event waits the same time everywhere.
    """
    pause = PAUSES[min(attempt - 2, len(PAUSES) - 1)]
    share = hashlib.sha256(f"{key}|{attempt}".encode()).digest()[0] / 255
    return pause * (1 + _SPREAD * share)


def _said(error: VendorError) -> str:
    return f"answered {error.status}" if error.status is not None else type(error).__name__
