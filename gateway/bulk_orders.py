"""A person orders one thing for many cases: previewed, signed, confirmed by a second one, undone.

The order and the act of every case are signed at one instant and stored in one transaction. From
then on the acts are acts like any other: the dispatcher delivers each until its case has answered,
whatever is killed meanwhile, and what became of the order is read from their receipts. No process
and no workflow holds it together, so none can leave it half done.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cases.bulk_orders import (
    BulkItem,
    BulkOrder,
    NoWayBack,
    OrderEnvelope,
    Wish,
    read_order,
    shared,
    way_back,
)
from cases.canonical import canonical, sha256
from cases.envelope import Act, ActEnvelope, Actor, Authorised, Door, Ordered
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from cases.values import Inbound, Line, Prose
from gateway.acting import assurance_of, refuse_at_door
from gateway.bulk_preview import (
    BulkRefusedError,
    Choice,
    Planned,
    chosen,
    left_out,
    planned,
    seen_case,
    tried_on,
)
from gateway.doors import Doors
from gateway.faults import FaultPoint
from gateway.sight import ALWAYS
from gateway.web import Viewer
from runbooks.plan import Assurance
from store import BulkConflict, BulkItemRow, BulkRow, BulkState, NewBulkItem

log = structlog.get_logger(__name__)

WAITS = timedelta(hours=24)
"""How long an order waits for its second person; then it is about cases that have moved on."""
UNDO = "undo"
_REASONS = frozenset(each.value for each in Reason)


class NewOrder(Inbound):
    """What is to be done, and to which cases."""

    id: Line
    """A UUID of the sender's: the same order sent again is done once."""
    wish: Wish
    numbers: tuple[Line, ...]
    """The cases that were shown; no filter is signed, since it may mean others a moment later."""


class Again(Inbound):
    """An order that rests on an earlier one: its confirmation, or its way back."""

    id: Line
    reason: Prose = ""


class PreviewAsked(Inbound):
    """What would be done, and to which cases."""

    wish: Wish
    which: Choice


@dataclass(frozen=True)
class OrderSeen:
    """An order as one person may see it."""

    row: BulkRow
    items: tuple[BulkItemRow, ...]
    hidden: int = 0
    """How many of its cases the person may not see."""
    confirmed_by: BulkRow | None = None


async def preview(doors: Doors, viewer: Viewer, asked: PreviewAsked) -> list[Planned]:
    """What each case would say; nothing is recorded by asking."""
    return await planned(doors, viewer, asked.wish, await chosen(doors, asked.which))


async def order(doors: Doors, viewer: Viewer, new: NewOrder, *, door: Door) -> BulkRow:
    """The acts are signed and on their way; or the order waits for a second person."""
    asked = _asked(new.wish, new.numbers)
    known = await _known(doors, viewer, new.id, asked)
    if known is not None:
        return known
    numbers = await chosen(doors, Choice(numbers=new.numbers))
    plan = await planned(doors, viewer, new.wish, numbers)
    waits = sum(each.willing for each in plan) > doors.settings.bulk_cap
    return await _place(
        doors, viewer, plan, id_=new.id, verb=new.wish.verb, asked=asked, door=door, waits=waits
    )


async def confirm(
    doors: Doors, viewer: Viewer, position: int, again: Again, *, door: Door
) -> BulkRow:
    """A second person has done what a first one asked for: the acts are theirs, and signed now."""
    first = await doors.store.bulk_orders.find(position)
    if first is None or not _mine(first, viewer):
        raise BulkRefusedError("bulk-unknown")
    asked = sha256(f"confirm {first.id}".encode())
    known = await _known(doors, viewer, again.id, asked)
    if known is not None:
        return known
    if first.state is not BulkState.ASKED or await doors.clock.now() > first.signed_at + WAITS:
        raise BulkRefusedError("bulk-not-waiting")
    snapshot = await doors.directory.snapshot()
    humans = {first.person, *snapshot.accounts_of(first.person)}
    if humans & {viewer.id, *snapshot.accounts_of(viewer.id)}:
        raise BulkRefusedError("bulk-same-human")
    said = await _read(doors, first.id)
    plan: list[Planned] = []
    for item in said.items:
        seen = await seen_case(doors, viewer, item.number)
        if seen is None:
            plan.append(_unseen(first, viewer, item.number))
        else:
            plan.append(await tried_on(doors, viewer, *seen, said.bodies[item.does]))
    return await _place(
        doors,
        viewer,
        plan,
        id_=again.id,
        verb=first.verb,
        asked=asked,
        door=door,
        confirms=first,
    )


async def undo(doors: Doors, viewer: Viewer, position: int, again: Again, *, door: Door) -> BulkRow:
    """Each case is on its way back to what it was, where there is a way; the others are named.

    One person can do it, whatever the size: it brings back what people had agreed on before.
    """
    first = await doors.store.bulk_orders.find(position)
    if first is None or not _mine(first, viewer):
        raise BulkRefusedError("bulk-unknown")
    asked = sha256(canonical({"undo": first.id, "reason": again.reason}))
    known = await _known(doors, viewer, again.id, asked)
    if known is not None:
        return known
    plan = await plan_back(doors, viewer, first, reason=again.reason)
    return await _place(
        doors, viewer, plan, id_=again.id, verb=UNDO, asked=asked, door=door, undoes=first.id
    )


async def plan_back(
    doors: Doors, viewer: Viewer, first: BulkRow, *, reason: str = ""
) -> list[Planned]:
    """What an undo would do to each case that the order was about."""
    said = await _read(doors, first.id)
    bodies = {item.act: said.bodies[item.does] for item in said.items}
    because = reason.strip() or f"bulk order {first.position} is undone"
    plan: list[Planned] = []
    for item in await doors.store.bulk_orders.items(first.id):
        seen = await seen_case(doors, viewer, item.number)
        if seen is None:
            plan.append(_unseen(first, viewer, item.number))
            continue
        case, view = seen
        taken = item.receipt is not None and item.receipt.outcome is Outcome.ACCEPTED
        if not taken or item.act is None or item.before is None:
            plan.append(left_out(case, "bulk-not-done"))
            continue
        try:
            body = way_back(
                bodies[item.act],
                item.before,
                CasePicture.of(view.state),
                reason=because,
                at=case.now,
            )
        except NoWayBack as none:
            plan.append(left_out(case, none.name))
            continue
        plan.append(await tried_on(doors, viewer, case, view, body))
    return plan


async def orders_seen(doors: Doors, viewer: Viewer) -> list[BulkRow]:
    """The viewer's own orders; everybody's for those who see every case."""
    person = None if viewer.roles & ALWAYS else viewer.id
    return await doors.store.bulk_orders.list(person=person)


async def order_seen(doors: Doors, viewer: Viewer, position: int) -> OrderSeen:
    """The order with every case the viewer may know of; BulkRefusedError if it is not for them."""
    row = await doors.store.bulk_orders.find(position)
    if row is None or not _mine(row, viewer):
        raise BulkRefusedError("bulk-unknown")
    items = await doors.store.bulk_orders.items(row.id)
    shown = items
    if row.person != viewer.id:
        shown = [item for item in items if await seen_case(doors, viewer, item.number)]
    return OrderSeen(
        row=row,
        items=tuple(shown),
        hidden=len(items) - len(shown),
        confirmed_by=await doors.store.bulk_orders.confirmation_of(row.id),
    )


def _unseen(first: BulkRow, viewer: Viewer, number: str) -> Planned:
    # Whoever named the case knows its number; nobody else learns that there is one.
    named = number if first.person == viewer.id else ""
    return Planned(number=named, refused=Reason.NO_SUCH_CASE.value)


def _mine(row: BulkRow, viewer: Viewer) -> bool:
    return row.person == viewer.id or bool(viewer.roles & ALWAYS)


async def _known(doors: Doors, viewer: Viewer, id_: str, asked: str) -> BulkRow | None:
    try:
        well = str(uuid.UUID(id_)) == id_
    except ValueError:
        well = False
    if not well:
        raise BulkRefusedError("bulk-id-taken")
    known = await doors.store.bulk_orders.by_id(id_)
    if known is not None and (known.person, known.asked) != (viewer.id, asked):
        raise BulkRefusedError("bulk-id-taken")
    return known


async def _read(doors: Doors, id_: str) -> BulkOrder:
    # The rows are only where it is kept: what it says is believed for its signature.
    envelope = await doors.store.bulk_orders.envelope(id_)
    return read_order(envelope, root=doors.signer.root_public)


async def _place(
    doors: Doors,
    viewer: Viewer,
    plan: Sequence[Planned],
    *,
    id_: str,
    verb: str,
    asked: str,
    door: Door,
    waits: bool = False,
    undoes: str | None = None,
    confirms: BulkRow | None = None,
) -> BulkRow:
    willing = [each for each in plan if each.willing]
    if not willing:
        raise BulkRefusedError("bulk-empty")
    as_of = await doors.clock.now()
    actor = await _actor(doors, viewer, as_of=as_of)
    reached = await assurance_of(doors, viewer.session)
    allowed = {each.number: each.authorised for each in willing}
    acts = {each.number: str(uuid.uuid5(uuid.UUID(id_), each.number)) for each in willing}

    def sign(signed_at: datetime) -> tuple[OrderEnvelope, str, Mapping[str, ActEnvelope]]:
        said = _written(
            willing,
            acts,
            BulkOrder(
                order=id_,
                actor=actor,
                assurance=reached,
                door=door,
                signed_at=signed_at,
                verb=verb,
                bodies=(),
                items=(),
                undoes=undoes or "",
                confirms=confirms.digest if confirms is not None else "",
            ),
        )
        envelopes = {} if waits else _signed(doors, said, reached, allowed)
        doors.faults(FaultPoint.AFTER_SIGN)
        return doors.signer.sign_order(said), said.digest, envelopes

    row = await doors.store.bulk_orders.order(
        id=id_,
        person=viewer.id,
        verb=verb,
        asked=asked,
        items=[
            NewBulkItem(
                number=each.number,
                case=each.row.id if each.row is not None else None,
                act=acts.get(each.number),
                verb=each.body.verb if each.body is not None else "",
                refused=each.refused,
                before=each.before,
            )
            for each in plan
        ],
        sign=sign,
        at=await doors.clock.now(),
        waits=waits,
        undoes=undoes,
        confirms=confirms.id if confirms is not None else None,
    )
    if isinstance(row, BulkConflict):
        raise BulkRefusedError("bulk-not-waiting" if confirms is not None else "bulk-id-taken")
    doors.faults(FaultPoint.AFTER_STORE)
    log.info("bulk order recorded", verb=verb, count=row.total)
    doors.acts_due.set()
    for each in plan:
        if each.refused and each.row is not None and each.refused in _REASONS:
            await refuse_at_door(
                doors, each.row, person=viewer.id, verb=verb, reason=Reason(each.refused)
            )
    return row


def _written(willing: Sequence[Planned], acts: Mapping[str, str], empty: BulkOrder) -> BulkOrder:
    bodies, which = shared([each.body for each in willing if each.body is not None])
    items = tuple(
        BulkItem(
            case=each.row.id,
            number=each.number,
            act=acts[each.number],
            role=each.role,
            does=does,
        )
        for each, does in zip(willing, which, strict=True)
        if each.row is not None
    )
    return empty.model_copy(update={"bodies": bodies, "items": items})


def _signed(
    doors: Doors, said: BulkOrder, reached: Assurance, allowed: Mapping[str, Authorised | None]
) -> dict[str, ActEnvelope]:
    """The act of each case: the same person at the same instant, and the order it is part of."""
    part = Ordered(order=said.order, digest=said.digest, of=len(said.items))
    return {
        item.act: doors.signer.sign(
            Act(
                act=item.act,
                case=item.case,
                actor=said.actor,
                role=item.role,
                assurance=reached,
                door=said.door,
                signed_at=said.signed_at,
                body=said.bodies[item.does],
                ordered=part,
                authorised=allowed[item.number],
            )
        )
        for item in said.items
    }


async def _actor(doors: Doors, viewer: Viewer, *, as_of: datetime) -> Actor:
    snapshot = await doors.directory.snapshot()
    person = snapshot.find(viewer.id)
    if person is None:
        raise BulkRefusedError("bulk-empty")
    return Actor(
        person=person.id,
        roles=tuple(sorted(person.roles)),
        directory_digest=snapshot.digest,
        directory_as_of=as_of,
        accounts=snapshot.accounts_of(person.id),
    )


def _asked(wish: Wish, numbers: Sequence[str]) -> str:
    return sha256(canonical({"wish": wish.model_dump(mode="json"), "numbers": list(numbers)}))
