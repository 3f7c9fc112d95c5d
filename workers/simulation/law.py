"""What answers mean to the law, read out of the runbook's text without the engine's reader.

A case is a set of words (`class data-breach`, `victim in US-CA`); a row holds where its own words
are among them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.law import LawRow
from runbooks.statutes.grammar import IN_FORCE, Predicate, Row
from runbooks.statutes.vocabulary import MEMBER_STATES, Fact
from workers.simulation.answers import fulfilled, known


def words_of(document: RunbookDocument, answers: Mapping[str, str]) -> frozenset[str]:
    """The case in the law's words, for these answers."""
    counted = known(document, answers)
    return _words(
        line
        for line in document.law
        if all(fulfilled(c, counted.get(n, "")) for n, c in (line.if_ or {}).items())
    )


def always(document: RunbookDocument, row: Row) -> bool:
    """Whether the row holds in every case of the runbook on every day, whatever is answered."""
    unwanted = {*row.if_.not_, *({Fact.NON_DISCLOSURE} if row.does == "tell-user" else ())}
    loose = [line for line in document.law if line.if_]
    hangs = any(
        unwanted & set(line.fact)
        or set(row.if_.scope) & set(line.out_of_scope)
        or (row.if_.age is not None and line.age is not None)
        for line in loose
    )
    by_day = row.effective.from_ != IN_FORCE or row.effective.to is not None
    sure = _words(line for line in document.law if not line.if_)
    return not hangs and not by_day and all(_claims(row.if_, sure))


def _words(lines: Iterable[LawRow]) -> frozenset[str]:
    found: set[str] = set()
    age = "not-in-question"
    for line in lines:
        found |= {f"class {each}" for each in line.class_}
        found |= {f"paper {each}" for each in line.paper}
        found |= {f"fact {each}" for each in line.fact}
        found |= {f"out {each}" for each in line.out_of_scope}
        for party, places in line.place.items():
            found |= {f"{party} in {area}" for place in places for area in _areas(place)}
        age = line.age or age
    return frozenset({*found, f"age {age}"})


def _areas(place: str) -> Iterator[str]:
    """The place, and what it is a part of."""
    yield place
    yield place.partition("-")[0]
    if place in MEMBER_STATES:
        yield "EU"


def applies(row: Row, words: frozenset[str], *, on: date) -> bool:
    """Whether the row is law on that day and holds for the case; one about nothing owes nothing."""
    begins = row.effective.from_
    law = begins == IN_FORCE or (isinstance(begins, date) and begins <= on)
    over = row.effective.to is not None and row.effective.to < on
    about = any(word.startswith("class ") for word in words)
    silenced = row.does == "tell-user" and "fact non-disclosure" in words
    return law and not over and about and not silenced and all(_claims(row.if_, words))


def _claims(predicate: Predicate, words: frozenset[str]) -> Iterator[bool]:
    for kind, wanted in (
        ("class", predicate.class_),
        ("paper", predicate.paper),
        ("age", predicate.age),
    ):
        if wanted is not None:
            yield any(f"{kind} {each}" in words for each in wanted)
    yield all(f"fact {each}" in words for each in predicate.fact)
    yield all(f"fact {each}" not in words for each in predicate.not_)
    yield all(f"out {each}" not in words for each in predicate.scope)
    for party, areas in predicate.place.items():
        yield any(f"{party} in {area}" in words for area in areas)
    if predicate.anywhere:
        ends = tuple(f" in {area}" for area in predicate.anywhere)
        yield any(word.endswith(ends) for word in words)
