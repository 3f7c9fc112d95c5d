"""What is owed beside and after a case: obligations, handover notes, the review of a hold."""

from datetime import timedelta
from enum import StrEnum

from runbooks.compact import Compact
from runbooks.plan.words import Role, Severity


class OwedKind(StrEnum):
    """What kind of thing is owed after closing: it decides which answers settle it."""

    RECHECK = "recheck"
    """Somebody looks again, and says what they found."""
    FOLLOW_UP = "follow-up"
    """Something is done by a date."""
    HOLD = "hold"
    """Data is kept until a person renews the hold or releases it."""
    APPEAL = "appeal"
    """An appeal can come in until the window closes."""
    PERIODIC = "periodic"
    """The same thing is done again and again, until a person ends it."""
    RULE = "rule"
    """An interim rule holds until it expires by itself, or a person decides what becomes of it."""
    SUPPRESSED = "suppressed"
    """What an order forbade while the case was open is done once it has ended."""


class FollowUp(Compact):
    """Something that is owed after the case has closed."""

    name: str
    owner: Role
    after: timedelta
    title: str = ""
    only: tuple[str, ...] = ()
    """The dispositions after which it is owed; empty: all of them."""
    only_at: tuple[Severity, ...] = ()
    """The severities at closing for which it is owed; empty: all of them."""
    sample: str = ""
    """The share of the cases in which it is owed, like `10%`; empty: all of them."""
    kind: OwedKind = OwedKind.FOLLOW_UP
    review: tuple[timedelta, ...] = ()
    """How long before it is due its owner is reminded, the longest first."""
    every: timedelta | None = None
    """A further turn is due so long after the one before: the renewal, or the period."""
    renewals: int | None = None
    """A hold can be renewed so many times; None: as often as needed."""
    minimum: bool = False
    """The law wants the data kept until then: the hold cannot be released before."""
    carries: str = ""
    """The effect it carries on: owed only where an order still suppressed it at closing."""
    extend: timedelta = timedelta(days=7)
    """By how much all extensions of one turn together may move what is due."""
    confirm: Role | None = None
    """Who may make an interim rule last, or put another in its place."""

    def owed_after(self, disposition: str, severity: Severity) -> bool:
        """Whether a case that ended so, at that severity, owes it."""
        return (not self.only or disposition in self.only) and (
            not self.only_at or severity in self.only_at
        )


class Handover(Compact):
    """A note for whoever takes over is asked of `by` again and again, while the case is open."""

    every: timedelta
    by: Role
    until: str | None = None
    """The stage with which notes end."""


class LegalHold(Compact):
    """Nothing of the case may be deleted; `owner` reviews that after closing."""

    owner: Role
    review: timedelta
