"""Which runs have ended and are not sealed yet; their seals stand in the doors' stream."""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.ids import obligation_id
from cases.journal import Kind, Stream, obligation_stream
from store.branches import Branches
from store.cases import Cases
from store.database import Database, uninterrupted
from store.health import Backlog
from store.journal import Journal
from store.tables import ended_runs, sealed_runs
from store.vault import Vault

_OBLIGATION = obligation_stream("")


class EndedRun(NamedTuple):
    """A run that said it ends."""

    position: int
    case: str
    stream: str
    run: str

    @property
    def workflow_id(self) -> str:
        """Whose run it is: the case's, or that of something it owes."""
        if self.stream == Stream.CASE:
            return self.case
        return obligation_id(self.case, self.stream.removeprefix(_OBLIGATION))


@uninterrupted
class Seals:
    """Keeps the runs that wait."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal
        self._branches = Branches(database)

    async def waiting(self, *, after: int = 0, limit: int = 32) -> list[EndedRun]:
        """The runs that wait, in the order they ended."""
        query = (
            sa.select(
                ended_runs.c.position, ended_runs.c.case, ended_runs.c.stream, ended_runs.c.run
            )
            .where(ended_runs.c.position > after)
            .order_by(ended_runs.c.position)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [EndedRun(*row) for row in await connection.execute(query)]

    async def ended(self, case: str, *, stream: str, run: str, at: datetime) -> None:
        """The run waits for its seal, whoever ended it."""
        async with self._database.write() as connection:
            await self._branches.ends_in(connection, case, stream=stream, run=run, at=at)

    async def drop(self, ended: EndedRun) -> None:
        """The run waits no longer: it has its seal."""
        async with self._database.write() as connection:
            await self._take_in(connection, ended)

    async def seal(self, ended: EndedRun, *, at: datetime, **body: Any) -> bool:
        """The seal stands in the doors' stream and the run waits no longer; False if it did not."""
        await self._vault.keys(ended.case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, ended.case)
            if not await self._take_in(connection, ended):
                # Another gateway was quicker.
                return False
            await self._journal.append_door_in(
                connection, ended.case, Kind.DOOR_RUN_SEALED, at=at, **body
            )
            await connection.execute(
                self._database.insert(sealed_runs)
                .values(case=ended.case, run=ended.run)
                .on_conflict_do_nothing(index_elements=["case", "run"])
            )
        return True

    async def has(self, case: str, run: str) -> bool:
        """Whether the run has its seal."""
        query = sa.select(sealed_runs.c.run).where(
            sealed_runs.c.case == case, sealed_runs.c.run == run
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).one_or_none() is not None

    async def _take_in(self, connection: AsyncConnection, ended: EndedRun) -> bool:
        query = ended_runs.delete().where(ended_runs.c.position == ended.position)
        return (await connection.execute(query)).rowcount == 1

    async def is_settled(self, case: str) -> bool:
        """Whether no run of the case waits."""
        query = sa.select(sa.func.count()).where(ended_runs.c.case == case)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar_one() == 0

    async def backlog(self) -> Backlog:
        """How many runs wait, and since when the oldest does."""
        query = sa.select(sa.func.count(), sa.func.min(ended_runs.c.at))
        async with self._database.read() as connection:
            count, oldest = (await connection.execute(query)).one()
        return Backlog(pending=count, oldest_at=oldest)
