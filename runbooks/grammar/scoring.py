"""The risk score: points that answers add up to, for the severity table to ask about."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StrictInt

from runbooks.grammar.base import Name, Prose, Strict, refuse
from runbooks.grammar.cells import AnyCell, as_cell
from runbooks.grammar.intake import Question
from runbooks.plan import AnswerKind
from runbooks.tables import said

SCORE = "score"
"""What the severity table calls the sum."""
MOST_POINTS = 1000

SUM = Question(ask="What do the points of the answers add up to?", answer=AnswerKind.NUMBER)
"""The sum as the severity table is asked about it; nobody answers it."""


class ScoreLine(Strict):
    """Points for answers: they are added where every cell holds."""

    if_: Annotated[dict[Name, AnyCell], Field(min_length=1)]
    points: Annotated[StrictInt, Field(ge=-MOST_POINTS, le=MOST_POINTS)]
    """Below nought for what makes a case milder."""
    because: Prose

    @property
    def said(self) -> str:
        """What the line looks for, in words."""
        cells = sorted(self.if_.items())
        return ", ".join(f"{name} {said(as_cell(cell))}" for name, cell in cells)


def check_score(lines: tuple[ScoreLine, ...], questions: Mapping[str, Question]) -> None:
    """Refuses a question of the sum's name, a line that adds nothing, and one written twice."""
    if lines and SCORE in questions:
        refuse("RB017", "another name: `score` is the sum of the points", at=("intake", SCORE))
    for index, line in enumerate(lines):
        if not line.points:
            refuse("RB017", "points above or below nought", at=(SCORE, index, "points"))
        if any(line.said == before.said for before in lines[:index]):
            refuse("RB017", "other answers than any line before", at=(SCORE, index, "if"))


def with_sum(
    questions: Mapping[str, Question], lines: tuple[ScoreLine, ...]
) -> Mapping[str, Question]:
    """What the severity table can be asked about: the questions, and the sum where there is one."""
    return {**questions, SCORE: SUM} if lines else questions
