"""A verified delivery is durable, under its case's number, before anybody hears "yes" (I1)."""

from dataclasses import dataclass

from cases.ids import case_id
from cases.report import Source
from gateway.doors import Doors
from gateway.faults import FaultPoint
from gateway.matters import known_matter, tell_of_many
from gateway.reports import Arrival, is_find, read_arrival, salted
from gateway.suppressing import Held, held_back
from store import Accepted, DeliveryConflict, UnknownCase


@dataclass(frozen=True)
class Ignored:
    """Authentic, and of no concern to any case."""

    why: str


async def take_in(
    doors: Doors,
    *,
    source: Source,
    instance: str,
    key: str,
    body: bytes,
    case: str | None = None,
) -> Accepted | DeliveryConflict | Held | Ignored:
    """The delivery is stored and its case has a number, or a rule holds it back.

    `case` is whom our own find is for. `UnreadableBodyError` stores nothing.
    """
    arrival = read_arrival(
        source,
        body,
        instance=instance,
        found=is_find(source, key),
        form=doors.settings.jira_fields,
    )
    if arrival is None:
        return Ignored("not about a report")
    if _is_echo(doors, arrival):
        return Ignored("our own doing")
    own = case
    if arrival.opens and _is_elsewhere(doors, arrival):
        return Ignored("a ticket of a queue that is not watched")
    if not arrival.opens and own is None:
        known = case_id(source=source, instance=arrival.instance, external_id=arrival.external_id)
        try:
            await doors.store.belonging.case_of(known)
        except UnknownCase:
            own = await _keeper_of(doors, arrival)
            if own is None:
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
        case=own,
    )
    if isinstance(accepted, Accepted):
        if accepted.joined and matter is not None:
            await tell_of_many(doors, accepted, matter[1])
        doors.faults(FaultPoint.AFTER_ACCEPT)
        doors.deliveries_due.set()
    return accepted


def instance_of(doors: Doors, source: Source) -> str:
    """Which account of the vendor's the webhooks of that door come from."""
    settings = doors.settings
    return settings.jira_instance if source is Source.JIRA else settings.zendesk_instance


def _is_echo(doors: Doors, arrival: Arrival) -> bool:
    """Whether we did it ourselves, by our account or by our mark: neither news nor a report."""
    if arrival.marked:
        return True
    own = {
        Source.ZENDESK: doors.settings.own_zendesk_actor,
        Source.JIRA: doors.settings.own_jira_account,
    }.get(arrival.source, "")
    return own != "" and arrival.actor == own


def _is_elsewhere(doors: Doors, arrival: Arrival) -> bool:
    projects = doors.settings.jira_projects
    return arrival.source is Source.JIRA and bool(projects) and arrival.queue not in projects


async def _keeper_of(doors: Doors, arrival: Arrival) -> str | None:
    """The case that keeps the ticket although it came of something else: it opened it itself."""
    if arrival.ticket is None:
        return None
    found = await doors.store.tickets.cases_of(arrival.ticket)
    return found[0] if found else None
