"""What was decided while the log could not be written joins it first, and says that it is late.

Its leaf names the line of the spool under which it took effect. Nobody can tell later that it came
in time, nor that it came from nowhere: the line is in the spool's file, in the act that took effect
and, by its hash, in the log.
"""

from datetime import datetime

from audit.log.errors import LogUnreadableError
from audit.log.leaf import late_of, leaf_of, made_late
from store import NewLeaf, SpooledLine, Store

_BATCH = 256


async def join_spool(store: Store, *, at: datetime) -> int:
    """Every line that waited has its leaf, in the order in which they were signed; how many.

    A leaf that no checkpoint covers yet is made late where it stands; one that the log signed in
    time stays as it was signed.
    """
    joined = 0
    while lines := await store.log_spool.waiting(limit=_BATCH):
        keys = [line.key for line in lines]
        head = await store.log.head()
        placed = await store.log.placed(keys)
        await store.log.relabel(
            {
                line.key: made_late(placed[line.key].leaf, line.hash)
                for line in lines
                if line.key in placed
                and placed[line.key].number >= head.size
                and not late_of(placed[line.key].leaf)
            },
            at=at,
        )
        fresh = await _late(store, [line for line in lines if line.key not in placed])
        await store.log.append(fresh, at=at)
        placed = await store.log.placed(keys)
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
