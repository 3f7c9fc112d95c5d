"""Erasing a case's content: who asks, who agrees, what forbids it, and what is left of it."""

from collections.abc import Sequence

from cases.envelope import ActEnvelope, Door
from cases.house_acts import (
    AgreeToErase,
    Erase,
    HouseAct,
    HouseRefusal,
    HouseRefusedError,
    WithdrawErasure,
)
from cases.keepers import second_signature
from cases.values import Instant, Value
from gateway.doors import Doors
from gateway.house_acting import Hand, hand_of, refused
from gateway.web import Viewer
from store import Blocked, CaseRow, ErasureRow, ErasureState


class ErasureShown(Value):
    """An erasure, as those who may know of it see it."""

    id: str
    number: str
    state: str
    origin: str
    basis: str
    reason: str = ""
    asked_by: str | None = None
    asked_role: str | None = None
    asked_at: Instant
    agreed_by: str | None = None
    agreed_role: str | None = None
    agreed_at: Instant | None = None
    due_at: Instant | None = None
    settled_at: Instant | None = None
    settled_by: str | None = None
    why: str = ""
    detail: str = ""
    against: tuple[Blocked, ...] = ()
    """What forbids it as things stand."""
    may: tuple[str, ...] = ()
    """What the viewer can do about it: `agree`, `withdraw`."""


def sees_erasures(doors: Doors, roles: frozenset[str]) -> bool:
    """Whether somebody with these roles has to do with erasures."""
    return doors.settings.keepers.knows(roles)


async def ask_to_erase(
    doors: Doors, viewer: Viewer, case: CaseRow, body: Erase, *, door: Door, act_id: str
) -> ErasureRow:
    """The erasure is asked for; HouseRefusedError, on record, where something forbids it."""
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    keepers = doors.settings.keepers
    role = keepers.role_for(hand.actor.roles)
    if role is None:
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ROLE)
    await _proved(doors, case, hand, verb=body.verb)
    return _done(
        await doors.store.erasures.ask(
            case.id,
            id=act_id,
            person=hand.actor.person,
            role=role,
            basis=body.basis.value,
            sign=hand.signs(body, case=case.id, role=role, act_id=act_id),
            at=await doors.clock.now(),
        )
    )


async def agree_to_erase(
    doors: Doors, viewer: Viewer, body: AgreeToErase, *, door: Door, act_id: str
) -> ErasureRow:
    """A second person of the other side has agreed; the time to think runs."""
    row, case = await _found(doors, body.erasure)
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    keepers = doors.settings.keepers
    role = keepers.role_for(hand.actor.roles, other_than=row.asked_role) or keepers.role_for(
        hand.actor.roles
    )
    if role is None:
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ROLE)
    await _proved(doors, case, hand, verb=body.verb)
    at = await doors.clock.now()

    def allowed(known: ErasureRow, before: Sequence[ActEnvelope]) -> HouseRefusal | None:
        first = [HouseAct.model_validate_json(item.payload).actor.names for item in before]
        return second_signature(
            keepers,
            first=frozenset().union(*first, {known.asked_by or ""}),
            first_role=known.asked_role or "",
            second=hand.actor,
            role=role,
        )

    return _done(
        await doors.store.erasures.agree(
            row.id,
            person=hand.actor.person,
            role=role,
            allowed=allowed,
            due_at=at + doors.settings.cooling_off,
            sign=hand.signs(body, case=case.id, role=role, act_id=act_id),
            at=at,
        )
    )


async def withdraw_erasure(
    doors: Doors, viewer: Viewer, body: WithdrawErasure, *, door: Door, act_id: str
) -> ErasureRow:
    """The erasure does not happen: either side, and whoever may put a hold, can say so."""
    row, case = await _found(doors, body.erasure)
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    keepers = doors.settings.keepers
    role = keepers.role_for(hand.actor.roles) or keepers.holder(hand.actor.roles)
    if role is None:
        raise await refused(doors, case, hand, verb=body.verb, why=HouseRefusal.ROLE)
    return _done(
        await doors.store.erasures.withdraw(
            row.id,
            person=hand.actor.person,
            role=role,
            sign=hand.signs(body, case=case.id, role=role, act_id=act_id),
            at=await doors.clock.now(),
        )
    )


async def erasures_seen(
    doors: Doors, viewer: Viewer, *, case: CaseRow | None = None, open_: bool = False
) -> list[ErasureShown]:
    """Every erasure, or the case's, with what the viewer can do about each."""
    store = doors.store.erasures
    rows = await (store.list() if case is None else store.of_case(case.id))
    return [await _shown(doors, viewer, row, case=case) for row in rows if row.open or not open_]


async def _shown(
    doors: Doors, viewer: Viewer, row: ErasureRow, *, case: CaseRow | None
) -> ErasureShown:
    keepers = doors.settings.keepers
    number = (case or await doors.store.cases.get(row.case)).number
    may: list[str] = []
    if row.state is ErasureState.ASKED and row.asked_by != viewer.id:
        asked = keepers.side_of(row.asked_role or "")
        mine = keepers.role_for(viewer.roles, other_than=row.asked_role)
        may += ["agree"] if mine is not None and asked is not None else []
    if row.open and sees_erasures(doors, viewer.roles):
        may.append("withdraw")
    return ErasureShown(
        **row.model_dump(exclude={"position", "case"}),
        number=number,
        reason=await _reason(doors, row),
        against=tuple(await doors.store.shredding.against(row.case)) if row.open else (),
        may=tuple(may),
    )


async def _reason(doors: Doors, row: ErasureRow) -> str:
    for item in await doors.store.erasures.envelopes(row.id):
        body = HouseAct.model_validate_json(item.payload).body
        if isinstance(body, Erase):
            return body.reason
    return ""


async def _found(doors: Doors, erasure: str) -> tuple[ErasureRow, CaseRow]:
    row = await doors.store.erasures.find(erasure)
    if row is None:
        raise HouseRefusedError(HouseRefusal.NO_SUCH_ERASURE)
    return row, await doors.store.cases.get(row.case)


async def _proved(doors: Doors, case: CaseRow | None, hand: Hand, *, verb: str) -> None:
    if not doors.settings.keepers.reaches(hand.assurance):
        raise await refused(doors, case, hand, verb=verb, why=HouseRefusal.ASSURANCE)


def _done(answer: ErasureRow | Blocked) -> ErasureRow:
    if isinstance(answer, Blocked):
        raise HouseRefusedError(answer.why, answer.detail)
    return answer
