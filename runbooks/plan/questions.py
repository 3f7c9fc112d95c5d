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


class QuestionPlan(Compact):
    """An intake question as the running case needs it (its prose is in the runbook document)."""

    kind: AnswerKind = AnswerKind.YES_NO_UNKNOWN
    choices: tuple[str, ...] = ()
    material: bool = True
    """A changed answer voids the open rounds (I5)."""
