"""What a report is about, as a keyed hash: equal reports are recognised, and none can be read."""

import json

from cases.report import Source
from gateway.doors import Doors
from gateway.reports import Arrival, salted
from runbooks import RouteFacts, route
from runbooks.matters import Matter, matter
from store import Accepted, KnownMatter


def facts_of(arrival: Arrival) -> RouteFacts:
    """What routing may know of a report."""
    return RouteFacts(
        source=arrival.source.value,
        tags=frozenset(arrival.tags),
        fields=dict(arrival.fields or {}),
    )


def known_matter(
    doors: Doors, arrival: Arrival, *, subject_ref: str | None, salt: bytes
) -> tuple[KnownMatter, Matter] | None:
    """The matter of an arrival that opens a case; None where the table compares it with nothing."""
    if not arrival.opens or arrival.source is Source.LINKED:
        return None
    table, facts = doors.shelf.routing, facts_of(arrival)
    found = matter(table, facts, route=route(table, facts), subject=subject_ref)
    if found is None:
        return None
    known = KnownMatter(
        fingerprint=salted(salt, json.dumps(found.parts).encode()),
        within=found.within,
        joins=found.joins,
        because=found.because,
        row=found.row,
    )
    return known, found


async def tell_of_many(doors: Doors, accepted: Accepted, matter: Matter) -> None:
    """The duty manager is told, once a case, when as many reports have come as the row says."""
    if matter.tell_at is None or (await doors.store.cases.get(accepted.case)).shadow:
        return
    together = len(await doors.store.belonging.within(accepted.case))
    if together >= matter.tell_at:
        await doors.store.health.alarm(
            kind="many-reports",
            key=accepted.case,
            text=f"case {accepted.number} has gathered {matter.tell_at} reports of one matter",
            mend=f"Look at case {accepted.number}: is it as severe as it says, and still one case?",
            at=await doors.clock.now(),
        )
