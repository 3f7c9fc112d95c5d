"""A severity table on the terminal: its rows, the one that decides, and what its checks say."""

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from cli.runbook_page import points
from runbooks import Assessment, Runbook, assess, prioritise
from runbooks.severity import read, table_of
from runbooks.tables import Fault, Found, Value, checks, shown, written


def page(runbook: Runbook, answers: Mapping[str, str]) -> Iterator[RenderableType]:
    """The rows with a mark at the one that decides, why it does, and every fault of the table."""
    document = runbook.document
    assessment = assess(runbook, answers)
    yield (
        f"[bold]{escape(document.title)}[/] ({document.runbook} {document.version}): "
        f"severity by the {_policy(runbook)}"
    )
    rows = Table("", "row", "when", "severity", "because", box=None)
    for number, row in enumerate(document.severity, start=1):
        rows.add_row(
            _mark(number, assessment),
            str(number),
            escape(row.said),
            row.severity,
            escape(row.because),
        )
    yield rows
    if assessment.scored is not None:
        yield from points(document.score, counting=assessment.scored.lines)
    yield f"\nRead as {escape(shown(_read(runbook, answers))) or 'no answers at all'}"
    yield (
        f"[bold]{assessment.severity}[/] by row {assessment.row}, "
        f"because {escape(assessment.because)}"
    )
    priority = prioritise(runbook, answers)
    if priority is not None:
        yield f"[bold]{priority.priority}[/] by the priority matrix, for {escape(priority.because)}"
    found = checks(table_of(runbook))
    for each in found:
        yield f"[yellow]{each.fault}[/] {escape(each.says)}"
    if not found:
        yield "Every answer gets a row, and every row can decide."


def record(runbook: Runbook, answers: Mapping[str, str]) -> dict[str, object]:
    """The same as plain values, for `--json`."""
    document, priority = runbook.document, prioritise(runbook, answers)
    return {
        "runbook": runbook.name,
        "version": runbook.version,
        "digest": runbook.digest,
        "hit": document.severity_table.hit.value,
        "worse": {name: list(order) for name, order in document.severity_table.worse.items()},
        "rows": [
            {
                "row": number,
                "when": row.said,
                "severity": row.severity.value,
                "because": row.because,
            }
            for number, row in enumerate(document.severity, start=1)
        ],
        "score": [
            {"line": number, "when": line.said, "points": line.points, "because": line.because}
            for number, line in enumerate(document.score, start=1)
        ],
        "answers": {name: written(value) for name, value in _read(runbook, answers).items()},
        "decision": assess(runbook, answers).model_dump(mode="json"),
        "priority": priority.model_dump(mode="json") if priority is not None else None,
        "findings": [_finding(each) for each in checks(table_of(runbook))],
    }


def _policy(runbook: Runbook) -> str:
    return {
        "first": "first row that matches",
        "unique": "one row that matches",
        "any": "rows that match and agree",
        "priority": "worst row that matches",
    }[runbook.document.severity_table.hit]


def _mark(number: int, assessment: Assessment) -> str:
    if number == assessment.row:
        return "→"
    return "·" if number in assessment.matched else ""


def _read(runbook: Runbook, answers: Mapping[str, str]) -> Mapping[str, Value]:
    return read(runbook, answers)


def _finding(found: Found) -> dict[str, object]:
    return {
        "fault": found.fault.value,
        "checked": found.fault is not Fault.UNCHECKED,
        "rows": [row + 1 for row in found.rows],
        "says": found.says,
        "answers": {n: written(v) for n, v in (found.answers or {}).items()},
        "worse": {n: written(v) for n, v in (found.worse or {}).items()},
    }
