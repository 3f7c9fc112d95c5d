"""Escalation policies: ordered steps, who and how and after how long, with a bound."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

from runbooks.grammar.base import Duration, Name, Prose, Strict, kebab, refuse
from runbooks.plan import EVERYBODY, LEASE, Obeys, Severity
from runbooks.plan.escalations import ANYBODY

MOST_STEPS = 20
MOST_REPEATS = 9
"""More would be an alarm nobody hears any more: then the duty manager is the better answer."""

_WHO = ("page", "remind", "person", "on_call")

Somebody = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"),
]
"""A person of the directory, by id."""


class EscalationStep(Strict):
    """One step of a policy: who is told, after how long, and what if they do not read it."""

    page: Name | None = None
    remind: Name | None = None
    person: Somebody | None = None
    on_call: Name | None = None
    after: Duration | None = None
    otherwise: Name | None = None
    unread: Duration | None = None
    obeys: Obeys | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        named = [key for key in _WHO if getattr(self, key) is not None]
        if not named:
            refuse("RB011", "one of `page`, `remind`, `person`, `on-call`")
        if len(named) > 1:
            refuse("RB017", "one of `page`, `remind`, `person`, `on-call`", at=(kebab(named[1]),))
        if self.otherwise is not None and self.person is None and self.on_call is None:
            refuse("RB017", "`otherwise` beside `person` or `on-call` only", at=("otherwise",))
        return self


def _said(value: Any) -> Any:  # whatever stands in the document
    if isinstance(value, bool) or (
        value not in (ANYBODY, EVERYBODY) and not isinstance(value, int)
    ):
        refuse("RB013", "any, all, or how many people")
    return value


def _counted(value: str | int) -> str:
    if isinstance(value, int) and not 1 <= value <= MOST_STEPS:
        refuse("RB014", f"a number of people between 1 and {MOST_STEPS}")
    return str(value)


AcknowledgedBy = Annotated[StrictStr | StrictInt, BeforeValidator(_said), AfterValidator(_counted)]
"""`any`, `all`, or a number."""


class EscalationPolicy(Strict):
    """Who is told in which order, until somebody has it."""

    title: Prose | None = None
    steps: Annotated[tuple[EscalationStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    between: Duration
    repeat: Annotated[StrictInt, Field(ge=0, le=MOST_REPEATS)] = 0
    acknowledged_by: AcknowledgedBy = ANYBODY
    lease: Duration = LEASE
    pierced_by: Severity = Severity.SEV1

    @property
    def round(self) -> timedelta:
        """How long one passage through its steps takes."""
        return sum((step.after or timedelta() for step in self.steps), timedelta()) + self.between
