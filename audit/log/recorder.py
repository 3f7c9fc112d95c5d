"""The log's one writer: leaves first, then tiles and checkpoint together, in one swap.

An entry is durable as a leaf before any checkpoint covers it, and whoever is killed in between
leaves something that the next one finishes: the same leaf again changes nothing, a checkpoint that
was signed and not stored was never published. Before the first signature of a process the edge of
the tree is worked out again from its leaves, and before every signature the tiles are held against
the checkpoint they belong to. Two recorders may run: the one that loses the swap looks again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import structlog

from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogDamagedError, LogError, LogUnreadableError
from audit.log.joining import join_spool
from audit.log.leaf import leaf_of
from audit.log.levelling import catch_up
from audit.log.merkle import EMPTY, HASH, Span, complete_root, leaf_hash
from audit.log.note import NoteSigner
from audit.log.tiles import HEIGHT, WIDTH, Place, edge, grown, hashes_in, span_hash, tiles_of
from store import LogHead, NewLeaf, Store, Waiting

log = structlog.get_logger(__name__)

APART = timedelta(seconds=1)
"""Checkpoints are at least so far apart: each is one signature over everything that waited."""
PRESSED = timedelta(milliseconds=50)
"""So far apart while something waits that takes no effect before the log has it: a decision alone
has its checkpoint at once, many at a time share one."""
_BATCH = 512
_MOST = 65_536
"""Leaves under one new checkpoint: what a long silence left is worked off in parts."""


class LogPoint(StrEnum):
    """Where a recorder is between two durable steps; a test may stop it there."""

    BEFORE_LEAVES = "before-leaves"
    AFTER_LEAVES = "after-leaves"
    BEFORE_CHECKPOINT = "before-checkpoint"
    AFTER_CHECKPOINT = "after-checkpoint"


def _on(point: LogPoint) -> None:
    """Nothing happens."""


class Written(NamedTuple):
    """What one look of the recorder did."""

    leaves: int = 0
    size: int = 0
    """Of the checkpoint that was published now; 0 when none was."""
    refused: int = 0
    unreadable: int = 0


class Recorder:
    """Takes what waits, and signs a checkpoint a second at most, or twenty while it is pressed."""

    def __init__(
        self,
        store: Store,
        *,
        signer: NoteSigner,
        apart: timedelta = APART,
        pressed: timedelta = PRESSED,
        reached: Callable[[LogPoint], None] = _on,
    ) -> None:
        self._store = store
        self._signer = signer
        self._apart = apart
        self._pressed = min(pressed, apart)
        self._reached = reached
        self._edge_holds = False
        self._alarmed: set[int] = set()

    async def record(self, *, at: datetime, pressed: bool = False) -> Written:
        """Everything that waited has its leaf, and a checkpoint covers it unless one is too fresh.

        What a spool holds comes first, marked late. LogDamagedError, and nothing is signed, when
        the stored log is not what was signed.
        """
        async with self._store.log.exclusive():
            return await self._record(at, pressed=pressed)

    async def _record(self, at: datetime, *, pressed: bool) -> Written:
        await catch_up(self._store, signer=self._signer, at=at)
        if not self._edge_holds:
            await self._prove_edge()
            self._edge_holds = True
        joined = await join_spool(self._store, at=at)
        taken = await self._take(at)
        taken = taken._replace(leaves=taken.leaves + joined)
        head, leaves = await self._store.log.unsigned(limit=_MOST)
        apart = self._pressed if pressed else self._apart
        if head.leaves == head.size or not _is_time(head, at, apart=apart):
            return taken
        return taken._replace(size=await self._publish(head, leaves, at))

    async def _take(self, at: datetime) -> Written:
        after = leaves = refused = unreadable = 0
        while leaves < _MOST:
            batch = await self._store.log.waiting(after=after, limit=_BATCH)
            if not batch:
                break
            after = batch[-1].position
            fresh = [leaf for item in batch if (leaf := _leaf(item)) is not None]
            if len(fresh) < len(batch):
                unreadable += len(batch) - len(fresh)
                await self._alarm_unreadable(batch, fresh, at)
            self._reached(LogPoint.BEFORE_LEAVES)
            refused += len(await self._store.log.append(fresh, at=at))
            self._reached(LogPoint.AFTER_LEAVES)
            leaves += len(fresh)
            if len(batch) < _BATCH:
                break
        return Written(leaves=leaves, refused=refused, unreadable=unreadable)

    async def _publish(self, head: LogHead, leaves: Sequence[bytes], at: datetime) -> int:
        size = min(head.leaves, head.size + _MOST)
        root_needs = [Span(0, head.size)] if head.size else []
        known = await self._tiles(edge(head.size) | tiles_of(root_needs))
        self._prove(head, known)
        if len(leaves) != size - head.size:
            raise LogDamagedError(f"leaves between {head.size} and {size} are missing")
        changed = grown(known, size=head.size, leaves=leaves)
        root = span_hash(Span(0, size), {**known, **changed})
        checkpoint = Checkpoint(origin=self._signer.name, size=size, root=root)
        signed = checkpoint.signed(self._signer)
        self._reached(LogPoint.BEFORE_CHECKPOINT)
        tiles = {(place.level, place.number): data for place, data in changed.items()}
        swapped = await self._store.log.publish(
            tiles, checkpoint=signed, size=size, seen=head, at=at
        )
        self._reached(LogPoint.AFTER_CHECKPOINT)
        if not swapped:
            log.info("another recorder was first", count=size)
            return 0
        return size

    def _prove(self, head: LogHead, tiles: Mapping[Place, bytes]) -> None:
        """The tiles lead to the last checkpoint, and this log's key signed that."""
        try:
            found = span_hash(Span(0, head.size), tiles)
            told = _checkpoint(head, self._signer)
        except LogError as error:
            raise LogDamagedError(str(error)) from error
        if (told.size, told.root) != (head.size, found):
            raise LogDamagedError("the tiles do not lead to the last checkpoint")

    async def _prove_edge(self) -> None:
        """The right edge, worked out from leaves and whole tiles, is what was signed last."""
        head = await self._store.log.head()
        tiles = await self._tiles(tiles_of([Span(0, head.size)]) if head.size else set())
        for place in edge(head.size):
            width = (head.size >> (place.level * HEIGHT)) % WIDTH
            first = place.number * WIDTH
            if place.level == 0:
                leaves = await self._store.log.leaves(first, first + width)
                again = [leaf_hash(leaf) for leaf in leaves]
            else:
                below = [Place(place.level - 1, first + at) for at in range(width)]
                whole = await self._tiles(below)
                again = [complete_root(hashes_in(whole[each])) for each in below if each in whole]
            tiles[place] = b"".join(again)
        self._prove(head, tiles)

    async def _tiles(self, places: "set[Place] | list[Place]") -> dict[Place, bytes]:
        found = await self._store.log.tiles(places)
        if any(len(data) % HASH or not data for data in found.values()):
            raise LogDamagedError("a tile is not made of hashes")
        return {Place(*place): data for place, data in found.items()}

    async def _alarm_unreadable(
        self, batch: list[Waiting], fresh: list[NewLeaf], at: datetime
    ) -> None:
        readable = {item.waiting.position for item in fresh}
        for item in batch:
            if item.position in readable or item.position in self._alarmed:
                continue
            self._alarmed.add(item.position)
            key = item.key
            await self._store.health.alarm(
                kind="log-unreadable",
                key=f"{key.case}|{key.stream}|{key.branch}|{key.sequence}",
                text=f"entry {key.sequence} of the {key.stream} stream does not open: "
                "it has no leaf in the log",
                mend="`escalate doctor` says whether the case's key is there; then restore the "
                "store from its backup",
                at=at,
            )


def _is_time(head: LogHead, at: datetime, *, apart: timedelta) -> bool:
    # A clock that was set back, or that stands still, must not silence the log until it goes on.
    since = head.signed_at
    return since is None or not since < at < since + apart


def _leaf(item: Waiting) -> NewLeaf | None:
    if item.entry is None:
        return None
    try:
        return NewLeaf(waiting=item, leaf=leaf_of(item.entry, branch=item.key.branch))
    except LogUnreadableError:
        return None


def _checkpoint(head: LogHead, signer: NoteSigner) -> Checkpoint:
    if not head.checkpoint:
        return Checkpoint(origin=signer.name, size=0, root=EMPTY)
    return trusted_checkpoint(head.checkpoint.encode(), signer.keys)
