"""The log's part of an export, as it is written: a checkpoint and a proof of each entry."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.log.exported import CHECKPOINT, TOKEN, proof_file
from audit.log.reader import proofs_of
from audit.log.segments import Segment, placed
from audit.log.vouched import best_head
from cases.journal import Entry
from store import Branch, LogKey, Store


@dataclass(frozen=True)
class LogPart:
    """What the log says of a case."""

    checkpoint: bytes
    proofs: Mapping[LogKey, bytes] = field(default_factory=dict)
    token: bytes = b""
    """The time stamp over the checkpoint's bytes; empty without one."""

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the export."""
        named = {
            proof_file(key.stream, key.branch, key.sequence): data
            for key, data in self.proofs.items()
        }
        stamped = {TOKEN: self.token} if self.token else {}
        return {CHECKPOINT: self.checkpoint, **stamped, **named}


async def log_part(
    store: Store, case: str, *, streams: Iterable[tuple[Sequence[Entry], Sequence[Segment]]]
) -> LogPart | None:
    """The checkpoint and the proofs of these entries; None before the first checkpoint.

    What was recorded since the entries were read has a proof by now, and stays out.
    """
    wanted = {
        LogKey(case, entry.stream, branch, entry.sequence)
        for entries, segments in streams
        for entry, branch in placed(entries, segments)
    }
    return await log_of(store, case, wanted)


async def log_of(store: Store, case: str, wanted: Collection[LogKey]) -> LogPart | None:
    """The same for entries of the case that are known by name."""
    if not (await store.log.head()).checkpoint:
        return None
    leaves = (await store.log.of_case(case)).items()
    last = max((leaf.number for key, leaf in leaves if key in wanted), default=-1)
    shown = await best_head(store, leaves=last + 1)
    proofs = await proofs_of(store, case, head=shown.head)
    return LogPart(
        checkpoint=shown.head.checkpoint.encode(),
        token=shown.token,
        proofs={key: proof.data for key, proof in proofs.items() if key in wanted},
    )


def lineage(branches: Iterable[Branch], *, stream: str, branch: str) -> tuple[Segment, ...]:
    """The branches a branch consists of, the oldest first: its leaves stand under their names."""
    named = {item.branch: item for item in branches if item.stream == stream}
    found: list[Segment] = []
    here = named.get(branch)
    while here is not None:
        # A branch that left its parent before the parent's own part took nothing of that part.
        if not found or here.after < found[0].after:
            found.insert(0, Segment(branch=here.branch, after=here.after))
        here = named.get(here.parent) if here.parent is not None else None
    return tuple(found)
