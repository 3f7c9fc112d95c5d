"""A verified delivery is durable, under its case's number, before anybody hears "yes" (I1)."""

from dataclasses import dataclass

from cases.ids import case_id
from cases.report import Source
from gateway.doors import Doors
from gateway.faults import FaultPoint
from gateway.matters import known_matter, tell_of_many
from gateway.reports import Arrival, read_arrival, salted
from gateway.suppressing import Held, held_back
from store import Accepted, DeliveryConflict, UnknownCase


@dataclass(frozen=True)
class Ignored:
    """Authentic, and of no concern to any case."""

    why: str


async def take_in(
    doors: Doors, *, source: Source, instance: str, key: str, body: bytes
) -> Accepted | DeliveryConflict | Held | Ignored:
    """The delivery is stored and its case has a number, or a rule holds it back.

    `UnreadableBodyError` stores nothing.
    """
    arrival = read_arrival(source, body, instance=instance)
    if arrival is None:
        return Ignored("not about a report")
    if _is_echo(doors, arrival):
        return Ignored("our own doing")
    if not arrival.opens:
        case = case_id(source=source, instance=arrival.instance, external_id=arrival.external_id)
        try:
            await doors.store.belonging.case_of(case)
        except UnknownCase:
            return Ignored("news about a ticket that has no case")
    # One salt for the installation: equal subjects must be recognised across cases.
    salt = (await doors.store.vault.installation()).salt
    subject_ref = salted(salt, arrival.about.encode()) if arrival.about else None
    report = case_id(source=source, instance=arrival.instance, external_id=arrival.external_id)
    held = await held_back(
        doors, arrival, key=key, report=report, body=body, subject_ref=subject_ref
    )
    if held is not None:
        return held
    matter = known_matter(doors, arrival, subject_ref=subject_ref, salt=salt)
    accepted = await doors.store.deliveries.accept(
        key=key,
        source=source.value,
        instance=arrival.instance,
        external_id=arrival.external_id,
        body=body,
        at=await doors.clock.now(),
        subject_ref=subject_ref,
        matter=matter[0] if matter is not None else None,
    )
    if isinstance(accepted, Accepted):
        if accepted.joined and matter is not None:
            await tell_of_many(doors, accepted, matter[1])
        doors.faults(FaultPoint.AFTER_ACCEPT)
        doors.deliveries_due.set()
    return accepted


def _is_echo(doors: Doors, arrival: Arrival) -> bool:
    """Whether our own Zendesk user did it: neither news of a ticket nor a report."""
    own = doors.settings.own_zendesk_actor
    return arrival.source is Source.ZENDESK and own != "" and arrival.actor == own
