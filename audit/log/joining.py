"""What was decided while the log could not be written joins it first, and says that it is late.

Its leaf names the line of the spool under which it took effect. Nobody can tell later that it came
in time, nor that it came from nowhere: the line is in the spool's file, in the act that took effect
and, by its hash, in the log.
"""

from datetime import datetime

from audit.log.errors import LogUnreadableError
from audit.log.leaf import leaf_of
from store import NewLeaf, SpooledLine, Store

_BATCH = 256


async def join_spool(store: Store, *, at: datetime) -> int:
    """Every line that waited has its leaf, in the order in which they were signed; how many."""
    joined = 0
    while lines := await store.log_spool.waiting(limit=_BATCH):
        fresh = await _late(store, lines)
        await store.log.append(fresh, at=at)
        # Whatever has a leaf by now has joined: one that the log took in time needs no late one.
        placed = await store.log.placed([line.key for line in lines])
        done = [line for line in lines if line.key in placed]
        await store.log_spool.joined(done)
        joined += len(fresh)
        if len(done) < len(lines):
            # An entry that does not open has no leaf: it is alarmed where it waits.
            break
    return joined


async def _late(store: Store, lines: list[SpooledLine]) -> list[NewLeaf]:
    waiting = await store.log.waiting_for([line.key for line in lines])
    fresh: list[NewLeaf] = []
    for line in lines:
        item = waiting.get(line.key)
        if item is None or item.entry is None:
            continue
        try:
            leaf = leaf_of(item.entry, branch=line.branch, late=line.hash)
        except LogUnreadableError:
            continue
        fresh.append(NewLeaf(waiting=item, leaf=leaf))
    return fresh
