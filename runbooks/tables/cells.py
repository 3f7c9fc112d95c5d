"""The cells of a decision table: what each looks for in one answer."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from runbooks.tables.inputs import Absent, Kind, Value, written

Bound = Fraction | datetime


@dataclass(frozen=True)
class Words:
    """One of these words."""

    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Span:
    """Between two bounds, either of which may be open."""

    low: Bound | None = None
    high: Bound | None = None
    with_low: bool = True
    with_high: bool = True

    def has(self, value: Bound) -> bool:
        """Whether the value lies within."""
        if self.low is not None and not (
            self.with_low if value == self.low else _less(self.low, value)
        ):
            return False
        return self.high is None or (
            self.with_high if value == self.high else _less(value, self.high)
        )


@dataclass(frozen=True)
class Given:
    """Whether there is an answer at all."""

    given: bool


@dataclass(frozen=True)
class Not:
    """An answer that is there, and that the other cell does not look for."""

    cell: Words | Span


Cell = Words | Span | Given | Not


def holds(cell: Cell, value: Value) -> bool:
    """Whether the cell finds what it looks for; a missing answer is found by `Given` alone."""
    if value is Absent.UNREADABLE:
        return False
    match cell:
        case Given(given=given):
            return given is (value is not Absent.MISSING)
        case Not(cell=other):
            return value is not Absent.MISSING and not holds(other, value)
        case Words(words=words):
            return isinstance(value, str) and value in words
        case Span():
            return isinstance(value, Fraction | datetime) and cell.has(value)


def fits(cell: Cell, kind: Kind) -> bool:
    """Whether the cell can ever hold for an input of this kind."""
    match cell:
        case Given():
            return True
        case Not(cell=other):
            return fits(other, kind)
        case Words():
            return kind is Kind.WORDS
        case Span():
            bounds = [bound for bound in (cell.low, cell.high) if bound is not None]
            wanted = {Kind.NUMBER: Fraction, Kind.INSTANT: datetime}.get(kind)
            return wanted is not None and all(isinstance(bound, wanted) for bound in bounds)


def said(cell: Cell) -> str:
    """The cell in words: `is yes or unknown`, `is at least 3 and below 10`."""
    match cell:
        case Given(given=given):
            return "is answered" if given else "is not answered"
        case Not(cell=other):
            return said(other).replace("is ", "is not ", 1)
        case Words(words=words):
            return f"is {' or '.join(words)}"
        case Span():
            return f"is {_bounds(cell)}"


def _bounds(span: Span) -> str:
    if span.low is not None and span.low == span.high:
        return f"exactly {written(span.low)}"
    parts = []
    if span.low is not None:
        time = isinstance(span.low, datetime)
        word = ("since" if span.with_low else "after") if time else ""
        word = word or ("at least" if span.with_low else "above")
        parts.append(f"{word} {written(span.low)}")
    if span.high is not None:
        time = isinstance(span.high, datetime)
        word = ("until" if span.with_high else "before") if time else ""
        word = word or ("at most" if span.with_high else "below")
        parts.append(f"{word} {written(span.high)}")
    return " and ".join(parts)


def _less(one: Bound, other: Bound) -> bool:
    if isinstance(one, datetime):
        return isinstance(other, datetime) and one < other
    return isinstance(other, Fraction) and one < other
