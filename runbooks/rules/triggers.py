"""Clocks that answers bring about: none that the law can ask for is missing."""

from collections.abc import Iterator, Mapping, Sequence

from runbooks.grammar.cells import as_cell
from runbooks.grammar.clocks import RUNS_AS
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.law import LawRow
from runbooks.grammar.severity import input_of
from runbooks.rules.finding import Finding, Subject
from runbooks.statutes.facts import CaseFacts, holds
from runbooks.statutes.table import Statute, statutes
from runbooks.statutes.vocabulary import Age
from runbooks.tables import holds as found


def missing(subject: Subject) -> Iterator[Finding]:
    """Rows of the law that some answers bring about and that no clock of the runbook runs by."""
    document = subject.document
    if not document.law:
        return
    run = {clock.law.id for clock in document.clocks.values() if clock.law is not None}
    for statute in statutes().values():
        if statute.id in run or not _runs(subject, statute) or _elsewhere(subject, statute):
            continue
        facts = _at_worst(subject, document.law, statute)
        reasons = holds(statute.row.if_, facts) if facts is not None else None
        if reasons is not None:
            yield subject.finding(
                "RB123",
                ("law",),
                f"{statute.reference} can hold ({', '.join(reasons)}), and no clock runs by it",
                at_key=True,
            )


def _elsewhere(subject: Subject, statute: Statute) -> bool:
    """Whether another runbook runs it, as this one says; one that is not at hand is believed."""
    name = subject.document.elsewhere.get(statute.id)
    other = subject.library.get(name or "")
    if name is None or other is None:
        return name is not None
    return any(
        clock.law is not None and clock.law.id == statute.id
        for clock in other.document.clocks.values()
    )


def _runs(subject: Subject, statute: Statute) -> bool:
    return (
        statute.row.kind in RUNS_AS
        and statute.length is not None
        and statute.row.is_law(subject.today)
    )


def can_hold(subject: Subject, statute: Statute, given: Mapping[str, Sequence[str]]) -> bool:
    """Whether the row can hold in a case with one of these answers to each of these questions."""
    document = subject.document
    rows = [row for row in document.law if _fits(document, row, given)]
    facts = _at_worst(subject, rows, statute)
    return facts is not None and holds(statute.row.if_, facts) is not None


def _fits(document: RunbookDocument, row: LawRow, given: Mapping[str, Sequence[str]]) -> bool:
    for name, cell in (row.if_ or {}).items():
        question = document.intake.get(name)
        if name in given and question is not None:
            read = input_of(name, question.plan).read
            if not any(found(as_cell(cell), read(word)) for word in given[name]):
                return False
    return True


def _at_worst(subject: Subject, rows: Sequence[LawRow], statute: Statute) -> CaseFacts | None:
    """Everything that any answers can say at once, but for what the row wants not to be so."""
    if not any(row.class_ for row in rows):
        return None
    places: dict[str, list[str]] = {}
    for row in rows:
        for party, where in row.place.items():
            places.setdefault(party.value, []).extend(where)
    unwanted = statute.row.if_.not_
    ages = [row.age for row in rows if row.age is not None]
    wanted = next((age for age in ages if age in (statute.row.if_.age or ())), Age.NOT_IN_QUESTION)
    return CaseFacts.model_validate(
        {
            "at": f"{subject.today.isoformat()}T00:00:00Z",
            "class": [each for row in rows for each in row.class_],
            "paper": [each for row in rows for each in row.paper],
            "fact": [each for row in rows for each in row.fact if each not in unwanted],
            "age": wanted,
            "out-of-scope": [each for row in rows if row.if_ is None for each in row.out_of_scope],
            "place": places,
        }
    )
