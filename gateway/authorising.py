"""Before an act is signed the policies are asked, and the answer is signed with it.

Gates have rules of their own, which the case checks itself; this is what stands before them: need
to know, clearance, walls, separation of duties, the limits of a delegation.
"""

from cases.acts import ActBody
from cases.envelope import ActingFor, Actor, Authorised
from cases.journal import Kind
from cases.receipts import Reason
from cases.state import CasePicture
from gateway.access import Decision, asking, class_of, judged
from gateway.covering import Standing
from gateway.doors import Doors
from integrations.ports.access import POLICIES
from integrations.ports.directory import DirectorySnapshot
from runbooks.plan import Assurance
from store import CaseRow

_REASONS = frozenset(each.value for each in Reason)


async def authorise(
    doors: Doors,
    case: CaseRow,
    body: ActBody,
    *,
    actor: Actor,
    assurance: Assurance,
    snapshot: DirectorySnapshot,
) -> Decision:
    """What the policies say of this act, as the store last knew the case."""
    await keep_policies(doors)
    view = await doors.store.views.get(case.id)
    if view is None:
        return Decision(allowed=False, digest=doors.access.digest)
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    principal = actor.acting_for
    who = await asking(
        doors,
        actor.person,
        roles=frozenset(actor.roles),
        lent=_covered(principal),
        standing=Standing(accounts=actor.accounts),
        assurance=assurance,
        snapshot=snapshot,
    )
    cleared = True
    if principal is not None:
        absent = await asking(doors, principal.person, snapshot=snapshot)
        needed = class_of(doors, state)
        cleared = not needed or needed in absent.principal.clearances
    return judged(
        doors,
        who,
        body.verb,
        state,
        shelved.pathway,
        gate=getattr(body, "gate", "") or "",
        names=actor.names,
        delegate=principal is not None,
        principal_cleared=cleared,
    )


async def on_record(
    doors: Doors, case: CaseRow, body: ActBody, decision: Decision, *, person: str
) -> None:
    """The answer about an act on a restricted case is in the door's stream, whichever it is."""
    if not decision.restricted:
        return
    await doors.store.journal.append_door(
        case.id,
        Kind.ACT_ALLOWED if decision.allowed else Kind.ACT_DENIED,
        at=await doors.clock.now(case.id),
        who=person,
        what=body.verb,
        policies=list(decision.policies),
        policy=decision.digest,
    )


async def keep_policies(doors: Doors) -> None:
    """The policies are in the store under the digest that what is signed names."""
    if doors.access.digest in doors.policies_kept:
        return
    at = await doors.clock.now()
    await doors.store.objects.put(kind=POLICIES, data=doors.access.written_down, at=at)
    doors.policies_kept.add(doors.access.digest)


def stamp(decision: Decision) -> Authorised:
    """What is signed of an answer that allows."""
    return Authorised(policies=decision.policies, digest=decision.digest)


def reason_of(decision: Decision) -> Reason:
    """Why it was denied, as people read it."""
    return Reason(decision.reason) if decision.reason in _REASONS - {""} else Reason.NO_ACCESS


def _covered(principal: ActingFor | None) -> frozenset[str]:
    return frozenset(principal.roles) if principal is not None else frozenset()
