"""Who is away, who acts in their place, and who is told instead: pure, over what the house knows.

A delegation is dated and never goes on: a delegate acts in the roles of whoever named them, never
in roles that person only has as somebody else's delegate.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from integrations.ports.directory import Absence, DirectorySnapshot, Person


class Covered(NamedTuple):
    """Somebody in whose place a person may act now."""

    absence: Absence
    person: Person
    roles: frozenset[str]
    accounts: tuple[str, ...]


class Reached(NamedTuple):
    """Somebody who is told, and in whose place if it is not their own."""

    person: Person
    instead_of: Person | None = None


def covered_by(
    delegate: str,
    snapshot: DirectorySnapshot,
    absences: Iterable[Absence],
    *,
    at: datetime,
    runbook: str | None = None,
) -> tuple[Covered, ...]:
    """Those who have named the person their delegate for now; without `runbook`, for any of them.

    Whoever is away themselves acts for nobody.
    """
    known = tuple(absences)
    if any(each.person == delegate and each.holds(at) for each in known):
        return ()
    found: list[Covered] = []
    for absence in known:
        person = snapshot.find(absence.person)
        if absence.delegate != delegate or not absence.holds(at) or person is None:
            continue
        if delegate in (person.id, *snapshot.accounts_of(person.id)):
            continue
        if runbook is not None and absence.runbooks and runbook not in absence.runbooks:
            continue
        roles = person.roles & absence.roles if absence.roles else person.roles
        if roles:
            found.append(Covered(absence, person, roles, snapshot.accounts_of(person.id)))
    return tuple(found)


def reached(
    people: Sequence[Person],
    snapshot: DirectorySnapshot,
    absences: Iterable[Absence],
    *,
    role: str,
    at: datetime,
    runbook: str,
) -> list[Reached]:
    """Those of the people who are there, and the delegates of those who are not."""
    known = tuple(absences)
    away = {each.person for each in known if each.holds(at)}
    found = {person.id: Reached(person) for person in people if person.id not in away}
    for person in people:
        if person.id not in away:
            continue
        for candidate in snapshot.people:
            places = covered_by(candidate.id, snapshot, known, at=at, runbook=runbook)
            if any(place.person.id == person.id and role in place.roles for place in places):
                found.setdefault(candidate.id, Reached(candidate, instead_of=person))
    return list(found.values())
