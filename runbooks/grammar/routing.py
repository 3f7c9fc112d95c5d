"""The routing table: which reports walk which runbook, and what they already answer."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from runbooks.grammar.base import Name, Prose, Strict, Version, refuse
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


class RoutingDocument(Strict):
    """The whole table, and where everything else goes."""

    routing: Version
    default: Name
    rows: tuple[RouteRow, ...]
