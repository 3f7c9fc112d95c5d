"""What a disposition may require, and what is owed after a case has closed."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from runbooks.grammar.base import Duration, Name, Prose, Strict, refuse
from runbooks.grammar.bulk import Share
from runbooks.grammar.times import Severities

RECORDS = (
    "decision-record",
    "action-receipt",
    "linked-case",
    "memo",
    "evidence",
    "lessons",
    "call-back",
    "duties-met",
)
"""What can be on record whatever the runbook."""

AREAS = ("receipt", "done", "answer", "approved", "rejected")
"""What can be on record of an effect, a question or a gate."""

_expected = f"{', '.join(RECORDS)}, or {', '.join(f'{area}:<name>' for area in AREAS)}"


def _requirement(value: str) -> str:
    prefix, colon, name = value.partition(":")
    if value not in RECORDS and not (prefix in AREAS and colon and name):
        refuse("RB013", _expected)
    return value


Requirement = Annotated[StrictStr, AfterValidator(_requirement)]
"""Something that must be on record before a case may close."""


def _list(value: Any) -> Any:  # whatever stands in the document
    return (value,) if isinstance(value, str) else value


Durations = Annotated[
    tuple[Duration, ...],
    BeforeValidator(_list, json_schema_input_type=str | list[str]),
]

THINGS = ("recheck", "follow-ups", "hold", "appeals", "periodic")
_BESIDE = {
    "within": ("follow-ups",),
    "name": ("hold", "appeals", "periodic"),
    "renew": ("hold",),
    "renewals": ("hold",),
    "minimum": ("hold",),
    "review": ("hold", "appeals"),
    "sample": ("recheck", "follow-ups"),
}
"""Which key stands beside which thing."""


class AfterClosing(Strict):
    """Something owed after the case has closed; each becomes an obligation with its own record."""

    recheck: Durations | None = None
    """Somebody looks again so long after closing; each time is an obligation of its own."""
    follow_ups: Name | None = None
    """What is done after closing: `lessons`, or anything else with a title."""
    hold: Duration | None = None
    """Data is kept so long, and then a person decides."""
    appeals: Duration | None = None
    """How long an appeal can come in."""
    periodic: Duration | None = None
    """What is done again each time so much has passed, until a person ends it."""
    within: Duration | None = None
    owner: Name | None = None
    title: Prose | None = None
    for_: tuple[Name, ...] = ()
    """The dispositions after which it is owed; none named: all of them."""
    only_at: Severities | None = None
    """The severities at closing for which it is owed; none named: all of them."""
    sample: Share | None = None
    """In which share of the cases it is owed; which ones, chance decides when they close."""
    name: Name | None = None
    renew: Duration | None = None
    renewals: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    minimum: StrictBool = False
    review: Durations = ()
    extend: Duration = timedelta(days=7)

    @property
    def thing(self) -> str:
        """Which of the things it is."""
        return next(name for name in THINGS if _said(self, name))

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        named = [name for name in THINGS if _said(self, name)]
        if not named:
            refuse("RB011", f"one of {', '.join(THINGS)}, like `recheck: [7d]`")
        if len(named) > 1:
            refuse("RB017", f"either `{named[0]}` or `{named[1]}`", at=(named[1],))
        for key, things in _BESIDE.items():
            if _said(self, key) and named[0] not in things:
                refuse("RB017", f"`{key}` beside `{'` or `'.join(things)}` only", at=(key,))
        if self.renewals is not None and self.renew is None:
            refuse("RB011", "`renew`: how long a renewal holds", at=("renewals",))
        if self.follow_ups not in {None, "lessons"} and self.title is None:
            refuse("RB011", "a `title`: what is to be done", at=("follow-ups",))
        return self


def _said(item: AfterClosing, key: str) -> bool:
    return getattr(item, key.replace("-", "_")) not in {None, False, ()}
