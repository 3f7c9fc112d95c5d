"""What a shadow case comes to: today's process beside what the runbook would have done by then."""

from datetime import timedelta

from cases.notice import PAGES, Purpose
from cases.values import Instant, Value


class Today(Value):
    """What today's process did, as far as the case was told."""

    received: Instant
    ended: Instant | None = None
    """None: not yet, or nobody said so."""
    status: str = ""
    tags: tuple[str, ...] = ()
    by: str = ""
    record: str = ""
    """What a person wrote of its answer."""

    @property
    def took(self) -> timedelta | None:
        """How long it took from the receipt of the report."""
        return self.ended - self.received if self.ended is not None else None


class Told(Value):
    """A notice that would have gone out."""

    at: Instant
    purpose: Purpose
    role: str
    person: str = ""
    stage: str = ""
    step: str = ""

    @property
    def paged(self) -> bool:
        """Whether it would have got somebody up."""
        return self.purpose in PAGES


class Asked(Value):
    """A gate the runbook asked."""

    gate: str
    title: str
    roles: tuple[str, ...]
    at: Instant
    answer: str = ""
    """`approved`, `rejected` …, by people who practised; empty: nobody answered."""
    by: tuple[str, ...] = ()


class Acted(Value):
    """An action that would have been carried out."""

    at: Instant
    name: str
    title: str
    by: str
    owner: str
    unattended: bool = False
    """Because time had passed, on nobody's word."""


class Went(Value):
    """A step the runbook took on nobody's word."""

    at: Instant
    stage: str
    outcome: str


class Clocked(Value):
    """A clock at the instant today's process ended."""

    id: str
    title: str
    statutory: bool
    of_stage: bool
    """A stage's own target: it says something of today's process only where people practised."""
    due: Instant
    met: bool = False
    """The runbook would have stopped it in time."""
    missed: bool = False
    """Today's process ended after it; of a stage's own: it was not left in time."""
    left: timedelta
    """What was left of it, or by how much it was missed (less than nothing)."""
    source: str = ""


class Comparison(Value):
    """One shadow case, compared."""

    case: str
    number: str
    runbook: str
    version: str
    title: str
    severity: str
    today: Today
    until: Instant
    """Up to when the runbook is looked at: the end of today's process, of the case, or now."""
    over: bool
    """Whether the shadow case has ended."""
    disposition: str = ""
    """How, in the runbook's own word where people practised to its end."""
    stage: str
    """Where the runbook would have been."""
    gone_on_as: str = ""
    """The runbook it would have moved to."""
    told: tuple[Told, ...] = ()
    asked: tuple[Asked, ...] = ()
    ahead: tuple[str, ...] = ()
    """Titles of the gates that could still have come."""
    acted: tuple[Acted, ...] = ()
    went: tuple[Went, ...] = ()
    clocks: tuple[Clocked, ...] = ()
    notes: int = 0
    """Comments that the ticket would have got."""
    owed: tuple[str, ...] = ()
    """What would be owed after closing."""

    @property
    def pages(self) -> int:
        """How often somebody would have been got up."""
        return sum(each.paged for each in self.told)

    @property
    def passed_over(self) -> tuple[Asked, ...]:
        """Gates that were asked and that today's process did not wait for."""
        return tuple(each for each in self.asked if not each.answer)

    @property
    def breached(self) -> tuple[Clocked, ...]:
        """Clocks of the case, not of a stage, that today's process missed."""
        if self.today.ended is None:
            return ()
        return tuple(each for each in self.clocks if each.missed and not each.of_stage)
