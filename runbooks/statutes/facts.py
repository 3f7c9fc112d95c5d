"""What is known of a case for the law's purposes, and whether a row's predicate holds for it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from runbooks.grammar.base import Strict, refuse
from runbooks.reading import read_model
from runbooks.statutes.grammar import Predicate
from runbooks.statutes.vocabulary import (
    Age,
    CaseClass,
    Fact,
    Paper,
    Party,
    Place,
    Scope,
    StartEvent,
    lies_in,
)

_INSTANT = "an instant with its offset, like 2026-11-22T10:00:00Z"


def _instant(value: Any) -> datetime:  # whatever stands in the document
    if isinstance(value, datetime):
        return value
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        refuse("RB014", _INSTANT)
    if at.utcoffset() is None:
        refuse("RB014", _INSTANT)
    return at


Moment = Annotated[datetime, BeforeValidator(_instant, json_schema_input_type=str)]


class CaseFacts(Strict):
    """A case as the resolver sees it; nothing in it names anybody."""

    at: Moment
    """The law of this day is applied."""
    class_: Annotated[tuple[CaseClass, ...], Field(min_length=1)]
    paper: tuple[Paper, ...] = ()
    fact: tuple[Fact, ...] = ()
    age: Age = Age.NOT_IN_QUESTION
    out_of_scope: tuple[Scope, ...] = ()
    """What counsel has said we are not; everything else we are taken to be."""
    place: dict[Party, tuple[Place, ...]] = Field(default_factory=dict)
    happened: dict[StartEvent, Moment] = Field(default_factory=dict)
    """Instants of start events; each is an audited decision of its own."""

    def places(self, *parties: Party) -> tuple[str, ...]:
        """The jurisdictions of these parties, or of all of them."""
        chosen = parties or tuple(Party)
        return tuple(place for party in chosen for place in self.place.get(party, ()))


def read_facts(text: bytes, *, file: str) -> CaseFacts:
    """The facts in `text`; RunbookProblems, each with its place, when they are refused."""
    facts, _ = read_model(CaseFacts, text, file=file)
    return facts


def holds(predicate: Predicate, facts: CaseFacts) -> tuple[str, ...] | None:
    """Why the predicate holds, in words; None where it does not."""
    reasons: list[str] = []
    for found in _parts(predicate, facts):
        if found is None:
            return None
        reasons.append(found)
    return tuple(reasons)


def _parts(predicate: Predicate, facts: CaseFacts) -> Iterator[str | None]:
    if predicate.class_ is not None:
        yield _any("the case is about", predicate.class_, facts.class_)
    if predicate.paper is not None:
        yield _any("served:", predicate.paper, facts.paper)
    if predicate.age is not None:
        yield _any("age:", predicate.age, (facts.age,))
    for fact in predicate.fact:
        yield str(fact) if fact in facts.fact else None
    for fact in predicate.not_:
        yield None if fact in facts.fact else f"not {fact}"
    for scope in predicate.scope:
        yield None if scope in facts.out_of_scope else f"we are taken to be: {scope}"
    for party, areas in predicate.place.items():
        yield _somewhere(areas, facts, party)
    if predicate.anywhere:
        found = (_somewhere(predicate.anywhere, facts, party) for party in Party)
        yield next((each for each in found if each is not None), None)


def _any(says: str, wanted: tuple[str, ...], known: tuple[str, ...]) -> str | None:
    both = [each for each in wanted if each in known]
    return f"{says} {', '.join(both)}" if both else None


def _somewhere(areas: tuple[str, ...], facts: CaseFacts, party: Party) -> str | None:
    for place in facts.places(party):
        if any(lies_in(place, area) for area in areas):
            return f"{party} in {place}"
    return None
