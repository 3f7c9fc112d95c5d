"""What somebody did to the case's ticket: on record and told once a stage, never a decision."""

from datetime import datetime

from cases.file import INCIDENT_MANAGER, CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.report import TicketRef

SAID = {
    "comment": "a comment",
    "reply": "a reply",
    "status": "another status",
    "priority": "another priority",
    "owner": "another owner",
    "merged": "merged with another ticket",
    "deleted": "deleted",
    "approval": "an approval recorded by the tracker, which is a hint and no decision here",
}
"""What people are told of; anything else is on record only."""

_GRAVE = frozenset({"merged", "deleted"})
"""What the incident manager hears of as well: the case may lose its ticket."""


def ticket_changed(
    file: CaseFile,
    *,
    what: str,
    ticket: TicketRef,
    into: TicketRef | None,
    said: dict[str, str | None],
    at: datetime,
) -> None:
    """The change is on record, the case knows its ticket, and who works on it has heard.

    An owner is told of each kind of change once a passage through a stage: a busy ticket must not
    drown what a person has to do.
    """
    state = file.state
    if into is not None and state.ticket in (None, ticket):
        state.ticket = into
    elif state.ticket is None:
        state.ticket = ticket
    file.note(
        Kind.TICKET_CHANGED,
        at,
        what=what or None,
        **said,
    )
    if what not in SAID or state.shadow or state.closed:
        return
    heard = f"ticket|{what}|{len(state.visits)}"
    if heard in state.told:
        return
    state.told[heard] = 1
    stage = file.stage
    owner = stage.owner if stage is not None else INCIDENT_MANAGER
    for role in sorted({owner, INCIDENT_MANAGER} if what in _GRAVE else {owner}):
        file.tell(
            Purpose.TICKET,
            role,
            stage=stage.name if stage is not None and role == owner else None,
            step=f"ticket {SAID[what]}",
        )
