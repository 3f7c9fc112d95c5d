"""What the house asks about people: who holds a role, and is it really they."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import StringConstraints

from cases.hours import Hours
from cases.values import Instant, Name, Value

PersonId = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
]

PagerDutyId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,32}$")]
"""A user of PagerDuty, as in the address of their page there: `PLH1HKV`."""

SlackId = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^[TE][A-Z0-9]{2,30}/[UW][A-Z0-9]{2,30}$")
]
"""A member of a Slack workspace: `T0123ABCD/U0456EFGH`, team and user."""


class SecondFactor(StrEnum):
    """What a person can prove themselves with besides the password."""

    NONE = "none"
    TOTP = "totp"
    PROVIDER = "provider"
    """Whatever the log-in provider asks of them."""


class Person(Value):
    """Somebody who may hold roles; nothing secret is in here."""

    id: PersonId
    name: str
    email: str
    roles: frozenset[Name] = frozenset()
    phone: str | None = None
    time_zone: str = "UTC"
    locale: str | None = None
    """In which locale they are told; None: as the installation tells whoever names none."""
    second_factor: SecondFactor = SecondFactor.NONE
    slack: SlackId | None = None
    """Who they are in Slack. Names and addresses shown there prove nothing: this does."""
    pagerduty: PagerDutyId | None = None
    """Who they are at PagerDuty."""
    hours: Hours = Hours()
    """When they may be told what is not grave; with nothing said, at any time."""
    channels: tuple[Name, ...] = ()
    """By which channels they are told, in order; without any, as the installation is set up."""
    digest: timedelta | None = None
    """How long what is not pressing waits for company; zero: never. None: as the installation."""
    same_as: frozenset[PersonId] = frozenset()
    """Other accounts of the same human."""
    clearances: frozenset[Name] = frozenset()
    """Restricted classes of case they may work on, beyond those their roles are cleared for."""
    platform_accounts: frozenset[str] = frozenset()
    """Accounts of theirs on the platform: a case about one of them is closed to them."""
    close_accounts: frozenset[str] = frozenset()
    """The same of people close to them."""
    roles_told_at: Instant | None = None
    """When a provider last said the roles; None where the directory itself says them now."""


class Absence(Value):
    """Somebody is away for a time, and may have named who acts in their place meanwhile."""

    id: str
    person: PersonId
    since: Instant
    until: Instant
    delegate: PersonId | None = None
    roles: frozenset[Name] = frozenset()
    """The roles the delegate acts in; none named: every role of theirs."""
    runbooks: frozenset[Name] = frozenset()
    """The runbooks in whose cases the delegate acts; none named: in all of them."""

    def holds(self, at: datetime) -> bool:
        """Whether it is so at that instant: from its beginning, and not any more at its end."""
        return self.since <= at < self.until


class DirectorySnapshot(Value):
    """Everybody, as of one instant; the digest goes into every envelope signed on its strength."""

    digest: str
    as_of: Instant
    people: tuple[Person, ...] = ()
    absences: tuple[Absence, ...] = ()
    """Who is away, as far as the directory itself knows."""

    def accounts_of(self, person_id: str) -> tuple[str, ...]:
        """The other accounts of the same human, whichever of them says so."""
        known = {person_id}
        grown = True
        while grown:
            more = {
                name
                for person in self.people
                if known & {person.id, *person.same_as}
                for name in (person.id, *person.same_as)
            }
            grown, known = not more <= known, known | more
        return tuple(sorted(known - {person_id}))

    def holders(self, role: str) -> tuple[Person, ...]:
        """Those who hold the role, by id."""
        return tuple(p for p in self.people if role in p.roles)

    def find(self, person_id: str) -> Person | None:
        """The person of this id, if there is one."""
        return next((p for p in self.people if p.id == person_id), None)

    def at_pagerduty(self, user: str) -> Person | None:
        """The one person of this PagerDuty id; None when nobody has it, or more than one."""
        found = [p for p in self.people if p.pagerduty == user]
        return found[0] if len(found) == 1 else None

    def in_slack(self, slack: str) -> Person | None:
        """The one person of this Slack id; None when nobody has it, or more than one."""
        found = [p for p in self.people if p.slack == slack]
        return found[0] if len(found) == 1 else None


class Directory(Protocol):
    """The people, asked anew each time."""

    async def people_with(self, role: str) -> tuple[Person, ...]:
        """Those who hold the role now; empty when nobody does."""
        ...

    async def person(self, person_id: str) -> Person:
        """The person; `UnknownPersonError` when nobody has the id."""
        ...

    async def snapshot(self) -> DirectorySnapshot:
        """Everybody, with the digest and instant an envelope pins."""
        ...


class Credentials(Protocol):
    """Proof that a person is who they say; only for directories that keep secrets themselves."""

    async def check_password(self, person_id: str, password: str) -> bool:
        """True when it is theirs. Costs the same for an unknown id."""
        ...

    async def check_second_factor(self, person_id: str, code: str, *, at: datetime) -> int | None:
        """The number of the time step the code belongs to, None when it is wrong.

        The door remembers the number and refuses it a second time.
        """
        ...
