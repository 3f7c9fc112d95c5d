"""The transparency log as it is stored: what waits, leaves once for ever, tiles, and one head.

The store keeps bytes and knows nothing of hashes; `audit.log` says what they are. Whoever appends
holds the head's row, so leaves have no gap; whoever publishes swaps the head it has seen, so two
recorders cannot sign two trees.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Entry
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.errors import BrokenSeal, UnknownCase, UnknownKey
from store.health import Backlog, Health
from store.journal import opened
from store.log_tables import log_head, log_leaves, log_urgent, log_waiting
from store.log_tiles import Published, SqlTiles, Tiles
from store.tables import acts, journal
from store.vault import Vault

_HEAD = log_head.c.name == "log"
_AT_ONCE = 400
"""Keys in one query: SQLite takes 999 values, and a key has four."""
BUNDLE = 256
"""Leaves in one bundle of C2SP's tlog-tiles."""


class LogKey(NamedTuple):
    """The entry a leaf stands for: it has one leaf, for ever."""

    case: str
    stream: str
    branch: str
    sequence: int


_KEY = LogKey._fields


class Waiting(NamedTuple):
    """An entry that has no leaf yet; `entry` is None when it does not open."""

    position: int
    key: LogKey
    entry: Entry | None


class NewLeaf(NamedTuple):
    """The leaf of something that waits."""

    waiting: Waiting
    leaf: bytes


class Placed(NamedTuple):
    """A leaf, and which of them it is."""

    number: int
    leaf: bytes


class Pressing(Value):
    """How much waits for the log that takes no effect before it, and since when."""

    acts: int = 0
    effects: int = 0
    since: Instant | None = None

    @property
    def number(self) -> int:
        """All of it."""
        return self.acts + self.effects


class LogHead(Value):
    """How many leaves are durable, and the last checkpoint over how many of them."""

    leaves: int
    size: int
    checkpoint: str = ""
    signed_at: Instant | None = None


@uninterrupted
class Log:
    """Keeps the log's rows."""

    def __init__(
        self, database: Database, *, vault: Vault, health: Health, tiles: Tiles | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._health = health
        self._tiles = tiles if tiles is not None else SqlTiles(database)

    async def waiting(self, *, after: int = 0, limit: int = 512) -> list[Waiting]:
        """What has no leaf yet, in the order it was recorded; within a stream that is its own."""
        query = (
            _waiting()
            .where(log_waiting.c.position > after)
            .order_by(log_waiting.c.position)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Waiting(position=row.position, key=_key(row), entry=await self._entry(row))
            for row in rows
        ]

    async def waiting_for(self, keys: Sequence[LogKey]) -> dict[LogKey, Waiting]:
        """Those of these entries that have no leaf yet."""
        found: dict[LogKey, Waiting] = {}
        columns = sa.tuple_(*(log_waiting.c[name] for name in _KEY))
        async with self._database.read() as connection:
            for at in range(0, len(keys), _AT_ONCE // 2):
                some = [tuple(key) for key in keys[at : at + _AT_ONCE // 2]]
                rows = (await connection.execute(_waiting().where(columns.in_(some)))).all()
                for row in rows:
                    key = _key(row)
                    found[key] = Waiting(row.position, key, await self._entry(row))
        return found

    async def append(self, leaves: Sequence[NewLeaf], *, at: datetime) -> list[LogKey]:
        """Each leaf is durable and nothing waits for it; answers which were refused.

        The same leaf again changes nothing. Another one for an entry that has its leaf is refused
        and alarmed: what was recorded has been rewritten since.
        """
        if not leaves:
            return []
        async with self._database.write() as connection:
            head = await self._head_in(connection, lock=True)
            known = await self._leaves_in(connection, [item.waiting.key for item in leaves])
            fresh: dict[LogKey, bytes] = {}
            refused: list[LogKey] = []
            for item in leaves:
                key = item.waiting.key
                before = known.get(key, fresh.get(key))
                if before is None:
                    fresh[key] = item.leaf
                elif before != item.leaf:
                    refused.append(key)
                    await self._refuse_in(connection, key, at=at)
            rows = [
                {**key._asdict(), "number": number, "leaf": leaf}
                for number, (key, leaf) in enumerate(fresh.items(), start=head.leaves)
            ]
            if rows:
                await connection.execute(log_leaves.insert(), rows)
            await connection.execute(
                log_head.update().where(_HEAD).values(leaves=head.leaves + len(rows))
            )
            await connection.execute(
                log_waiting.delete().where(log_waiting.c.position == sa.bindparam("taken")),
                [{"taken": item.waiting.position} for item in leaves],
            )
        return refused

    async def publish(
        self,
        tiles: Mapping[tuple[int, int], bytes],
        *,
        checkpoint: str,
        size: int,
        seen: LogHead,
        at: datetime,
    ) -> bool:
        """Tiles and checkpoint are published together, if the last one is still the one `seen`."""
        first = seen.size - seen.size % BUNDLE
        new = Published(
            tiles=tiles,
            leaves=await self.leaves(first, size) if self._tiles.bundles else (),
            first=first,
            size=size,
            checkpoint=checkpoint,
            seen=seen.checkpoint,
        )
        if not await self._tiles.ahead(new):
            return False
        async with self._database.write() as connection:
            swapped = await connection.execute(
                log_head.update()
                .where(
                    _HEAD,
                    log_head.c.checkpoint == seen.checkpoint,
                    log_head.c.size == seen.size,
                    log_head.c.leaves >= size,
                    # Leaves that were made late since are others than those that were signed.
                    log_head.c.signed_at.is_not_distinct_from(seen.signed_at),
                )
                .values(size=size, checkpoint=checkpoint, signed_at=at)
            )
            if swapped.rowcount != 1:
                return False
            await self._tiles.along(connection, new)
        return True

    async def relabel(self, leaves: Mapping[LogKey, bytes], *, at: datetime) -> None:
        """These leaves, which no checkpoint covers yet, are those from now on.

        Whoever is signing over what they were before has seen another head and publishes nothing.
        """
        if not leaves:
            return
        async with self._database.write() as connection:
            head = await self._head_in(connection, lock=True)
            for key, leaf in sorted(leaves.items()):
                await connection.execute(
                    log_leaves.update()
                    .where(
                        *(log_leaves.c[name] == value for name, value in key._asdict().items()),
                        log_leaves.c.number >= head.size,
                    )
                    .values(leaf=leaf)
                )
            await connection.execute(log_head.update().where(_HEAD).values(signed_at=at))

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """Nobody else publishes where the tiles are kept while the block runs."""
        return self._tiles.exclusive()

    async def elsewhere(self) -> str | None:
        """The checkpoint that the tiles' own place says was signed last; None where it has none.

        Tiles that are kept in the store itself have no other place.
        """
        return await self._tiles.checkpoint()

    async def head(self) -> LogHead:
        """The log's head."""
        async with self._database.read() as connection:
            return await self._head_in(connection)

    async def unsigned(self, *, limit: int) -> tuple[LogHead, list[bytes]]:
        """The head, and the first leaves that no checkpoint covers, as of one moment."""
        async with self._database.read() as connection:
            head = await self._head_in(connection)
            end = min(head.leaves, head.size + limit)
            return head, await self._between_in(connection, head.size, end)

    async def follow(self, *, checkpoint: str, size: int, seen: LogHead, at: datetime) -> bool:
        """The store's head is the checkpoint that was published elsewhere, unless it moved."""
        async with self._database.write() as connection:
            moved = await connection.execute(
                log_head.update()
                .where(
                    _HEAD,
                    log_head.c.checkpoint == seen.checkpoint,
                    log_head.c.size == seen.size,
                    log_head.c.leaves >= size,
                )
                .values(size=size, checkpoint=checkpoint, signed_at=at)
            )
            return bool(moved.rowcount == 1)

    async def fill(self, whole: Published) -> bool:
        """The tiles' own place, which was empty, has the whole log; False if another was first."""
        return await self._tiles.ahead(whole)

    async def tiles(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The tiles at those places that are there: level and number."""
        return await self._tiles.read(places)

    async def leaves(self, first: int, end: int) -> list[bytes]:
        """The leaves from `first` up to, not including, `end`."""
        async with self._database.read() as connection:
            return await self._between_in(connection, first, end)

    async def of_case(self, case: str) -> dict[LogKey, Placed]:
        """The leaves of the case's entries."""
        query = sa.select(log_leaves).where(log_leaves.c.case == case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {_key(row): Placed(row.number, row.leaf) for row in rows}

    async def covered(self, keys: Sequence[LogKey]) -> dict[LogKey, Placed]:
        """Those of the entries that the published checkpoint covers, with their leaves."""
        return (await self.under(keys))[1]

    async def under(self, keys: Sequence[LogKey]) -> tuple[LogHead, dict[LogKey, Placed]]:
        """The head, and those of the entries that its checkpoint covers, as of one moment."""
        async with self._database.read() as connection:
            head = await self._head_in(connection)
            placed = await self._placed_in(connection, keys)
        return head, {key: found for key, found in placed.items() if found.number < head.size}

    async def placed(self, keys: Sequence[LogKey]) -> dict[LogKey, Placed]:
        """Those of the entries that have a leaf, under a checkpoint or not."""
        async with self._database.read() as connection:
            return await self._placed_in(connection, keys)

    async def press(self, key: LogKey, *, at: datetime) -> None:
        """An effect waits for the entry: a checkpoint over it is wanted at once."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(log_urgent)
                .values(**key._asdict(), since=at)
                .on_conflict_do_nothing()
            )

    async def pressing_keys(self, *, limit: int = 500) -> list[LogKey]:
        """The entries that effects wait for and have no proof of."""
        query = (
            sa.select(log_urgent)
            .where(log_urgent.c.proof.is_(None))
            .order_by(log_urgent.c.since)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_key(row) for row in await connection.execute(query)]

    async def relieve(self, proofs: Mapping[LogKey, bytes]) -> None:
        """Whatever waits for these entries goes on, each with the proof that came first."""
        if not proofs:
            return
        async with self._database.write() as connection:
            for key, proof in sorted(proofs.items()):
                await connection.execute(
                    log_urgent.update()
                    .where(
                        *(log_urgent.c[name] == value for name, value in key._asdict().items()),
                        log_urgent.c.proof.is_(None),
                    )
                    .values(proof=proof)
                )

    async def relieved(self, key: LogKey) -> bytes | None:
        """The proof of an entry that was pressed for; None while there is none."""
        query = sa.select(log_urgent.c.proof).filter_by(**key._asdict())
        async with self._database.read() as connection:
            found: bytes | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def relieved_of(self, case: str) -> dict[LogKey, bytes]:
        """The proof of every entry of the case that was pressed for and has one."""
        query = sa.select(log_urgent).where(
            log_urgent.c.case == case, log_urgent.c.proof.is_not(None)
        )
        async with self._database.read() as connection:
            return {_key(row): row.proof for row in await connection.execute(query)}

    async def pressing(self) -> Pressing:
        """What takes no effect before the log has its entry, and since when it waits."""
        held = sa.and_(
            acts.c.state == "pending", acts.c.log_after.is_not(None), acts.c.proof.is_(None)
        )
        of_acts = sa.select(
            sa.func.count().label("acts"), sa.func.min(acts.c.next_attempt_at).label("since")
        )
        of_effects = sa.select(
            sa.func.count().label("effects"), sa.func.min(log_urgent.c.since).label("first")
        )
        waiting = of_acts.where(held).subquery()
        urgent = of_effects.where(log_urgent.c.proof.is_(None)).subquery()
        # One statement: the recorder asks before and after each checkpoint that is waited for.
        query = sa.select(waiting, urgent).select_from(waiting.join(urgent, sa.true()))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one()
        instants = [each for each in (row.since, row.first) if each is not None]
        return Pressing(acts=row.acts, effects=row.effects, since=min(instants, default=None))

    async def is_settled(self, case: str) -> bool:
        """Whether everything recorded of the case is under the published checkpoint."""
        waits = sa.select(sa.func.count()).where(log_waiting.c.case == case)
        last = sa.select(sa.func.max(log_leaves.c.number)).where(log_leaves.c.case == case)
        async with self._database.read() as connection:
            head = await self._head_in(connection)
            waiting = (await connection.execute(waits)).scalar_one()
            index = (await connection.execute(last)).scalar_one_or_none()
        return waiting == 0 and (index is None or index < head.size)

    async def backlog(self) -> Backlog:
        """How many entries are not under a checkpoint yet, and since when the oldest waits."""
        query = sa.select(sa.func.count(), sa.func.min(log_waiting.c.at))
        async with self._database.read() as connection:
            head = await self._head_in(connection)
            count, oldest = (await connection.execute(query)).one()
        return Backlog(pending=count + head.leaves - head.size, oldest_at=oldest)

    async def _head_in(self, connection: AsyncConnection, *, lock: bool = False) -> LogHead:
        query = sa.select(log_head).where(_HEAD)
        row = (await connection.execute(self._database.locking(query) if lock else query)).one()
        return LogHead(
            leaves=row.leaves, size=row.size, checkpoint=row.checkpoint, signed_at=row.signed_at
        )

    async def _between_in(self, connection: AsyncConnection, first: int, end: int) -> list[bytes]:
        query = (
            sa.select(log_leaves.c.leaf)
            .where(log_leaves.c.number >= first, log_leaves.c.number < end)
            .order_by(log_leaves.c.number)
        )
        return list((await connection.execute(query)).scalars())

    async def _leaves_in(
        self, connection: AsyncConnection, keys: Sequence[LogKey]
    ) -> dict[LogKey, bytes]:
        placed = await self._placed_in(connection, keys)
        return {key: found.leaf for key, found in placed.items()}

    async def _placed_in(
        self, connection: AsyncConnection, keys: Sequence[LogKey]
    ) -> dict[LogKey, Placed]:
        found: dict[LogKey, Placed] = {}
        columns = sa.tuple_(*(log_leaves.c[name] for name in LogKey._fields))
        for at in range(0, len(keys), _AT_ONCE // 2):
            some = [tuple(key) for key in keys[at : at + _AT_ONCE // 2]]
            query = sa.select(log_leaves).where(columns.in_(some))
            for row in await connection.execute(query):
                found[_key(row)] = Placed(row.number, row.leaf)
        return found

    async def _refuse_in(self, connection: AsyncConnection, key: LogKey, *, at: datetime) -> None:
        await self._health.alarm_in(
            connection,
            kind="log-conflict",
            key=f"{key.case}|{key.stream}|{key.branch}|{key.sequence}",
            text=f"entry {key.sequence} of the {key.stream} stream is not what the log has of it",
            mend="Somebody rewrote the journal, or restored it without its log: "
            "`escalate audit replay` shows what the case's history supports",
            at=at,
        )

    async def _entry(self, row: Any) -> Entry | None:
        try:
            return opened(await self._vault.keys(row.case), row)
        except (BrokenSeal, UnknownCase, UnknownKey, ValidationError):
            return None


def _key(row: Any) -> LogKey:
    return LogKey(case=row.case, stream=row.stream, branch=row.branch, sequence=row.sequence)


def _waiting() -> sa.Select[Any]:
    return sa.select(log_waiting.c.position, journal).join(
        journal, sa.and_(*(log_waiting.c[name] == journal.c[name] for name in _KEY))
    )
