"""Clocks that answers bring about: none that the law can ask for is missing."""

from collections.abc import Iterator

from runbooks.grammar.clocks import RUNS_AS
from runbooks.grammar.document import RunbookDocument
from runbooks.rules.finding import Finding, Subject
from runbooks.statutes.facts import CaseFacts, holds
from runbooks.statutes.table import Statute, statutes
from runbooks.statutes.vocabulary import Age


def missing(subject: Subject) -> Iterator[Finding]:
    """Rows of the law that some answers bring about and that no clock of the runbook runs by."""
    document = subject.document
    if not document.law:
        return
    run = {clock.law.id for clock in document.clocks.values() if clock.law is not None}
    for statute in statutes().values():
        if statute.id in run or not _runs(subject, statute):
            continue
        facts = _at_worst(subject, document, statute)
        reasons = holds(statute.row.if_, facts) if facts is not None else None
        if reasons is not None:
            yield subject.finding(
                "RB123",
                ("law",),
                f"{statute.reference} can hold ({', '.join(reasons)}), and no clock runs by it",
                at_key=True,
            )


def _runs(subject: Subject, statute: Statute) -> bool:
    return (
        statute.row.kind in RUNS_AS
        and statute.length is not None
        and statute.row.is_law(subject.today)
    )


def _at_worst(subject: Subject, document: RunbookDocument, statute: Statute) -> CaseFacts | None:
    """Everything that any answers can say at once, but for what the row wants not to be so."""
    rows = document.law
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
