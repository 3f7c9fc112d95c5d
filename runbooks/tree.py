"""A YAML document as values that know where they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Step = str | int
"""One step into a document: a key, or an index."""

Plain = str | int | float | bool | None | dict[str, "Plain"] | tuple["Plain", ...]
"""A document without its places; sequences are tuples, so nobody can change them."""


@dataclass(frozen=True)
class Place:
    """A line and a column, both counted from one, as editors do."""

    line: int
    column: int
    file: str = ""
    """The fragment it stands in; empty in the document itself."""
    used: "Place | None" = None
    """Where the document uses that fragment."""


def place_of_use(place: Place, *, file: str) -> str:
    """Where the document `file` uses the fragment that the place stands in; empty without one."""
    return f"{file}:{place.used.line}:{place.used.column}" if place.used is not None else ""


@dataclass(frozen=True)
class Scalar:
    """One value, and the way it was written."""

    value: str | int | float | bool | None
    place: Place
    quoted: bool = False

    def plain(self) -> Plain:
        """The value alone."""
        return self.value


@dataclass(frozen=True)
class Block:
    """Keys and their values, in the order they were written."""

    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    values: dict[str, "Node"] = field(default_factory=dict)

    def plain(self) -> Plain:
        """The keys and values alone."""
        return {key: value.plain() for key, value in self.values.items()}


@dataclass(frozen=True)
class Listing:
    """Values, one after the other."""

    place: Place
    items: list["Node"] = field(default_factory=list)

    def plain(self) -> Plain:
        """The values alone."""
        return tuple(item.plain() for item in self.items)


Node = Scalar | Block | Listing


def place_of(root: Node, path: Sequence[Step], *, key: bool = False) -> Place:
    """The place `path` leads to; steps that the document does not have are passed over.

    Passing over lets a short form (`next: {approved: closure}`) be read as its long form and still
    be pointed at. With `key` it is the place of the last key rather than of its value.
    """
    node, place = root, root.place
    for step in path:
        if isinstance(node, Block) and isinstance(step, str) and step in node.values:
            place = node.keys[step] if key else node.values[step].place
            node = node.values[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return place


def node_at(root: Node, path: Sequence[Step]) -> Node:
    """The node `path` leads to; steps that the document does not have are passed over."""
    node = root
    for step in path:
        if isinstance(node, Block) and isinstance(step, str) and step in node.values:
            node = node.values[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node


def describe(node: Node) -> str:
    """What stands there, in a few words."""
    match node:
        case Block():
            return f"a block of {len(node.values)} keys" if node.values else "an empty block"
        case Listing():
            return f"a list of {len(node.items)}" if node.items else "an empty list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool(value)):
            return "true" if value else "false"
        case Scalar(value=str(value)):
            return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}…"'  # noqa: PLR2004 - a line
        case Scalar(value=value):
            return f"the number {value}"


def walk(root: Node, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Scalar]]:
    """Every single value of the document with its path, in the order of the text."""
    match root:
        case Scalar():
            yield path, root
        case Block():
            for key, value in root.values.items():
                yield from walk(value, (*path, key))
        case Listing():
            for index, item in enumerate(root.items):
                yield from walk(item, (*path, index))
