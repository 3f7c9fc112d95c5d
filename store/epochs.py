"""The epochs of key-encryption keys: which wrap anything, and which wraps what is new."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import Database
from store.errors import EpochInUse
from store.key_encryption import Epoch, KeyEncryptionKey, KeySource
from store.side_tables import kek_epochs
from store.tables import case_keys


class Epochs:
    """Reads and writes the list of epochs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[Epoch, ...]:
        """Every epoch that was ever begun here, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(kek_epochs).order_by(kek_epochs.c.position))
            return tuple(_read(row) for row in rows)

    async def newest(self) -> Epoch | None:
        """The epoch that wraps what is new."""
        async with self._database.read() as connection:
            row = (await connection.execute(_newest())).one_or_none()
        return _read(row) if row is not None else None

    async def newest_in(self, connection: AsyncConnection) -> Epoch | None:
        """The same inside a transaction that wraps with it: no one retires it meanwhile."""
        query = _newest()
        if not self._database.sqlite:
            query = query.with_for_update(read=True)
        row = (await connection.execute(query)).one_or_none()
        return _read(row) if row is not None else None

    async def find_in(self, connection: AsyncConnection, name: str) -> Epoch | None:
        """The epoch of that name."""
        query = sa.select(kek_epochs).where(kek_epochs.c.name == name)
        row = (await connection.execute(query)).one_or_none()
        return _read(row) if row is not None else None

    async def wrapping(self) -> dict[str, int]:
        """How many keys each epoch wraps."""
        column = case_keys.c.wrapped_by
        async with self._database.read() as connection:
            rows = await connection.execute(
                sa.select(column, sa.func.count())
                .where(case_keys.c.wrapped != b"")
                .group_by(column)
            )
            return {row[0]: row[1] for row in rows}

    async def begin(
        self,
        key: KeyEncryptionKey,
        *,
        source: KeySource,
        sealed: bytes | None,
        at: datetime,
        before: str | None = None,
    ) -> None:
        """The epoch is the newest; twice is once. `before` is the key of a list still empty."""
        async with self._database.write() as connection:
            if before is not None and await self.newest_in(connection) is None:
                await self._insert(connection, before, source=source)
            await self._insert(connection, key.key_id, source=source, sealed=sealed, begun_at=at)

    async def retire(self, name: str, *, at: datetime) -> Epoch:
        """The epoch wraps nothing and never will; EpochInUse while it does, or is the newest."""
        async with self._database.write() as connection:
            lock = sa.select(kek_epochs).where(kek_epochs.c.name == name)
            row = (await connection.execute(self._database.locking(lock))).one_or_none()
            newest = (await connection.execute(_newest())).one_or_none()
            if row is None or newest is None or newest.name == name:
                raise EpochInUse(name, wraps=None)
            count = sa.select(sa.func.count()).where(
                case_keys.c.wrapped_by == name, case_keys.c.wrapped != b""
            )
            wraps = int((await connection.execute(count)).scalar_one())
            if wraps:
                raise EpochInUse(name, wraps=wraps)
            await connection.execute(
                kek_epochs.update()
                .where(kek_epochs.c.name == name, kek_epochs.c.retired_at.is_(None))
                .values(retired_at=at, sealed=None)
            )
            # As it was: whoever destroys the key needs to know where it was sealed.
            return _read(row)

    async def _insert(
        self,
        connection: AsyncConnection,
        name: str,
        *,
        source: KeySource,
        sealed: bytes | None = None,
        begun_at: datetime | None = None,
    ) -> None:
        await connection.execute(
            self._database.insert(kek_epochs)
            .values(name=name, source=source.value, sealed=sealed, begun_at=begun_at)
            .on_conflict_do_nothing(index_elements=["name"])
        )


def _newest() -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(kek_epochs)
        .where(kek_epochs.c.retired_at.is_(None))
        .order_by(kek_epochs.c.position.desc())
        .limit(1)
    )


def _read(row: sa.Row[tuple[object, ...]]) -> Epoch:
    return Epoch(
        name=row.name,
        source=KeySource(row.source),
        sealed=row.sealed,
        begun_at=row.begun_at,
        retired_at=row.retired_at,
    )
