"""Whose time is over by the retention table, and the erasures that are proposed for it."""

import uuid
from datetime import datetime, timedelta

from cases.house_acts import LegalBasis
from cases.state import CasePicture
from cases.values import Instant, Value
from gateway.doors import Doors
from runbooks.retention import CLASSES
from store import Blocked, EndedCase, ErasureOrigin, ErasureState

_AGAIN = timedelta(days=90)
"""A proposal that somebody withdrew, or that something forbade, is made again after this time."""


class ClassDue(Value):
    """One class of data of one case."""

    data: str
    over_at: Instant
    law: str
    mark: str
    ends: str
    over: bool


class CaseDue(Value):
    """A case that has ended, and how long what is left of it is kept."""

    number: str
    runbook: str
    ended_at: Instant
    erased: bool
    classes: tuple[ClassDue, ...]
    content_over_at: Instant
    """When content and evidence may both go."""
    proposed: str = ""
    """The erasure that is open."""
    against: tuple[Blocked, ...] = ()


async def cases_due(doors: Doors, *, at: datetime, every: bool = False) -> list[CaseDue]:
    """The cases of which some class is over its time, or every case that has ended."""
    found = [await _due(doors, ended, at=at) for ended in await doors.store.shredding.ended()]
    return [case for case in found if every or any(each.over for each in case.classes)]


async def propose_due(doors: Doors, *, at: datetime) -> int:
    """Every case whose content is over its time has an open erasure, unless something forbids it.

    Nothing is destroyed by this: people decide, or, where the table says `automatic`, nobody
    withdraws it before the time to think is over.
    """
    retention = doors.settings.retention
    proposed = 0
    for ended in await doors.store.shredding.ended():
        if ended.erased or await _over_at(doors, ended) > at or not await _may(doors, ended, at):
            continue
        row = await doors.store.erasures.propose(
            ended.case,
            id=str(uuid.uuid4()),
            at=at,
            basis=LegalBasis.RETENTION_OVER.value,
            detail=f"{retention.reference} {retention.digest[:16]}",
            due_at=at + doors.settings.cooling_off if retention.automatic else None,
        )
        proposed += row is not None
    return proposed


async def _may(doors: Doors, ended: EndedCase, at: datetime) -> bool:
    earlier = await doors.store.erasures.of_case(ended.case)
    if any(row.open for row in earlier):
        return False
    lately = [
        row
        for row in earlier
        if row.state in (ErasureState.WITHDRAWN, ErasureState.REFUSED)
        and row.origin is ErasureOrigin.RETENTION
        and row.settled_at is not None
        and row.settled_at > at - _AGAIN
    ]
    return not lately and not await doors.store.shredding.against(ended.case)


async def _over_at(doors: Doors, ended: EndedCase) -> datetime:
    return doors.settings.retention.content_over_at(
        ended_at=ended.ended_at,
        runbook=ended.runbook,
        disposition=await _disposition(doors, ended),
    )


async def _disposition(doors: Doors, ended: EndedCase) -> str | None:
    if not doors.settings.retention.needs_disposition(ended.runbook):
        return None
    view = await doors.store.views.get(ended.case)
    closing = CasePicture.of(view.state).closing if view is not None else None
    return None if closing is None else closing.disposition


async def _due(doors: Doors, ended: EndedCase, *, at: datetime) -> CaseDue:
    retention = doors.settings.retention
    disposition = await _disposition(doors, ended)
    where = {"runbook": ended.runbook, "disposition": disposition}
    classes = []
    for data in CLASSES:
        rule = retention.rule(data, **where)
        over_at = retention.over_at(data, ended_at=ended.ended_at, **where)
        gone = ended.erased and data in ("B", "C")
        classes.append(
            ClassDue(
                data=data,
                over_at=over_at,
                law=rule.law,
                mark=rule.mark,
                ends=retention.table.classes[data].ends.value,
                over=over_at <= at and not gone,
            )
        )
    open_ = [row.id for row in await doors.store.erasures.of_case(ended.case) if row.open]
    return CaseDue(
        number=ended.number,
        runbook=ended.runbook or "",
        ended_at=ended.ended_at,
        erased=bool(ended.erased),
        classes=tuple(classes),
        content_over_at=retention.content_over_at(ended_at=ended.ended_at, **where),
        proposed=open_[0] if open_ else "",
        against=tuple(await doors.store.shredding.against(ended.case)),
    )
