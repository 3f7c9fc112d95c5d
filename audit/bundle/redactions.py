"""Which fields the reader of an export may not see, on what ground, and who said so.

The list stands in every export, mostly empty. Whoever decides about a reader's sight fills it; what
is in it is left out everywhere: an export with redactions is an excerpt (`audit.bundle.excerpt`),
and an export in another format leaves the same fields out.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import StringConstraints

from cases.journal import Entry, StreamName
from cases.values import Inbound, Line

FILE = "redactions.json"


class Redaction(Inbound):
    """One field that is held back; its hash stays, so that the entry can still be proven."""

    stream: StreamName
    branch: str
    sequence: int
    path: Annotated[str, StringConstraints(pattern=r"^body\.[a-z0-9_]{1,64}$")]
    """As a leaf names it, `body.reason`; that something happened, when and of what kind, stays."""
    ground: Line
    by: str
    """Who decided that."""


class Place(NamedTuple):
    """An entry."""

    stream: str
    branch: str
    sequence: int


class Redactions(Inbound):
    """Everything that is held back from one reader."""

    v: int = 1
    reader: str = ""
    """For whom; empty: for nobody in particular."""
    fields: tuple[Redaction, ...] = ()

    @cached_property
    def by_entry(self) -> Mapping[Place, frozenset[str]]:
        """The paths that are held back, by entry."""
        found: dict[Place, set[str]] = {}
        for item in self.fields:
            found.setdefault(Place(item.stream, item.branch, item.sequence), set()).add(item.path)
        return {place: frozenset(paths) for place, paths in found.items()}

    def held_back(self, entry: Entry, *, branch: str) -> frozenset[str]:
        """The paths of this entry that the reader may not see."""
        return self.by_entry.get(Place(entry.stream, branch, entry.sequence), frozenset())

    def seen(self, entry: Entry, *, branch: str) -> Entry:
        """The entry without what is held back, for reading: it hashes to something else."""
        paths = self.held_back(entry, branch=branch)
        if not paths:
            return entry
        body = {name: value for name, value in entry.body.items() if f"body.{name}" not in paths}
        # Whoever had the entry's salt and the rest could try values until the hash fits.
        return entry.model_copy(update={"body": body, "salt": ""})


NONE = Redactions()
