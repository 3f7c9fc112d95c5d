"""How fast channels and people are told: token buckets that all processes share.

What is urgent always passes and takes its token all the same, so what is not waits the longer. What
is low leaves a reserve to what is not. Nobody who is refused is dropped: the caller goes another
way, comes later, or goes in company.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.telling_tables import paces

TO_PERSON = "to"
"""What the name of a person's own limit begins with."""
_RESERVE = 4
"""What is low leaves one in so many tokens of a full bucket."""


class Urgency(IntEnum):
    """What passes before what."""

    FIRST = 1
    """SEV0 and SEV1: no limit of ours holds it back."""
    USUAL = 2
    LOW = 3


class Pace(Value):
    """So many in so long a time, and no more than `burst` at once."""

    name: str
    count: int
    per: timedelta
    burst: int


class PaceRow(Value):
    """How full a bucket is."""

    name: str
    level: float
    at: Instant
    closed_until: Instant | None = None
    """The vendor asked for a pause until then."""
    hits: int = 0
    """How often somebody was refused, by us or by the vendor."""
    hit_at: Instant | None = None


class Refusal(Value):
    """The limit that was reached, and when there will be a token again."""

    name: str
    wait: timedelta


@uninterrupted
class Paces:
    """Hands out tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, wanted: Sequence[Pace], *, urgency: Urgency, at: datetime
    ) -> Refusal | None:
        """None: one token of each is taken. Else nothing is taken, and the limit has its hit."""
        if not wanted:
            return None
        async with self._database.write() as connection:
            found = [(pace, await self._filled(connection, pace, at=at)) for pace in wanted]
            if urgency is not Urgency.FIRST:
                for pace, row in found:
                    wait = _wait(pace, row, urgency=urgency, at=at)
                    if wait > timedelta():
                        await self._hit(connection, pace.name, at=at)
                        return Refusal(name=pace.name, wait=wait)
            for pace, row in found:
                # A debt is bounded, or one bad hour would silence the next.
                level = max(row.level - 1, -float(pace.burst))
                await connection.execute(
                    paces.update().where(paces.c.name == pace.name).values(level=level, at=at)
                )
        return None

    async def closed(self, pace: Pace, *, until: datetime, at: datetime) -> None:
        """The vendor itself has asked for a pause."""
        async with self._database.write() as connection:
            await self._filled(connection, pace, at=at)
            await connection.execute(
                paces.update()
                .where(paces.c.name == pace.name)
                .values(closed_until=until, level=0.0, at=at)
            )
            await self._hit(connection, pace.name, at=at)

    async def all(self) -> list[PaceRow]:
        """Every bucket there is, by name."""
        async with self._database.read() as connection:
            query = sa.select(paces).order_by(paces.c.name)
            return [_row(row) for row in await connection.execute(query)]

    async def hits(self) -> dict[str, int]:
        """How often each limit was hit; those of people are one: nobody is named in metrics."""
        found: dict[str, int] = {}
        for row in await self.all():
            name = TO_PERSON if row.name.startswith(f"{TO_PERSON}/") else row.name
            found[name] = found.get(name, 0) + row.hits
        return found

    async def prune(self, *, before: datetime) -> int:
        """Buckets nobody has asked since are forgotten: they are full."""
        async with self._database.write() as connection:
            gone = await connection.execute(paces.delete().where(paces.c.at < before))
        return int(gone.rowcount)

    async def _filled(self, connection: AsyncConnection, pace: Pace, *, at: datetime) -> PaceRow:
        """The bucket as it is by now; a new one is full."""
        await connection.execute(
            self._database.insert(paces)
            .values(name=pace.name, level=float(pace.burst), at=at, hits=0)
            .on_conflict_do_nothing(index_elements=["name"])
        )
        query = self._database.locking(sa.select(paces).where(paces.c.name == pace.name))
        row = _row((await connection.execute(query)).one())
        grown = max(at - row.at, timedelta()) / pace.per * pace.count
        return row.model_copy(update={"level": min(row.level + grown, float(pace.burst))})

    async def _hit(self, connection: AsyncConnection, name: str, *, at: datetime) -> None:
        await connection.execute(
            paces.update().where(paces.c.name == name).values(hits=paces.c.hits + 1, hit_at=at)
        )


def _wait(pace: Pace, row: PaceRow, *, urgency: Urgency, at: datetime) -> timedelta:
    """How long until there is a token for something of that urgency."""
    reserve = pace.burst // _RESERVE if urgency is Urgency.LOW else 0
    lacking = 1 + reserve - row.level
    wait = lacking / pace.count * pace.per if lacking > 0 else timedelta()
    closed = row.closed_until - at if row.closed_until is not None else timedelta()
    return max(wait, closed)


def _row(row: Any) -> PaceRow:
    return PaceRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
