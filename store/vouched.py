"""Which checkpoints of the log others vouched for: witnesses by a line, a clock by a token.

The log's head moves on every second; what was vouched for stays, so that an export can stand on it.
The store keeps bytes and knows nothing of signatures; `audit.log` says what they are.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Kind
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.log import LogHead, LogKey
from store.log_tables import log_cosignatures, log_leaves, log_vouched
from store.tables import journal

WORTH_A_TOKEN = (
    Kind.CASE_CLOSED,
    Kind.CASE_CANCELLED,
    Kind.EFFECT_DONE,
    Kind.EFFECT_SETTLED,
)
"""Closures, and actions that took effect: whether one disclosed anything only its runbook says."""
_KEPT = 16
"""Checkpoints without a token that are kept, for each number of cosignatures."""


class Vouched(Value):
    """A checkpoint, and who vouched for it."""

    size: int
    checkpoint: str
    """As the log signed it, nobody else's line in it."""
    signed_at: Instant
    lines: tuple[str, ...] = ()
    """The witnesses' signature lines, each with its newline."""
    witnesses: tuple[str, ...] = ()
    """Whose lines they are, as their keys are spelt."""
    stamped: bytes = b""
    """The bytes that the token is over; empty without one."""
    token: bytes = b""
    stamped_at: Instant | None = None

    @property
    def published(self) -> str:
        """The checkpoint as others are shown it: what was stamped, else with every cosignature."""
        return self.stamped.decode() if self.stamped else self.checkpoint + "".join(self.lines)


class Standing(Value):
    """How fresh others' word is."""

    cosigned: dict[str, Instant] = {}
    """By witness, when it last cosigned."""
    stamped_at: Instant | None = None
    stamped_size: int = 0


@uninterrupted
class Vouching:
    """Keeps what others vouched for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cosigned(
        self, head: LogHead, *, witness: str, line: str, at: datetime, signed_at: datetime
    ) -> bool:
        """The line is kept beside its checkpoint; False when another one of that size is known."""
        async with self._database.write() as connection:
            if not await self._known_in(connection, head, signed_at):
                return False
            insert = self._database.insert(log_cosignatures).values(
                size=head.size, witness=witness, line=line, at=at
            )
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["size", "witness"], set_={"line": line, "at": at}
                )
            )
            await self._prune_in(connection)
        return True

    async def stamped(
        self, head: LogHead, *, data: bytes, token: bytes, at: datetime, signed_at: datetime
    ) -> bool:
        """The token is kept beside its checkpoint, the first one for ever; False as above."""
        async with self._database.write() as connection:
            if not await self._known_in(connection, head, signed_at):
                return False
            swapped = await connection.execute(
                log_vouched.update()
                .where(log_vouched.c.size == head.size, log_vouched.c.token.is_(None))
                .values(stamped=data, token=token, stamped_at=at)
            )
        return swapped.rowcount == 1

    async def at(self, size: int) -> Vouched | None:
        """The checkpoint of that size, if anybody vouched for it."""
        found = await self._rows(log_vouched.c.size == size, limit=1)
        return found[0] if found else None

    async def covering(self, size: int, *, limit: int = 256) -> list[Vouched]:
        """Checkpoints of at least that many leaves that others vouched for, the smallest first."""
        return await self._rows(log_vouched.c.size >= size, limit=limit)

    async def newest(self) -> Vouched | None:
        """The largest checkpoint that a witness cosigned; None before the first."""
        size = sa.select(sa.func.max(log_cosignatures.c.size))
        async with self._database.read() as connection:
            largest = (await connection.execute(size)).scalar_one_or_none()
        return None if largest is None else await self.at(largest)

    async def latest(self, limit: int) -> list[Vouched]:
        """The largest checkpoints that a witness cosigned, the smallest of them first."""
        sizes = (
            sa.select(log_cosignatures.c.size)
            .distinct()
            .order_by(log_cosignatures.c.size.desc())
            .limit(limit)
        )
        return await self._rows(log_vouched.c.size.in_(sizes), limit=limit)

    async def standing(self) -> Standing:
        """When each witness last cosigned, and what the last token covers."""
        by_witness = sa.select(
            log_cosignatures.c.witness, sa.func.max(log_cosignatures.c.at)
        ).group_by(log_cosignatures.c.witness)
        last = (
            sa.select(log_vouched.c.stamped_at, log_vouched.c.size)
            .where(log_vouched.c.token.is_not(None))
            .order_by(log_vouched.c.size.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            cosigned = {row[0]: row[1] for row in await connection.execute(by_witness)}
            row = (await connection.execute(last)).one_or_none()
        return Standing(
            cosigned=cosigned,
            stamped_at=row.stamped_at if row is not None else None,
            stamped_size=row.size if row is not None else 0,
        )

    async def worth_a_token(self, first: int, end: int) -> int | None:
        """The last of these leaves that a closure or an action made; None when none did."""
        query = (
            sa.select(sa.func.max(log_leaves.c.number))
            .join(
                journal,
                sa.and_(*(log_leaves.c[name] == journal.c[name] for name in LogKey._fields)),
            )
            .where(
                log_leaves.c.number >= first,
                log_leaves.c.number < end,
                journal.c.kind.in_([kind.value for kind in WORTH_A_TOKEN]),
            )
        )
        async with self._database.read() as connection:
            last: int | None = (await connection.execute(query)).scalar_one_or_none()
        return last

    async def unvouched_since(self, size: int) -> datetime | None:
        """When the first entry was recorded that a checkpoint of this size does not cover."""
        query = (
            sa.select(journal.c.at)
            .join(
                log_leaves,
                sa.and_(*(log_leaves.c[name] == journal.c[name] for name in LogKey._fields)),
            )
            .where(log_leaves.c.number == size)
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def _rows(self, where: sa.ColumnElement[bool], *, limit: int) -> list[Vouched]:
        query = sa.select(log_vouched).where(where).order_by(log_vouched.c.size).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            lines = await self._lines_in(connection, [row.size for row in rows])
        return [
            Vouched(
                size=row.size,
                checkpoint=row.checkpoint,
                signed_at=row.signed_at,
                lines=tuple(line for _, line in lines.get(row.size, ())),
                witnesses=tuple(witness for witness, _ in lines.get(row.size, ())),
                stamped=row.stamped or b"",
                token=row.token or b"",
                stamped_at=row.stamped_at,
            )
            for row in rows
        ]

    async def _lines_in(
        self, connection: AsyncConnection, sizes: Sequence[int]
    ) -> dict[int, list[tuple[str, str]]]:
        query = (
            sa.select(log_cosignatures)
            .where(log_cosignatures.c.size.in_(sizes))
            .order_by(log_cosignatures.c.size, log_cosignatures.c.witness)
        )
        found: dict[int, list[tuple[str, str]]] = {}
        for row in await connection.execute(query):
            found.setdefault(row.size, []).append((row.witness, row.line))
        return found

    async def _known_in(
        self, connection: AsyncConnection, head: LogHead, signed_at: datetime
    ) -> bool:
        insert = self._database.insert(log_vouched).values(
            size=head.size, checkpoint=head.checkpoint, signed_at=signed_at
        )
        await connection.execute(insert.on_conflict_do_nothing(index_elements=["size"]))
        query = sa.select(log_vouched.c.checkpoint).where(log_vouched.c.size == head.size)
        known: str = (await connection.execute(query)).scalar_one()
        return known == head.checkpoint

    async def _prune_in(self, connection: AsyncConnection) -> None:
        """What nobody stamped is not needed once many larger ones have as many cosignatures."""
        query = (
            sa.select(log_vouched.c.size, sa.func.count(log_cosignatures.c.witness))
            .outerjoin(log_cosignatures, log_cosignatures.c.size == log_vouched.c.size)
            .where(log_vouched.c.token.is_(None))
            .group_by(log_vouched.c.size)
            .order_by(log_vouched.c.size.desc())
        )
        seen: Counter[int] = Counter()
        gone: list[int] = []
        for size, lines in await connection.execute(query):
            seen[lines] += 1
            if seen[lines] > _KEPT:
                gone.append(size)
        if gone:
            for table in (log_cosignatures, log_vouched):
                await connection.execute(table.delete().where(table.c.size.in_(gone)))
