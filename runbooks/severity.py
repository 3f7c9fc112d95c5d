"""How severe a case is, by the table of its runbook, with the row that said so and why."""

from collections.abc import Mapping
from fractions import Fraction

from pydantic import BaseModel, ConfigDict

from runbooks.asking import counted
from runbooks.grammar.scoring import SCORE
from runbooks.grammar.severity import severity_table
from runbooks.plan import Severity
from runbooks.runbook import Runbook
from runbooks.scoring import Scored, score
from runbooks.tables import Table, Value

UNMATCHED = "no row fits these answers; the worst row is taken"


class Assessment(BaseModel):
    """A severity, and the row that gave it."""

    model_config = ConfigDict(frozen=True)

    severity: Severity
    row: int
    """Counted from one, as people count the rows of a table."""
    because: str
    """The row's reason; behind it what the answers add up to, and what could not be asked."""
    matched: tuple[int, ...] = ()
    """Every row that matched, whatever the policy made of them."""
    scored: Scored | None = None
    """What the answers add up to, where the runbook gives points."""


def table_of(runbook: Runbook) -> Table:
    """The runbook's severity table."""
    document = runbook.document
    return severity_table(document.severity, document.severity_table, document.asked_by_table)


def read(runbook: Runbook, answers: Mapping[str, str]) -> dict[str, Value]:
    """What the severity table is given for these answers."""
    questions = {name: asked.plan for name, asked in runbook.document.intake.items()}
    values = table_of(runbook).read(counted(questions, answers))
    scored = score(runbook, answers)
    if scored is not None and SCORE in values:
        values[SCORE] = Fraction(scored.points)
    return values


def assess(runbook: Runbook, answers: Mapping[str, str]) -> Assessment:
    """The severity these answers give.

    A yes-no-unknown question without an answer counts as unknown; any other question without one,
    and any that is not asked, matches only a cell that asks for that. The table was checked when
    the runbook was read, so some row matches whatever the questions take; an answer they do not
    take gets the worst row.
    """
    rows = runbook.document.severity
    table = table_of(runbook)
    decision = table.decide(read(runbook, answers))
    scored = score(runbook, answers)
    remarks = [scored.because] if scored is not None else []
    remarks += decision.remarks
    row = decision.row
    if row is None:
        row = min(range(len(rows)), key=lambda number: rows[number].severity)
        remarks.append(UNMATCHED)
    because = rows[row].because
    return Assessment(
        severity=rows[row].severity,
        row=row + 1,
        because=f"{because} ({'; '.join(remarks)})" if remarks else because,
        matched=tuple(number + 1 for number in decision.matched),
        scored=scored,
    )
