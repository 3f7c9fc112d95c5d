"""Which line runs where: one lane for each stage that is led to, beside a column of cards."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Wire:
    """An outcome that leads from one height of the column to another."""

    start: float
    end: float
    target: str
    automatic: bool = False


@dataclass(frozen=True)
class Lane:
    """A vertical stretch that every wire to one target shares."""

    target: str
    top: float
    foot: float
    rank: int
    """Counted outwards from the cards."""


def lanes(wires: Iterable[Wire], *, apart: float = 12) -> dict[str, Lane]:
    """A lane for every target; lanes of one rank never meet, and short ones run close by."""
    spans: dict[str, tuple[float, float]] = {}
    for wire in wires:
        top, foot = sorted((wire.start, wire.end))
        before = spans.get(wire.target, (top, foot))
        spans[wire.target] = (min(before[0], top), max(before[1], foot))
    taken: list[list[tuple[float, float]]] = []
    found: dict[str, Lane] = {}
    for target, (top, foot) in sorted(
        spans.items(), key=lambda each: (each[1][1] - each[1][0], each[1])
    ):
        rank = next(
            (
                number
                for number, others in enumerate(taken)
                if all(foot + apart < above or top - apart > below for above, below in others)
            ),
            len(taken),
        )
        if rank == len(taken):
            taken.append([])
        taken[rank].append((top, foot))
        found[target] = Lane(target=target, top=top, foot=foot, rank=rank)
    return found
