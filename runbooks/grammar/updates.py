"""Updates for those who wait outside: an audience, an interval, and who writes."""

from runbooks.grammar.base import Name, Strict
from runbooks.grammar.times import Severities, Times


class UpdateRule(Strict):
    """One audience is told how the case stands, again and again."""

    to: Name
    by: Name
    every: Times
    """One interval, or one by severity."""
    only_at: Severities | None = None
    until: Name | None = None
    """The stage with which updates end; without it they go on as long as the case is open."""
