"""The answers of a table cut where its cells cut them, and sets of answers as boxes of such pieces.

Every input is an axis of finitely many pieces: its words, the intervals between the bounds that
some cell names, "no answer". All values of a piece match the same cells, so a claim about boxes is
a claim about every answer there is. Boxes are split, never listed answer by answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise, product
from math import prod

from runbooks.tables.cells import Cell, Given, Not, Span, Words, holds
from runbooks.tables.inputs import Absent, Input, Kind, Value
from runbooks.tables.parsing import Listed as ListedValues
from runbooks.tables.parsing import Literal, Operation, Syntax
from runbooks.tables.table import Table

MOST_BOXES = 20_000
_OTHER = "some other word"

Box = tuple[int, ...]
"""One set of pieces an axis, as bits."""


class TooManyRegionsError(Exception):
    """A table is too tangled to be looked at to its end."""


@dataclass(frozen=True)
class Axis:
    """One input, cut into pieces; `values` holds one value of each."""

    name: str
    values: tuple[Value, ...]

    @property
    def whole(self) -> int:
        """Every piece."""
        return (1 << len(self.values)) - 1

    def bits(self, cell: Cell) -> int:
        """The pieces in which the cell holds."""
        return sum(1 << n for n, value in enumerate(self.values) if holds(cell, value))


class Space:
    """Every answer a table can be given."""

    def __init__(self, table: Table) -> None:
        named = _named(table)
        self.axes = tuple(
            Axis(name, _pieces(table.inputs[name], marks)) for name, marks in sorted(named.items())
        )
        self._left = MOST_BOXES
        self._never = [box for name in table.asked_if for box in self._unasked(table, name)]

    @property
    def whole(self) -> Box:
        """All answers, those to questions that are not asked then among them."""
        return tuple(axis.whole for axis in self.axes)

    def possible(self, boxes: Iterable[Box]) -> list[Box]:
        """What of the boxes can be answered; TooManyRegionsError if that is too tangled."""
        return self.without(boxes, self._never)

    def boxes(self, alternatives: Iterable[Mapping[str, Cell]]) -> list[Box]:
        """The answers for which all cells of one alternative hold."""
        found = []
        for cells in alternatives:
            box = tuple(
                axis.bits(cells[axis.name]) if axis.name in cells else axis.whole
                for axis in self.axes
            )
            if all(box):
                found.append(box)
        return found

    def without(self, boxes: Iterable[Box], taken: Iterable[Box]) -> list[Box]:
        """What is left of boxes when others are taken away; TooManyRegionsError if too much is."""
        left = list(boxes)
        for away in taken:
            left = [piece for box in left for piece in _split(box, away)]
            self._left -= len(left)
            if self._left < 0:
                raise TooManyRegionsError
        return left

    def values(self, box: Box) -> dict[str, Value]:
        """One answer of the box: the first piece of each axis."""
        return {
            axis.name: axis.values[(bits & -bits).bit_length() - 1]
            for axis, bits in zip(self.axes, box, strict=True)
        }

    def every(self) -> Iterator[dict[str, Value]]:
        """One answer of every smallest box; TooManyRegionsError where there are too many."""
        if prod(len(axis.values) for axis in self.axes) > MOST_BOXES:
            raise TooManyRegionsError
        for pieces in product(*(range(len(axis.values)) for axis in self.axes)):
            box = tuple(1 << piece for piece in pieces)
            if all(common(box, never) is None for never in self._never):
                yield self.values(box)

    def samples(self, box: Box, *, most: int) -> Iterator[dict[str, Value]]:
        """Some answers of the box: its first corner, and every piece of each axis from there."""
        first = self.values(box)
        yield first
        given = 1
        for axis, bits in zip(self.axes, box, strict=True):
            for n, value in enumerate(axis.values):
                if bits >> n & 1 and value != first[axis.name]:
                    if given == most:
                        return
                    yield first | {axis.name: value}
                    given += 1

    def _unasked(self, table: Table, name: str) -> Iterator[Box]:
        """Answers to a question that is not asked, and silence of one that answers itself."""
        own = next((axis for axis in self.axes if axis.name == name), None)
        if own is None:
            return
        cells = table.asked_if[name]
        for axis in self.axes:
            if axis.name in cells:
                unmet = axis.whole & ~axis.bits(cells[axis.name])
                yield self._at({name: own.bits(Given(given=True)), axis.name: unmet})
        if table.inputs[name].unanswered:
            named = [axis for axis in self.axes if axis.name in cells]
            held = {axis.name: axis.bits(cells[axis.name]) for axis in named}
            yield self._at({**held, name: own.bits(Given(given=False))})

    def _at(self, bits: Mapping[str, int]) -> Box:
        return tuple(bits.get(axis.name, axis.whole) for axis in self.axes)


def common(one: Box, other: Box) -> Box | None:
    """The answers in both boxes; None when there is none."""
    both = tuple(a & b for a, b in zip(one, other, strict=True))
    return both if all(both) else None


def _split(box: Box, away: Box) -> Iterator[Box]:
    """What is left of one box without another, as boxes that do not overlap."""
    if common(box, away) is None:
        yield box
        return
    kept = box
    for axis, bits in enumerate(away):
        outside = kept[axis] & ~bits
        if outside:
            yield (*kept[:axis], outside, *kept[axis + 1 :])
        kept = (*kept[:axis], kept[axis] & bits, *kept[axis + 1 :])


def _named(table: Table) -> dict[str, list[object]]:
    """The inputs that matter, with every word and bound that some row compares them with."""
    named: dict[str, list[object]] = {name: [] for name in table.worse}
    for row in table.rows:
        for cells in row.alternatives:
            for name, cell in cells.items():
                named.setdefault(name, []).extend(_marks(cell))
        if row.expression is not None:
            literals = list(_literals(row.expression.tree))
            for _, name in row.expression.names:
                named.setdefault(name, []).extend(literals)
    for cells in table.asked_if.values():
        for name, cell in cells.items():
            named.setdefault(name, []).extend(_marks(cell))
    return named


def _marks(cell: Cell) -> list[object]:
    match cell:
        case Words(words=words):
            return list(words)
        case Span(low=low, high=high):
            return [bound for bound in (low, high) if bound is not None]
        case Not(cell=other):
            return _marks(other)
        case _:
            return []


def _literals(tree: Syntax) -> Iterator[object]:
    match tree:
        case Literal(value=value):
            yield value
        case ListedValues(items=items):
            yield from (item.value for item in items)
        case Operation(parts=parts):
            for part in parts:
                yield from _literals(part)
        case _:
            pass


def _pieces(asked: Input, marks: list[object]) -> tuple[Value, ...]:
    always = asked.computed or (asked.unanswered and not asked.sometimes)
    missing: tuple[Value, ...] = () if always else (Absent.MISSING,)
    match asked.kind:
        case Kind.WORDS:
            words = dict.fromkeys((*asked.words, *(m for m in marks if isinstance(m, str))))
            if asked.open:
                return (*words, _OTHER, *missing)
            return (*(word for word in words if word in asked.words), *missing)
        case Kind.NUMBER:
            numbers = sorted({m for m in marks if isinstance(m, Fraction)})
            return (*_between(numbers, Fraction(1), nought=Fraction(0)), *missing)
        case Kind.INSTANT:
            instants = sorted({m for m in marks if isinstance(m, datetime)})
            return (*_instants(instants), *missing)
        case Kind.PRESENCE:
            return (True, *missing)


def _between(bounds: list[Fraction], step: Fraction, *, nought: Fraction) -> Iterator[Value]:
    """Every bound, and one number in each interval around them; a whole one where there is one."""
    if not bounds:
        yield nought
        return
    yield bounds[0] - step
    for low, high in pairwise(bounds):
        yield low
        whole = Fraction(low.numerator // low.denominator + 1)
        yield whole if whole < high else (low + high) / 2
    yield bounds[-1]
    yield bounds[-1] + step


def _instants(bounds: list[datetime]) -> Iterator[Value]:
    step = timedelta(hours=1)
    if not bounds:
        yield datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        return
    yield bounds[0] - step
    for low, high in pairwise(bounds):
        yield low
        between = low + (high - low) / 2
        if low < between < high:
            yield between
    yield bounds[-1]
    yield bounds[-1] + step
