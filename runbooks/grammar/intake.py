"""What is asked before a case is understood."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, StrictStr, model_validator

from runbooks.asking import look
from runbooks.grammar.base import Name, Prose, Strict, refuse
from runbooks.grammar.cells import AnyCell, as_cell
from runbooks.plan import AnswerKind, QuestionPlan, answers_of
from runbooks.tables import said

PINNED = (AnswerKind.CASE, AnswerKind.PEOPLE)
"""What says who decided before."""


def _choices(value: tuple[str, ...]) -> tuple[str, ...]:
    for index, choice in enumerate(value):
        if choice in value[:index]:
            refuse("RB017", "every choice once", at=(index,))
    return value


class Question(Strict):
    """One question of intake: what is asked, and what counts as an answer."""

    ask: Prose
    answer: AnswerKind | None = None
    choice: (
        Annotated[tuple[StrictStr, ...], Field(min_length=1), AfterValidator(_choices)] | None
    ) = None
    material: StrictBool = True
    """A changed answer voids the open rounds (I5)."""
    help: Prose | None = None
    asked_if: Annotated[dict[Name, AnyCell], Field(min_length=1)] | None = None
    """What other answers must be for it to be asked; all of them have to match."""

    @model_validator(mode="after")
    def _one_way_to_answer(self) -> Self:
        if self.answer is None and self.choice is None:
            refuse("RB011", "`answer` or `choice`")
        if self.choice is not None and self.answer not in {None, AnswerKind.CHOICE}:
            refuse("RB017", "either `answer` or `choice`", at=("answer",))
        if self.choice is None and self.answer is AnswerKind.CHOICE:
            refuse("RB011", "`choice` with the words to choose from")
        if self.kind in PINNED and not self.material:
            refuse(
                "RB017", "no `material: false`: another answer keeps others out", at=("material",)
            )
        return self

    @property
    def plan(self) -> QuestionPlan:
        """The question as a running case needs it."""
        return QuestionPlan(
            kind=self.kind,
            choices=self.choice or (),
            material=self.material,
            asked_if={name: look(as_cell(cell)) for name, cell in (self.asked_if or {}).items()},
        )

    @property
    def condition(self) -> str:
        """When it is asked, in words; empty for a question that always is."""
        return ", ".join(
            f"{name} {said(as_cell(cell))}" for name, cell in sorted((self.asked_if or {}).items())
        )

    @property
    def kind(self) -> AnswerKind:
        """What the question takes."""
        return self.answer or AnswerKind.CHOICE

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that can be listed; empty for text, numbers, instants, references."""
        return answers_of(self.kind, self.choice or ())


def check_conditions(questions: Mapping[str, Question]) -> None:
    """Refuses a condition on a question that is not there, or that waits for this one."""
    for name, question in questions.items():
        for other in question.asked_if or {}:
            at = ("intake", name, "asked-if", other)
            if other not in questions:
                refuse("RB135", "another question of the intake", at=at, found=f'"{other}"')
            if name in _looked_at(other, questions):
                found = "itself" if other == name else f'"{other}", which waits for "{name}"'
                refuse("RB135", "a question that does not wait for this one", at=at, found=found)


def _looked_at(name: str, questions: Mapping[str, Question]) -> set[str]:
    """The question, and all that decide about whether it is asked."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += questions[each].asked_if or () if each in questions else ()
    return found
