"""Legal holds at the doors: who puts one, who looks at it again, which two end it."""

from collections.abc import Sequence

from cases.envelope import ActEnvelope, Door
from cases.house_acts import (
    AgreeToLift,
    HouseAct,
    HouseBody,
    HouseRefusal,
    HouseRefusedError,
    KeepLegalHold,
    LiftLegalHold,
    SetLegalHold,
)
from cases.keepers import second_signature
from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.house_acting import Hand, hand_of, refused
from gateway.web import Viewer
from store import CaseRow, HoldRow


class HoldShown(Value):
    """A legal hold, as those who may know of it see it."""

    id: str
    number: str | None = None
    """The case it covers; None: every case about the subject."""
    subject: str | None = None
    origin: str
    role: str
    matter: str = ""
    reason: str = ""
    set_by: str | None = None
    set_at: Instant
    review_at: Instant | None = None
    lift_by: str | None = None
    lift_role: str | None = None
    lift_at: Instant | None = None
    lifted_by: str | None = None
    lifted_at: Instant | None = None
    stands: bool
    may: tuple[str, ...] = ()
    """What the viewer can do about it: `keep`, `lift`, `agree`."""


async def set_hold(
    doors: Doors,
    viewer: Viewer,
    case: CaseRow | None,
    body: SetLegalHold,
    *,
    door: Door,
    act_id: str,
) -> HoldRow:
    """The hold stands from now on."""
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    role = doors.settings.keepers.holder(hand.actor.roles)
    if role is None:
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ROLE)
    if (case is None) is not bool(body.subject):
        raise HouseRefusedError(HouseRefusal.NO_SUCH_HOLD)
    at = await doors.clock.now()
    if body.review_at <= at:
        raise HouseRefusedError(HouseRefusal.REVIEW_DATE)
    return await doors.store.legal_holds.set(
        id=body.hold,
        case=case.id if case is not None else None,
        subject=body.subject or None,
        person=hand.actor.person,
        role=role,
        review_at=body.review_at,
        sign=hand.signs(body, case=case.id if case else "", role=role, act_id=act_id),
        at=at,
    )


async def keep_hold(
    doors: Doors, viewer: Viewer, body: KeepLegalHold, *, door: Door, act_id: str
) -> HoldRow:
    """The hold was looked at again, and stands."""
    row, hand, role = await _holding(doors, viewer, body, door=door, act_id=act_id)
    at = await doors.clock.now()
    if body.review_at <= at:
        raise HouseRefusedError(HouseRefusal.REVIEW_DATE)
    return await doors.store.legal_holds.keep(
        row.id,
        person=hand.actor.person,
        role=role,
        review_at=body.review_at,
        sign=hand.signs(body, case=row.case or "", role=role, act_id=act_id),
        at=at,
    )


async def ask_to_lift(
    doors: Doors, viewer: Viewer, body: LiftLegalHold, *, door: Door, act_id: str
) -> HoldRow:
    """The hold is to end; it stands until a second person of the other side agrees."""
    row, hand, _ = await _holding(doors, viewer, body, door=door, act_id=act_id, lifts=True)
    role = doors.settings.keepers.role_for(hand.actor.roles) or ""
    return await doors.store.legal_holds.ask_to_lift(
        row.id,
        person=hand.actor.person,
        role=role,
        sign=hand.signs(body, case=row.case or "", role=role, act_id=act_id),
        at=await doors.clock.now(),
    )


async def agree_to_lift(
    doors: Doors, viewer: Viewer, body: AgreeToLift, *, door: Door, act_id: str
) -> HoldRow:
    """The hold is over."""
    row, hand, _ = await _holding(doors, viewer, body, door=door, act_id=act_id, lifts=True)
    keepers = doors.settings.keepers
    role = (
        keepers.role_for(hand.actor.roles, other_than=row.lift_role)
        or keepers.role_for(hand.actor.roles)
        or ""
    )

    def allowed(known: HoldRow, before: Sequence[ActEnvelope]) -> HouseRefusal | None:
        asked = [HouseAct.model_validate_json(item.payload) for item in before]
        first = [act.actor.names for act in asked if isinstance(act.body, LiftLegalHold)]
        names = first[-1] if first else frozenset()
        return second_signature(
            keepers,
            first=names | {known.lift_by or ""},
            first_role=known.lift_role or "",
            second=hand.actor,
            role=role,
        )

    return await doors.store.legal_holds.lift(
        row.id,
        person=hand.actor.person,
        role=role,
        allowed=allowed,
        sign=hand.signs(body, case=row.case or "", role=role, act_id=act_id),
        at=await doors.clock.now(),
    )


async def holds_seen(
    doors: Doors, viewer: Viewer, *, case: CaseRow | None = None, standing: bool = True
) -> list[HoldShown]:
    """The holds, or those over one case, with what the viewer can do about each."""
    store = doors.store.legal_holds
    rows = await (
        store.list(standing=standing) if case is None else store.over(case.id, standing=standing)
    )
    return [await _shown(doors, viewer, row) for row in rows]


async def _shown(doors: Doors, viewer: Viewer, row: HoldRow) -> HoldShown:
    keepers = doors.settings.keepers
    knows = keepers.holder(viewer.roles) or keepers.role_for(viewer.roles)
    body = await _said(doors, row) if knows else None
    may: list[str] = []
    if row.stands and keepers.holder(viewer.roles):
        may.append("keep")
    if row.stands and keepers.role_for(viewer.roles):
        agrees = (
            row.lift_at is not None
            and row.lift_by != viewer.id
            and keepers.role_for(viewer.roles, other_than=row.lift_role) is not None
        )
        may.append("agree" if agrees else "lift")
    number = None if row.case is None else (await doors.store.cases.get(row.case)).number
    return HoldShown(
        **row.model_dump(exclude={"position", "case", "subject"}),
        number=number,
        subject=row.subject if knows else None,
        matter=body.matter if body is not None else "",
        reason=body.reason if body is not None else "",
        stands=row.stands,
        may=tuple(may),
    )


async def _said(doors: Doors, row: HoldRow) -> SetLegalHold | None:
    for item in await doors.store.legal_holds.envelopes(row.id):
        body = HouseAct.model_validate_json(item.payload).body
        if isinstance(body, SetLegalHold):
            return body
    return None


async def _holding(
    doors: Doors,
    viewer: Viewer,
    body: HouseBody,
    *,
    door: Door,
    act_id: str,
    lifts: bool = False,
) -> tuple[HoldRow, Hand, str]:
    hold = getattr(body, "hold", "")
    row = await doors.store.legal_holds.find(hold)
    if row is None:
        raise HouseRefusedError(HouseRefusal.NO_SUCH_HOLD)
    case = None if row.case is None else await doors.store.cases.get(row.case)
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    keepers = doors.settings.keepers
    role = keepers.role_for(hand.actor.roles) if lifts else keepers.holder(hand.actor.roles)
    if role is None:
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ROLE)
    if lifts and not keepers.reaches(hand.assurance):
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ASSURANCE)
    return row, hand, role
