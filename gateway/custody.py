"""Custody of evidence at the doors: what was done with an item, by whom and why."""

from cases.custody import CustodyChain, chains, named, needs_no_hold, refusal
from cases.envelope import Door
from cases.house_acts import Custody, CustodyEvent, HouseRefusal, HouseRefusedError
from cases.journal import Entry, Kind, Stream
from cases.values import Inbound, Line
from gateway.casework import OpenCase
from gateway.doors import Doors
from gateway.house_acting import hand_of, refused
from gateway.web import Viewer

CUSTODY_FORMS = tuple(
    (event.value, event.value) for event in CustodyEvent if event is not CustodyEvent.ACQUIRED
)
"""What a form offers: an item is acquired by the evidence act alone."""
DIFFERS = "evidence-differs"


class CustodyAsked(Inbound):
    """What a person says was done."""

    item: Line
    """The item's label, or the beginning of its digest."""
    event: CustodyEvent
    why: str
    kept_at: Line = ""
    to: Line = ""
    found: str | None = None


async def custody_of(doors: Doors, case: OpenCase) -> list[CustodyChain]:
    """The chain of every item that the case lists now."""
    return chains(case.state.standing_evidence, await _said(doors, case))


async def _said(doors: Doors, case: OpenCase) -> list[Entry]:
    return await doors.store.journal.entries(case.row.id, stream=Stream.DOOR)


async def record_custody(
    doors: Doors, viewer: Viewer, case: OpenCase, asked: CustodyAsked, *, door: Door, act_id: str
) -> CustodyChain:
    """The entry is on record, signed; an item that is not what was acquired is alarmed.

    A legal hold forbids that an item leaves our hands or is destroyed.
    """
    said = await _said(doors, case)
    chain = named(chains(case.state.standing_evidence, said), asked.item)
    if chain is None:
        raise HouseRefusedError(HouseRefusal.NO_SUCH_EVIDENCE)
    if any(entry.body.get("act") == act_id for entry in said if entry.kind is Kind.DOOR_CUSTODY):
        return chain
    hand = await hand_of(doors, viewer, door=door, act_id=act_id)
    why = refusal(chain, asked.event)
    if why is not None:
        raise await refused(doors, case.row, hand, verb="custody", why=why)
    body = Custody(
        digest=chain.digest,
        event=asked.event,
        why=asked.why,
        kept_at=asked.kept_at,
        to=asked.to,
        found=asked.found,
    )
    role = min(viewer.roles)
    at = await doors.clock.now(case.row.id)
    envelope = hand.signs(body, case=case.row.id, role=role, act_id=act_id)(at)
    held = await doors.store.legal_holds.append_door(
        case.row.id,
        Kind.DOOR_CUSTODY,
        at=at,
        unless_held=needs_no_hold(body.event),
        act=act_id,
        event=body.event.value,
        digest=body.digest,
        who=viewer.id,
        role=role,
        why=body.why,
        kept_at=body.kept_at or None,
        to=body.to or None,
        found=body.found,
        envelope=envelope.model_dump(mode="json"),
    )
    if held:
        await refused(doors, case.row, hand, verb="custody", why=HouseRefusal.UNDER_HOLD)
        names = ", ".join(hold.id for hold in held)
        raise HouseRefusedError(HouseRefusal.UNDER_HOLD, names)
    if body.found is not None and body.found != body.digest:
        await doors.store.health.alarm(
            kind=DIFFERS,
            key=f"{case.row.number}|{body.digest[:16]}",
            text=f"an item of evidence of case {case.row.number} is not what was acquired",
            mend=f"`escalate case custody {case.row.number}` shows who had it since it was",
            at=await doors.clock.now(),
        )
    after = named(await custody_of(doors, case), chain.digest)
    return after or chain
