"""A whole log, checked from its files alone: every leaf, every tile, one root, one signature.

What a web server serves out of the log's directory is checked as it lies there; nothing of ours but
the public key is needed. A cached tile that lies is noticed too: whoever proves with it would be
misled.
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogUnreadableError
from audit.log.merkle import HASH, Span
from audit.log.note import NoteKey
from audit.log.tiles import WIDTH, Place, grown, path_of, span_hash, unbundled

CHECKPOINT = "checkpoint"


def check_folder(folder: Path, keys: Iterable[NoteKey]) -> Checkpoint:
    """The checkpoint, once everything under it holds; LogError, or OSError, says what does not."""
    checkpoint = trusted_checkpoint((folder / CHECKPOINT).read_bytes(), keys)
    leaves = list(
        chain.from_iterable(
            _bundle(folder, first, min(WIDTH, checkpoint.size - first))
            for first in range(0, checkpoint.size, WIDTH)
        )
    )
    if not leaves:
        return checkpoint
    tiles = grown({}, size=0, leaves=leaves)
    if span_hash(Span(0, checkpoint.size), tiles) != checkpoint.root:
        raise LogUnreadableError("the leaves are not what was signed")
    for place, data in tiles.items():
        name = path_of(place, width=len(data) // HASH)
        if (folder / "tile" / name).read_bytes() != data:
            raise LogUnreadableError(f"tile {name} is not the tile of its leaves")
    return checkpoint


def _bundle(folder: Path, first: int, width: int) -> list[bytes]:
    name = path_of(Place(0, first // WIDTH), width=width, entries=True)
    leaves = unbundled((folder / "tile" / name).read_bytes())
    if len(leaves) != width:
        raise LogUnreadableError(f"tile {name} has {len(leaves)} leaves")
    return leaves
