"""The ticket that every tracker's tests open: one case, and what a tracker says otherwise."""

from typing import Any

from integrations.ports.ticketing import TicketDraft, TicketPriority


def draft(**changed: Any) -> TicketDraft:
    """The draft of case 1042's ticket, urgent, for the queue of legal."""
    said: dict[str, Any] = {
        "case_number": "1042",
        "subject": "Case 1042",
        "body": "A case was opened.",
        "queue": "legal",
        "priority": TicketPriority.URGENT,
        "key": "open/case-1042",
    }
    return TicketDraft.model_validate(said | changed)
