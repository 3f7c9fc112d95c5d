"""What an audience is told while a case is open, and how often."""

from datetime import timedelta

from runbooks.compact import Compact
from runbooks.plan.words import Role, Severity


class UpdatePlan(Compact):
    """An update for one audience, written again and again until a stage is left."""

    name: str
    to: Role
    """The audience."""
    by: Role
    """Who writes it."""
    every: timedelta
    """How long one update lasts at every severity that `every_at` does not name."""
    every_at: dict[Severity, timedelta] = {}
    only_at: tuple[Severity, ...] = ()
    """The severities at which the audience is told; empty: at all of them."""
    until: str | None = None
    """The stage with which updates end; None: with the case."""

    def every_for(self, severity: Severity) -> timedelta:
        """How long one update lasts at that severity."""
        return self.every_at.get(severity, self.every)

    def comes_at(self, severity: Severity) -> bool:
        """Whether the audience is told at that severity."""
        return not self.only_at or severity in self.only_at
