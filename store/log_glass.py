"""Orders to go on without the log: asked by one person, confirmed by another, ended, reviewed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.log_glass import Glass, Signed
from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.log_tables import log_glass
from store.vault import Vault


class GlassRow(Value):
    """One break-glass of the log, without anybody's words."""

    position: int
    """What people call it by."""
    id: str
    asked_by: str
    asked_at: Instant
    minutes: int
    confirmed_by: str | None = None
    confirmed_at: Instant | None = None
    until: Instant | None = None
    ended_by: str | None = None
    reviewed_by: str | None = None
    reviewed_at: Instant | None = None

    def open_at(self, at: datetime) -> bool:
        """Whether what waits for the log goes into the spool at that instant."""
        return (
            self.confirmed_at is not None
            and self.until is not None
            and self.confirmed_at <= at < self.until
        )


class GlassOrders(Value):
    """What was signed, by what it did."""

    open: Signed
    confirm: Signed | None = None
    end: Signed | None = None
    review: Signed | None = None


@uninterrupted
class LogGlass:
    """Keeps the orders; each is in the door's own record as well."""

    def __init__(self, database: Database, *, vault: Vault, record: DoorRecord) -> None:
        self._database = database
        self._vault = vault
        self._record = record

    async def ask(
        self,
        *,
        id: str,  # noqa: A002 -- the order's own name
        person: str,
        minutes: int,
        signed: Signed,
        at: datetime,
    ) -> GlassRow:
        """The order waits for a second person; the same one again is the one that is kept."""
        known = await self.by_id(id)
        if known is not None:
            return known
        keys = await self._vault.installation()
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(log_glass)
                .values(
                    id=id,
                    asked_by=person,
                    asked_at=at,
                    minutes=minutes,
                    orders=_sealed(keys, id, GlassOrders(open=signed)),
                )
                .on_conflict_do_nothing()
            )
            await self._record.append_in(
                connection, Kind.DOOR_GLASS_ASKED, person=person, at=at, order=id, minutes=minutes
            )
            return _row((await connection.execute(_query().where(log_glass.c.id == id))).one())

    async def confirm(
        self, position: int, *, person: str, signed: Signed, until: datetime, at: datetime
    ) -> bool:
        """It is open until then; False if it was confirmed or ended before."""
        return await self._say(
            position,
            sa.and_(log_glass.c.confirmed_by.is_(None), log_glass.c.ended_by.is_(None)),
            kind=Kind.DOOR_GLASS_OPENED,
            person=person,
            signed={"confirm": signed},
            at=at,
            confirmed_by=person,
            confirmed_at=at,
            until=until,
        )

    async def end(self, position: int, *, person: str, signed: Signed, at: datetime) -> bool:
        """It is over, if it was not over before: nothing more goes into the spool."""
        return await self._say(
            position,
            log_glass.c.ended_by.is_(None),
            kind=Kind.DOOR_GLASS_ENDED,
            person=person,
            signed={"end": signed},
            at=at,
            ended_by=person,
            until=at,
        )

    async def review(self, position: int, *, person: str, signed: Signed, at: datetime) -> bool:
        """Somebody has looked at what was done under it; False if somebody had before."""
        return await self._say(
            position,
            sa.and_(log_glass.c.confirmed_by.is_not(None), log_glass.c.reviewed_by.is_(None)),
            kind=Kind.DOOR_GLASS_REVIEWED,
            person=person,
            signed={"review": signed},
            at=at,
            reviewed_by=person,
            reviewed_at=at,
        )

    async def find(self, position: int) -> GlassRow | None:
        """The break-glass that people call by that number."""
        return await self._find(log_glass.c.position == position)

    async def by_id(self, id: str) -> GlassRow | None:  # noqa: A002 -- the order's own name
        """The break-glass of that id."""
        return await self._find(log_glass.c.id == id)

    async def open_at(self, at: datetime) -> tuple[GlassRow, Glass] | None:
        """The one that is open at that instant, with what both people signed."""
        query = _query().where(log_glass.c.confirmed_at <= at, log_glass.c.until > at)
        async with self._database.read() as connection:
            found = (await connection.execute(query.order_by(log_glass.c.position))).first()
        if found is None:
            return None
        row = _row(found)
        orders = await self.orders(row.position)
        if orders.confirm is None:
            return None
        return row, Glass(opened=orders.open, confirmed=orders.confirm)

    async def orders(self, position: int) -> GlassOrders:
        """What was signed."""
        query = sa.select(log_glass.c.id, log_glass.c.orders).where(
            log_glass.c.position == position
        )
        keys = await self._vault.installation()
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
        return _opened(keys, row.id, row.orders)

    async def list(self, *, limit: int = 100) -> list[GlassRow]:
        """All of them, the latest first."""
        query = _query().order_by(log_glass.c.position.desc()).limit(limit)
        async with self._database.read() as connection:
            return [_row(row) for row in await connection.execute(query)]

    async def _find(self, which: sa.ColumnElement[bool]) -> GlassRow | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_query().where(which))).one_or_none()
        return None if row is None else _row(row)

    async def _say(
        self,
        position: int,
        only: sa.ColumnElement[bool],
        *,
        kind: Kind,
        person: str,
        signed: dict[str, Signed],
        at: datetime,
        **values: Any,
    ) -> bool:
        keys = await self._vault.installation()
        async with self._database.write() as connection:
            query = sa.select(log_glass).where(log_glass.c.position == position, only)
            row = (await connection.execute(self._database.locking(query))).one_or_none()
            if row is None:
                return False
            orders = _opened(keys, row.id, row.orders).model_copy(update=signed)
            await connection.execute(
                log_glass.update()
                .where(log_glass.c.position == position)
                .values(orders=_sealed(keys, row.id, orders), **values)
            )
            await self._record.append_in(connection, kind, person=person, at=at, order=row.id)
        return True


def _query() -> sa.Select[Any]:
    return sa.select(*(column for column in log_glass.c if column.name != "orders"))


def _row(row: Any) -> GlassRow:
    return GlassRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name


def _sealed(keys: CaseKeys, id_: str, orders: GlassOrders) -> bytes:
    return keys.seal(orders.model_dump_json().encode(), aad=f"log-glass|{id_}")


def _opened(keys: CaseKeys, id_: str, data: bytes) -> GlassOrders:
    return GlassOrders.model_validate_json(keys.open_sealed(data, aad=f"log-glass|{id_}"))
