"""What is asked before a case is understood."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, StrictStr, model_validator

from runbooks.grammar.base import Prose, Strict, refuse
from runbooks.plan import AnswerKind

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
    def kind(self) -> AnswerKind:
        """What the question takes."""
        return self.answer or AnswerKind.CHOICE

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that can be listed; empty for text, numbers, instants, references."""
        match self.kind:
            case AnswerKind.YES_NO_UNKNOWN:
                return ("yes", "no", "unknown")
            case AnswerKind.YES_NO:
                return ("yes", "no")
            case _:
                return self.choice or ()
