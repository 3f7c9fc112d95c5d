"""Every question can be asked: its condition is one that some answers fulfil."""

from collections.abc import Iterator

from runbooks.grammar.cells import as_cell
from runbooks.grammar.intake import Question
from runbooks.grammar.severity import input_of, inputs_of
from runbooks.rules.finding import Finding, Subject
from runbooks.tables import Fault, Row, Table, fits, never


def conditions_that_hold(subject: Subject) -> Iterator[Finding]:
    """Questions that are never asked; of those that follow from one another, the first."""
    silent: set[str] = set()
    for name, question in subject.document.intake.items():
        if question.asked_if is None:
            continue
        if silent & set(question.asked_if) or _told(subject, question):
            silent.add(name)
        elif not _can_be_asked(subject, question):
            silent.add(name)
            path = ("intake", name, "asked-if")
            yield subject.finding("RB136", path, f'"{name}" is never asked: {question.condition}')


def _can_be_asked(subject: Subject, question: Question) -> bool:
    intake = subject.document.intake
    cells = {name: as_cell(cell) for name, cell in (question.asked_if or {}).items()}
    inputs, asked_if = inputs_of(cells, intake)
    table = Table(
        inputs=inputs,
        rows=(Row(output="asked", alternatives=(cells,)),),
        outputs=("asked",),
        asked_if=asked_if,
    )
    return all(found.fault is Fault.UNCHECKED for found in never(table))


def _told(subject: Subject, question: Question) -> bool:
    """Whether a cell can never match, which RB025 tells better."""
    for name, cell in (question.asked_if or {}).items():
        other = subject.document.intake[name]
        words = getattr(as_cell(cell), "words", ())
        if not fits(as_cell(cell), input_of(name, other).kind):
            return True
        if not set(words) <= set(other.answers):
            return True
    return False
