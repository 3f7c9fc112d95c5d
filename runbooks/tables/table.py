"""A decision table: rows of cells over typed inputs, and the policy that says which row decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from runbooks.tables.cells import Cell, holds
from runbooks.tables.expressions import Expression
from runbooks.tables.inputs import Absent, Input, Value


class Hit(StrEnum):
    """Which of the rows that match decides."""

    UNIQUE = "unique"
    """At most one row matches."""
    ANY = "any"
    """Rows that match together say the same."""
    FIRST = "first"
    PRIORITY = "priority"
    """The row with the worst output."""
    COLLECT = "collect"
    """Every row that matches."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: it matches when all cells of one alternative hold, and its expression too."""

    output: str
    alternatives: tuple[Mapping[str, Cell], ...] = ({},)
    """By input; an input that is not named may be anything."""
    expression: Expression | None = None
    otherwise: bool = False
    """It holds only where no other row does."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a table says, which rows matched, and what they could not be asked for."""

    row: int | None
    """The row that decides, counted from nought; None where none does, or all that match do."""
    matched: tuple[int, ...]
    outputs: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    """What a reader must know: answers nobody could read, expressions that lacked an answer."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Inputs, rows, and the policy; `outputs` stand from the worst to the mildest."""

    inputs: Mapping[str, Input]
    rows: tuple[Row, ...]
    outputs: tuple[str, ...]
    hit: Hit = Hit.FIRST
    worse: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Inputs whose worse values never make the output milder: words from mild to worse, or one of
    `more`, `less`, `later`, `earlier`."""
    asked_if: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    """Inputs that have a value only where these cells hold; whoever reads answers sees to it."""

    @cached_property
    def precedence(self) -> tuple[int, ...]:
        """The rows in the order in which the first that matches decides.

        Where a unique table has two rows that match, the worse of them decides: safe, and said.
        """
        rank = {output: n for n, output in enumerate(self.outputs)}
        return tuple(
            sorted(
                range(len(self.rows)),
                key=lambda n: (
                    self.rows[n].otherwise,
                    0 if self.hit is Hit.FIRST else rank[self.rows[n].output],
                    n,
                ),
            )
        )

    def read(self, answers: Mapping[str, str]) -> dict[str, Value]:
        """Every input's value among these answers."""
        return {name: each.read(answers.get(name)) for name, each in self.inputs.items()}

    def decide(self, values: Mapping[str, Value]) -> Decision:
        """What the table says about these values."""
        found = {number: self.matches(number, values) for number in range(len(self.rows))}
        hits = [number for number, each in found.items() if each is True]
        matched = tuple(n for n in hits if not self.rows[n].otherwise) or tuple(hits)
        row = next((number for number in self.precedence if number in matched), None)
        outputs = tuple(dict.fromkeys(self.rows[number].output for number in matched))
        remarks = [
            f"the answer to {name} is not one the question takes"
            for name, value in values.items()
            if value is Absent.UNREADABLE
        ]
        if self.hit is Hit.COLLECT:
            remarks += self._unasked(found, before=None)
            return Decision(row=None, matched=matched, outputs=outputs, remarks=tuple(remarks))
        remarks += self._unasked(found, before=row)
        if (self.hit is Hit.UNIQUE and len(matched) > 1) or (
            self.hit is Hit.ANY and len(outputs) > 1
        ):
            rows = " and ".join(str(number + 1) for number in matched)
            remarks.append(f"rows {rows} hold together; the worst is taken")
        says = () if row is None else (self.rows[row].output,)
        return Decision(row=row, matched=matched, outputs=says, remarks=tuple(remarks))

    def _unasked(
        self, found: Mapping[int, bool | tuple[str, ...]], *, before: int | None
    ) -> Iterator[str]:
        """Rows that would have decided before this one, had their expression been answerable."""
        for number in self.precedence:
            if number == before:
                return
            wanting = found[number]
            if not isinstance(wanting, bool):
                yield f"row {number + 1} could not be asked without {' and '.join(wanting)}"

    def matches(self, number: int, values: Mapping[str, Value]) -> bool | tuple[str, ...]:
        """Whether the row matches; or the inputs without which its expression cannot be asked."""
        row = self.rows[number]
        fitting = any(
            all(holds(cell, values[name]) for name, cell in cells.items())
            for cells in row.alternatives
        )
        if not fitting or row.expression is None:
            return fitting
        return row.expression.holds(values)
