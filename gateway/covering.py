"""In whose place a person may act now, and which accounts are theirs."""

from dataclasses import dataclass
from datetime import datetime

from activities.absent import known_absences
from cases.envelope import ActingFor
from cases.permissions import Place
from gateway.doors import Doors
from integrations.covering import Covered, covered_by
from integrations.ports.directory import Absence, DirectorySnapshot


@dataclass(frozen=True)
class Standing:
    """A person beyond their own roles."""

    accounts: tuple[str, ...] = ()
    """Their other accounts."""
    covers: tuple[Covered, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """The people in whose place they may act, for the rules of a case."""
        return tuple(
            Place(person=each.person.id, roles=each.roles, accounts=each.accounts)
            for each in self.covers
        )

    @property
    def roles(self) -> frozenset[str]:
        """Every role they may act in for somebody else."""
        return frozenset(role for each in self.covers for role in each.roles)

    def acting_for(self, person: str, role: str) -> ActingFor | None:
        """What is signed with an act in that person's place; None where nobody said they may."""
        covered = [each for each in self.covers if each.person.id == person]
        if not covered:
            return None
        # Two records may cover different roles: one that covers this one, and lasts longest.
        last = max(covered, key=lambda each: (role in each.roles, each.absence.until))
        return ActingFor(
            person=person,
            roles=tuple(sorted(last.roles)),
            since=last.absence.since,
            until=last.absence.until,
            delegation=last.absence.id,
            accounts=last.accounts,
        )


NOBODY_ELSE = Standing()
"""Somebody with one account who acts for nobody."""


async def standing_of(
    doors: Doors,
    person: str,
    *,
    at: datetime,
    runbook: str | None = None,
    snapshot: DirectorySnapshot | None = None,
    absences: tuple[Absence, ...] | None = None,
) -> Standing:
    """What the directory and the store say of the person at that instant.

    `absences` are those that were not over at that instant or before it, where somebody asks about
    many cases at once.
    """
    known = snapshot or await doors.directory.snapshot()
    if absences is None:
        absences = await known_absences(doors.store, known, at=at)
    return Standing(
        accounts=known.accounts_of(person),
        covers=covered_by(person, known, absences, at=at, runbook=runbook),
    )
