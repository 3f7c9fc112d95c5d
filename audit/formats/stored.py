"""A case's streams out of the store, each with the branches its entries were recorded on."""

from collections.abc import Sequence

from audit.log.part import lineage
from audit.log.segments import Segment
from cases.journal import Entry, obligation_stream
from store import Store


async def streams_of(store: Store, case: str) -> list[tuple[Sequence[Entry], tuple[Segment, ...]]]:
    """Every branch of every stream; what the case owes has streams of its own."""
    branches = await store.journal.branches(case)
    found: list[tuple[Sequence[Entry], tuple[Segment, ...]]] = [
        (
            await store.journal.entries(case, stream=item.stream, branch=item.branch),
            lineage(branches, stream=item.stream, branch=item.branch),
        )
        for item in branches
    ]
    known = {item.stream for item in branches}
    for row in await store.obligations.by_case(case):
        stream = obligation_stream(row.name)
        if stream not in known:
            entries = await store.journal.entries(case, stream=stream)
            found.append((entries, (Segment(branch="main", after=0),)))
    return found
