"""What a disposition may require, and what is owed after a case has closed."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, StrictStr, model_validator

from runbooks.grammar.base import Duration, Name, Prose, Strict, refuse

RECORDS = (
    "decision-record",
    "action-receipt",
    "linked-case",
    "memo",
    "evidence",
    "lessons",
    "call-back",
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


class AfterClosing(Strict):
    """Something owed after the case has closed: looks at it again, or its lessons followed up."""

    recheck: (
        Annotated[
            tuple[Duration, ...],
            BeforeValidator(_list, json_schema_input_type=str | list[str]),
        ]
        | None
    ) = None
    follow_ups: Literal["lessons"] | None = None
    within: Duration | None = None
    owner: Name | None = None
    title: Prose | None = None
    for_: tuple[Name, ...] = ()
    """The dispositions after which it is owed; none named: all of them."""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.recheck is None and self.follow_ups is None:
            refuse("RB011", "`recheck` with durations, or `follow-ups: lessons`")
        if self.recheck is not None and self.follow_ups is not None:
            refuse("RB017", "either `recheck` or `follow-ups`", at=("follow-ups",))
        if self.recheck is not None and self.within is not None:
            refuse("RB017", "`within` beside `follow-ups` only", at=("within",))
        return self
