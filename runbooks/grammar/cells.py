"""What a cell of a table may look for: an answer, several, a range, an instant, or none at all."""

from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictStr,
    Tag,
    model_validator,
)

from runbooks import tables
from runbooks.grammar.base import Strict, refuse
from runbooks.tables import Given, Not, Span, Words, instant_of

_FORMS = "one of `not`, `given`, bounds for a number, bounds for an instant"


def _cell(value: Any) -> Any:  # whatever stands in the document
    return (value,) if isinstance(value, str) else value


Cell = Annotated[
    tuple[StrictStr, ...],
    BeforeValidator(_cell, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
"""One answer, or several of which any matches."""


def _instant(value: str) -> str:
    if instant_of(value) is None:
        refuse("RB014", "an instant with its offset, like 2026-11-22T03:00:00Z")
    return value


_LARGEST = 10**12
Number = Annotated[StrictFloat, Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]
"""Small enough that what is written is what is compared."""

Instant = Annotated[StrictStr, AfterValidator(_instant)]


class Bounds(Strict):
    """A range of numbers or of time, with or without its ends."""

    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None
    since: Instant | None = None
    after: Instant | None = None
    until: Instant | None = None
    before: Instant | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        numbers = {self.at_least, self.above, self.at_most, self.below} != {None}
        times = {self.since, self.after, self.until, self.before} != {None}
        if numbers and times:
            refuse("RB017", "bounds for a number, or bounds for an instant, not both")
        for one, other, names in (
            (self.at_least, self.above, "`at-least` or `above`"),
            (self.at_most, self.below, "`at-most` or `below`"),
            (self.since, self.after, "`since` or `after`"),
            (self.until, self.before, "`until` or `before`"),
        ):
            if one is not None and other is not None:
                refuse("RB017", f"either {names}")
        return self

    @property
    def bounded(self) -> bool:
        """Whether any bound is given."""
        return self.span != Span()

    @property
    def span(self) -> Span:
        """The range as the table knows it."""
        return Span(
            low=_first(self.at_least, self.above, self.since, self.after),
            high=_first(self.at_most, self.below, self.until, self.before),
            with_low=self.above is None and self.after is None,
            with_high=self.below is None and self.before is None,
        )


def _first(*bounds: float | str | None) -> tables.Bound | None:
    for bound in bounds:
        if isinstance(bound, str):
            return instant_of(bound)
        if bound is not None:
            return Fraction(str(bound))
    return None


def _bounds_given(value: Bounds) -> Bounds:
    if not value.bounded:
        refuse("RB011", "a bound")
    return value


class Test(Bounds):
    """A cell that is more than answers: a range, what it is not, or whether there is an answer."""

    __test__ = False  # pytest would take it for a test

    not_: (
        Annotated[
            Annotated[Cell, Tag("answers")]
            | Annotated[Bounds, AfterValidator(_bounds_given), Tag("bounds")],
            Discriminator(
                lambda value: "bounds" if isinstance(value, dict | Bounds) else "answers"
            ),
        ]
        | None
    ) = None
    given: StrictBool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = (self.bounded, self.not_ is not None, self.given is not None)
        if sum(forms) != 1:
            refuse("RB011" if not any(forms) else "RB017", _FORMS)
        return self


AnyCell = Annotated[
    Annotated[Cell, Tag("answers")] | Annotated[Test, Tag("test")],
    Discriminator(lambda value: "test" if isinstance(value, dict | Test) else "answers"),
]
"""A cell in either form."""


def as_cell(cell: Cell | Test) -> tables.Cell:
    """The cell as the table knows it."""
    match cell:
        case Test(given=bool(given)):
            return Given(given)
        case Test(not_=Bounds() as bounds):
            return Not(bounds.span)
        case Test(not_=tuple(words)):
            return Not(Words(words))
        case Test():
            return cell.span
        case _:
            return Words(cell)
