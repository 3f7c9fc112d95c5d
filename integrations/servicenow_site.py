"""A ServiceNow instance: where it is, as whom we come, and the numbers of its table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.ports.ticketing import TicketPriority, TicketStatus

INCIDENT_STATES: Mapping[TicketStatus, str] = {
    TicketStatus.OPEN: "2",
    TicketStatus.PENDING: "3",
    TicketStatus.SOLVED: "6",
}
"""In Progress, On Hold, Resolved; each table numbers its own."""

MEANINGS: Mapping[str, TicketStatus] = {
    "1": TicketStatus.OPEN,
    "2": TicketStatus.OPEN,
    "3": TicketStatus.PENDING,
    "6": TicketStatus.SOLVED,
    "7": TicketStatus.SOLVED,
    "8": TicketStatus.SOLVED,
}
"""New, In Progress, On Hold, Resolved, Closed, Canceled."""

NAMES: Mapping[str, str] = {
    "1": "new",
    "2": "in progress",
    "3": "on hold",
    "6": "resolved",
    "7": "closed",
    "8": "canceled",
}
"""How people call the states; a number of no name here is said as it is."""

URGENCIES: Mapping[TicketPriority, tuple[str, str, str]] = {
    TicketPriority.URGENT: ("1", "1", "1"),
    TicketPriority.HIGH: ("1", "2", "2"),
    TicketPriority.NORMAL: ("2", "2", "3"),
    TicketPriority.LOW: ("3", "3", "5"),
}
"""Impact and urgency as they are written, and the priority the instance reckons from them."""


@dataclass(frozen=True)
class ServiceNowSite:
    """One instance, one table, and one account there that is ours alone."""

    url: str
    user: str
    password: str = field(default="", repr=False)
    token: str | None = field(default=None, repr=False)
    """A bearer token; the password otherwise."""
    table: str = "incident"
    group: str = ""
    """The `sys_id` of the assignment group whose records are watched; empty means every one."""
    states: Mapping[TicketStatus, str] = field(default_factory=lambda: INCIDENT_STATES)
    meanings: Mapping[str, TicketStatus] = field(default_factory=lambda: MEANINGS)
    names: Mapping[str, str] = field(default_factory=lambda: NAMES)
    urgencies: Mapping[TicketPriority, tuple[str, str, str]] = field(
        default_factory=lambda: URGENCIES
    )
    close_code: str = "Solved (Permanently)"
    hold_reason: str = "1"
    """Why a record is on hold: `1` is "Awaiting Caller" in the shipped table."""
    instance: str = ""
    """How cases call the instance; its host unless said."""

    def word(self, state: str) -> str:
        """What people call the state."""
        return self.names.get(state, state)

    def priority(self, number: str) -> TicketPriority | None:
        """Which of our priorities the instance's number is."""
        return next((ours for ours, all_ in self.urgencies.items() if all_[2] == number), None)
