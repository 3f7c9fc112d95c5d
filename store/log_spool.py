"""The lines of the spool as the store knows them: which entries they stand for, and which joined.

The file beside the spool's key is what was signed and is written first; here its lines can be found
by workers and other gateways, and by the recorder that takes them into the log.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.log import LogKey
from store.log_tables import log_spool


class SpooledLine(Value):
    """One line of a spool."""

    spool: str
    """Which one: the id of the key that signs it."""
    number: int
    case: str
    stream: str
    branch: str
    sequence: int
    at: Instant
    hash: str
    """SHA-256 over the line: what the late leaf names."""
    line: bytes
    joined: bool = False

    @property
    def key(self) -> LogKey:
        """The entry it stands for."""
        return LogKey(self.case, self.stream, self.branch, self.sequence)


class Spooled(Value):
    """How the spool stands."""

    lines: int = 0
    waiting: int = 0
    """Lines that the log does not have yet."""
    since: Instant | None = None


@uninterrupted
class LogSpool:
    """Keeps the spool's lines until the log has them, and afterwards."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, lines: Sequence[SpooledLine]) -> None:
        """The lines are known; one that is known already stays as it is."""
        if not lines:
            return
        async with self._database.write() as connection:
            for line in lines:
                await connection.execute(
                    self._database.insert(log_spool)
                    .values(**line.model_dump())
                    .on_conflict_do_nothing()
                )

    async def of(self, keys: Sequence[LogKey]) -> dict[LogKey, SpooledLine]:
        """The lines that stand for these entries."""
        found: dict[LogKey, SpooledLine] = {}
        if not keys:
            return found
        async with self._database.read() as connection:
            for key in keys:
                query = sa.select(log_spool).filter_by(**key._asdict())
                row = (await connection.execute(query)).one_or_none()
                if row is not None:
                    found[key] = _line(row)
        return found

    async def waiting(self, *, limit: int = 512) -> list[SpooledLine]:
        """The lines that the log does not have yet, in the order they were signed."""
        query = (
            sa.select(log_spool)
            .where(log_spool.c.joined.is_(False))
            .order_by(log_spool.c.at, log_spool.c.spool, log_spool.c.number)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_line(row) for row in await connection.execute(query)]

    async def joined(self, lines: Sequence[SpooledLine]) -> None:
        """The log has these lines."""
        async with self._database.write() as connection:
            for line in lines:
                await connection.execute(
                    log_spool.update()
                    .where(log_spool.c.spool == line.spool, log_spool.c.number == line.number)
                    .values(joined=True)
                )

    async def known(self, spool: str) -> set[int]:
        """The numbers of the lines of that spool that are known here."""
        query = sa.select(log_spool.c.number).where(log_spool.c.spool == spool)
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def standing(self) -> Spooled:
        """How many lines there are, and how many of them wait for the log."""
        waits = log_spool.c.joined.is_(False)
        async with self._database.read() as connection:
            lines = (
                await connection.execute(sa.select(sa.func.count(log_spool.c.number)))
            ).scalar_one()
            number, since = (
                await connection.execute(
                    sa.select(sa.func.count(), sa.func.min(log_spool.c.at)).where(waits)
                )
            ).one()
        return Spooled(lines=lines, waiting=number, since=since)


def _line(row: Any) -> SpooledLine:
    return SpooledLine.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
