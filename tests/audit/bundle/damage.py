"""What may happen to an export on its way: to each of its files, and to a tar of it."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

Files = dict[str, bytes]


class Damaged(NamedTuple):
    """An export that somebody touched, and where."""

    name: str
    how: str
    files: Files


def flip(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """One bit of the file is another."""
    data = bytearray(files[name])
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return {**files, name: bytes(data)}


def drop(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """The file is gone."""
    return {other: data for other, data in files.items() if other != name}


def swap(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """The file and another one have each other's bytes."""
    others = sorted(other for other in files if files[other] != files[name])
    # Most often one of its own kind, which is the likelier mistake and the harder one to see.
    like = [other for other in others if other.rpartition(".")[2] == name.rpartition(".")[2]]
    other = draw.choice(like or others)
    return {**files, name: files[other], other: files[name]}


def truncate(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """Its end is missing."""
    return {**files, name: files[name][: draw.randrange(len(files[name]))]}


def duplicate(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """It stands there once more, under another name."""
    stem, dot, end = name.rpartition(".")
    return {**files, f"{stem}-copy{dot}{end}" if dot else f"{name}-copy": files[name]}


def append(files: Mapping[str, bytes], name: str, draw: random.Random) -> Files:
    """Something follows its end."""
    more = draw.choice((b"\n", b" ", b"\x00", files[name], draw.randbytes(8)))
    return {**files, name: files[name] + more}


HOW: tuple[Callable[[Mapping[str, bytes], str, random.Random], Files], ...] = (
    flip,
    drop,
    swap,
    truncate,
    duplicate,
    append,
)


def damaged(files: Mapping[str, bytes], draw: random.Random) -> Iterator[Damaged]:
    """Every file in every way."""
    for name in sorted(files):
        for how in HOW:
            yield Damaged(name, how.__name__, how(files, name, draw))
