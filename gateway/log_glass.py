"""Two people order that decisions go on while the transparency log cannot be written.

Each order is signed by the door and kept; what is let go under it is signed into the spool, line by
line (`gateway.log_waiting`). It is open for an hour at most, and somebody else looks at it after.
"""

import uuid
from datetime import datetime, timedelta
from typing import Annotated

import structlog
from pydantic import Field, StringConstraints

from cases.envelope import Actor, Door
from cases.log_glass import MAY, WAITS, GlassOrder, GlassVerb, Signed, read_order
from cases.values import Inbound, Line
from gateway.acting import assurance_of
from gateway.doors import Doors
from gateway.log_glass_words import PROBLEMS
from gateway.web import Viewer
from store import GlassRow

log = structlog.get_logger(__name__)

Because = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class GlassRefusedError(Exception):
    """The order was not taken; `name` says why, as `docs/errors.md` does."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.wording = PROBLEMS[name]


class NewGlass(Inbound):
    """That it is to go on without the log, why, and for how long."""

    id: Line
    """A UUID of the sender's: the same order sent again is one."""
    reason: Because
    minutes: Annotated[int, Field(ge=1, le=60)] = 60


class OnGlass(Inbound):
    """A confirmation, an end or a review of one."""

    reason: Because


async def ask(doors: Doors, viewer: Viewer, new: NewGlass, *, door: Door) -> GlassRow:
    """The order waits for a second person."""
    role = _role(viewer)
    try:
        well = str(uuid.UUID(new.id)) == new.id
    except ValueError:
        well = False
    at = await doors.clock.now()
    if await doors.store.log_glass.open_at(at) is not None:
        raise GlassRefusedError("log-glass-open")
    if not well:
        raise GlassRefusedError("log-glass-id-taken")
    signed = await _signed(
        doors,
        viewer,
        GlassVerb.OPEN,
        id_=new.id,
        role=role,
        door=door,
        reason=new.reason,
        minutes=new.minutes,
    )
    row = await doors.store.log_glass.ask(
        id=new.id, person=viewer.id, minutes=new.minutes, signed=signed, at=_instant(signed)
    )
    if row.asked_by != viewer.id:
        raise GlassRefusedError("log-glass-id-taken")
    log.warning("log break-glass asked", number=row.position)
    return row


async def confirm(
    doors: Doors, viewer: Viewer, position: int, on: OnGlass, *, door: Door
) -> GlassRow:
    """A second person has confirmed it: what waits for the log goes on, through the spool."""
    role = _role(viewer)
    row = await _row(doors, position)
    snapshot = await doors.directory.snapshot()
    if viewer.id in {row.asked_by, *snapshot.accounts_of(row.asked_by)}:
        raise GlassRefusedError("log-glass-same-human")
    at = await doors.clock.now()
    if row.confirmed_by is not None or row.ended_by is not None or at > row.asked_at + WAITS:
        raise GlassRefusedError("log-glass-not-waiting")
    orders = await doors.store.log_glass.orders(position)
    # The row is only where it is kept: what it says is believed for its signature.
    first = read_order(orders.open, root=doors.signer.root_public)
    signed = await _signed(
        doors,
        viewer,
        GlassVerb.CONFIRM,
        id_=row.id,
        role=role,
        door=door,
        reason=on.reason,
        minutes=first.minutes,
        confirms=first.digest,
    )
    begun = _instant(signed)
    until = begun + timedelta(minutes=first.minutes)
    if not await doors.store.log_glass.confirm(
        position, person=viewer.id, signed=signed, until=until, at=begun
    ):
        raise GlassRefusedError("log-glass-not-waiting")
    log.warning("log break-glass opened", number=position)
    doors.log_due.set()
    return await _row(doors, position)


async def end(doors: Doors, viewer: Viewer, position: int, on: OnGlass, *, door: Door) -> GlassRow:
    """It is over before its time, or was never confirmed."""
    role = _role(viewer)
    row = await _row(doors, position)
    at = await doors.clock.now()
    if row.ended_by is not None or (row.until is not None and row.until <= at):
        raise GlassRefusedError("log-glass-over")
    signed = await _signed(
        doors, viewer, GlassVerb.END, id_=row.id, role=role, door=door, reason=on.reason
    )
    if not await doors.store.log_glass.end(
        position, person=viewer.id, signed=signed, at=_instant(signed)
    ):
        raise GlassRefusedError("log-glass-over")
    return await _row(doors, position)


async def review(
    doors: Doors, viewer: Viewer, position: int, on: OnGlass, *, door: Door
) -> GlassRow:
    """Somebody who had no part in it has looked at what was let go."""
    role = _role(viewer)
    row = await _row(doors, position)
    snapshot = await doors.directory.snapshot()
    had_part = {
        account
        for person in (row.asked_by, row.confirmed_by)
        if person is not None
        for account in (person, *snapshot.accounts_of(person))
    }
    if viewer.id in had_part:
        raise GlassRefusedError("log-glass-own-review")
    at = await doors.clock.now()
    if row.until is None or row.until > at or row.reviewed_by is not None:
        raise GlassRefusedError("log-glass-not-reviewable")
    signed = await _signed(
        doors, viewer, GlassVerb.REVIEW, id_=row.id, role=role, door=door, reason=on.reason
    )
    if not await doors.store.log_glass.review(
        position, person=viewer.id, signed=signed, at=_instant(signed)
    ):
        raise GlassRefusedError("log-glass-not-reviewable")
    return await _row(doors, position)


async def seen(doors: Doors, viewer: Viewer) -> list[GlassRow]:
    """All of them, for those who may order one."""
    _role(viewer)
    return await doors.store.log_glass.list()


def may(viewer: Viewer) -> bool:
    """Whether the person may order, confirm or review one."""
    return bool(viewer.roles.intersection(MAY))


def _role(viewer: Viewer) -> str:
    held = next((role for role in MAY if role in viewer.roles), None)
    if held is None:
        raise GlassRefusedError("log-glass-role")
    return held


async def _row(doors: Doors, position: int) -> GlassRow:
    row = await doors.store.log_glass.find(position)
    if row is None:
        raise GlassRefusedError("log-glass-unknown")
    return row


async def _signed(
    doors: Doors,
    viewer: Viewer,
    verb: GlassVerb,
    *,
    id_: str,
    role: str,
    door: Door,
    reason: str,
    minutes: int = 60,
    confirms: str = "",
) -> Signed:
    # Asked before the directory is read: the answer is at least as new as this instant says.
    as_of = await doors.clock.now()
    snapshot = await doors.directory.snapshot()
    person = snapshot.find(viewer.id)
    if person is None or role not in person.roles:
        raise GlassRefusedError("log-glass-role")
    return doors.signer.sign_glass(
        GlassOrder(
            order=id_,
            verb=verb,
            actor=Actor(
                person=person.id,
                roles=tuple(sorted(person.roles)),
                directory_digest=snapshot.digest,
                directory_as_of=as_of,
                accounts=tuple(sorted(snapshot.accounts_of(person.id))),
            ),
            role=role,
            assurance=await assurance_of(doors, viewer.session),
            door=door,
            signed_at=await doors.clock.now(),
            reason=reason,
            minutes=minutes,
            confirms=confirms,
        )
    )


def _instant(signed: Signed) -> datetime:
    return GlassOrder.model_validate_json(signed.payload).signed_at
