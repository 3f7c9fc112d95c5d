"""Outcomes that can be taken only with certain answers: what was answered decides the way."""

from cases.file import CaseFile
from cases.receipts import Reason
from cases.refusal import refused
from runbooks.plan import AnswerKind, Next, StagePlan

UNKNOWN = "unknown"


def must_hold(file: CaseFile, stage: StagePlan, outcome: str) -> None:
    """What is answered allows the outcome; a yes or no that nobody gave is unknown."""
    for name, allowed in stage.next.get(outcome, Next()).only_if.items():
        given = file.state.answers.get(name)
        question = file.pathway.questions.get(name)
        open_ = question is not None and question.kind is AnswerKind.YES_NO_UNKNOWN
        value = given.value if given is not None else UNKNOWN if open_ else ""
        if not value:
            raise refused(Reason.UNANSWERED, name)
        if value not in allowed:
            raise refused(Reason.NOT_SO, f"{name} is {value}, and not {' or '.join(allowed)}")
