"""A verified delivery is durable, under its case's number, before anybody hears "yes" (I1)."""

from dataclasses import dataclass

from cases.ids import case_id
from cases.report import Source
from gateway.doors import Doors
from gateway.faults import FaultPoint
from gateway.reports import Arrival, read_arrival, salted
from store import Accepted, DeliveryConflict, UnknownCase


@dataclass(frozen=True)
class Ignored:
    """Authentic, and of no concern to any case."""

    why: str


async def take_in(
    doors: Doors, *, source: Source, instance: str, key: str, body: bytes
) -> Accepted | DeliveryConflict | Ignored:
    """The delivery is stored and its case has a number; `UnreadableBodyError` stores nothing."""
    arrival = read_arrival(source, body, instance=instance)
    if arrival is None:
        return Ignored("not about a report")
    if _is_echo(doors, arrival):
        return Ignored("our own doing")
    if not arrival.opens:
        case = case_id(source=source, instance=arrival.instance, external_id=arrival.external_id)
        try:
            await doors.store.cases.get(case)
        except UnknownCase:
            return Ignored("news about a ticket that has no case")
    subject_ref = None
    if arrival.about:
        # One salt for the installation: equal subjects must be recognised across cases.
        keys = await doors.store.vault.installation()
        subject_ref = salted(keys.salt, arrival.about.encode())
    accepted = await doors.store.deliveries.accept(
        key=key,
        source=source.value,
        instance=arrival.instance,
        external_id=arrival.external_id,
        body=body,
        at=await doors.clock.now(),
        subject_ref=subject_ref,
    )
    if isinstance(accepted, Accepted):
        doors.faults(FaultPoint.AFTER_ACCEPT)
        doors.deliveries_due.set()
    return accepted


def _is_echo(doors: Doors, arrival: Arrival) -> bool:
    """Whether our own Zendesk user did it: neither news of a ticket nor a report."""
    own = doors.settings.own_zendesk_actor
    return arrival.source is Source.ZENDESK and own != "" and arrival.actor == own
