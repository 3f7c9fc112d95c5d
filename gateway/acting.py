"""One path for every act of a person, whatever door they came through (I4, I7, I18).

Authenticated → looked up in the directory → signed and stored in one transaction → delivered. From
the moment it is stored it counts, whether or not anything behind the door is running.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import structlog

from cases.acts import BOUND_VERBS, ActBody
from cases.envelope import Act, ActEnvelope, Actor, Authorised, Door, RoundBinding
from cases.journal import Kind
from cases.personal import PersonalSignature
from cases.receipts import ActReceipt, Outcome, Reason
from gateway.authorising import authorise, on_record, reason_of, stamp
from gateway.comments import words_kept
from gateway.covering import NOBODY_ELSE, standing_of
from gateway.doors import Doors
from gateway.errors import CaseGoneError, EngineRefusedError, EngineUnavailableError
from gateway.faults import FaultPoint
from gateway.migrations import NoSuchVersionError, with_rules
from gateway.owed import is_owed, target_of
from gateway.personal import Proof, Refused, signature_of
from gateway.reopening import bound, hand_over, refused_at_door, same_words
from integrations.ports.directory import DirectorySnapshot
from runbooks.plan import Assurance
from store import (
    ActConflict,
    CaseRow,
    Duplicate,
    Recorded,
    RoundClosed,
    Session,
    UnknownRow,
)

log = structlog.get_logger(__name__)

ACT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ENDED = ("closed", "cancelled")


@dataclass(frozen=True)
class Answered:
    """What the person hears; `receipt` is None while the workflow has not answered."""

    act_id: str
    case: str
    number: str
    signed_at: datetime
    receipt: ActReceipt | None
    waits_for_log: bool = False
    """It is recorded, and takes effect once the transparency log has it."""


class ActRefusedError(Exception):
    """The door itself refuses: the act was neither signed nor stored, the refusal is on record."""

    def __init__(self, reason: Reason, *, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
        """What the policy that forbids it means, and who can help."""


class ActIdTakenError(Exception):
    """The act id belongs to other words."""


async def act(
    doors: Doors,
    *,
    session: Session,
    case: CaseRow,
    body: ActBody,
    role: str,
    binding: RoundBinding | None,
    door: Door,
    act_id: str,
    acting_for: str = "",
    assurance: Assurance | None = None,
    proof: Proof | None = None,
) -> Answered:
    """The act is durable and signed, and has been answered if anybody could answer in time.

    The same act id again, with the same words, has the same answer. `assurance` is said where the
    session does not prove the person: another system has. With `proof` the person has signed it
    with their own key, and it is at L3.
    """
    if not ACT_ID.fullmatch(act_id):
        raise ActRefusedError(Reason.MALFORMED)
    try:
        body = await with_rules(doors, case, body)
    except NoSuchVersionError:
        reason = Reason.NO_SUCH_VERSION
        await refuse_at_door(doors, case, person=session.person, verb=body.verb, reason=reason)
        raise ActRefusedError(reason) from None
    known = await _known(doors, case, act_id, session=session, body=body)
    if known is not None:
        doors.acts_due.set()
        return await _await_receipt(doors, case, known.envelope, act_id, receipt=known.receipt)
    body = await bound(doors, case, body)
    target = target_of(body, case=case.id)
    if not await is_owed(doors, case.id, body):
        reason = Reason.NO_SUCH_OBLIGATION
        await refuse_at_door(doors, case, person=session.person, verb=body.verb, reason=reason)
        raise ActRefusedError(reason)
    barred = await refused_at_door(
        doors,
        case,
        body,
        person=session.person,
        role=role,
        at=await doors.clock.now(case.id),
    )
    if barred is not None:
        await refuse_at_door(doors, case, person=session.person, verb=body.verb, reason=barred)
        raise ActRefusedError(barred)
    # Asked before the directory is read: the answer is at least as new as this instant says.
    as_of = await doors.clock.now(target)
    snapshot = await doors.directory.snapshot()
    actor = await _actor(
        doors,
        snapshot,
        session=session,
        case=case,
        role=role,
        as_of=as_of,
        acting_for=acting_for,
    )
    personal = await _personal(
        doors, case, proof, act_id=act_id, actor=actor, role=role, body=body, binding=binding
    )
    reached = await _reached(doors, session, assurance, personal)
    allowed = await _allowed(
        doors, session, case, body, actor=actor, assurance=reached, snapshot=snapshot
    )
    signed = await words_kept(doors, case, body, at=as_of)

    def sign(signed_at: datetime) -> ActEnvelope:
        envelope = doors.signer.sign(
            Act(
                act=act_id,
                case=case.id,
                actor=actor,
                role=role,
                assurance=reached,
                door=door,
                signed_at=signed_at,
                body=signed,
                binding=binding,
                personal=personal,
                authorised=allowed,
            )
        )
        doors.faults(FaultPoint.AFTER_SIGN)
        return envelope

    # A decision is in the log before it takes effect; the dispatcher finds when that is so.
    after_log = doors.settings.leaf_first and body.verb in BOUND_VERBS
    result = await doors.store.acts.record(
        act_id=act_id,
        case=case.id,
        person=session.person,
        verb=body.verb,
        gate=binding.gate if binding is not None else None,
        round=binding.round if binding is not None else None,
        sign=sign,
        at=await doors.clock.now(target),
        # Leases belong to the door's own time, which a simulated case may be ahead of.
        door_at=await doors.clock.now(),
        owner="" if after_log else doors.id,
        lease=doors.settings.lease,
        after_log=after_log,
    )
    match result:
        case Recorded():
            doors.faults(FaultPoint.AFTER_STORE)
            log.info("act recorded", number=case.number, verb=body.verb, door=door.value)
            return await _on_its_way(doors, case, result, act_id)
        case Duplicate():
            doors.acts_due.set()
            return await _await_receipt(
                doors, case, result.envelope, act_id, receipt=result.receipt
            )
        case RoundClosed():
            return await _closed_at_the_door(doors, case, act_id, session=session, body=body)
        case ActConflict():
            raise ActIdTakenError


async def _on_its_way(doors: Doors, case: CaseRow, result: Recorded, act_id: str) -> Answered:
    """The act is delivered by whoever may: the door itself, or the dispatcher."""
    if result.after_log:
        # Nobody may deliver it yet: whoever lets it go wakes the dispatcher.
        doors.log_due.set()
        return await _await_receipt(doors, case, result.envelope, act_id)
    if result.behind:
        # An earlier act of this case is still on its way: the dispatcher keeps the order.
        await doors.store.acts.failed(act_id, error="", next_attempt_at=await doors.clock.now())
        doors.acts_due.set()
        return await _await_receipt(doors, case, result.envelope, act_id)
    return await _deliver(doors, case, result.envelope, act_id)


async def assurance_of(doors: Doors, session: Session) -> Assurance:
    """L2 while the second factor is fresh, else L1 (design §7)."""
    if session.stepped_up_at is None:
        return Assurance.L1
    age = await doors.clock.now() - session.stepped_up_at
    return Assurance.L2 if age <= doors.settings.step_up_window else Assurance.L1


async def refuse_at_door(
    doors: Doors, case: CaseRow, *, person: str, verb: str, reason: Reason, act_id: str = ""
) -> None:
    """The refusal is in the door's stream (I8)."""
    await doors.store.journal.append_door(
        case.id,
        Kind.DOOR_ACT_REFUSED,
        at=await doors.clock.now(case.id),
        who=person,
        what=verb,
        why=reason.value,
        act=act_id or None,
    )


async def finish(
    doors: Doors, *, case: str, act_id: str, receipt: ActReceipt, late: bool = False
) -> None:
    """The receipt is stored: the act is not delivered again."""
    kept = await doors.store.acts.answered(
        act_id,
        receipt=receipt,
        at=await doors.clock.now(case),
        kind=Kind.DOOR_ACT_LATE if late else Kind.DOOR_ACT_ANSWERED,
    )
    doors.hearing.came(kept, act_id=act_id)
    doors.outcomes[receipt.outcome.value] += 1
    doors.faults(FaultPoint.AFTER_RECEIPT)


def too_late(act_id: str, *, signed_at: datetime, at: datetime) -> ActReceipt:
    """The answer to an act on a case that has closed."""
    return ActReceipt(
        act=act_id,
        outcome=Outcome.TOO_LATE,
        reason=Reason.CLOSED,
        signed_at=signed_at,
        applied_at=at,
    )


async def _known(
    doors: Doors, case: CaseRow, act_id: str, *, session: Session, body: ActBody
) -> Duplicate | None:
    # A second POST must hear the first answer even if the person's roles have changed since.
    try:
        row = await doors.store.acts.show(act_id)
    except UnknownRow:
        return None
    first = Act.model_validate_json(row.envelope.payload)
    mine = (first.case, first.actor.person) == (case.id, session.person)
    if not mine or not same_words(first.body, body):
        raise ActIdTakenError
    receipt = await doors.store.acts.receipt(act_id)
    return Duplicate(envelope=row.envelope, at=row.signed_at, receipt=receipt)


async def _actor(
    doors: Doors,
    snapshot: DirectorySnapshot,
    *,
    session: Session,
    case: CaseRow,
    role: str,
    as_of: datetime,
    acting_for: str,
) -> Actor:
    person = snapshot.find(session.person)
    standing = NOBODY_ELSE
    if person is not None:
        standing = await standing_of(
            doors, person.id, at=as_of, runbook=await _runbook(doors, case), snapshot=snapshot
        )
    principal = standing.acting_for(acting_for, role) if acting_for else None
    if acting_for and principal is None:
        reason = Reason.NO_DELEGATION
        await refuse_at_door(doors, case, person=session.person, verb="act", reason=reason)
        raise ActRefusedError(reason)
    held = principal.roles if principal is not None else person.roles if person is not None else ()
    if person is None or role not in held:
        await refuse_at_door(doors, case, person=session.person, verb="act", reason=Reason.ROLE)
        raise ActRefusedError(Reason.ROLE)
    told_at = person.roles_told_at
    if told_at is not None and await doors.clock.now() > told_at + doors.settings.session_lifetime:
        # A door without a session (a chat, a pager) must not stretch what a log-in said.
        reason = Reason.STALE_ROLES
        await refuse_at_door(doors, case, person=session.person, verb="act", reason=reason)
        raise ActRefusedError(reason)
    return Actor(
        person=person.id,
        roles=tuple(sorted(person.roles)),
        directory_digest=snapshot.digest,
        directory_as_of=as_of,
        accounts=standing.accounts,
        acting_for=principal,
    )


async def _personal(
    doors: Doors,
    case: CaseRow,
    proof: Proof | None,
    *,
    act_id: str,
    actor: Actor,
    role: str,
    body: ActBody,
    binding: RoundBinding | None,
) -> PersonalSignature | None:
    """The person's own signature, once it holds; refused on record otherwise. None if none came."""
    if proof is None:
        return None
    try:
        return await signature_of(
            doors, case, proof, act=act_id, actor=actor, role=role, body=body, binding=binding
        )
    except Refused as refused:
        await refuse_at_door(
            doors, case, person=actor.person, verb=body.verb, reason=refused.reason, act_id=act_id
        )
        raise ActRefusedError(refused.reason) from refused


async def _reached(
    doors: Doors,
    session: Session,
    said: Assurance | None,
    personal: PersonalSignature | None,
) -> Assurance:
    if personal is not None:
        return Assurance.L3
    return said if said is not None else await assurance_of(doors, session)


async def _allowed(
    doors: Doors,
    session: Session,
    case: CaseRow,
    body: ActBody,
    *,
    actor: Actor,
    assurance: Assurance,
    snapshot: DirectorySnapshot,
) -> Authorised:
    """That the policies allow the act, to be signed with it; refused on record otherwise."""
    decision = await authorise(
        doors, case, body, actor=actor, assurance=assurance, snapshot=snapshot
    )
    await on_record(doors, case, body, decision, person=session.person)
    if decision.allowed:
        return stamp(decision)
    reason = reason_of(decision)
    await refuse_at_door(doors, case, person=session.person, verb=body.verb, reason=reason)
    raise ActRefusedError(reason, detail="; ".join(decision.says))


async def _runbook(doors: Doors, case: CaseRow) -> str | None:
    """The runbook the case runs by, as far as the store knows it."""
    view = await doors.store.views.get(case.id)
    return view.line.runbook if view is not None else None


async def _deliver(doors: Doors, case: CaseRow, envelope: ActEnvelope, act_id: str) -> Answered:
    signed_at = Act.model_validate_json(envelope.payload).signed_at
    receipt: ActReceipt | None = None
    doors.faults(FaultPoint.BEFORE_DELIVER)
    try:
        receipt = await hand_over(
            doors, envelope, act_id=act_id, within=doors.settings.receipt_wait
        )
        doors.faults(FaultPoint.AFTER_DELIVER)
        await finish(doors, case=case.id, act_id=act_id, receipt=receipt)
    except (EngineUnavailableError, CaseGoneError, EngineRefusedError) as error:
        # The dispatcher takes over from here: it knows what to do about each of the three.
        at = await doors.clock.now(case.id)
        await doors.store.acts.failed(act_id, error=type(error).__name__, next_attempt_at=at)
        doors.acts_due.set()
        if not isinstance(error, EngineUnavailableError):
            return await _await_receipt(doors, case, envelope, act_id)
    return Answered(
        act_id=act_id,
        case=case.id,
        number=case.number,
        signed_at=signed_at,
        receipt=receipt,
    )


async def _await_receipt(
    doors: Doors,
    case: CaseRow,
    envelope: ActEnvelope,
    act_id: str,
    *,
    receipt: ActReceipt | None = None,
) -> Answered:
    """The receipt, if the dispatcher brings it while the person still waits."""
    if receipt is None:
        receipt = await doors.hearing.receipt(
            doors.store, act_id, within=doors.settings.receipt_wait
        )
    return Answered(
        act_id=act_id,
        case=case.id,
        number=case.number,
        signed_at=Act.model_validate_json(envelope.payload).signed_at,
        receipt=receipt,
        waits_for_log=receipt is None and (await doors.store.acts.show(act_id)).waits_for_log,
    )


async def _closed_at_the_door(
    doors: Doors, case: CaseRow, act_id: str, *, session: Session, body: ActBody
) -> Answered:
    """The round takes no more acts: silence has taken effect there (I18)."""
    at = await doors.clock.now(case.id)
    reason = Reason.AFTER_DEADLINE
    await refuse_at_door(
        doors, case, person=session.person, verb=body.verb, reason=reason, act_id=act_id
    )
    receipt = ActReceipt(
        act=act_id, outcome=Outcome.TOO_LATE, reason=reason, signed_at=at, applied_at=at
    )
    return Answered(act_id=act_id, case=case.id, number=case.number, signed_at=at, receipt=receipt)
