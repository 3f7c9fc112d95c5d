"""Events for those who subscribed: written with the journal entry, sent in order within a case."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.database import Database, uninterrupted
from store.health import Health
from store.ledger_tables import events, subscriptions
from store.outbox import Outbox
from store.subscriptions import SubscriptionState
from store.tables import cases

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Due whatever time the case lives in: in the demo that is ahead of the wall's."""


class EventState(StrEnum):
    """How far an event has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class EventRow(Value):
    """One event for one subscription: ids and kinds, nothing else is in it."""

    key: str
    """Its id on the wire, the same in every try."""
    subscription: str
    case: str
    number: str
    kind: str
    stream: str
    branch: str
    sequence: int
    at: Instant
    state: EventState
    attempts: int
    next_attempt_at: Instant
    lease_owner: str | None = None
    lease_until: Instant | None = None
    last_error: str = ""
    answer: str | None = None
    settled_at: Instant | None = None


class EventFilter(Value):
    """Which events are wanted."""

    case: str | None = None
    subscription: str | None = None
    state: EventState | None = None
    since: Instant | None = None


@uninterrupted
class Events:
    """Hands events on until they are delivered or dead."""

    def __init__(self, database: Database, *, health: Health) -> None:
        self._database = database
        self._outbox = Outbox(
            database,
            table=events,
            key=events.c.key,
            what="event",
            health=health,
            # One receiver that is down holds nobody else up.
            lane=("subscription", "case"),
            only=lambda rows: sa.exists().where(
                subscriptions.c.name == rows.c.subscription,
                subscriptions.c.state == SubscriptionState.ACTIVE,
            ),
        )

    async def claim(
        self, *, owner: str, at: datetime, lease: timedelta, limit: int = 10
    ) -> list[EventRow]:
        """Events that are due, leased to `owner`; for each receiver a case's oldest only."""
        rows = await self._outbox.claim(owner=owner, at=at, lease=lease, limit=limit)
        return [_read(row) for row in rows]

    async def delivered(self, key: str, *, answer: str, at: datetime) -> None:
        """The receiver has it."""
        async with self._database.write() as connection:
            await connection.execute(
                events.update()
                .where(events.c.key == key, events.c.state == EventState.PENDING)
                .values(
                    state=EventState.DELIVERED,
                    answer=answer,
                    last_error="",
                    settled_at=at,
                    lease_owner=None,
                    lease_until=None,
                )
            )

    async def failed(self, key: str, *, error: str, next_attempt_at: datetime) -> None:
        """It is tried again from that instant on; what follows it in its case waits."""
        await self._outbox.failed(key, error=error, next_attempt_at=next_attempt_at)

    async def dead(self, key: str, *, reason: str, at: datetime) -> None:
        """It is given up and an alarm is open; what follows it goes on."""
        await self._outbox.dead(key, reason=reason, at=at)

    async def redeliver(self, key: str, *, at: datetime) -> bool:
        """It is sent at once, under the same id, also when the receiver had it before."""
        return await self._outbox.redeliver(key, at=at, also=(EventState.DELIVERED,))

    async def show(self, key: str) -> EventRow:
        """The event; UnknownRow if there is none."""
        return _read(await self._outbox.row(key))

    async def list(self, wanted: EventFilter | None = None, *, limit: int = 200) -> list[EventRow]:
        """The events that are wanted, the latest first."""
        asked = wanted or EventFilter()
        conditions: list[sa.ColumnElement[bool]] = []
        if asked.case is not None:
            conditions.append(events.c.case == asked.case)
        if asked.subscription is not None:
            conditions.append(events.c.subscription == asked.subscription)
        if asked.since is not None:
            conditions.append(events.c.at >= asked.since)
        rows = await self._outbox.rows(*conditions, state=asked.state, limit=limit)
        return [_read(row) for row in rows]

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many events of which subscription are in which state."""
        query = sa.select(events.c.subscription, events.c.state, sa.func.count()).group_by(
            events.c.subscription, events.c.state
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {(name, state): count for name, state, count in rows}

    async def prune(self, *, before: datetime) -> int:
        """Events delivered before are forgotten; how many those were."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                events.delete().where(
                    events.c.state == EventState.DELIVERED, events.c.settled_at < before
                )
            )
            return int(gone.rowcount)


async def announce_in(
    connection: AsyncConnection,
    database: Database,
    keys: CaseKeys,
    entries: Sequence[Mapping[str, Any]],
) -> None:
    """Whoever subscribed to the kind of a new entry has an event for it, in this transaction.

    A shadow case reaches nobody, receivers of events included.
    """
    query = sa.select(subscriptions.c.name, subscriptions.c.kinds).where(
        subscriptions.c.state == SubscriptionState.ACTIVE
    )
    receivers = (await connection.execute(query)).all()
    if not receivers:
        return
    case = (
        await connection.execute(
            sa.select(cases.c.number, cases.c.shadow).where(cases.c.id == keys.case)
        )
    ).one()
    if case.shadow:
        return
    rows = [
        {
            "key": _key(keys, receiver.name, entry),
            "subscription": receiver.name,
            "case": keys.case,
            "number": case.number,
            **{name: entry[name] for name in ("kind", "stream", "branch", "sequence", "at")},
            "state": EventState.PENDING,
            "attempts": 0,
            "next_attempt_at": _AT_ONCE,
            "last_error": "",
        }
        for entry in entries
        for receiver in receivers
        if wanted(str(entry["kind"]), receiver.kinds)
    ]
    if rows:
        await connection.execute(
            database.insert(events).values(rows).on_conflict_do_nothing(index_elements=["key"])
        )


def wanted(kind: str, kinds: Iterable[str]) -> bool:
    """Whether the kind is one of these or begins as one of them does; of none, every kind is."""
    chosen = tuple(kinds)
    return not chosen or any(f"{kind}:".startswith(f"{each}:") for each in chosen)


def _key(keys: CaseKeys, subscription: str, entry: Mapping[str, Any]) -> str:
    # Salted: the id says nothing of the case to whoever sees it on the wire.
    place = f"event|{subscription}|{entry['stream']}|{entry['branch']}|{entry['sequence']}"
    digest = hmac.new(keys.salt, place.encode(), hashlib.sha256).digest()
    return "evt_" + base64.b32encode(digest).decode().lower()[:32]


def _read(row: Any) -> EventRow:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    fields.pop("position")
    return EventRow.model_validate(fields)
