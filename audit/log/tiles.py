"""C2SP tlog-tiles: the tree as tiles 256 hashes wide, its leaves as bundles of as many.

A tile is stored as one row that only grows: a partial tile is the beginning of the full one, so
whatever was served once can be served for ever.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from audit.log.errors import LogUnreadableError
from audit.log.merkle import HASH, Node, Span, complete_root, joined, leaf_hash, nodes_of

HEIGHT = 8
WIDTH = 1 << HEIGHT
LONGEST_LEAF = 0xFFFF
_LEVELS = 64
_PATH = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Place(NamedTuple):
    """Where a tile stands: its level, counted in heights of eight, and its number there."""

    level: int
    number: int


class Asked(NamedTuple):
    """What a path asks for: a tile, or a bundle of leaves."""

    entries: bool
    place: Place
    width: int


def path_of(place: Place, *, width: int = WIDTH, entries: bool = False) -> str:
    """The path below `tile/`: `1234067` is `x001/x234/067`; a partial tile says how wide it is."""
    digits = f"{place.number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    named = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    level = "entries" if entries else str(place.level)
    return f"{level}/{named}" + ("" if width == WIDTH else f".p/{width}")


def asked(path: str) -> Asked:
    """What the path below `tile/` asks for; LogUnreadableError for any spelling but the one."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise LogUnreadableError("not the path of a tile")
    entries = match["level"] == "entries"
    level = 0 if entries else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = int(match["width"] or WIDTH)
    found = Asked(entries=entries, place=Place(level, index), width=width)
    if level >= _LEVELS or index.bit_length() > _LEVELS:
        raise LogUnreadableError("no tree is that large")
    if width > WIDTH or path_of(found.place, width=width, entries=entries) != path:
        raise LogUnreadableError("not the one spelling of this path")
    return found


def bundle(leaves: Sequence[bytes]) -> bytes:
    """The leaves of an entry bundle, each after its length in two bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def unbundled(data: bytes) -> list[bytes]:
    """The leaves of an entry bundle; LogUnreadableError when it ends within one."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        leaf = data[at + 2 : at + 2 + length]
        if at + 2 > len(data) or len(leaf) != length:
            raise LogUnreadableError("an entry bundle ends within an entry")
        leaves.append(leaf)
        at += 2 + length
    return leaves


def tile_of(node: Node) -> Place:
    """The tile that a complete subtree's hash is worked out from."""
    return Place(node.level // HEIGHT, (node.number << (node.level % HEIGHT)) >> HEIGHT)


def tiles_of(spans: Iterable[Span]) -> set[Place]:
    """The tiles that the spans' hashes are worked out from."""
    return {tile_of(node) for span in spans for node in nodes_of(span)}


def span_hash(span: Span, tiles: Mapping[Place, bytes]) -> bytes:
    """The hash of a subtree; LogUnreadableError when a tile is missing or too short."""
    return joined([_node_hash(node, tiles) for node in nodes_of(span)])


def edge(size: int) -> set[Place]:
    """The partial tiles at the right of a tree of this size: what grows next."""
    return {
        Place(level, (size >> (level * HEIGHT)) // WIDTH)
        for level in range(_LEVELS // HEIGHT)
        if (size >> (level * HEIGHT)) % WIDTH
    }


def grown(
    tiles: Mapping[Place, bytes], *, size: int, leaves: Sequence[bytes]
) -> dict[Place, bytes]:
    """The tiles that change when these leaves follow a tree of this size.

    `tiles` holds its `edge`.
    """
    changed: dict[Place, bytes] = {}
    fresh = [leaf_hash(leaf) for leaf in leaves]
    level, before = 0, size
    while fresh:
        completed: list[bytes] = []
        for place, data in _filled(tiles, level, before, fresh):
            changed[place] = data
            if len(data) == WIDTH * HASH:
                completed.append(complete_root(hashes_in(data)))
        fresh = completed
        level, before = level + 1, before >> HEIGHT
    return changed


def hashes_in(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + HASH] for at in range(0, len(data), HASH)]


def _filled(
    tiles: Mapping[Place, bytes], level: int, before: int, fresh: Sequence[bytes]
) -> Iterator[tuple[Place, bytes]]:
    taken = 0
    while taken < len(fresh):
        place = Place(level, (before + taken) // WIDTH)
        held = (before + taken) % WIDTH
        data = tiles.get(place, b"")[: held * HASH]
        if len(data) != held * HASH:
            raise LogUnreadableError(f"tile {path_of(place)} is shorter than its tree")
        more = fresh[taken : taken + WIDTH - held]
        yield place, data + b"".join(more)
        taken += len(more)


def _node_hash(node: Node, tiles: Mapping[Place, bytes]) -> bytes:
    place = tile_of(node)
    width = 1 << (node.level % HEIGHT)
    first = (node.number * width) % WIDTH
    data = tiles.get(place, b"")[first * HASH : (first + width) * HASH]
    if len(data) != width * HASH:
        raise LogUnreadableError(f"tile {path_of(place)} is missing or too short")
    return complete_root(hashes_in(data))
