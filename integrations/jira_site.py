"""A Jira site: where it is, as whom we come, and what it calls things."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.ports.ticketing import TicketPriority, TicketStatus

LABEL = "escalate"
"""Every issue that a case opened has it, and `escalate-<fingerprint>` beside it."""

STATUSES: Mapping[TicketStatus, tuple[str, ...]] = {
    TicketStatus.OPEN: ("In Progress", "Open", "Reopened", "To Do"),
    TicketStatus.PENDING: ("Pending", "On Hold", "Waiting for customer", "Blocked"),
    TicketStatus.SOLVED: ("Done", "Resolved", "Closed"),
}
PRIORITIES: Mapping[TicketPriority, str] = {
    TicketPriority.URGENT: "Highest",
    TicketPriority.HIGH: "High",
    TicketPriority.NORMAL: "Medium",
    TicketPriority.LOW: "Low",
}
_CATEGORIES = {
    "new": TicketStatus.OPEN,
    "indeterminate": TicketStatus.OPEN,
    "done": TicketStatus.SOLVED,
}


@dataclass(frozen=True)
class JiraWords:
    """The site's names, the ones we prefer first; a status of no name here goes by its category."""

    statuses: Mapping[TicketStatus, tuple[str, ...]] = field(default_factory=lambda: STATUSES)
    priorities: Mapping[TicketPriority, str] = field(default_factory=lambda: PRIORITIES)

    def means(self, status: Mapping[str, Any]) -> TicketStatus | None:
        """What a status of Jira's says to a case; None for one that says nothing."""
        name = str(status.get("name", "")).casefold()
        for ours, names in self.statuses.items():
            if name in {each.casefold() for each in names}:
                return ours
        category = status.get("statusCategory") or {}
        return _CATEGORIES.get(str(category.get("key", "")))

    def choose(
        self, transitions: list[dict[str, Any]], status: TicketStatus
    ) -> dict[str, Any] | None:
        """The transition that leads to the status: by the name it leads to, else by category."""
        for wanted in self.statuses[status]:
            for each in transitions:
                if str(each["to"].get("name", "")).casefold() == wanted.casefold():
                    return each
        return next((each for each in transitions if self.means(each["to"]) is status), None)

    def priority(self, name: str) -> TicketPriority | None:
        """Which of our priorities has that name."""
        return next((ours for ours, theirs in self.priorities.items() if theirs == name), None)


@dataclass(frozen=True)
class JiraSite:
    """One site, and one account there that is ours alone."""

    url: str
    """Of the interface: `https://example.atlassian.net`, or under `api.atlassian.com`."""
    token: str = field(repr=False)
    email: str | None = None
    """Whose token it is; None for a bearer token."""
    projects: tuple[str, ...] = ()
    """Keys of the projects that are watched; none means every project the account sees."""
    words: JiraWords = field(default_factory=JiraWords)
    issue_type: str = "Task"
    """Of the issues that cases open."""
    instance: str = ""
    """How cases call the site; its host unless said."""
    people: str = ""
    """Where people open it, if elsewhere than the interface."""
    desk: str = ""
    """The id of the service desk whose requests cases open; empty for plain issues."""
    request_type: str = ""
