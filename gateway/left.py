"""What is left of an erased case, and what of a case has gone where nothing is erased."""

from audit.redacted.gathering import OF_SKELETON, gather_redacted, shows_classes
from audit.redacted.telling import told
from cases.journal import Kind, Stream
from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.phrases import title
from store import CallFilter, CaseRow

_MANY = 10_000


class LeftLine(Value):
    """One entry, as far as it can still be read."""

    at: str
    stream: str
    sequence: int
    kind: str
    title: str
    details: str
    left_out: int
    """How many of its fields are gone."""


class Outside(Value):
    """Where something of the case has gone: what was handed out cannot be called back."""

    exports: tuple[str, ...] = ()
    """Who made exports, and when."""
    calls: dict[str, int] = {}
    """By system: how many calls were made to it for the case."""
    ticket: str = ""


class Left(Value):
    """What is left of a case whose content was erased."""

    erased_at: tuple[Instant, ...]
    lines: tuple[LeftLine, ...]


async def left_of(doors: Doors, case: CaseRow) -> Left:
    """Order, kinds, instants, who acted, and clocks; not a word of content."""
    record = await gather_redacted(doors.store, case.id, shows=shows_classes(OF_SKELETON))
    lines = [
        LeftLine(
            at=entry.text("at"),
            stream=read.stream,
            sequence=entry.sequence,
            kind=entry.text("kind"),
            title=title(entry.kind),
            details=told(entry),
            left_out=len(entry.digests),
        )
        for read in record.streams.values()
        for entry in read.entries
    ]
    shreds = await doors.store.shredding.shreds(case=case.id)
    return Left(
        erased_at=tuple(shred.at for shred in shreds),
        lines=tuple(sorted(lines, key=lambda line: (line.at, line.stream, line.sequence))),
    )


async def outside_of(doors: Doors, case: CaseRow) -> Outside:
    """What left the house: an erasure here reaches none of it."""
    door = await doors.store.journal.entries(case.id, stream=Stream.DOOR)
    exports = [
        f"{entry.at.isoformat()} {entry.body.get('who', '')}".strip()
        for entry in door
        if entry.kind is Kind.DOOR_EXPORTED
    ]
    calls: dict[str, int] = {}
    for call in await doors.store.calls.list(CallFilter(case=case.id), limit=_MANY):
        calls[call.vendor] = calls.get(call.vendor, 0) + 1
    ticket = await doors.store.tickets.of(case.id)
    return Outside(
        exports=tuple(exports),
        calls=dict(sorted(calls.items())),
        ticket="" if ticket is None else f"{ticket.system} {ticket.id}",
    )
