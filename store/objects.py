"""Immutable rows by digest: what a case is pinned to never changes and never goes away (I2)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.canonical import sha256
from store.database import Database, uninterrupted
from store.errors import BrokenSeal, UnknownObject
from store.side_tables import objects


@uninterrupted
class Objects:
    """Keeps bytes under their own SHA-256."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, *, kind: str, data: bytes, at: datetime) -> str:
        """The bytes are kept; their digest. Bytes that were kept before stay as they are."""
        async with self._database.write() as connection:
            return await self.put_in(connection, kind=kind, data=data, at=at)

    async def put_in(
        self, connection: AsyncConnection, *, kind: str, data: bytes, at: datetime
    ) -> str:
        """As `put`, inside a transaction of the caller's."""
        digest = sha256(data)
        await connection.execute(
            self._database.insert(objects)
            .values(digest=digest, kind=kind, data=data, at=at)
            .on_conflict_do_nothing(index_elements=["digest"])
        )
        return digest

    async def get(self, digest: str) -> bytes:
        """The bytes, checked against their digest; UnknownObject if there are none."""
        query = sa.select(objects.c.data).where(objects.c.digest == digest)
        async with self._database.read() as connection:
            data = (await connection.execute(query)).scalar_one_or_none()
        if data is None:
            raise UnknownObject(digest)
        found = bytes(data)
        if sha256(found) != digest:
            raise BrokenSeal(f"object {digest} was altered")
        return found
