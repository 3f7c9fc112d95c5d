"""How today's process ended a matter that a runbook walks in the shadow."""

from cases.values import Instant, Line, Value

ENDED_OUTSIDE = "ended-outside"
"""The disposition of a shadow case whose matter was settled by today's process."""

_ENDED = frozenset(
    {"solved", "closed", "resolved", "rejected", "deleted", "done", "canceled", "cancelled"}
)
"""What trackers say of a ticket that is over, each in its own words."""


class OutsideEnd(Value):
    """That it ended, and what is known of its answer."""

    at: Instant
    """When it was over there, or when we heard of it."""
    status: str = ""
    """The ticket's, in its tracker's word; empty where a person said it."""
    tags: tuple[Line, ...] = ()
    """What the ticket was tagged with by then."""
    by: str
    """`escalate` where the ticket told."""
    delivery: str = ""


def has_ended(status: str) -> bool:
    """Whether a ticket with that status is over."""
    return status.strip().lower() in _ENDED
