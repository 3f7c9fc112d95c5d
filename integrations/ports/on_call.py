"""What the house asks of rotas: who is on call for a team at an instant. We build no rotations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from cases.values import Instant, Name, Value
from integrations.ports.directory import PersonId


class OnCallAnswer(Value):
    """Who was on call, as of when, and by what source: enough to ask the source again later."""

    team: Name
    as_of: Instant
    """The instant that was asked about."""
    people: tuple[PersonId, ...] = ()
    """In the order the source gives them; empty when nobody is on call."""
    strangers: int = 0
    """How many are on call there whom the directory of people does not know."""
    source: str
    """`pagerduty PI7DH85`, `calendar triage.ics`, `static`."""
    digest: str
    """SHA-256 over what the source said of that instant."""


class OnCallTeam(Value):
    """A role whose notices go to who is on call."""

    role: Name
    every_notice: bool = False
    """Everything the role is told, not only pages."""
    instead: tuple[Name, ...] = ()
    """The roles that are told, in order, when nobody is on call; then the duty manager."""


class OnCallDirectory(Protocol):
    """The rotas, asked anew each time."""

    async def teams(self) -> Mapping[str, OnCallTeam]:
        """Every role that has a rota."""
        ...

    async def team(self, role: str) -> OnCallTeam | None:
        """The team of the role; None when everybody who holds it is told."""
        ...

    async def who_is_on_call(self, team: str, at: datetime) -> OnCallAnswer:
        """Who is on call at the instant; `VendorError` or `DirectoryError` when nobody can say."""
        ...
