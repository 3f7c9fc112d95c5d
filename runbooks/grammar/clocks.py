"""Clocks of the whole case: deadlines and holds that law or promise sets."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, StrictBool, StrictStr, model_validator

from runbooks.grammar.base import Day, Duration, Name, Prose, Strict, refuse
from runbooks.grammar.stages import LateStep
from runbooks.plan import ClockKind, ClockStart


def _stop(value: str) -> str:
    prefix, colon, name = value.partition(":")
    if value != "closed" and not (prefix in {"effect", "stage"} and colon and name):
        refuse("RB013", "effect:<name>, stage:<name> or closed")
    return value


class Clock(Strict):
    """One clock of the case, with the source that sets it."""

    title: Prose
    kind: ClockKind = ClockKind.DEADLINE
    starts: ClockStart | None = None
    starts_after: Name | None = None
    """The effect whose performance starts a hold."""
    within: Duration
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
        if self.starts is not None and self.starts_after is not None:
            refuse("RB017", "either `starts` or `starts-after`", at=("starts-after",))
        if "restart" in self.model_fields_set and self.kind is not ClockKind.TOLLING:
            refuse("RB017", "`restart` at a tolling clock only", at=("restart",))
        for index, step in enumerate(self.late):
            if step.go is not None:
                refuse("RB017", "`go` in a stage only", at=("late", index, "go"))
        return self
