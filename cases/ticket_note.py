"""What the ticket is told: our own words, and what a runbook's macro may put in their place.

Names, choices and instants only: what people wrote freely is not here (I13).
"""

from cases.values import Instant
from runbooks.compact import Compact

TICKET_OPENED = "ticket-opened"
TICKET_DECIDED = "ticket-decided"
TICKET_CLOSED = "ticket-closed"


class TicketLine(Compact):
    """One thing to say on the ticket."""

    text: str
    """In our own words: said where the runbook has none."""
    macro: str = ""
    """The runbook's macro that says it instead, where there is one."""
    gate: str = ""
    """The gate that was decided."""
    outcome: str = ""
    """What the gate, or the case, came to."""
    at: Instant | None = None
    """When it did."""


class RuleSaid(Compact):
    """An interim rule as a text may name it."""

    said: str
    """Its number, and until when it holds."""
    obligation: str
    """What watches it, and knows whether it still holds."""


class Standing(Compact):
    """Where the case stands when the ticket is written to."""

    stage: str = ""
    """Its title."""
    owner: str = ""
    due_at: Instant | None = None
    clocks: dict[str, Instant] = {}
    """The instant each of the case's own running clocks is due."""
    rules: dict[str, RuleSaid] = {}
    """The newest interim rule of each name that has not expired."""
    answers: dict[str, str] = {}
    """Answers of the kinds that are chosen or referred to, never written."""
