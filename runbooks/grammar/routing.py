"""The routing table: which reports walk which runbook, and what they already answer."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr, model_validator

from runbooks.grammar.base import Day, Duration, Name, Prose, Strict, Version, refuse
from runbooks.grammar.cells import Cell


class Condition(Strict):
    """What a report must have: its source, any of some tags, form fields with some value."""

    source: Cell | None = None
    tag: Cell | None = None
    field: Annotated[dict[StrictStr, Cell], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.source is None and self.tag is None and self.field is None:
            refuse("RB011", "`source`, `tag` or `field`")
        return self


class Prefill(Strict):
    """An answer: a word, or what a form field says."""

    value: StrictStr | None = None
    field: StrictStr | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.value is None) == (self.field is None):
            refuse("RB011", "an answer, or {field: name}")
        return self


def _word(value: Any) -> Any:  # whatever stands in the document
    return {"value": value} if isinstance(value, str) else value


Answer = Annotated[Prefill, BeforeValidator(_word, json_schema_input_type=str | Prefill)]


class RouteRow(Strict):
    """One row: the first whose condition holds decides."""

    if_: Condition
    runbook: Name
    answers: dict[Name, Answer] = Field(default_factory=dict)
    because: Prose


SUBJECT = "subject"
_FIELD = "field:"


def _part(value: str) -> str:
    if value != SUBJECT and not (value.startswith(_FIELD) and value.removeprefix(_FIELD).strip()):
        refuse("RB013", "subject, or field:<name>")
    return value


class MatterRow(Strict):
    """Which reports are about one matter: the first row whose condition holds says how alike."""

    if_: Condition
    same: Annotated[
        tuple[Annotated[StrictStr, AfterValidator(_part)], ...], Field(min_length=1)
    ] = (SUBJECT,)
    """What must be equal, beside the runbook and the answers that routing fills in."""
    within: Duration
    """How long after the newest report of a case another one still belongs to it."""
    then: Literal["join", "link"] = "join"
    """Whether it joins the open case, or opens one of its own that is linked with it."""
    tell_at: Annotated[StrictInt, Field(ge=2)] | None = None
    """At how many reports of one case the duty manager is told."""
    because: Prose

    @property
    def fields(self) -> tuple[str, ...]:
        """The form fields that must be equal."""
        return tuple(part.removeprefix(_FIELD) for part in self.same if part != SUBJECT)


LONGEST = timedelta(days=30)
_SUBJECT_REF = re.compile(r"[0-9a-f]{16,64}")


def _digest(value: str) -> str:
    if not _SUBJECT_REF.fullmatch(value):
        refuse("RB014", "the beginning of a subject's digest, 16 to 64 hex characters")
    return value


class SuppressRow(Strict):
    """Reports that are held back without a case, for a reason, by somebody, for a time."""

    name: Name
    if_: Condition
    subject: Annotated[StrictStr, AfterValidator(_digest)] | None = None
    """Only reports about whom this digest stands for, as a case shows it; never a name."""
    owner: Name
    """The role that answers for it."""
    since: Day
    until: Day
    """The last day; at most thirty days after the first."""
    tell_at: Annotated[StrictInt, Field(ge=1)]
    """At how many hidden reports the duty manager is told."""
    because: Prose

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not timedelta() <= self.until - self.since <= LONGEST:
            refuse("RB138", "a day at most thirty days after `since`", at=("until",))
        return self


def _named_once(rows: tuple[SuppressRow, ...]) -> tuple[SuppressRow, ...]:
    names: set[str] = set()
    for index, row in enumerate(rows):
        if row.name in names:
            refuse("RB018", "a name no other suppression has", at=(index, "name"))
        names.add(row.name)
    return rows


class RoutingDocument(Strict):
    """The whole table, and where everything else goes."""

    routing: Version
    default: Name
    rows: tuple[RouteRow, ...]
    matters: tuple[MatterRow, ...] = ()
    """Which reports are about one matter."""
    suppress: Annotated[tuple[SuppressRow, ...], AfterValidator(_named_once)] = ()
    """Which reports are held back for a time; never one that would be SEV0 or SEV1."""
