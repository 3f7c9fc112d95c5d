"""Figures of an account: values of their own, and times by their middle and their slow end."""

from collections.abc import Iterable, Sequence
from math import ceil

from pydantic import BaseModel, ConfigDict

PERCENT = 100


class Figure(BaseModel):
    """A part of the account."""

    model_config = ConfigDict(frozen=True)


class Spread(Figure):
    """Minutes: the middle and the slow end."""

    cases: int
    p50: int | None = None
    p95: int | None = None


def spread(minutes: Iterable[int]) -> Spread:
    """The 50th and 95th percentile, each one of the minutes themselves."""
    ordered = sorted(minutes)
    if not ordered:
        return Spread(cases=0)
    return Spread(cases=len(ordered), p50=_rank(ordered, 50), p95=_rank(ordered, 95))


def _rank(ordered: Sequence[int], percent: int) -> int:
    return ordered[max(ceil(len(ordered) * percent / PERCENT) - 1, 0)]
