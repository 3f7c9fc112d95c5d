"""On which branches of the log the entries of an exported stream stand."""

from collections.abc import Iterator, Sequence

from cases.journal import Entry
from cases.values import Inbound


class Segment(Inbound):
    """Entries after that one were recorded on this branch, up to where the next segment begins."""

    branch: str
    after: int


def placed(entries: Sequence[Entry], segments: Sequence[Segment]) -> Iterator[tuple[Entry, str]]:
    """Each entry with the branch it was recorded on."""
    for entry in entries:
        on = [item.branch for item in segments if item.after < entry.sequence]
        if on:
            yield entry, on[-1]


def placed_on(entries: Sequence[Entry], segments: Sequence[Segment]) -> Iterator[tuple[int, str]]:
    """The number of each entry with the branch it was recorded on."""
    for entry, branch in placed(entries, segments):
        yield entry.sequence, branch
