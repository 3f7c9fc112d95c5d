"""Case against ticket, as pure values: every difference that stands between the two."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cases.report import TicketRef
from gateway.reconciling.drift import Drift, DriftKind
from gateway.reconciling.wanted import Wanted
from integrations.markers import fingerprint
from integrations.ports.ticketing import SeenTicket, TicketStatus, link_key

_DECIDED = frozenset({"approved", "declined", "rejected"})


def compare(
    wanted: Wanted, seen: SeenTicket | None, *, twins: Sequence[TicketRef] = ()
) -> list[Drift]:
    """What differs; `twins` are the tickets that bear the case's mark, its own among them."""
    if seen is None:
        return [Drift(kind=DriftKind.MISSING)]
    if seen.deleted:
        return [Drift(kind=DriftKind.DELETED)]
    if seen.merged:
        return [_merged(wanted, seen)]
    return [
        *_status(wanted, seen),
        *_priority(wanted, seen),
        *_marks(wanted, seen),
        *_twins(wanted, seen, twins),
        *_notes(wanted, seen),
        *_links(wanted, seen),
        *_place(wanted, seen),
        *_news(wanted, seen),
        *_approvals(wanted, seen),
    ]


def _merged(wanted: Wanted, seen: SeenTicket) -> Drift:
    kept = wanted.kept.ticket
    if kept is not None and seen.ticket.id == kept.id:
        return Drift(kind=DriftKind.MERGED_SOMEWHERE)
    if seen.ticket.id in wanted.shared_with:
        return Drift(kind=DriftKind.MERGED_WITH_CASE, subject=seen.ticket.id)
    return Drift(kind=DriftKind.MERGED, subject=seen.ticket.id)


def _status(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    left, solved = wanted.kept.status, TicketStatus.SOLVED
    if seen.status is None:
        yield Drift(kind=DriftKind.STATUS_UNKNOWN, subject=seen.word)
    elif wanted.ended:
        if seen.status is not solved:
            outside = left == solved.value
            yield Drift(kind=DriftKind.REOPENED_OUTSIDE if outside else DriftKind.STATUS_BEHIND)
    elif seen.status is solved:
        if wanted.solving:
            # Closing it takes a moment, in which the ticket is ahead of what we see of the case.
            return
        ours = left == solved.value
        yield Drift(kind=DriftKind.STILL_SOLVED if ours else DriftKind.CLOSED_OUTSIDE)
    elif wanted.held:
        # Once shown, a person who moves it on means it: the case's page says that it is held.
        if seen.status is TicketStatus.OPEN and left != TicketStatus.PENDING.value:
            yield Drift(kind=DriftKind.HOLD_NOT_SHOWN)
    elif seen.status is TicketStatus.PENDING and left == TicketStatus.PENDING.value:
        yield Drift(kind=DriftKind.STILL_PENDING)


def _priority(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    if wanted.ended or wanted.priority is None or seen.priority is wanted.priority:
        return
    if wanted.kept.priority != wanted.priority.value:
        yield Drift(kind=DriftKind.PRIORITY_BEHIND)
        return
    before = (DriftKind.PRIORITY_CHANGED.value, wanted.priority.value) in wanted.settled
    kind = DriftKind.CONTESTED if before else DriftKind.PRIORITY_CHANGED
    yield Drift(kind=kind, subject=wanted.priority.value)


def _marks(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    if wanted.kept.ours and wanted.mark not in seen.marks:
        yield Drift(kind=DriftKind.MARK_LOST)
    for mark in seen.marks:
        if mark != wanted.mark:
            yield Drift(kind=DriftKind.MARK_OF_ANOTHER, subject=mark)


def _twins(wanted: Wanted, seen: SeenTicket, twins: Sequence[TicketRef]) -> Iterator[Drift]:
    for twin in twins:
        settled = (DriftKind.DUPLICATED.value, twin.id) in wanted.settled
        if twin.id != seen.ticket.id and not settled:
            yield Drift(kind=DriftKind.DUPLICATED, subject=twin.id)


def _notes(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    if wanted.owed:
        yield Drift(kind=DriftKind.NOTE_OWED)
    standing = Counter(seen.notes)
    for mark in dict.fromkeys(wanted.said):
        if not standing[mark]:
            yield Drift(kind=DriftKind.NOTE_MISSING, subject=mark)
        elif standing[mark] > 1:
            yield Drift(kind=DriftKind.NOTE_DOUBLED, subject=mark)


def _links(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    if not _leads(seen, wanted.page):
        moved = wanted.kept.link not in ("", wanted.page)
        yield Drift(kind=DriftKind.LINK_OUTDATED if moved else DriftKind.LINK_MISSING)
    for page in wanted.related:
        if not _leads(seen, page):
            yield Drift(kind=DriftKind.RELATED_MISSING, subject=page)


def _leads(seen: SeenTicket, url: str) -> bool:
    return url in seen.links or fingerprint(link_key(url)) in seen.notes


def _place(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    kept = wanted.kept
    if kept.ours and kept.queue and seen.queue and seen.queue != kept.queue:
        yield Drift(kind=DriftKind.WRONG_QUEUE, subject=seen.queue)


def _news(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    if wanted.ended:
        # It hears nothing any more.
        return
    if wanted.knows is None or wanted.knows.id != seen.ticket.id:
        yield Drift(kind=DriftKind.CASE_NOT_TOLD, subject=seen.ticket.id)
    kept = wanted.kept
    by_us = seen.status is not None and seen.status.value == kept.status
    by_us = by_us or (wanted.solving and seen.status is TicketStatus.SOLVED)
    if kept.heard_word and seen.word != kept.heard_word and not by_us:
        yield Drift(kind=DriftKind.NEWS_MISSED, subject=seen.word)


def _approvals(wanted: Wanted, seen: SeenTicket) -> Iterator[Drift]:
    for approval in seen.approvals:
        if wanted.at_gate and approval.verdict in _DECIDED:
            yield Drift(kind=DriftKind.APPROVAL_RECORDED, subject=approval.id)
