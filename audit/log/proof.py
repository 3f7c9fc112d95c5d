"""C2SP tlog-proof: that one leaf is in the log, in one file that needs nothing else.

The extra line carries the leaf itself, so that a verifier which does not know what we log can
check the file as it is. Whoever knows works the leaf out and compares.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from audit.log.checkpoint import NUMBER, Checkpoint, trusted_checkpoint
from audit.log.errors import LogUnreadableError
from audit.log.merkle import HASH, includes, leaf_hash
from audit.log.note import NoteKey, unbase64

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
_LONGEST_PATH = 64


@dataclass(frozen=True)
class Proof:
    """A leaf's way to the root of a checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The published checkpoint, byte for byte."""
    extra: bytes = b""

    @property
    def data(self) -> bytes:
        """The file."""
        head = [HEADER]
        if self.extra:
            head.append(f"extra {base64.b64encode(self.extra).decode()}")
        head.append(f"index {self.index}")
        head.extend(base64.b64encode(step).decode() for step in self.hashes)
        return "\n".join([*head, "", ""]).encode() + self.checkpoint

    def holds(self, leaf: bytes, checkpoint: Checkpoint) -> bool:
        """Whether it leads from this leaf to that head, which somebody has believed."""
        return includes(
            leaf_hash(leaf),
            index=self.index,
            size=checkpoint.size,
            proof=self.hashes,
            root=checkpoint.root,
        )


def read_proof(data: bytes) -> Proof:
    """The proof, strictly; LogUnreadableError for every spelling but its one."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise LogUnreadableError("a proof is ASCII up to its checkpoint") from error
    if not blank or not checkpoint or lines.pop(0) != HEADER:
        raise LogUnreadableError(f"not a {HEADER}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = unbase64(lines.pop(0).removeprefix("extra "))
    number = lines.pop(0).removeprefix("index ") if lines else ""
    if NUMBER.fullmatch(number) is None or len(lines) > _LONGEST_PATH:
        raise LogUnreadableError("a proof names an index and at most 64 hashes")
    hashes = tuple(unbase64(line) for line in lines)
    if any(len(step) != HASH for step in hashes):
        raise LogUnreadableError("a proof consists of SHA-256 hashes")
    proof = Proof(index=int(number), hashes=hashes, checkpoint=checkpoint, extra=extra)
    if proof.data != data:
        raise LogUnreadableError("not the one spelling of this proof")
    return proof


def proven(data: bytes, leaf: bytes, keys: Iterable[NoteKey]) -> bool:
    """Whether the file proves the leaf, under a checkpoint that one of these keys signed."""
    proof = read_proof(data)
    return proof.holds(leaf, trusted_checkpoint(proof.checkpoint, keys))
