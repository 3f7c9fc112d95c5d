"""Two versions of a runbook compared by what they mean, whatever the text looks like."""

from runbooks.comparing.change import Change, Comparison, Direction, Group
from runbooks.comparing.compare import compare

__all__ = ["Change", "Comparison", "Direction", "Group", "compare"]
