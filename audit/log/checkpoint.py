"""C2SP tlog-checkpoint: which log, how large, and under which root, signed as a note."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.merkle import EMPTY, HASH
from audit.log.note import Note, NoteKey, NoteSigner, is_name, read_note, unbase64

NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
"""How C2SP writes a number; nineteen digits are more than any tree has leaves."""
_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """The head of a tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed: three lines, and never an extension line."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: NoteSigner) -> str:
        """The checkpoint as it is published; the key is called as the log is."""
        if signer.name != self.origin:
            raise LogUnreadableError("a log signs under its own origin")
        return signer.sign(self.text)


def read_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """What it says, not believed yet, and the note it stands on."""
    note = read_note(data)
    lines = note.text.split("\n")[:-1]
    if len(lines) != _LINES:
        raise LogUnreadableError("a checkpoint of ours has three lines")
    origin, size, encoded = lines
    if not is_name(origin) or NUMBER.fullmatch(size) is None:
        raise LogUnreadableError("a checkpoint names its origin and its size")
    root = unbase64(encoded)
    if len(root) != HASH or (size == "0") is not (root == EMPTY):
        raise LogUnreadableError("a checkpoint's root is not the hash of such a tree")
    return Checkpoint(origin=origin, size=int(size), root=root), note


def trusted_checkpoint(data: bytes, keys: Iterable[NoteKey]) -> Checkpoint:
    """The checkpoint, signed by one of these keys for its own origin; NoteRefusedError if not."""
    checkpoint, note = read_checkpoint(data)
    own = [key for key in keys if key.name == checkpoint.origin]
    if not own:
        raise NoteRefusedError("it is of another log than the one you trust")
    note.signed_by(own)
    return checkpoint
