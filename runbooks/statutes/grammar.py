"""A row of the table of statutory clocks, as a lawyer reads and signs it."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from runbooks.grammar.base import ClockId, Day, Name, Prose, Strict, refuse
from runbooks.statutes.span import Basis, Span, Unit
from runbooks.statutes.vocabulary import (
    Age,
    CaseClass,
    Does,
    Fact,
    Paper,
    Party,
    Place,
    RowKind,
    Scope,
    StartEvent,
)

Mark = Literal["V", "S", "K", "L"]
"""How well a source was read: the text itself, second hand, from knowledge, or low."""

IN_FORCE = "in-force"
"""Law on every day this system serves; the day it became so was not looked up."""

_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _effective(value: Any) -> Any:  # whatever stands in the document
    if value is None or value == IN_FORCE or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        refuse("RB014", "a date like 2026-05-19, in-force, or null where it is not law yet")


def _clock_time(value: str) -> str:
    if not _CLOCK_TIME.fullmatch(value):
        refuse("RB014", "a time of day like 17:30")
    return value


class Length(Strict):
    """So many hours, days, business days, months or years."""

    n: Annotated[StrictInt, Field(ge=1, le=1000)]
    unit: Unit


class Renewals(Strict):
    """How often a hold can be prolonged, and by how much."""

    times: Annotated[StrictInt, Field(ge=1, le=12)]
    by: Length


class Every(Strict):
    """How often something is due: by its length, or on a day of the year."""

    length: Length | None = None
    before: Annotated[StrictStr, Field(pattern=r"^\d{2}-\d{2}$")] | None = None
    """A day of the year, `MM-DD`: due by the end of the day before."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.length is None) == (self.before is None):
            refuse("RB017", "either `length` or `before`")
        return self


class Effective(Strict):
    """Between which days the row is law."""

    from_: Annotated[
        date | Literal["in-force"] | None,
        BeforeValidator(_effective, json_schema_input_type=str | None),
    ]
    to: Day | None = None


class Predicate(Strict):
    """When a case carries the row: every key that is written must hold."""

    class_: Annotated[tuple[CaseClass, ...], Field(min_length=1)] | None = None
    """Any of them."""
    paper: Annotated[tuple[Paper, ...], Field(min_length=1)] | None = None
    """Any of them."""
    fact: tuple[Fact, ...] = ()
    """All of them."""
    not_: tuple[Fact, ...] = ()
    """None of them."""
    age: Annotated[tuple[Age, ...], Field(min_length=1)] | None = None
    scope: tuple[Scope, ...] = ()
    """All of them."""
    place: dict[Party, tuple[Place, ...]] = Field(default_factory=dict)
    """Any of its jurisdictions for each party."""
    anywhere: tuple[Place, ...] = ()
    """Any of them, for any party."""


class SignOff(Strict):
    """Who has answered for a row, and when."""

    by: Prose
    on: Day


class Row(Strict):
    """One clock of the law, or a duty that has none, with where it comes from."""

    of: Prose | None = None
    """The line of the facts it was written from, where one line holds several clocks."""
    version: Annotated[StrictInt, Field(ge=1)]
    jurisdiction: Place
    instrument: Prose
    article: Prose
    title: Prose
    does: Does
    kind: RowKind
    hard: StrictBool
    if_: Predicate
    starts: StartEvent
    within: Length | None = None
    opens: Length | None = None
    """Of a window: not before this."""
    renewals: Renewals | None = None
    every: Every | None = None
    target: Length | None = None
    """Ours, not the law's: what we work to where the law names no number, or a later one."""
    counted: Basis = Basis.ELAPSED
    roll: StrictBool = False
    until: Annotated[StrictStr, AfterValidator(_clock_time)] | None = None
    calendar: Name = "utc"
    stops: tuple[Prose, ...] = ()
    suspends: tuple[Prose, ...] = ()
    restart: Literal["full", "remaining"] | None = None
    effective: Effective
    approvers: tuple[Name, ...] = ()
    notify: tuple[Prose, ...] = ()
    record: Prose
    source: Prose
    mark: Mark
    mark_note: Prose | None = None
    """Where parts of the row were read better or worse than the whole."""
    open_question: Prose | None = None
    """What a lawyer must settle."""
    review_by: Day | None = None
    reviewer: Name | None = None
    signed_off: SignOff | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        needs = _NEEDS[self.kind]
        for key in ("within", "opens", "renewals", "every"):
            given = getattr(self, key) is not None
            if given and key not in needs:
                refuse("RB017", f"no `{key}` at a {self.kind} row", at=(key,))
            if not given and key in needs:
                refuse("RB011", f"`{key}`", found=f"none, at a {self.kind} row")
        if (self.restart is not None) != bool(self.suspends):
            refuse("RB017", "`suspends` and `restart` together", at=("restart",))
        for key in ("within", "opens"):
            length: Length | None = getattr(self, key)
            if length is None:
                continue
            if length.unit is Unit.MINUTE:
                refuse("RB013", "one of h, d, bd, month, year", at=(key, "unit"))
            try:
                self.span(length)
            except ValidationError:  # pragma: no cover - `Length` holds what `Span` asks for
                refuse("RB014", "a length", at=(key,))
        return self

    def span(self, length: Length) -> Span:
        """The length, counted as this row counts."""
        return Span.model_validate(
            {
                "n": length.n,
                "unit": length.unit,
                "basis": self.counted,
                "roll": self.roll,
                "until": self.until,
            }
        )

    def is_law(self, on: date) -> bool:
        """Whether the row is law on that day; a row that is not never runs."""
        begins = self.effective.from_
        if begins is None or (isinstance(begins, date) and on < begins):
            return False
        return self.effective.to is None or on <= self.effective.to


_NEEDS: dict[RowKind, frozenset[str]] = {
    RowKind.DEADLINE: frozenset({"within"}),
    RowKind.WINDOW: frozenset({"within", "opens"}),
    RowKind.MIN_HOLD: frozenset({"within"}),
    RowKind.RENEWABLE_HOLD: frozenset({"within", "renewals"}),
    RowKind.PERIODIC: frozenset({"every"}),
    RowKind.PROMPT: frozenset(),
    RowKind.TOLLING: frozenset({"within"}),
    RowKind.RULE: frozenset(),
}


class ClockTable(Strict):
    """Rows that belong together, and who looks at them again by when."""

    group: StrictStr
    title: Prose
    reviewer: Name
    review_by: Day
    clocks: dict[ClockId, Row]
    superseded: dict[ClockId, tuple[Row, ...]] = Field(default_factory=dict)
    """Earlier versions, kept for the cases that pinned them; no new runbook runs by one."""
