"""Branches of a stream: the first run writes `main`, a reset that differs opens another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.ids import MAIN
from cases.journal import GENESIS, Entry
from cases.values import Instant, Value
from store.database import Database
from store.errors import JournalGap
from store.tables import branches, ended_runs, journal, journal_forks, runs


class Branch(Value):
    """A line of a stream: everything of `parent` up to `after`, then entries of its own."""

    case: str
    stream: str
    branch: str = MAIN
    ordinal: int = 0
    """How many branches of the stream were opened before."""
    parent: str | None = None
    after: int = 0
    sequence: int = 0
    head: str = GENESIS
    opened_at: Instant


class Branches:
    """Finds the branch a run writes to, and the rows a branch consists of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all_in(self, connection: AsyncConnection, case: str) -> list[Branch]:
        """Every branch of every stream, in the order they were opened."""
        query = (
            sa.select(branches)
            .where(branches.c.case == case)
            .order_by(branches.c.stream, branches.c.ordinal)
        )
        return [_read(row) for row in await connection.execute(query)]

    async def find_in(
        self, connection: AsyncConnection, case: str, stream: str, branch: str | None
    ) -> Branch | None:
        """The branch of that name; without a name, the one that was opened last."""
        query = sa.select(branches).where(branches.c.case == case, branches.c.stream == stream)
        if branch is not None:
            query = query.where(branches.c.branch == branch)
        query = query.order_by(branches.c.ordinal.desc()).limit(1)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def open_in(self, connection: AsyncConnection, branch: Branch) -> Branch:
        """The branch exists."""
        await connection.execute(branches.insert().values(**branch.model_dump()))
        return branch

    async def advance_in(
        self, connection: AsyncConnection, branch: Branch, *, sequence: int, head: str
    ) -> None:
        """The branch ends there now."""
        await connection.execute(
            branches.update().where(*_key(branch)).values(sequence=sequence, head=head)
        )

    async def of_run_in(
        self,
        connection: AsyncConnection,
        case: str,
        *,
        stream: str,
        run: str,
        entries: Sequence[Entry],
        at: datetime,
    ) -> Branch | JournalGap:
        """The branch this run of the workflow writes to, opened if its entries go another way.

        A continued or reopened run carries on where the last one ended, so it joins that branch.
        Only a reset begins in the middle: it opens a branch named by its run.
        """
        query = sa.select(runs.c.branch).where(runs.c.case == case, runs.c.run == run)
        name = (await connection.execute(query)).scalar_one_or_none()
        if name is not None:
            found = await self.find_in(connection, case, stream, name)
            if found is not None:
                return found
        last = await self.find_in(connection, case, stream, None)
        if last is None:
            if entries and entries[0].previous != GENESIS:
                return JournalGap(case, entries[0].sequence)
            last = await self.open_in(connection, Branch(case=case, stream=stream, opened_at=at))
            await self._bind(connection, case, run=run, branch=last, at=at)
            return last
        first = await self._first_new(connection, case, entries, stream=stream)
        if first is None:
            return last
        joined = await self._joined(connection, case, last, first, run=run, at=at)
        if isinstance(joined, Branch):
            await self._bind(connection, case, run=run, branch=joined, at=at)
        return joined

    async def hashes_in(
        self, connection: AsyncConnection, branch: Branch, *, since: int
    ) -> dict[int, str]:
        """The hash of every entry of the branch from `since` on, its parents' part included."""
        query = sa.select(journal.c.sequence, journal.c.hash).where(
            await self.segments_in(connection, branch), journal.c.sequence >= since
        )
        return {row.sequence: row.hash for row in await connection.execute(query)}

    async def segments_in(
        self, connection: AsyncConnection, branch: Branch, *, table: sa.Table = journal
    ) -> sa.ColumnElement[bool]:
        """The condition that picks the rows of `table` a branch consists of."""
        segments = [(branch.branch, branch.sequence)]
        here = branch
        while here.parent is not None:
            segments.append((here.parent, min(segments[-1][1], here.after)))
            parent = await self.find_in(connection, here.case, here.stream, here.parent)
            if parent is None:
                break
            here = parent
        parts = [
            sa.and_(table.c.branch == name, table.c.sequence <= upto) for name, upto in segments
        ]
        picked = sa.and_(table.c.case == branch.case, sa.or_(*parts))
        return sa.and_(picked, table.c.stream == branch.stream) if "stream" in table.c else picked

    async def beside_in(self, connection: AsyncConnection, branch: Branch, entry: Entry) -> bool:
        """Whether the entry follows one that is kept beside the journal."""
        query = sa.select(journal_forks.c.sequence).where(
            journal_forks.c.case == branch.case,
            journal_forks.c.stream == branch.stream,
            journal_forks.c.sequence == entry.sequence - 1,
            journal_forks.c.hash == entry.previous,
        )
        return (await connection.execute(query.limit(1))).scalar_one_or_none() is not None

    async def _first_new(
        self, connection: AsyncConnection, case: str, entries: Sequence[Entry], *, stream: str
    ) -> Entry | None:
        # The first entry that no branch holds yet.
        hashes = [entry.hash for entry in entries]
        query = sa.select(journal.c.hash).where(
            journal.c.case == case, journal.c.stream == stream, journal.c.hash.in_(hashes)
        )
        stored = set((await connection.execute(query)).scalars())
        pairs = zip(entries, hashes, strict=True)
        return next((entry for entry, digest in pairs if digest not in stored), None)

    async def _joined(
        self,
        connection: AsyncConnection,
        case: str,
        last: Branch,
        first: Entry,
        *,
        run: str,
        at: datetime,
    ) -> Branch | JournalGap:
        parents = [
            branch
            for branch in await self.all_in(connection, case)
            if branch.stream == last.stream
            and await self._holds(connection, branch, first.sequence - 1, first.previous)
        ]
        for parent in reversed(parents):
            if parent.sequence == first.sequence - 1:
                return parent
        if not parents:
            # A run that goes on from a fork is kept beside the journal, as the fork is.
            beside = await self.beside_in(connection, last, first)
            return last if beside else JournalGap(case, first.sequence)
        return await self.open_in(
            connection,
            Branch(
                case=case,
                stream=last.stream,
                branch=run,
                ordinal=last.ordinal + 1,
                parent=parents[-1].branch,
                after=first.sequence - 1,
                sequence=first.sequence - 1,
                head=first.previous,
                opened_at=at,
            ),
        )

    async def _holds(
        self, connection: AsyncConnection, branch: Branch, sequence: int, digest: str
    ) -> bool:
        if sequence == 0:
            return digest == GENESIS
        query = sa.select(journal.c.hash).where(
            await self.segments_in(connection, branch), journal.c.sequence == sequence
        )
        return (await connection.execute(query)).scalar_one_or_none() == digest

    async def ends_in(
        self, connection: AsyncConnection, case: str, *, stream: str, run: str, at: datetime
    ) -> None:
        """The run has ended, or says that it does: it waits for its seal."""
        await connection.execute(
            self._database.insert(ended_runs)
            .values(case=case, stream=stream, run=run, at=at)
            .on_conflict_do_nothing()
        )

    async def _bind(
        self, connection: AsyncConnection, case: str, *, run: str, branch: Branch, at: datetime
    ) -> None:
        # The newest entry of a stream is the end of one of its branches: found by their keys, and
        # not by looking through every entry for the latest instant.
        its_end = sa.and_(
            journal.c.case == branches.c.case,
            journal.c.stream == branches.c.stream,
            journal.c.branch == branches.c.branch,
            journal.c.sequence == branches.c.sequence,
        )
        before = (
            sa.select(journal.c.run)
            .select_from(branches.join(journal, its_end))
            .where(branches.c.case == case, branches.c.stream == branch.stream)
            .order_by(journal.c.at.desc(), journal.c.sequence.desc())
            .limit(1)
        )
        ended = (await connection.execute(before)).scalar_one_or_none()
        if ended:
            # Another run writes: the one that wrote last has gone on as this one, or was reset.
            await self.ends_in(connection, case, stream=branch.stream, run=ended, at=at)
        await connection.execute(
            self._database.insert(runs)
            .values(case=case, run=run, branch=branch.branch)
            .on_conflict_do_nothing(index_elements=["case", "run"])
        )


def _key(branch: Branch) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        branches.c.case == branch.case,
        branches.c.stream == branch.stream,
        branches.c.branch == branch.branch,
    )


def _read(row: Any) -> Branch:
    return Branch.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
