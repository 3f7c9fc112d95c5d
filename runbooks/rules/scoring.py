"""The risk score keeps its promises: it is asked for, is reached, and grows with worse facts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from runbooks.grammar.cells import as_cell
from runbooks.grammar.scoring import SCORE
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.scoring import score_table, sum_of
from runbooks.severity import table_of
from runbooks.tables import (
    Kind,
    Space,
    Table,
    TooManyRegionsError,
    Value,
    fits,
    from_mild,
    holds,
    said,
    shown,
)

Sums = list[tuple[Mapping[str, Value], int]]
"""Sets of answers that the lines tell apart, each with what it comes to."""


def points(subject: Subject) -> Iterator[Finding]:
    """What the points of the runbook get wrong, each with answers that show it."""
    document = subject.document
    if not document.score:
        return
    severity = table_of(subject.runbook)
    if not _asked_for(severity):
        yield subject.finding(
            "RB099", (SCORE,), "no row asks for the score", weight=Weight.WARNING, at_key=True
        )
        return
    worse = document.severity_table.worse
    table = score_table(document)
    table = replace(table, worse={name: worse[name] for name in worse if name in table.inputs})
    space = Space(table)
    try:
        sums: Sums = [
            (values, sum_of(document, table.decide(values).matched)) for values in space.every()
        ]
    except TooManyRegionsError:
        what = "not checked: what the points can come to (the answers are too many)"
        yield subject.finding("RB095", (SCORE,), what, weight=Weight.WARNING, at_key=True)
        return
    totals = sorted({total for _, total in sums})
    yield from _never_reached(subject, severity.inputs[SCORE].kind, totals)
    yield from _fewer(subject, table.worse, space, sums)


def _asked_for(table: Table) -> bool:
    """Whether some row asks for the score: that its order is declared asks nothing."""
    cells = {name for row in table.rows for each in row.alternatives for name in each}
    named = {name for row in table.rows if row.expression for _, name in row.expression.names}
    return SCORE in cells | named


def _never_reached(subject: Subject, kind: Kind, totals: list[int]) -> Iterator[Finding]:
    for index, row in enumerate(subject.document.severity):
        cell = (row.if_ or {}).get(SCORE)
        if cell is None:
            continue
        asked = as_cell(cell)
        if fits(asked, kind) and not any(holds(asked, Fraction(total)) for total in totals):
            yield subject.finding(
                "RB097",
                ("severity", index, "if", SCORE),
                f"no answers come to a score {said(asked)}: "
                f"the least is {totals[0]}, the most {totals[-1]}",
            )


def _fewer(
    subject: Subject, worse: Mapping[str, tuple[str, ...]], space: Space, sums: Sums
) -> Iterator[Finding]:
    """Worse answers that come to less; and a table that may take more points for milder."""
    for name, order in worse.items():
        found = next(_taken_away(space, sums, name, order), None)
        if found is not None:
            yield subject.finding("RB098", (SCORE,), found, at_key=True)
            return
    if worse and SCORE not in subject.document.severity_table.worse:
        names = " and ".join(worse)
        yield subject.finding(
            "RB098",
            ("severity-table", "worse"),
            f"{names} gives points, and nothing says that more points are worse",
        )


def _taken_away(space: Space, sums: Sums, name: str, order: tuple[str, ...]) -> Iterator[str]:
    """Every pair of answers, alike but for one worse, of which the worse one comes to less."""
    axis = next(axis for axis in space.axes if axis.name == name)
    steps = [axis.values[piece] for piece in from_mild(axis.values, order)]
    alike: dict[tuple[Value, ...], dict[Value, int]] = {}
    for values, total in sums:
        rest = tuple(value for other, value in values.items() if other != name)
        alike.setdefault(rest, {})[values[name]] = total
    others = [other.name for other in space.axes if other.name != name]
    for rest, totals in alike.items():
        before: Value | None = None
        for value in (step for step in steps if step in totals):
            if before is not None and totals[value] < totals[before]:
                mild = shown({**dict(zip(others, rest, strict=True)), name: before})
                worse = shown({name: value})
                yield f"{mild} scores {totals[before]}, but the worse {worse} {totals[value]}"
            before = value
