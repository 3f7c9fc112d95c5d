"""The journal as it is stored: appended once, never overwritten; a difference is kept beside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.ids import MAIN
from cases.journal import GENESIS, Entry, Kind, Stream
from cases.journal import Journal as Chain
from cases.values import Instant, Value
from store.branches import Branch, Branches
from store.case_keys import CaseKeys
from store.cases import Cases
from store.database import Database, uninterrupted
from store.errors import JournalGap, LogBehind
from store.events import announce_in
from store.health import Health
from store.log_tables import log_waiting
from store.tables import journal, journal_forks
from store.vault import Vault

_WAITS = ("case", "stream", "branch", "sequence", "at")
_ENDS = frozenset({Kind.CASE_CLOSED, Kind.CASE_CANCELLED, Kind.OBLIGATION_ENDED})
"""With one of these a run says that it ends, and no other run says it for it."""


class Head(Value):
    """The end of a branch."""

    branch: str = MAIN
    sequence: int = 0
    hash: str = GENESIS


class Fork(Value):
    """An entry that came under a sequence which already had another one."""

    stream: str
    branch: str
    sequence: int
    entry: Entry
    run: str
    found_at: Instant


class Link(Value):
    """What of an entry stands in clear: enough to see that each follows the one before."""

    stream: str
    branch: str
    sequence: int
    previous: str
    hash: str
    kind: str
    at: Instant
    erased: bool


class Appended(Value):
    """Entries up to `sequence` are durable; `forked` if some of them stand beside the journal."""

    sequence: int
    branch: str = MAIN
    forked: bool = False


@uninterrupted
class Journal:
    """Appends to and reads the streams of every case."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, health: Health) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._health = health
        self._branches = Branches(database)

    async def append(
        self,
        *,
        case: str,
        original_run: str,
        run: str,
        entries: Sequence[Entry],
        at: datetime,
    ) -> Appended:
        """The entries of the case stream are durable; what was stored before stays as it is."""
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            result = await self.append_in(
                connection, case=case, original_run=original_run, run=run, entries=entries, at=at
            )
        return await self.settled(result, at=at)

    async def append_in(
        self,
        connection: AsyncConnection,
        *,
        case: str,
        original_run: str,
        run: str,
        entries: Sequence[Entry],
        at: datetime,
        stream: str = Stream.CASE,
    ) -> Appended | JournalGap:
        """As `append`, inside a transaction that has locked the case; a gap writes nothing.

        An obligation's entries go to its own `stream`, with branches of its own.
        """
        keys = await self._vault.keys_in(connection, case)
        branch = await self._branches.of_run_in(
            connection, case, stream=stream, run=run, entries=entries, at=at
        )
        if isinstance(branch, JournalGap):
            return branch
        forked = False
        known = [entry for entry in entries if entry.sequence <= branch.sequence]
        if known:
            stored = await self._branches.hashes_in(connection, branch, since=known[0].sequence)
            for entry in known:
                if stored.get(entry.sequence) != entry.hash:
                    forked = True
                    await self._keep_beside(connection, keys, branch, entry, run=run, at=at)
        fresh = entries[len(known) :]
        follows = not fresh or (
            fresh[0].sequence == branch.sequence + 1 and fresh[0].previous == branch.head
        )
        if not follows and not forked:
            forked = await self._branches.beside_in(connection, branch, fresh[0])
        if forked:
            # Whatever follows a fork belongs to it, not to the journal.
            for entry in fresh:
                await self._keep_beside(connection, keys, branch, entry, run=run, at=at)
        elif not follows:
            return JournalGap(case, fresh[0].sequence)
        elif fresh:
            await self._insert(connection, keys, branch, fresh, run=run, original_run=original_run)
        sequence = entries[-1].sequence if entries else branch.sequence
        return Appended(sequence=sequence, branch=branch.branch, forked=forked)

    async def settled(self, result: Appended | JournalGap, *, at: datetime) -> Appended:
        """The result of `append_in` once it is committed: a gap raises an alarm and the error."""
        if isinstance(result, JournalGap):
            await self._health.alarm(
                kind="journal-gap",
                key=result.case,
                text=f"entry {result.sequence} follows nothing that is stored",
                mend=result.mend,
                at=at,
            )
            raise result
        return result

    async def append_door(self, case: str, kind: Kind, *, at: datetime, **body: Any) -> Entry:
        """The next entry of the door stream is durable."""
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            return await self.append_door_in(connection, case, kind, at=at, **body)

    async def append_door_in(
        self, connection: AsyncConnection, case: str, kind: Kind, *, at: datetime, **body: Any
    ) -> Entry:
        """As `append_door`, inside a transaction that has locked the case."""
        keys = await self._vault.keys_in(connection, case)
        branch = await self._branches.find_in(connection, case, Stream.DOOR, MAIN)
        if branch is None:
            branch = await self._branches.open_in(
                connection, Branch(case=case, stream=Stream.DOOR, opened_at=at)
            )
        chain = Chain(case=case, stream=Stream.DOOR, sequence=branch.sequence, head=branch.head)
        entry = chain.record(kind, at=at, salt=keys.salt, **body)
        await self._insert(connection, keys, branch, [entry], run="", original_run="")
        return entry

    async def entries(
        self, case: str, *, stream: str = Stream.CASE, branch: str | None = None
    ) -> list[Entry]:
        """The branch from its first entry on, what it took from its parent included.

        Without a name it is the branch that was opened last: the one the case lives on. Entries
        whose content was erased are left out: `erased` says what stays of them.
        """
        keys = await self._vault.keys(case)
        async with self._database.read() as connection:
            found = await self._branches.find_in(connection, case, stream, branch)
            if found is None:
                return []
            query = (
                sa.select(journal)
                .where(await self._branches.segments_in(connection, found))
                .order_by(journal.c.sequence)
            )
            rows = (await connection.execute(query)).all()
        return [opened(keys, row) for row in rows if not keys.is_erased(row.entry)]

    async def head(
        self, case: str, *, stream: str = Stream.CASE, branch: str | None = None
    ) -> Head:
        """The end of the branch, or of the one that was opened last."""
        async with self._database.read() as connection:
            found = await self._branches.find_in(connection, case, stream, branch)
        if found is None:
            return Head()
        return Head(branch=found.branch, sequence=found.sequence, hash=found.head)

    async def branch_of(self, case: str, *, stream: str, sequence: int) -> str:
        """On which branch the stream that is lived on has that entry; LogBehind before it has."""
        async with self._database.read() as connection:
            found = await self._branches.find_in(connection, case, stream, None)
            if found is None or found.sequence < sequence:
                raise LogBehind
            query = sa.select(journal.c.branch).where(
                await self._branches.segments_in(connection, found),
                journal.c.sequence == sequence,
            )
            return str((await connection.execute(query)).scalar_one())

    async def last_run(self, case: str) -> str:
        """The run that wrote the last entry of the case stream; empty where there is none."""
        async with self._database.read() as connection:
            found = await self._branches.find_in(connection, case, Stream.CASE, None)
            if found is None:
                return ""
            query = sa.select(journal.c.run).where(
                await self._branches.segments_in(connection, found),
                journal.c.sequence == found.sequence,
            )
            return str((await connection.execute(query)).scalar_one())

    async def branches(self, case: str) -> list[Branch]:
        """Every branch of every stream, in the order they were opened."""
        async with self._database.read() as connection:
            return await self._branches.all_in(connection, case)

    async def forks(self, case: str) -> list[Fork]:
        """What is kept beside the journal."""
        keys = await self._vault.keys(case)
        query = (
            sa.select(journal_forks)
            .where(journal_forks.c.case == case)
            .order_by(journal_forks.c.found_at, journal_forks.c.sequence)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Fork(
                stream=row.stream,
                branch=row.branch,
                sequence=row.sequence,
                entry=opened(keys, row),
                run=row.run,
                found_at=row.found_at,
            )
            for row in rows
            if not keys.is_erased(row.entry)
        ]

    async def links(self, case: str) -> list[Link]:
        """What of every entry stands in clear, in order: also of those that were erased."""
        keys = await self._vault.keys(case)
        query = (
            sa.select(journal)
            .where(journal.c.case == case)
            .order_by(journal.c.stream, journal.c.branch, journal.c.sequence)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Link(
                stream=row.stream,
                branch=row.branch,
                sequence=row.sequence,
                previous=row.previous,
                hash=row.hash,
                kind=row.kind,
                at=row.at,
                erased=keys.is_erased(row.entry),
            )
            for row in rows
        ]

    async def _insert(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        branch: Branch,
        entries: Sequence[Entry],
        *,
        run: str,
        original_run: str,
    ) -> None:
        rows = [
            {
                "case": keys.case,
                "stream": branch.stream,
                "branch": branch.branch,
                "sequence": entry.sequence,
                "previous": entry.previous,
                "hash": entry.hash,
                "kind": entry.kind,
                "at": entry.at,
                "entry": _sealed(keys, branch, entry),
                "run": run,
                "original_run": original_run,
            }
            for entry in entries
        ]
        await connection.execute(journal.insert(), rows)
        await connection.execute(
            log_waiting.insert(), [{name: row[name] for name in _WAITS} for row in rows]
        )
        if run and entries[-1].kind in _ENDS:
            await self._branches.ends_in(
                connection, keys.case, stream=branch.stream, run=run, at=entries[-1].at
            )
        await announce_in(connection, self._database, keys, rows)
        last = rows[-1]
        await self._branches.advance_in(
            connection, branch, sequence=entries[-1].sequence, head=str(last["hash"])
        )

    async def _keep_beside(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        branch: Branch,
        entry: Entry,
        *,
        run: str,
        at: datetime,
    ) -> None:
        await connection.execute(
            self._database.insert(journal_forks)
            .values(
                case=keys.case,
                stream=branch.stream,
                branch=branch.branch,
                sequence=entry.sequence,
                hash=entry.hash,
                at=entry.at,
                found_at=at,
                entry=_sealed(keys, branch, entry),
                run=run,
            )
            .on_conflict_do_nothing()
        )
        await self._health.alarm_in(
            connection,
            kind="journal-fork",
            key=f"{keys.case}|{branch.branch}",
            text=f"the case says something else under entry {entry.sequence} than it said before",
            mend="`escalate audit replay` shows which of the two its history supports",
            at=at,
        )


def _place(stream: str, branch: str, sequence: int) -> str:
    return f"journal|{stream}|{branch}|{sequence}"


def _sealed(keys: CaseKeys, branch: Branch, entry: Entry) -> bytes:
    return keys.seal(entry.data, aad=_place(branch.stream, branch.branch, entry.sequence))


def opened(keys: CaseKeys, row: Any) -> Entry:
    """The entry of a row; BrokenSeal when it is not what was sealed at this place."""
    place = _place(row.stream, row.branch, row.sequence)
    return Entry.model_validate_json(keys.open_sealed(row.entry, aad=place))
