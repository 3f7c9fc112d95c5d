"""Reports that a rule holds back: stored at the door without a case, and listed."""

from dataclasses import dataclass

from cases.report import Source
from gateway.doors import Doors
from gateway.errors import NothingReleasedError
from gateway.matters import facts_of
from gateway.reports import Arrival
from runbooks import assess
from runbooks.suppressing import suppressed
from store import DeliveryConflict, HiddenBy, UnknownCase


@dataclass(frozen=True)
class Held:
    """The report is kept and opens no case, by that rule, until that day."""

    rule: str
    until: str


async def held_back(
    doors: Doors,
    arrival: Arrival,
    *,
    key: str,
    report: str,
    body: bytes,
    subject_ref: str | None,
) -> Held | DeliveryConflict | None:
    """The report is held back; None when it opens a case, or has one."""
    if not doors.shelf.routing.document.suppress or not arrival.opens:
        return None
    if arrival.source is Source.LINKED:
        return None
    known = await doors.store.suppression.find(key)
    if known is not None and known.released_at is None:
        return Held(rule=known.rule, until=known.until)
    try:
        await doors.store.belonging.case_of(report)
    except UnknownCase:
        pass
    else:
        # It has a case: what else comes of it belongs there.
        return None
    by = await _rule(doors, arrival, subject_ref=subject_ref)
    if by is None:
        return None
    kept = await doors.store.suppression.hold(
        by,
        key=key,
        source=arrival.source.value,
        instance=arrival.instance,
        external_id=arrival.external_id,
        body=body,
        at=await doors.clock.now(),
        subject_ref=subject_ref,
    )
    if isinstance(kept, DeliveryConflict):
        return kept
    return Held(rule=kept.rule, until=kept.until)


async def _rule(doors: Doors, arrival: Arrival, *, subject_ref: str | None) -> HiddenBy | None:
    """The rule that hides the report, unless its runbook's table says that it is grave."""
    facts = facts_of(arrival)
    try:
        found, shelved = await doors.shelf.route(facts)
    except NothingReleasedError:
        # Nobody can say how grave it is, so nobody hides it.
        return None
    rule = suppressed(
        doors.shelf.routing,
        facts,
        severity=assess(shelved.runbook, found.answers).severity,
        subject=subject_ref,
        at=await doors.clock.now(),
    )
    if rule is None:
        return None
    return HiddenBy(
        rule=rule.name,
        owner=rule.owner,
        because=rule.because,
        until=rule.until,
        tell_at=rule.tell_at,
    )
