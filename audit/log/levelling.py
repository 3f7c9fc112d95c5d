"""Store and directory say the same of the log before anything more is signed.

Where tiles are kept beside the store, the directory is published first. Whoever was killed in
between left it ahead: its checkpoint is believed once it is this log's own, covers leaves that the
store has, and is the root of exactly those. A directory that is empty is written from the leaves,
the very checkpoint of the store over them. Anything else is two logs under one name: nothing is
signed.
"""

from datetime import datetime

import structlog

from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogDamagedError, LogError
from audit.log.merkle import Span
from audit.log.note import NoteSigner
from audit.log.tiles import grown, span_hash
from store import LogHead, Published, Store

log = structlog.get_logger(__name__)


async def catch_up(store: Store, *, signer: NoteSigner, at: datetime) -> None:
    """The store's head is what was published; LogDamagedError when it cannot be."""
    published = await store.log.elsewhere()
    if published is None:
        return
    head = await store.log.head()
    if published == head.checkpoint:
        return
    if not published:
        await _fill(store, head, signer=signer)
        return
    found = _trusted(published, signer)
    if found.size <= head.size or found.size > head.leaves:
        raise LogDamagedError(
            f"the directory's checkpoint covers {found.size} leaves; the store signed {head.size} "
            f"and has {head.leaves}: one of them was set back"
        )
    if await _root(store, found.size) != found.root:
        raise LogDamagedError("the directory's checkpoint is not over the store's leaves")
    await store.log.follow(checkpoint=published, size=found.size, seen=head, at=at)
    log.info("store follows the published checkpoint", count=found.size)


async def _fill(store: Store, head: LogHead, *, signer: NoteSigner) -> None:
    told = _trusted(head.checkpoint, signer)
    leaves = await store.log.leaves(0, head.size)
    tiles = grown({}, size=0, leaves=leaves)
    if len(leaves) != head.size or span_hash(Span(0, head.size), tiles) != told.root:
        raise LogDamagedError("the store's leaves are not what was signed")
    await store.log.fill(
        Published(
            tiles={(place.level, place.number): data for place, data in tiles.items()},
            leaves=leaves,
            first=0,
            size=head.size,
            checkpoint=head.checkpoint,
            seen="",
        )
    )
    log.info("directory filled", count=head.size)


async def _root(store: Store, size: int) -> bytes:
    leaves = await store.log.leaves(0, size)
    if len(leaves) != size:
        raise LogDamagedError(f"leaves up to {size} are missing")
    return span_hash(Span(0, size), grown({}, size=0, leaves=leaves))


def _trusted(checkpoint: str, signer: NoteSigner) -> Checkpoint:
    try:
        return trusted_checkpoint(checkpoint.encode(), signer.keys)
    except LogError as error:
        raise LogDamagedError(f"a checkpoint that this log did not sign: {error}") from error
