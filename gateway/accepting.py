"""A difference between case and ticket that a person leaves as it is, in their name."""

from cases.journal import Kind
from gateway.doors import Doors
from gateway.reconciling.reconciler import ALARM, key_of
from gateway.web import Viewer
from store import DriftRow

NONE = "none"
"""How a ticket is named that no case here opened."""


async def accept(
    doors: Doors, viewer: Viewer, *, number: str, kind: str, subject: str, reason: str
) -> bool:
    """The difference is accepted and on record; False where no such one is a person's to settle."""
    at = await doors.clock.now()
    case = ""
    if number != NONE:
        row = await doors.store.cases.by_number(number)
        if row is None:
            return False
        case = row.id
    drift = doors.store.ticket_drift
    if not await drift.accept(case=case, kind=kind, subject=subject, at=at):
        return False
    if case:
        await doors.store.journal.append_door(
            case,
            Kind.DOOR_TICKET_DIFFERS,
            at=at,
            what=kind,
            subject=subject or None,
            state="accepted",
            who=viewer.id,
            reason=reason,
        )
    await doors.store.health.clear(kind=ALARM, key=key_of(case, kind, subject), at=at)
    return True


async def differing(doors: Doors) -> list[DriftRow]:
    """What differs now: what a person must settle first."""
    rows = await doors.store.ticket_drift.standing()
    return sorted(rows, key=lambda row: (row.whose != "person", row.whose, row.number, row.kind))
