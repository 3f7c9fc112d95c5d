"""Whom a notice reaches now, and for whom it is kept until their hours."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from activities.voices import zone_of
from cases.held import pierced_by
from cases.hours import Telling, told_at
from cases.notice import NoticeOrder, Purpose
from integrations.ports.directory import Person
from runbooks.plan import graver_or_as_grave

KEPT_BY_NOBODY = frozenset({Purpose.OWED, Purpose.RULE})
"""What is owed after closing is told by a workflow that keeps nothing back: it has years."""


def awake_now(
    order: NoticeOrder, people: Iterable[Person], *, zone: ZoneInfo
) -> tuple[list[Person], datetime | None]:
    """Who can be told now, and when the first of the others can; None where there are no others."""
    now: list[Person] = []
    later: list[datetime] = []
    for person in people:
        telling = when(order, person, zone=zone)
        if telling.at <= order.at:
            now.append(person)
        else:
            later.append(telling.at)
    return now, min(later, default=None)


def when(order: NoticeOrder, person: Person, *, zone: ZoneInfo) -> Telling:
    """When that person is told, by their own hours on their own wall."""
    part = order.of_step
    begun = part.since if part is not None and part.since is not None else None
    return told_at(
        person.hours,
        zone=zone_of(person, zone),
        begun=begun or order.at,
        after=part.after if part is not None and begun is not None else order.at - order.at,
        obeys=part.obeys if part is not None else None,
        pierced=order.purpose in KEPT_BY_NOBODY
        or graver_or_as_grave(order.severity, pierced_by(order)),
    )
