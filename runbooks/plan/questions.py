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
    CASE = "case"
    """The number of another case: who decided there is looked up and pinned."""
    PEOPLE = "people"
    """Who decided where no case of ours says so: opaque names, separated by commas."""


class Look(Compact):
    """What a condition looks for in one answer: words, a range, or whether there is one."""

    words: tuple[str, ...] = ()
    low: str | None = None
    high: str | None = None
    above: bool = False
    """Without the lower bound itself."""
    below: bool = False
    """Without the upper bound itself."""
    negated: bool = False
    """Any other answer; no answer is not another answer."""
    given: bool | None = None


class QuestionPlan(Compact):
    """An intake question as the running case needs it (its prose is in the runbook document)."""

    kind: AnswerKind = AnswerKind.YES_NO_UNKNOWN
    choices: tuple[str, ...] = ()
    material: bool = True
    """A changed answer voids the open rounds (I5)."""
    asked_if: dict[str, Look] = {}
    """What other answers must be for it to be asked; nothing for a question that always is."""

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
