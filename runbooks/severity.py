"""How severe a case is, by the table of its runbook: the first row that matches holds."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from runbooks.plan import AnswerKind, Severity
from runbooks.runbook import Runbook


class Assessment(BaseModel):
    """A severity, and the row that gave it."""

    model_config = ConfigDict(frozen=True)

    severity: Severity
    row: int
    """Counted from one, as people count the rows of a table."""
    because: str


def assess(runbook: Runbook, answers: Mapping[str, str]) -> Assessment:
    """The severity these answers give.

    A yes-no-unknown question without an answer counts as unknown; any other question without one
    matches no cell. The table was checked when the runbook was read, so some row always matches.
    """
    document = runbook.document
    known = {
        name: "unknown"
        for name, question in document.intake.items()
        if question.kind is AnswerKind.YES_NO_UNKNOWN
    } | {name: answer for name, answer in answers.items() if answer}
    for number, row in enumerate(document.severity, start=1):
        if row.otherwise is not None or row.matches(known):
            return Assessment(severity=row.severity, row=number, because=row.because)
    # A table complete by enumeration meets an answer its question does not list: worst row first.
    worst = min(enumerate(document.severity, start=1), key=lambda each: each[1].severity)
    return Assessment(severity=worst[1].severity, row=worst[0], because=worst[1].because)
