"""Two severity tables compared by what they answer, with answers for which they differ."""

from collections.abc import Iterator, Mapping
from itertools import product

from runbooks.comparing.change import Change, Direction, Group
from runbooks.grammar.cells import AnyCell
from runbooks.grammar.scoring import SCORE
from runbooks.grammar.severity import conditions
from runbooks.plan import AnswerKind
from runbooks.runbook import Runbook
from runbooks.severity import assess

_MOST = 20_000

Answers = Mapping[str, str]


def severities(old: Runbook, new: Runbook) -> Iterator[Change]:
    """Every pair of severities that some answers had and have, with the fewest such answers."""
    if _same_tables(old, new):
        # Nothing else decides a severity: up to 20,000 answer sets need not be tried.
        return
    sets, whole = _answer_sets(old, new)
    moved: dict[tuple[str, str], list[Answers]] = {}
    said: dict[tuple[str, str], list[Answers]] = {}
    for answers in sets:
        before, after = assess(old, answers), assess(new, answers)
        if before.severity != after.severity:
            moved.setdefault((before.severity, after.severity), []).append(answers)
        elif before.reason != after.reason:
            # What they add up to is told line by line, among the facts.
            said.setdefault((before.reason, after.reason), []).append(answers)
    for (was, now), found in sorted(moved.items(), key=lambda each: each[0][0]):
        yield Change(
            group=Group.SEVERITY,
            direction=Direction.LOOSER if now > was else Direction.TIGHTER,
            where="",
            what=f"the severity of {_count(len(found), whole=whole)}",
            was=was,
            now=now,
            example=_example(found),
        )
    for (was, now), found in sorted(said.items()):
        yield Change(
            group=Group.WORDS,
            where="",
            what="why a case is that severe",
            was=was,
            now=now,
            example=_example(found),
        )
    told_apart = whole and _listed_only(old) and _listed_only(new)
    if not told_apart and not moved and _written(old) != _written(new):
        yield Change(
            group=Group.SEVERITY,
            where="",
            what=f"the table is written differently; {len(sets)} answer sets show no difference",
        )


def _same_tables(old: Runbook, new: Runbook) -> bool:
    """Whether rows and questions are the same, in whatever order their keys are written."""
    before, after = (
        (_written(each), each.document.severity_table, each.document.intake) for each in (old, new)
    )
    return before == after


def _written(runbook: Runbook) -> tuple[object, object]:
    return runbook.document.severity, runbook.document.score


def _cells(runbook: Runbook) -> list[Mapping[str, AnyCell]]:
    """What the rows ask of answers, and what the points do."""
    document = runbook.document
    summed = {SCORE} if document.score else set()
    asked = [
        {name: cell for name, cell in (row.if_ or {}).items() if name not in summed}
        for row in document.severity
    ]
    return [*asked, *(line.if_ for line in document.score)]


def _answer_sets(old: Runbook, new: Runbook) -> tuple[list[Answers], bool]:
    """Every combination of answers that the tables tell apart, or as many as are looked at."""
    columns = {name: _answers(name, old, new) for name in _asked(old, new)}
    combinations = 1
    for answers in columns.values():
        combinations *= len(answers)
    whole = combinations <= _MOST
    if not whole:
        # One question at a time, and every row by itself.
        single = [{name: each} for name, answers in columns.items() for each in answers if each]
        return [{}, *single, *_rows(old), *_rows(new)], False
    return [
        {name: value for name, value in zip(columns, values, strict=True) if value is not None}
        for values in product(*columns.values())
    ], True


def _asked(old: Runbook, new: Runbook) -> list[str]:
    named = {name for cells in (*_cells(old), *_cells(new)) for name in cells}
    for runbook in (old, new):
        asked_if = conditions(sorted(named), runbook.document.intake)
        named.update(name for cells in asked_if.values() for name in cells)
    return sorted(named)


def _answers(name: str, old: Runbook, new: Runbook) -> list[str | None]:
    """The answers of a question that make a difference, and that it has none."""
    found: dict[str | None, None] = {}
    for runbook in (old, new):
        question = runbook.document.intake.get(name)
        if question is not None:
            found.update(dict.fromkeys(question.answers))
        if question is None or question.kind is not AnswerKind.YES_NO_UNKNOWN:
            found[None] = None
        for cells in _cells(runbook):
            found.update(dict.fromkeys(_listed(cells.get(name))))
    return list(found)


def _listed(cell: object) -> tuple[str, ...]:
    """The answers a cell lists; none where it says them in another way."""
    return tuple(map(str, cell)) if isinstance(cell, tuple) else ()


def _listed_only(runbook: Runbook) -> bool:
    """Whether every row lists answers: then its answer sets are all there is."""
    return all(row.when is None for row in runbook.document.severity) and all(
        isinstance(cell, tuple) for cells in _cells(runbook) for cell in cells.values()
    )


def _rows(runbook: Runbook) -> list[Answers]:
    return [
        {name: listed[0] for name, cell in cells.items() if (listed := _listed(cell))}
        for cells in _cells(runbook)
    ]


def _count(number: int, *, whole: bool) -> str:
    if not whole:
        return f"at least {number} answer sets"
    return "one answer set" if number == 1 else f"{number} answer sets"


def _example(found: list[Answers]) -> str:
    fewest = min(found, key=lambda answers: (len(answers), sorted(answers.items())))
    return ", ".join(f"{name}: {value}" for name, value in fewest.items()) or "nothing answered"
