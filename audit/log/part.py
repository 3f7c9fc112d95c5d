"""The log's part of an export, as it is written: a checkpoint and a proof of each entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.log.exported import CHECKPOINT, proof_file
from audit.log.reader import proofs_of, published
from audit.log.segments import Segment, placed
from cases.journal import Entry
from store import Branch, LogKey, Store


@dataclass(frozen=True)
class LogPart:
    """What the log says of a case."""

    checkpoint: bytes
    proofs: Mapping[LogKey, bytes] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the export."""
        named = {
            proof_file(key.stream, key.branch, key.sequence): data
            for key, data in self.proofs.items()
        }
        return {CHECKPOINT: self.checkpoint, **named}


async def log_part(
    store: Store, case: str, *, streams: Iterable[tuple[Sequence[Entry], Sequence[Segment]]]
) -> LogPart | None:
    """The checkpoint and the proofs of these entries; None before the first checkpoint.

    What was recorded since the entries were read has a proof by now, and stays out.
    """
    found = await published(store)
    if found is None:
        return None
    head, _ = found
    proofs = await proofs_of(store, case, head=head)
    wanted = {
        LogKey(case, entry.stream, branch, entry.sequence)
        for entries, segments in streams
        for entry, branch in placed(entries, segments)
    }
    return LogPart(
        checkpoint=head.checkpoint.encode(),
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
