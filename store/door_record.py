"""The door's own record: log-ins and how they ended, each entry with the hash of the one before.

They belong to no case, so they stand in no case's stream; the chain and the vocabulary are the same
(`cases.journal`). In an entry are ids, instants and reasons, never a token or an address.
"""

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import GENESIS, Entry, Journal, Kind, Stream, check_chain
from store.database import Database, uninterrupted
from store.side_tables import door_record
from store.tables import counters
from store.vault import INSTALLATION

_COUNTER = "door-record"


@uninterrupted
class DoorRecord:
    """Appends to and reads the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, kind: Kind, *, person: str, at: datetime, **body: Any) -> Entry:
        """The next entry is durable."""
        async with self._database.write() as connection:
            return await self.append_in(connection, kind, person=person, at=at, **body)

    async def append_in(
        self, connection: AsyncConnection, kind: Kind, *, person: str, at: datetime, **body: Any
    ) -> Entry:
        """As `append`, in a transaction that does what the entry says."""
        # The counter's row is the lock: two gateways never continue the same head.
        lock = self._database.locking(
            sa.select(counters.c.value).where(counters.c.name == _COUNTER)
        )
        sequence = int((await connection.execute(lock)).scalar_one())
        head = GENESIS
        if sequence:
            last = sa.select(door_record.c.hash).where(door_record.c.sequence == sequence)
            head = (await connection.execute(last)).scalar_one()
        chain = Journal(case=INSTALLATION, stream=Stream.DOOR, sequence=sequence, head=head)
        entry = chain.record(kind, at=at, salt=secrets.token_bytes(32), person=person, **body)
        await connection.execute(
            door_record.insert().values(
                sequence=entry.sequence,
                hash=entry.hash,
                kind=kind,
                person=person,
                at=at,
                entry=entry.data,
            )
        )
        await connection.execute(
            counters.update().where(counters.c.name == _COUNTER).values(value=entry.sequence)
        )
        return entry

    async def entries(self, *, person: str | None = None) -> list[Entry]:
        """Everything that was recorded, or what concerns one person, oldest first."""
        query = sa.select(door_record.c.entry).order_by(door_record.c.sequence)
        if person is not None:
            query = query.where(door_record.c.person == person)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Entry.model_validate_json(row.entry) for row in rows]

    async def check(self) -> int:
        """How many entries there are, once each follows the one before; BrokenChain otherwise."""
        entries = await self.entries()
        check_chain(entries)
        return len(entries)
