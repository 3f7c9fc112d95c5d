"""An intake question, as a running case needs it."""

from enum import StrEnum

from runbooks.compact import Compact


class AnswerKind(StrEnum):
    """What an intake question takes."""

    YES_NO_UNKNOWN = "yes-no-unknown"
    YES_NO = "yes-no"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    REFERENCE = "reference"


class QuestionPlan(Compact):
    """An intake question as the running case needs it (its prose is in the runbook document)."""

    kind: AnswerKind = AnswerKind.YES_NO_UNKNOWN
    choices: tuple[str, ...] = ()
    material: bool = True
    """A changed answer voids the open rounds (I5)."""

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that can be listed; empty for text, numbers, instants, references."""
        return answers_of(self.kind, self.choices)


def answers_of(kind: AnswerKind, choices: tuple[str, ...]) -> tuple[str, ...]:
    """The answers a question of that kind can be given, where they can be listed."""
    match kind:
        case AnswerKind.YES_NO_UNKNOWN:
            return ("yes", "no", "unknown")
        case AnswerKind.YES_NO:
            return ("yes", "no")
        case _:
            return choices
