"""How severe a case is, by the table of its runbook, with the row that said so and why."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

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
    reason: str = Field(exclude=True)
    """The same, without what they add up to."""
    matched: tuple[int, ...] = ()
    """Every row that matched, whatever the policy made of them."""
    scored: Scored | None = None
    """What the answers add up to, where the runbook gives points."""


def table_of(runbook: Runbook) -> Table:
    """The runbook's severity table."""
    document = runbook.document
    return severity_table(document.severity, document.severity_table, document.severity_questions)


def read(runbook: Runbook, answers: Mapping[str, str]) -> dict[str, Value]:
    """What the severity table is given for these answers."""
    return _given(table_of(runbook), runbook, answers, score(runbook, answers))


def assess(runbook: Runbook, answers: Mapping[str, str]) -> Assessment:
    """The severity these answers give.

    A yes-no-unknown question without an answer counts as unknown; any other question without one,
    and any that is not asked, matches only a cell that asks for that. The table was checked when
    the runbook was read, so some row matches whatever the questions take; an answer they do not
    take gets the worst row.
    """
    rows = runbook.document.severity
    table, scored = table_of(runbook), score(runbook, answers)
    decision = table.decide(_given(table, runbook, answers, scored))
    remarks = list(decision.remarks)
    row = decision.row
    if row is None:
        row = min(range(len(rows)), key=lambda number: rows[number].severity)
        remarks.append(UNMATCHED)
    because = rows[row].because
    summed = [scored.because] if scored is not None else []
    return Assessment(
        severity=rows[row].severity,
        row=row + 1,
        because=_with(because, [*summed, *remarks]),
        reason=_with(because, remarks),
        matched=tuple(number + 1 for number in decision.matched),
        scored=scored,
    )


def _given(
    table: Table, runbook: Runbook, answers: Mapping[str, str], scored: Scored | None
) -> dict[str, Value]:
    values = table.read(counted(runbook.document.plans, answers))
    if scored is not None and SCORE in values:
        values[SCORE] = Fraction(scored.points)
    return values


def _with(because: str, remarks: Sequence[str]) -> str:
    return f"{because} ({'; '.join(remarks)})" if remarks else because
