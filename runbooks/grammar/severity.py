"""The severity table as it is written: rows of cells, and the policy that picks one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, StrictStr, WithJsonSchema, model_validator

from runbooks.asking import input_for
from runbooks.grammar.base import Name, Prose, Strict, refuse
from runbooks.grammar.cells import AnyCell, Cell, as_cell
from runbooks.grammar.intake import Question
from runbooks.grammar.scoring import SUM
from runbooks.plan import QuestionPlan, Severity
from runbooks.tables import Cell as TableCell
from runbooks.tables import (
    ExpressionError,
    Fault,
    Hit,
    Input,
    Kind,
    Row,
    Table,
    expression,
    gaps,
    said,
)

_DIRECTIONS = {Kind.NUMBER: ("more", "less"), Kind.INSTANT: ("later", "earlier")}


class SeverityRow(Strict):
    """One row: the answers it looks for and the severity it gives, or what holds otherwise."""

    if_: Annotated[dict[Name, AnyCell], Field(min_length=1)] | None = None
    when: StrictStr | None = None
    """What cells cannot say, in CEL; holds beside them."""
    is_: Severity | None = None
    otherwise: Severity | None = None
    because: Prose

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.otherwise is not None:
            if self.if_ is not None or self.when is not None or self.is_ is not None:
                refuse("RB017", "`otherwise` alone, without `if` and `is`", at=("otherwise",))
        elif self.if_ is None and self.when is None:
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

    @property
    def said(self) -> str:
        """What the row looks for, in words."""
        parts = [f"{name} {said(as_cell(cell))}" for name, cell in (self.if_ or {}).items()]
        return ", ".join([*parts, *([self.when] if self.when else [])]) or "otherwise"


_ONE = [hit.value for hit in Hit if hit is not Hit.COLLECT]
"""The policies by which one row decides: a case has one severity."""


class SeverityPolicy(Strict):
    """Which row decides where several match, and which facts are worse than others."""

    hit: Annotated[Hit, WithJsonSchema({"enum": _ONE})] = Hit.FIRST
    worse: dict[Name, Cell] = Field(default_factory=dict)
    """By question: its answers from mild to worse, or `more`, `less`, `later`, `earlier`."""

    @model_validator(mode="after")
    def _one_output(self) -> Self:
        if self.hit is Hit.COLLECT:
            refuse("RB017", "unique, any, first or priority: a case has one severity", at=("hit",))
        return self


def input_of(name: str, question: Question | QuestionPlan | None) -> Input:
    """The question as an input; a question nobody asks may be answered with any word."""
    if question is None:
        return Input(name=name, kind=Kind.WORDS, open=True)
    # Only yes-no-unknown answers itself when nobody does; anything else may stay open.
    always = not question.asked_if
    read = input_for(name, question.kind, question.answers, always=always)
    return replace(read, computed=True) if question is SUM else read


def conditions(
    named: Iterable[str], questions: Mapping[str, Question]
) -> dict[str, Mapping[str, TableCell]]:
    """When each of these questions is asked, and each that decides about that."""
    found: dict[str, Mapping[str, TableCell]] = {}
    for name in named:
        looked_for = questions[name].asked_if if name in questions else None
        if looked_for:
            found |= conditions(looked_for, questions)
            found[name] = {other: as_cell(cell) for other, cell in looked_for.items()}
    return found


def inputs_of(
    named: Iterable[str], questions: Mapping[str, Question]
) -> tuple[dict[str, Input], dict[str, Mapping[str, TableCell]]]:
    """The inputs a table needs that looks at these, in order, and when each of them is asked."""
    wanted = dict.fromkeys(named)
    asked_if = conditions(wanted, questions)
    wanted |= dict.fromkeys(other for cells in asked_if.values() for other in cells)
    return {name: input_of(name, questions.get(name)) for name in wanted}, asked_if


def severity_table(
    rows: tuple[SeverityRow, ...], policy: SeverityPolicy, questions: Mapping[str, Question]
) -> Table:
    """The table these rows make over these questions; refuses expressions that cannot be read."""
    asked = {name: input_of(name, question) for name, question in questions.items()}
    read = tuple(_row(index, row, asked) for index, row in enumerate(rows))
    named = dict.fromkeys(name for row in rows for name in row.if_ or {})
    named |= dict.fromkeys(
        name for row in read if row.expression for _, name in row.expression.names
    )
    named |= dict.fromkeys(policy.worse)
    inputs, asked_if = inputs_of(named, questions)
    return Table(
        inputs=inputs,
        asked_if=asked_if,
        rows=read,
        outputs=tuple(Severity),
        hit=policy.hit,
        worse=dict(policy.worse),
    )


def check_table(
    rows: tuple[SeverityRow, ...], policy: SeverityPolicy, questions: Mapping[str, Question]
) -> None:
    """Refuses a table that leaves an answer open, and rows after the one that holds otherwise."""
    for index, row in enumerate(rows):
        if row.otherwise is not None and index < len(rows) - 1:
            refuse("RB017", "`otherwise` as the last row", at=("severity", index, "otherwise"))
    for name, order in policy.worse.items():
        _check_order(input_of(name, questions.get(name)), order, known=name in questions)
    table = severity_table(rows, policy, questions)
    for found in gaps(table):
        open_case = found.says if found.fault is Fault.GAP else "a table without `otherwise`"
        refuse("RB015", "a last row with `otherwise`", at=("severity",), found=open_case)


def _row(index: int, row: SeverityRow, asked: Mapping[str, Input]) -> Row:
    try:
        condition = expression(row.when, asked) if row.when is not None else None
    except ExpressionError as error:
        refuse("RB090", str(error), at=("severity", index, "when"))
    return Row(
        output=row.severity,
        alternatives=({name: as_cell(cell) for name, cell in (row.if_ or {}).items()},),
        expression=condition,
        otherwise=row.otherwise is not None,
    )


def _check_order(asked: Input, order: tuple[str, ...], *, known: bool) -> None:
    at = ("severity-table", "worse", asked.name)
    if not known:
        refuse("RB091", "a question of the intake", at=at, found=f'the question "{asked.name}"')
    directions = _DIRECTIONS.get(asked.kind)
    if directions is not None and (len(order) != 1 or order[0] not in directions):
        refuse("RB091", " or ".join(directions), at=at)
    if asked.kind is Kind.PRESENCE:
        refuse("RB091", "a question whose answers have an order", at=at)
    if asked.words and (
        len(order) < 2 or len(set(order)) < len(order) or not set(order) <= set(asked.words)  # noqa: PLR2004 - an order needs two
    ):
        refuse("RB091", f"an order of {', '.join(asked.words)}, from mild to worse", at=at)
