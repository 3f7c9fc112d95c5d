"""Clocks of the whole case: deadlines and holds that law or promise sets."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from runbooks.grammar.base import Day, Duration, Name, Prose, Strict, kebab, refuse
from runbooks.grammar.stages import LateStep
from runbooks.grammar.times import Severities
from runbooks.plan import ClockKind, ClockStart
from runbooks.statutes.span import Span, Unit
from runbooks.statutes.table import Statute, calendars, find, meant
from runbooks.statutes.vocabulary import RowKind

RUNS_AS = {
    RowKind.DEADLINE: ClockKind.DEADLINE,
    RowKind.PROMPT: ClockKind.PROMPT,
    RowKind.TOLLING: ClockKind.TOLLING,
    RowKind.MIN_HOLD: ClockKind.MIN_HOLD,
    RowKind.RENEWABLE_HOLD: ClockKind.MIN_HOLD,
    RowKind.WINDOW: ClockKind.WINDOW,
}
"""Rows a case runs, and as what: of a renewable hold the first period, a renewal is a new clock."""

_FROM_ROW = frozenset(
    {
        "kind",
        "within",
        "working_days",
        "calendar",
        "due_at",
        "restart",
        "source",
        "mark",
        "review_by",
        "statutory",
    }
)
"""What a named row says itself, so that a runbook cannot say otherwise."""


_STOP = re.compile(r"[a-z0-9][a-z0-9-]*:\S+|closed")


def _stop(value: str) -> str:
    if not _STOP.fullmatch(value):
        refuse("RB013", "effect:<name>, stage:<name>, <outcome>:<stage> or closed")
    return value


def _row(value: str) -> str:
    statute = find(value) if "@" in value else None
    if statute is None:
        close = meant(value)
        refuse(
            "RB026",
            "a row of the law with its version, like EU-TCO3-1h@1",
            mend=f'Did you mean "{close}"?' if close else "",
        )
    if statute.row.kind not in RUNS_AS or statute.length is None:
        refuse(
            "RB026",
            f"a row with a length a case can run; {statute.id} is a {statute.row.kind} row"
            f"{'' if statute.length else ' without a number'}",
        )
    return value


def _calendar(value: str) -> str:
    if value not in calendars():
        refuse("RB014", f"a calendar: {', '.join(sorted(calendars()))}")
    return value


class Clock(Strict):
    """One clock of the case, with the source that sets it."""

    use: Annotated[StrictStr, AfterValidator(_row)] | None = None
    """The row of the law it runs by, with its version."""
    title: Prose | None = None
    kind: ClockKind = ClockKind.DEADLINE
    starts: ClockStart | None = None
    starts_at: Name | None = None
    """The question whose answer says when its event was: a person's decision, on record."""
    starts_after: Name | None = None
    """The effect whose performance starts it."""
    within: Duration | None = None
    working_days: Annotated[StrictInt, Field(ge=1, le=250)] | None = None
    """Instead of `within`: so many working days of `calendar`, the day of the event not counted."""
    calendar: Annotated[StrictStr, AfterValidator(_calendar)] | None = None
    only_at: Severities | None = None
    """It begins when the case first has one of these, and then runs on whatever the severity."""
    due_at: Name | None = None
    """The question at which instant it is due; until it is answered, `within` counts."""
    stops: tuple[Annotated[StrictStr, AfterValidator(_stop)], ...] = ()
    restart: Literal["full", "remaining"] = "remaining"
    late: tuple[LateStep, ...] = ()
    statutory: StrictBool = True
    owner: Name | None = None
    source: Prose | None = None
    mark: Literal["V", "S", "K", "L"] | None = None
    """How well the source was read: the text itself, second hand, from knowledge, or low."""
    review_by: Day | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.use is not None:
            said = sorted(_FROM_ROW & self.model_fields_set)
            if said:
                refuse("RB017", f"no `{kebab(said[0])}` beside `use`", at=(kebab(said[0]),))
            if not self._said_starts and self.begins is None:
                keys = "`starts`, `starts-after` or `starts-at`"
                refuse("RB017", f"{keys}: {self.use} starts with another event")
        else:
            if self.kind is ClockKind.WINDOW:
                refuse("RB011", "`use` with a row of the law: it says when a window opens")
            if self.title is None:
                refuse("RB011", "`title`, or `use`", found="no such key")
            if self.within is None and self.working_days is None:
                refuse("RB011", "`within`, or `use`", found="no such key")
            self._counted_in_days()
        if len(self._said_starts) > 1:
            first, second = (kebab(key) for key in self._said_starts[:2])
            refuse("RB017", f"either `{first}` or `{second}`", at=(second,))
        if self.only_at is not None and (self.starts_after or self.starts_at):
            first = "starts-after" if self.starts_after else "starts-at"
            refuse("RB017", f"either `{first}` or `only-at`", at=("only-at",))
        if "restart" in self.model_fields_set and self.kind is not ClockKind.TOLLING:
            refuse("RB017", "`restart` at a tolling clock only", at=("restart",))
        for index, step in enumerate(self.late):
            if step.go is not None:
                refuse("RB017", "`go` in a stage only", at=("late", index, "go"))
        return self

    def _counted_in_days(self) -> None:
        if self.working_days is None:
            if self.calendar is not None:
                refuse("RB017", "`working-days` beside `calendar`", at=("calendar",))
            return
        if self.within is not None:
            refuse("RB017", "either `within` or `working-days`", at=("working-days",))
        if self.calendar is None:
            refuse("RB011", "`calendar`: whose working days", at=("working-days",))
        if self.due_at is not None or self.kind is not ClockKind.DEADLINE:
            refuse("RB017", "`working-days` at a deadline of ours only", at=("working-days",))

    @property
    def span(self) -> Span | None:
        """How it counts, where it counts working days."""
        days = self.working_days
        return None if days is None else Span(n=days, unit=Unit.BUSINESS_DAY)

    @property
    def _said_starts(self) -> list[str]:
        keys = ("starts", "starts_after", "starts_at")
        return [key for key in keys if getattr(self, key) is not None]

    @property
    def law(self) -> Statute | None:
        """The row it runs by."""
        return find(self.use) if self.use is not None else None

    @property
    def runs_as(self) -> ClockKind:
        """Its kind, or its row's."""
        return RUNS_AS[self.law.row.kind] if self.law is not None else self.kind

    @property
    def begins(self) -> ClockStart | None:
        """The event it counts from: its own, else its row's where a case knows that event."""
        if self.starts is not None or self.law is None:
            return self.starts
        known = {start.value: start for start in ClockStart}
        return known.get(self.law.row.starts.value)
