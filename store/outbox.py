"""What deliveries, acts and events share: a row is handed on, leased, until somebody answers."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import Database
from store.errors import UnknownRow
from store.health import Health

PENDING = "pending"
DEAD = "dead"
_ERROR_LENGTH = 500


class Outbox:
    """Rows of one table: leased to one dispatcher at a time, in order within a lane.

    The lane is the case, unless `lane` names other columns; rows that do not meet `only` wait, and
    nothing waits behind them.
    """

    def __init__(
        self,
        database: Database,
        *,
        table: sa.Table,
        key: sa.Column[str],
        what: str,
        health: Health,
        lane: Sequence[str] = ("case",),
        only: Callable[[sa.FromClause], sa.ColumnElement[bool]] | None = None,
    ) -> None:
        self._database = database
        self._table = table
        self._key = key
        self._what = what
        self._health = health
        self._lane = lane
        self._only = only or _every

    async def claim(
        self, *, owner: str, at: datetime, lease: timedelta, limit: int
    ) -> Sequence[sa.Row[Any]]:
        """Up to `limit` rows that are due, now leased to `owner`; nobody else gets them.

        Of each lane only the oldest pending row is handed out, so that what a person did first
        arrives first.
        """
        table = self._table
        earlier = table.alias("earlier")
        first_of_its_lane = ~sa.exists().where(
            *(earlier.c[name] == table.c[name] for name in self._lane),
            earlier.c.state == PENDING,
            earlier.c.position < table.c.position,
            self._only(earlier),
        )
        due = (
            sa.select(table.c.position)
            .where(
                table.c.state == PENDING,
                table.c.next_attempt_at <= at,
                sa.or_(table.c.lease_until.is_(None), table.c.lease_until <= at),
                first_of_its_lane,
                self._only(table),
            )
            .order_by(table.c.position)
            .limit(limit)
        )
        # Looked at first: mostly nothing is due, and a look must not queue behind whoever writes.
        async with self._database.read() as connection:
            if (await connection.execute(due.limit(1))).first() is None:
                return []
        async with self._database.write() as connection:
            positions = (await connection.execute(self._database.claiming(due))).scalars().all()
            if not positions:
                return []
            rows = await connection.execute(
                table.update()
                .where(table.c.position.in_(positions))
                .values(lease_owner=owner, lease_until=at + lease, attempts=table.c.attempts + 1)
                .returning(table)
            )
            return sorted(rows.all(), key=lambda row: row.position)

    async def failed(self, key: str, *, error: str, next_attempt_at: datetime) -> None:
        """The row is tried again from that instant on; `error` is a type or status, not content."""
        async with self._database.write() as connection:
            await self._update(
                connection,
                key,
                self._table.c.state == PENDING,
                last_error=error[:_ERROR_LENGTH],
                next_attempt_at=next_attempt_at,
                lease_owner=None,
                lease_until=None,
            )

    async def dead(self, key: str, *, reason: str, at: datetime) -> None:
        """The row is not tried again by itself; the duty manager hears of it."""
        async with self._database.write() as connection:
            changed = await self._update(
                connection,
                key,
                self._table.c.state == PENDING,
                state=DEAD,
                last_error=reason[:_ERROR_LENGTH],
                lease_owner=None,
                lease_until=None,
            )
            if changed:
                await self._health.alarm_in(
                    connection,
                    kind=f"dead-{self._what}",
                    key=key,
                    text=f"a {self._what} could not be handed on: {reason[:_ERROR_LENGTH]}",
                    mend=f"mend the cause, then `escalate deliveries redeliver {key}`",
                    at=at,
                )

    async def redeliver(self, key: str, *, at: datetime, also: Sequence[str] = ()) -> bool:
        """A pending or dead row is tried at once; False if it was answered before.

        Where a second delivery does no harm, `also` names further states it may be taken from.
        """
        async with self._database.write() as connection:
            changed = await self._update(
                connection,
                key,
                self._table.c.state.in_((PENDING, DEAD, *also)),
                state=PENDING,
                next_attempt_at=at,
                lease_owner=None,
                lease_until=None,
            )
        if changed:
            await self._health.clear(kind=f"dead-{self._what}", key=key, at=at)
        return changed

    async def row(self, key: str) -> sa.Row[Any]:
        """The row; UnknownRow if there is none."""
        async with self._database.read() as connection:
            row = await self.row_in(connection, key)
        if row is None:
            raise UnknownRow(self._what, key)
        return row

    async def row_in(self, connection: AsyncConnection, key: str) -> sa.Row[Any] | None:
        """The row, if there is one."""
        query = sa.select(self._table).where(self._key == key)
        return (await connection.execute(query)).one_or_none()

    async def rows(
        self, *conditions: sa.ColumnElement[bool], state: str | None = None, limit: int = 200
    ) -> Sequence[sa.Row[Any]]:
        """Rows that meet the conditions, the latest first."""
        query = sa.select(self._table).where(*conditions)
        if state is not None:
            query = query.where(self._table.c.state == state)
        query = query.order_by(self._table.c.position.desc()).limit(limit)
        async with self._database.read() as connection:
            return (await connection.execute(query)).all()

    async def _update(
        self,
        connection: AsyncConnection,
        key: str,
        *conditions: sa.ColumnElement[bool],
        **values: Any,
    ) -> bool:
        result = await connection.execute(
            self._table.update().where(self._key == key, *conditions).values(**values)
        )
        if result.rowcount:
            return True
        if await self.row_in(connection, key) is None:
            raise UnknownRow(self._what, key)
        return False


def _every(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    del rows
    return sa.true()
