"""The priority matrix: how wide the harm is against how soon it comes, beside the severity."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictStr

from runbooks.grammar.base import Name, Strict, refuse
from runbooks.grammar.intake import Question
from runbooks.grammar.severity import inputs_of
from runbooks.tables import Hit, Row, Table, Words


class Priority(StrEnum):
    """What is taken up first among cases of one severity; P1 before all others."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"


class PriorityMatrix(Strict):
    """Two questions, and a priority for every pair of their answers."""

    impact: Name
    urgency: Name
    matrix: Annotated[dict[StrictStr, dict[StrictStr, Priority]], Field(min_length=1)]
    """By impact, then by urgency."""
    otherwise: Priority
    """While either question is not answered."""


def priority_table(matrix: PriorityMatrix, questions: Mapping[str, Question]) -> Table:
    """The matrix as a decision table: a row for every pair."""
    pairs = tuple(
        Row(
            output=priority,
            alternatives=({matrix.impact: Words((one,)), matrix.urgency: Words((other,))},),
        )
        for one, line in matrix.matrix.items()
        for other, priority in line.items()
    )
    inputs, asked_if = inputs_of((matrix.impact, matrix.urgency), questions)
    return Table(
        inputs=inputs,
        asked_if=asked_if,
        rows=(*pairs, Row(output=matrix.otherwise, otherwise=True)),
        outputs=tuple(Priority),
        hit=Hit.UNIQUE,
    )


def check_matrix(matrix: PriorityMatrix, questions: Mapping[str, Question]) -> None:
    """Refuses a matrix that leaves out a pair, or asks what has no listed answers."""
    for key, name in (("impact", matrix.impact), ("urgency", matrix.urgency)):
        if name not in questions or not questions[name].answers:
            refuse("RB096", "a question whose answers are listed", at=("priority", key))
    if matrix.impact == matrix.urgency:
        refuse("RB096", "another question than impact", at=("priority", "urgency"))
    impacts, urgencies = questions[matrix.impact].answers, questions[matrix.urgency].answers
    _same(matrix.matrix, impacts, at=("priority", "matrix"))
    for impact in impacts:
        _same(matrix.matrix[impact], urgencies, at=("priority", "matrix", impact))


def _same(line: Mapping[str, object], answers: tuple[str, ...], *, at: tuple[str, ...]) -> None:
    if set(line) != set(answers):
        found = f"a line for {', '.join(line)}"
        refuse("RB096", f"each of {', '.join(answers)}", at=at, found=found)
