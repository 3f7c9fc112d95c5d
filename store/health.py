"""What the watch and the operators look at: who is alive, what is stuck, who was told (I17)."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.side_tables import alarms, heartbeats
from store.tables import acts, deliveries


class Beat(Value):
    """A process that said it was alive."""

    kind: str
    """`worker`, `gateway`, `watch` …"""
    id: str
    at: Instant
    detail: str = ""


class Alarm(Value):
    """Something a person must hear about; one row however often it is found."""

    kind: str
    key: str
    text: str
    mend: str
    """What to do about it."""
    raised_at: Instant
    seen_at: Instant
    told_at: Instant | None = None
    cleared_at: Instant | None = None


class Backlog(Value):
    """Rows of an outbox that nobody has acknowledged."""

    pending: int = 0
    dead: int = 0
    oldest_at: Instant | None = None


class OutboxLag(Value):
    """How far behind the dispatchers are."""

    acts: Backlog
    deliveries: Backlog


@uninterrupted
class Health:
    """Heartbeats, alarms and the state of the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heartbeat(self, *, kind: str, id: str, at: datetime, detail: str = "") -> None:  # noqa: A002 -- the process's id
        """The process was alive at that instant."""
        async with self._database.write() as connection:
            insert = self._database.insert(heartbeats).values(
                kind=kind, id=id, at=at, detail=detail
            )
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["kind", "id"], set_={"at": at, "detail": detail}
                )
            )

    async def beats(self, kind: str | None = None) -> list[Beat]:
        """Every process that ever said it was alive, the latest first."""
        query = sa.select(heartbeats).order_by(heartbeats.c.at.desc(), heartbeats.c.id)
        if kind is not None:
            query = query.where(heartbeats.c.kind == kind)
        async with self._database.read() as connection:
            return [Beat.model_validate(_fields(row)) for row in await connection.execute(query)]

    async def stale(self, *, at: datetime, older_than: timedelta) -> list[Beat]:
        """The processes that have not been heard of for so long."""
        return [beat for beat in await self.beats() if beat.at < at - older_than]

    async def forget(self, *, kind: str, id: str) -> None:  # noqa: A002 -- the process's id
        """The process ended on purpose: its silence means nothing."""
        async with self._database.write() as connection:
            await connection.execute(
                heartbeats.delete().where(heartbeats.c.kind == kind, heartbeats.c.id == id)
            )

    async def alarm(self, *, kind: str, key: str, text: str, mend: str, at: datetime) -> Alarm:
        """The alarm is open; it was raised when it was found first."""
        async with self._database.write() as connection:
            return await self.alarm_in(connection, kind=kind, key=key, text=text, mend=mend, at=at)

    async def alarm_in(
        self,
        connection: AsyncConnection,
        *,
        kind: str,
        key: str,
        text: str,
        mend: str,
        at: datetime,
    ) -> Alarm:
        """As `alarm`, inside a transaction of the caller's."""
        insert = self._database.insert(alarms).values(
            kind=kind, key=key, text=text, mend=mend, raised_at=at, seen_at=at
        )
        reopened = alarms.c.cleared_at.is_not(None)
        row = (
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["kind", "key"],
                    set_={
                        "text": text,
                        "mend": mend,
                        "seen_at": at,
                        "raised_at": sa.case((reopened, at), else_=alarms.c.raised_at),
                        "told_at": sa.case((reopened, None), else_=alarms.c.told_at),
                        "cleared_at": None,
                    },
                ).returning(alarms)
            )
        ).one()
        return Alarm.model_validate(_fields(row))

    async def open_alarms(self) -> list[Alarm]:
        """What has not been cleared, the oldest first."""
        query = (
            sa.select(alarms)
            .where(alarms.c.cleared_at.is_(None))
            .order_by(alarms.c.raised_at, alarms.c.kind, alarms.c.key)
        )
        async with self._database.read() as connection:
            return [Alarm.model_validate(_fields(row)) for row in await connection.execute(query)]

    async def told(self, *, kind: str, key: str, at: datetime) -> None:
        """The duty manager was told."""
        await self._stamp(kind, key, told_at=at)

    async def clear(self, *, kind: str, key: str, at: datetime) -> None:
        """It is over; the same finding later raises it anew."""
        await self._stamp(kind, key, cleared_at=at)

    async def outbox(self) -> OutboxLag:
        """How many acts and deliveries wait, and since when."""
        async with self._database.read() as connection:
            return OutboxLag(
                acts=await _backlog(connection, acts, acts.c.signed_at),
                deliveries=await _backlog(connection, deliveries, deliveries.c.received_at),
            )

    async def _stamp(self, kind: str, key: str, **values: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                alarms.update()
                .where(alarms.c.kind == kind, alarms.c.key == key)
                .where(alarms.c.cleared_at.is_(None))
                .values(**values)
            )


async def _backlog(connection: AsyncConnection, table: sa.Table, since: sa.Column[Any]) -> Backlog:
    query = (
        sa.select(table.c.state, sa.func.count(), sa.func.min(since))
        .where(table.c.state.in_(("pending", "dead")))
        .group_by(table.c.state)
    )
    found = {state: (count, oldest) for state, count, oldest in await connection.execute(query)}
    pending, oldest = found.get("pending", (0, None))
    return Backlog(pending=pending, dead=found.get("dead", (0, None))[0], oldest_at=oldest)


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
