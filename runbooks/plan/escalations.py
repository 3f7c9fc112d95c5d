"""An escalation policy, compiled: who is told in which order until somebody has it."""

from datetime import timedelta
from enum import StrEnum

from runbooks.compact import Compact
from runbooks.plan.words import Role, Severity


class Obeys(StrEnum):
    """What of a step keeps to the hours of whoever is told."""

    START = "start"
    """Its time begins to count in their hours, and then runs on."""
    WAIT = "wait"
    """Its time counts in their hours only."""
    DELIVERY = "delivery"
    """Its time runs on; the message is kept until their hours."""


ANYBODY = "any"
EVERYBODY = "all"

LEASE = timedelta(minutes=30)
"""How long "I have it" holds where no policy says otherwise."""


class PolicyStep(Compact):
    """One step: exactly one of the four says who."""

    page: Role | None = None
    remind: Role | None = None
    person: str | None = None
    on_call: str | None = None
    """A team: whoever is on call for it at that instant."""
    after: timedelta = timedelta()
    """How long after the step before; of the first one, after the policy began."""
    otherwise: Role | None = None
    """Who is told where that person, or anybody on call, is not found."""
    unread: timedelta | None = None
    """After how long without reading it each recipient is told on their next channel."""
    obeys: Obeys | None = None

    @property
    def who(self) -> str:
        """Who is told, as texts say it."""
        if self.on_call is not None:
            return f"whoever is on call for {self.on_call}"
        return self.page or self.remind or self.person or ""

    @property
    def role(self) -> Role:
        """The role that is told, or that stands in for a person or a team that is not found."""
        return self.page or self.remind or self.otherwise or ""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role it can reach."""
        return tuple(role for role in (self.page, self.remind, self.otherwise) if role)


class PolicyPlan(Compact):
    """Steps in order, again and again within bounds; after the last the duty manager is paged."""

    name: str
    title: str = ""
    steps: tuple[PolicyStep, ...]
    between: timedelta
    """How long the last step has before the steps begin anew, or nobody is left."""
    repeat: int = 0
    """How often they begin anew."""
    acknowledged_by: str = ANYBODY
    """`any`, `all` who were told at the step, or a number of people."""
    lease: timedelta = LEASE
    """How long an acknowledgement holds without anything being done."""
    pierced_by: Severity = Severity.SEV1
    """At this severity and graver ones nobody's hours are looked at."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role it can reach, each once."""
        return tuple(dict.fromkeys(role for step in self.steps for role in step.roles))

    @property
    def round(self) -> timedelta:
        """How long one passage through its steps takes."""
        return sum((step.after for step in self.steps), timedelta()) + self.between

    @property
    def whole(self) -> timedelta:
        """How long until it is exhausted, if nobody says anything."""
        return self.round * (self.repeat + 1)


def graver_or_as_grave(severity: Severity, than: Severity) -> bool:
    """Whether the severity is at least as grave as the other; lower is worse."""
    return severity.value <= than.value
