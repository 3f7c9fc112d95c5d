"""The severity table: rows of cells, the first that matches holds."""

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from runbooks.grammar.base import Name, Prose, Strict, refuse
from runbooks.grammar.intake import Question
from runbooks.plan import AnswerKind, Severity

_MOST_COMBINATIONS = 10_000


def _cell(value: Any) -> Any:  # whatever stands in the document
    return (value,) if isinstance(value, str) else value


Cell = Annotated[
    tuple[StrictStr, ...],
    BeforeValidator(_cell, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
"""One answer, or several of which any matches."""


class SeverityRow(Strict):
    """One row: the answers it looks for and the severity it gives, or what holds otherwise."""

    if_: Annotated[dict[Name, Cell], Field(min_length=1)] | None = None
    is_: Severity | None = None
    otherwise: Severity | None = None
    because: Prose

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.otherwise is not None:
            if self.if_ is not None or self.is_ is not None:
                refuse("RB017", "`otherwise` alone, without `if` and `is`", at=("otherwise",))
        elif self.if_ is None:
            refuse("RB011", "`if` with the answers it looks for, or `otherwise`")
        elif self.is_ is None:
            refuse("RB011", "`is` with a severity from SEV0 to SEV4")
        return self

    @property
    def severity(self) -> Severity:
        """The severity the row gives."""
        severity = self.otherwise or self.is_
        if severity is None:
            raise AssertionError("the validator gave the row a severity")
        return severity

    def matches(self, answers: Mapping[str, str]) -> bool:
        """Whether the row holds for these answers; a question without an answer matches nothing."""
        return all(answers.get(name) in cell for name, cell in (self.if_ or {}).items())


def check_table(rows: tuple[SeverityRow, ...], questions: Mapping[str, Question]) -> None:
    """Refuses a table that leaves an answer open, and rows after the one that holds otherwise."""
    for index, row in enumerate(rows):
        if row.otherwise is not None and index < len(rows) - 1:
            refuse("RB017", "`otherwise` as the last row", at=("severity", index, "otherwise"))
    if rows and rows[-1].otherwise is not None:
        return
    open_case = _unanswered(rows, questions)
    if open_case is not None:
        refuse("RB015", "a last row with `otherwise`", at=("severity",), found=open_case)


def _unanswered(rows: tuple[SeverityRow, ...], questions: Mapping[str, Question]) -> str | None:
    """The first combination of answers no row matches, in words; None when there is none."""
    asked = sorted({name for row in rows for name in (row.if_ or {}) if name in questions})
    columns: list[tuple[str | None, ...]] = []
    combinations = 1
    for name in asked:
        question = questions[name]
        # Only yes-no-unknown answers itself when nobody does; anything else may stay open.
        known = question.kind is AnswerKind.YES_NO_UNKNOWN
        columns.append(question.answers if known else (*question.answers, None))
        combinations *= len(columns[-1])
    if not asked or combinations > _MOST_COMBINATIONS:
        return "a table without `otherwise`"
    for values in product(*columns):
        answers = {n: v for n, v in zip(asked, values, strict=True) if v is not None}
        if not any(row.matches(answers) for row in rows):
            said = ", ".join(f"{n}: {answers.get(n, 'no answer')}" for n in asked)
            return f"no row for {said}"
    return None
