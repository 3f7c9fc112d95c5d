"""The severity table keeps its promises: every row can decide, worse facts are never milder."""

from collections.abc import Iterator

from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.severity import table_of
from runbooks.tables import Fault, Found, Table, fits, milder, never, overlaps
from runbooks.tree import Step

_RULE = {
    Fault.OVERLAP: "RB092",
    Fault.CONTRADICTION: "RB092",
    Fault.NEVER: "RB093",
    Fault.MILDER: "RB094",
    Fault.UNASKED: "RB137",
    Fault.UNCHECKED: "RB095",
}


def severity_table(subject: Subject) -> Iterator[Finding]:
    """What the severity table gets wrong, each with answers that show it.

    Answers that no row matches are refused when the runbook is read (RB015).
    """
    table = table_of(subject.runbook)
    for check in (overlaps, never, milder):
        for found in check(table):
            if not (found.fault is Fault.NEVER and _told(table, found)):
                yield _finding(subject, table, found)


def _finding(subject: Subject, table: Table, found: Found) -> Finding:
    # An `otherwise` that nothing is left for does no harm: the next row somebody adds may need it.
    spare = found.fault is Fault.NEVER and table.rows[found.rows[0]].otherwise
    mild = spare or found.fault is Fault.UNCHECKED
    path: tuple[Step, ...] = ("severity",)
    if found.rows:
        first = found.fault is Fault.NEVER
        path = ("severity", found.rows[0] if first else found.rows[-1])
    return subject.finding(
        _RULE[found.fault],
        path,
        found.says,
        weight=Weight.WARNING if mild else Weight.ERROR,
    )


def _told(table: Table, found: Found) -> bool:
    """Whether the row cannot match for a reason that RB023 or RB025 tells better."""
    row = table.rows[found.rows[0]]
    for cells in row.alternatives:
        for name, cell in cells.items():
            asked = table.inputs[name]
            words = getattr(cell, "words", ())
            if asked.open or not fits(cell, asked.kind) or not set(words) <= set(asked.words):
                return True
    return False
