"""What a case that runs is told of a delivery; and where a shadow ended before its ticket did."""

from cases.ended_outside import has_ended
from cases.journal import Kind, Stream
from cases.report import TicketRef
from gateway.doors import Doors
from gateway.reports import Arrival
from store import Belongs, CaseRow, ClaimedDelivery
from workflows.messages import (
    JOINED_SIGNAL,
    REPORT_SIGNAL,
    TICKET_SIGNAL,
    ReportJoined,
    ReportReceived,
    TicketUpdated,
)

MOST_TAGS, LONGEST_TAG = 20, 500


def news_of(
    delivery: ClaimedDelivery, arrival: Arrival, joined: Belongs | None, *, shadow: bool
) -> tuple[str, ReportReceived | ReportJoined | TicketUpdated]:
    """What a running case is told of a delivery, and by which signal."""
    ticket = arrival.ticket
    if shadow and ticket is None and arrival.status:
        # Whatever today's process works on: its sender says how far it is.
        ticket = TicketRef(
            system=arrival.source.value, instance=arrival.instance, id=arrival.external_id
        )
    if not arrival.opens and ticket is not None:
        return TICKET_SIGNAL, TicketUpdated(
            delivery=delivery.key,
            at=delivery.received_at,
            ticket=ticket,
            status=arrival.status,
            tags=tuple(_tags(arrival)) if shadow else (),
            what=arrival.what,
            priority=arrival.priority,
            into=arrival.into,
        )
    if joined is not None:
        return JOINED_SIGNAL, ReportJoined(
            delivery=delivery.key,
            source=arrival.source,
            at=delivery.received_at,
            matter=joined.fingerprint[:16],
            because=joined.because,
        )
    return REPORT_SIGNAL, ReportReceived(
        delivery=delivery.key, source=arrival.source, at=delivery.received_at
    )


async def record_end(
    doors: Doors, row: CaseRow, delivery: ClaimedDelivery, arrival: Arrival
) -> None:
    """Today's process took longer than the shadow: its end stands in the doors' stream, once."""
    if not has_ended(arrival.status) or arrival.external_id != row.external_id:
        return
    known = await doors.store.journal.entries(row.id, stream=Stream.DOOR)
    if any(entry.kind is Kind.DOOR_OUTSIDE_ENDED for entry in known):
        return
    await doors.store.journal.append_door(
        row.id,
        Kind.DOOR_OUTSIDE_ENDED,
        at=delivery.received_at,
        delivery=delivery.key,
        status=arrival.status,
        tags=_tags(arrival) or None,
    )


def _tags(arrival: Arrival) -> list[str]:
    return [tag[:LONGEST_TAG] for tag in arrival.tags[:MOST_TAGS]]
