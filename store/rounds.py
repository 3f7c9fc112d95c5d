"""Rounds as the doors need them: what is being asked, and whether the door has closed."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.tables import rounds


class DoorRound(Value):
    """A round, as the workflow published it and the door keeps it."""

    gate: str
    round: int
    revision: int = 0
    content_hash: str = ""
    nonce: str = ""
    asked_at: Instant | None = None
    expires_at: Instant | None = None
    open: bool
    closed_at_door: Instant | None = None
    """When silence took effect; no act is taken for the round from then on."""


@uninterrupted
class Rounds:
    """Reads rounds; `append_case` and `acts.collect` write them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, case: str, *, gate: str, round: int) -> DoorRound | None:  # noqa: A002 -- the noun of the design
        """The round, once the workflow has published it."""
        async with self._database.read() as connection:
            return await self.get_in(connection, case, gate=gate, number=round)

    async def get_in(
        self, connection: AsyncConnection, case: str, *, gate: str, number: int
    ) -> DoorRound | None:
        """As `get`, inside a transaction of the caller's."""
        query = sa.select(rounds).where(
            rounds.c.case == case, rounds.c.gate == gate, rounds.c.round == number
        )
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def of(self, case: str) -> list[DoorRound]:
        """Every round of the case, by gate and number."""
        query = (
            sa.select(rounds).where(rounds.c.case == case).order_by(rounds.c.gate, rounds.c.round)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def publish_in(
        self, connection: AsyncConnection, case: str, published: Iterable[DoorRound]
    ) -> None:
        """The rounds are as the workflow says; a door that has closed stays closed."""
        for each in published:
            values = each.model_dump(exclude={"closed_at_door"})
            insert = self._database.insert(rounds).values(case=case, **values)
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["case", "gate", "round"],
                    set_={name: insert.excluded[name] for name in values},
                )
            )

    async def close_in(
        self, connection: AsyncConnection, case: str, *, gate: str, number: int, at: Any
    ) -> None:
        """The door takes no act for the round from now on, also if it never heard of it."""
        insert = self._database.insert(rounds).values(
            case=case, gate=gate, round=number, open=False, closed_at_door=at
        )
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=["case", "gate", "round"],
                set_={"closed_at_door": sa.func.coalesce(rounds.c.closed_at_door, at)},
            )
        )


def _read(row: Any) -> DoorRound:
    fields = row._mapping.items()  # noqa: SLF001 -- SQLAlchemy's public name
    return DoorRound.model_validate({name: value for name, value in fields if value is not None})
