"""What the answers of a case add up to, and line by line why."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from runbooks.asking import counted
from runbooks.grammar.cells import as_cell
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.severity import inputs_of
from runbooks.runbook import Runbook
from runbooks.tables import Hit, Row, Table


class Scored(BaseModel):
    """A sum, and the lines that added to it."""

    model_config = ConfigDict(frozen=True)

    points: int
    lines: tuple[int, ...]
    """Counted from one, as people count them."""
    because: str
    """`score 60: +40 somebody may be in danger, +20 several people report it`."""


def score(runbook: Runbook, answers: Mapping[str, str]) -> Scored | None:
    """What these answers come to; None where the runbook gives no points.

    A line counts where all its cells hold, as a row of the severity table matches.
    """
    document = runbook.document
    if not document.score:
        return None
    table = score_table(document)
    numbers = table.decide(table.read(counted(document.plans, answers))).matched
    total = sum_of(document, numbers)
    why = [f"{document.score[n].points:+} {document.score[n].because}" for n in numbers]
    return Scored(
        points=total,
        lines=tuple(number + 1 for number in numbers),
        because=f"score {total}: {', '.join(why) or 'no line counts'}",
    )


def score_table(document: RunbookDocument) -> Table:
    """The lines as a table in which every row counts that matches."""
    named = (name for line in document.score for name in line.if_)
    inputs, asked_if = inputs_of(named, document.intake)
    return Table(
        inputs=inputs,
        asked_if=asked_if,
        rows=tuple(
            Row(
                output=str(number),
                alternatives=({name: as_cell(cell) for name, cell in line.if_.items()},),
            )
            for number, line in enumerate(document.score)
        ),
        outputs=tuple(str(number) for number in range(len(document.score))),
        hit=Hit.COLLECT,
    )


def sum_of(document: RunbookDocument, lines: tuple[int, ...]) -> int:
    """What these lines come to, counted from nought."""
    return sum(document.score[number].points for number in lines)
