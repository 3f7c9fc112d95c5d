"""C2SP tlog-proof: that one leaf is in the log, in one file that needs nothing else.

The extra line carries the leaf itself, so that a verifier which does not know what we log can
check the file as it is. Whoever knows works the leaf out and compares.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from audit.log.checkpoint import NUMBER, Checkpoint, trusted_checkpoint
from audit.log.errors import LogUnreadableError
from audit.log.merkle import HASH, includes, leaf_hash
from audit.log.note import NoteKey, unbase64

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
_EXTRA, _INDEX = "extra ", "index "
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
            head.append(f"{_EXTRA}{base64.b64encode(self.extra).decode()}")
        head.append(f"{_INDEX}{self.index}")
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
    if lines and lines[0].startswith(_EXTRA):
        extra = unbase64(lines.pop(0).removeprefix(_EXTRA))
        if not extra:
            raise LogUnreadableError("an extra line without anything extra")
    index = lines.pop(0) if lines else ""
    number = index.removeprefix(_INDEX)
    if not index.startswith(_INDEX) or NUMBER.fullmatch(number) is None:
        raise LogUnreadableError("a proof names an index")
    if len(lines) > _LONGEST_PATH:
        raise LogUnreadableError("no tree is that high")
    hashes = tuple(_hash(line) for line in lines)
    return Proof(index=int(number), hashes=hashes, checkpoint=checkpoint, extra=extra)


@lru_cache(maxsize=4096)
def _hash(line: str) -> bytes:
    # The proofs of one case share most of their way.
    step = unbase64(line)
    if len(step) != HASH:
        raise LogUnreadableError("a proof consists of SHA-256 hashes")
    return step


def proven(data: bytes, leaf: bytes, keys: Iterable[NoteKey]) -> bool:
    """Whether the file proves the leaf, under a checkpoint that one of these keys signed."""
    proof = read_proof(data)
    return proof.holds(leaf, trusted_checkpoint(proof.checkpoint, keys))
