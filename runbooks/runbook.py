"""A runbook that was read: its document, its text, and the place of everything in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from runbooks.expanding import expanded
from runbooks.grammar.document import RunbookDocument
from runbooks.reading import checked
from runbooks.tree import Node, Place, Step, place_of

KEPT = 32
"""Texts that are kept as they were read: a library twice over."""


@dataclass(frozen=True)
class Runbook:
    """One version of one runbook; equal texts are equal runbooks."""

    document: RunbookDocument
    root: Node
    file: str
    source: bytes

    @property
    def name(self) -> str:
        """The runbook's name."""
        return self.document.runbook

    @property
    def version(self) -> str:
        """The version the text says it is."""
        return self.document.version

    @property
    def digest(self) -> str:
        """SHA-256 of the exact bytes, its fragments' among them, in hex: what a case pins."""
        return sha256(self.source).hexdigest()

    def place(self, path: Sequence[Step], *, key: bool = False) -> Place:
        """Where `path` stands in the text."""
        return place_of(self.root, path, key=key)

    def __repr__(self) -> str:
        """Names the runbook for logs: name, version, digest."""
        return f"Runbook({self.name} {self.version} {self.digest[:12]})"


def load_runbook(text: bytes, *, file: str) -> Runbook:
    """The runbook in `text`; RunbookProblems, each with its place, when it is refused.

    The text carries the fragments it uses (`runbooks.fragments.bundled`). `file` is what problems
    call the text. A runbook that loads may still be refused by `lint`. Nothing changes one that was
    read: the same text under the same name is read once.
    """
    return _loaded(text, file)


@lru_cache(maxsize=KEPT)
def _loaded(text: bytes, file: str) -> Runbook:
    root = expanded(text, file=file)
    document = checked(RunbookDocument, root, file=file)
    return Runbook(document=document, root=root, file=file, source=text)
