"""Every request that came to a door, and how it was answered; of bodies a salted digest."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.errors import UnknownRow
from store.ledger_tables import arrivals
from store.vault import Vault


class ArrivalRow(Value):
    """One request at a door, as the ledger has it."""

    id: str
    case: str | None = None
    door: str
    outcome: str
    status: int
    request: dict[str, JsonValue]
    """`headers`, `bytes`, `digest`: what came, without secrets and content."""
    answer: dict[str, JsonValue]
    """What the sender was told."""
    alike: int
    """Requests refused since the one before, which are counted here and not kept one by one."""
    came_at: Instant
    answered_at: Instant

    @property
    def seconds(self) -> float:
        """How long the sender waited."""
        return (self.answered_at - self.came_at).total_seconds()


class ArrivalFilter(Value):
    """Which arrivals are wanted."""

    case: str | None = None
    door: str | None = None
    outcome: str | None = None
    since: Instant | None = None


@uninterrupted
class Arrivals:
    """Keeps what came to the doors."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def digest(self, body: bytes) -> str:
        """The body's digest, salted with the installation's own."""
        return (await self._vault.installation()).digest(body)

    async def keep(self, *, request: Mapping[str, JsonValue], **fields: Any) -> str:
        """The request and its answer are on record; their id."""
        id_ = f"in_{secrets.token_hex(10)}"
        async with self._database.write() as connection:
            await connection.execute(
                arrivals.insert().values(id=id_, request=dict(request), **fields)
            )
        return id_

    async def show(self, id_: str) -> ArrivalRow:
        """The request; UnknownRow if there is none."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(sa.select(arrivals).where(arrivals.c.id == id_))
            ).one_or_none()
        if row is None:
            raise UnknownRow("arrival", id_)
        return _read(row)

    async def list(
        self, wanted: ArrivalFilter | None = None, *, limit: int = 200
    ) -> list[ArrivalRow]:
        """The arrivals that are wanted, the latest first."""
        asked = wanted or ArrivalFilter()
        query = sa.select(arrivals).order_by(arrivals.c.position.desc()).limit(limit)
        for column, value in (
            (arrivals.c.case, asked.case),
            (arrivals.c.door, asked.door),
            (arrivals.c.outcome, asked.outcome),
        ):
            if value is not None:
                query = query.where(column == value)
        if asked.since is not None:
            query = query.where(arrivals.c.came_at >= asked.since)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def prune(self, *, before: datetime) -> int:
        """Arrivals from before are forgotten; how many those were."""
        async with self._database.write() as connection:
            gone = await connection.execute(arrivals.delete().where(arrivals.c.came_at < before))
            return int(gone.rowcount)


def _read(row: Any) -> ArrivalRow:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    fields.pop("position")
    return ArrivalRow.model_validate(fields)
