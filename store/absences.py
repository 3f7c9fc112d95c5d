"""Who is away, and who acts in their place: rows that are never changed, only ended."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.errors import UnknownRow
from store.side_tables import absences


class AbsenceRow(Value):
    """One absence, who set it, and who has ended it since."""

    id: str
    person: str
    since: Instant
    until: Instant
    delegate: str | None = None
    roles: frozenset[str] = frozenset()
    runbooks: frozenset[str] = frozenset()
    set_by: str
    set_at: Instant
    ended_by: str | None = None
    ended_at: Instant | None = None

    @property
    def ends_at(self) -> datetime:
        """When it is over: at its end, or when somebody ended it before."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)


@uninterrupted
class Absences:
    """Keeps absences; what was once so stays on record."""

    def __init__(self, database: Database, *, record: DoorRecord) -> None:
        self._database = database
        self._record = record

    async def set(
        self,
        *,
        person: str,
        since: datetime,
        until: datetime,
        by: str,
        at: datetime,
        delegate: str | None = None,
        roles: Iterable[str] = (),
        runbooks: Iterable[str] = (),
    ) -> AbsenceRow:
        """The person is away for that time; a delegate, where one is named, acts for them."""
        values = {
            "id": str(uuid.uuid4()),
            "person": person,
            "since": since,
            "until": until,
            "delegate": delegate,
            "roles": _joined(roles),
            "runbooks": _joined(runbooks),
            "set_by": by,
            "set_at": at,
        }
        async with self._database.write() as connection:
            await connection.execute(absences.insert().values(**values))
            query = sa.select(absences).where(absences.c.id == values["id"])
            row = _read((await connection.execute(query)).one())
            await self._record.append_in(
                connection,
                Kind.DOOR_ABSENCE_SET,
                person=person,
                at=at,
                absence=row.id,
                by=by,
                since=row.since.isoformat(),
                until=row.until.isoformat(),
                delegate=delegate,
                roles=sorted(row.roles) or None,
                runbooks=sorted(row.runbooks) or None,
            )
        return row

    async def end(self, absence: str, *, by: str, at: datetime) -> AbsenceRow:
        """The absence is over; one that somebody has ended before stays as it is."""
        async with self._database.write() as connection:
            ended = await connection.execute(
                absences.update()
                .where(absences.c.id == absence, absences.c.ended_at.is_(None))
                .values(ended_by=by, ended_at=at)
            )
            query = sa.select(absences).where(absences.c.id == absence)
            row = (await connection.execute(query)).one_or_none()
            if row is not None and ended.rowcount == 1:
                await self._record.append_in(
                    connection,
                    Kind.DOOR_ABSENCE_ENDED,
                    person=row.person,
                    at=at,
                    absence=absence,
                    by=by,
                )
        if row is None:
            raise UnknownRow("absence", absence)
        return _read(row)

    async def find(self, absence: str) -> AbsenceRow:
        """The absence of that id; UnknownRow if there is none."""
        async with self._database.read() as connection:
            query = sa.select(absences).where(absences.c.id == absence)
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRow("absence", absence)
        return _read(row)

    async def all(self, *, after: datetime, limit: int = 1000) -> list[AbsenceRow]:
        """Every absence that is not over at `after`, the earliest first."""
        query = (
            sa.select(absences)
            .where(
                absences.c.until > after,
                sa.or_(absences.c.ended_at.is_(None), absences.c.ended_at > after),
            )
            .order_by(absences.c.since, absences.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _joined(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def _read(row: Any) -> AbsenceRow:
    return AbsenceRow(
        id=row.id,
        person=row.person,
        since=row.since,
        until=row.until,
        delegate=row.delegate,
        roles=_names(row.roles),
        runbooks=_names(row.runbooks),
        set_by=row.set_by,
        set_at=row.set_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
