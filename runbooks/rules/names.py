"""Every name leads to something: stages, effects, clocks, questions, roles, runbooks, answers."""

from collections.abc import Collection, Iterator, Mapping

from runbooks.grammar.cells import Cell, Test, as_cell
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.intake import Question
from runbooks.grammar.severity import input_of
from runbooks.reading import suggestion
from runbooks.references import RefKind, references
from runbooks.roles import STANDARD_ROLES
from runbooks.rules.catalogue import RULES
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tables import fits
from runbooks.tree import Step

CellOrTest = Cell | Test

_RULE = {
    RefKind.STAGE: "RB020",
    RefKind.EFFECT: "RB021",
    RefKind.CLOCK: "RB022",
    RefKind.QUESTION: "RB023",
    RefKind.ROLE: "RB024",
    RefKind.RUNBOOK: "RB071",
    RefKind.DISPOSITION: "RB100",
    RefKind.RULE: "RB134",
    RefKind.POLICY: "RB150",
}


_MOVED = ": the case opens on the default pathway at the same severity"


def names(subject: Subject) -> Iterator[Finding]:
    """Names that lead nowhere."""
    known = {kind: _known(kind, subject) for kind in RefKind}
    for each in references(subject.document):
        if each.name in known[each.kind]:
            continue
        rule = _RULE[each.kind]
        missing = each.kind is RefKind.RUNBOOK
        # A role is the key of its quorum; any other name is a value.
        in_quorum = each.path[-1] == each.name
        yield subject.finding(
            rule,
            each.path,
            f'no {each.kind} is called "{each.name}"'
            + (_MOVED if missing and each.path[-1] == "move-to" else ""),
            weight=Weight.WARNING if missing else Weight.ERROR,
            mend=suggestion(each.name, known[each.kind], otherwise=RULES[rule].mend),
            at_key=in_quorum,
        )


def cells(subject: Subject) -> Iterator[Finding]:
    """Cells that compare with an answer their question never has."""
    for path, row in _looked_for(subject.document):
        for name, cell in row.items():
            question = subject.document.severity_questions.get(name)
            if question is not None:
                yield from _never_answered(subject, (*path, name), cell, question)


def _looked_for(
    document: RunbookDocument,
) -> Iterator[tuple[tuple[Step, ...], Mapping[str, CellOrTest]]]:
    """The cells of every row and condition, and where they stand."""
    for index, row in enumerate(document.severity):
        yield ("severity", index, "if"), row.if_ or {}
    for index, line in enumerate(document.score):
        yield ("score", index, "if"), line.if_
    for index, law in enumerate(document.law):
        yield ("law", index, "if"), law.if_ or {}
    for name, question in document.intake.items():
        yield ("intake", name, "asked-if"), question.asked_if or {}


def _never_answered(
    subject: Subject, path: tuple[Step, ...], cell: CellOrTest, question: Question
) -> Iterator[Finding]:
    name = path[-1]
    if isinstance(cell, Test):
        path = (*path, "not")
    if not fits(as_cell(cell), input_of(str(name), question).kind):
        says = f'"{name}" takes {question.kind}, which this cell cannot match'
        yield subject.finding("RB025", path, says)
        return
    words = cell.not_ if isinstance(cell, Test) else cell
    for position, answer in enumerate(words if isinstance(words, tuple) else ()):
        if answer not in question.answers:
            takes = f"It takes {', '.join(question.answers)}."
            yield subject.finding(
                "RB025",
                (*path, position),
                f'"{name}" is never answered "{answer}"',
                mend=suggestion(answer, question.answers, otherwise=takes),
            )


def _known(kind: RefKind, subject: Subject) -> Collection[str]:
    document: RunbookDocument = subject.document
    known: dict[RefKind, Collection[str]] = {
        RefKind.STAGE: [stage.stage for stage in document.stages],
        RefKind.EFFECT: document.all_effects,
        RefKind.CLOCK: document.clocks,
        RefKind.QUESTION: document.intake,
        RefKind.ROLE: (
            subject.directory if subject.directory is not None else STANDARD_ROLES | document.roles
        ),
        RefKind.RUNBOOK: subject.library,
        RefKind.DISPOSITION: document.closure.dispositions or {},
        RefKind.RULE: document.interim_rules,
        RefKind.POLICY: document.escalations,
    }
    return known[kind]
