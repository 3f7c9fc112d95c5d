"""Which checkpoint is shown to whom: the newest, or the one that others vouched for.

An export stands on one checkpoint, and on the best that covers what is in it: as many cosignatures
as there are, a time stamp, and then the smallest tree, whose stamp says the most about time.
"""

from dataclasses import dataclass
from datetime import timedelta

from audit.log.cosignature import WitnessKey
from audit.log.policy import Policy
from audit.log.reader import until
from store import LogHead, Store, Vouched

_COVERING = 256
_LATEST = 200


@dataclass(frozen=True)
class Shown:
    """A checkpoint as it is published, and the time stamp over these very bytes."""

    head: LogHead
    """Its `checkpoint` has every line that is published with it."""
    token: bytes = b""


async def published_head(store: Store) -> LogHead:
    """The newest checkpoint, with every cosignature that is known of it."""
    head = await store.log.head()
    known = await store.vouching.at(head.size) if head.checkpoint else None
    if known is None or known.checkpoint != head.checkpoint:
        return head
    return head.model_copy(update={"checkpoint": known.checkpoint + "".join(known.lines)})


async def best_head(store: Store, *, leaves: int) -> Shown:
    """The checkpoint that an export of something with this many leaves before it stands on.

    The newest one where nobody vouched for any that covers it. Its `leaves` are not told.
    """
    head = await published_head(store)
    covering = await store.vouching.covering(leaves, limit=_COVERING)
    # After a restore of an older store larger trees may be known than the log has.
    known = [each for each in covering if each.size <= head.size]
    if not known:
        return Shown(head)
    best = max(known, key=_worth)
    return Shown(
        LogHead(
            leaves=head.leaves,
            size=best.size,
            checkpoint=best.published,
            signed_at=best.signed_at,
        ),
        best.token,
    )


async def cosigned(store: Store, case: str, *, within: timedelta) -> bool:
    """Whether everything of the case is vouched for in that time, by as many as vouch at all."""
    newest = await store.vouching.newest()
    if newest is None:
        return True
    placed = (await store.log.of_case(case)).values()
    leaves = max((each.number for each in placed), default=-1) + 1

    async def done() -> bool:
        rows = await store.vouching.covering(leaves, limit=_COVERING)
        return any(len(row.lines) >= len(newest.lines) for row in rows)

    return await until(done, within=within)


async def witnessed_size(store: Store, policy: Policy) -> int:
    """The largest tree that enough of the policy's witnesses cosigned; 0 when none of late is."""
    rows = await store.vouching.latest(_LATEST)
    met = [
        each.size
        for each in rows
        if policy.satisfied(WitnessKey.parse(witness) for witness in each.witnesses)
    ]
    return max(met, default=0)


def _worth(each: Vouched) -> tuple[int, bool, int]:
    lines = each.published.count("\n") - each.checkpoint.count("\n")
    return lines, bool(each.token), -each.size
