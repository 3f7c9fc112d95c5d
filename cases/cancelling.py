"""Cases that are cancelled along with the one they are part of, by one signed act that names each.

The deepest come first, the case at the top last; it ends only once every other has said yes. What
was cancelled before one of them refused stays cancelled, on record: nothing is un-cancelled.
"""

from datetime import datetime

from cases.acts import Cancel
from cases.dual_control import must_not_be_under_way
from cases.envelope import Act, ActEnvelope
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.handlers.ending import CANCELLED
from cases.journal import Kind
from cases.notice import Purpose
from cases.other_cases import proven, refuse
from cases.people import is_conflicted
from cases.receipts import Reason
from cases.records import Along, ClosingRecord, NamedCase
from cases.refusal import Refusal, not_yours, refused
from cases.rules import roles_for
from cases.values import Inbound, Value


class CancelRequest(Inbound):
    """What the case at the top asks of one below it: the signed act that names it."""

    envelope: ActEnvelope
    number: str
    """The number of the case at the top."""
    shadow: bool = False


class CancelAnswer(Value):
    """Whether the sub-case is cancelled with it, or has ended already."""

    accepted: bool
    reason: Reason = Reason.NONE
    detail: str = ""


def cancel_along(
    file: CaseFile, request: CancelRequest, *, root: bytes, commitment: str, at: datetime
) -> CancelAnswer:
    """The case is about to end with the one it is part of; or why it stays what it is."""
    state = file.state
    if state.closed:
        # The journal has its last entry.
        return CancelAnswer(accepted=True)
    act = proven(request.envelope, root=root)
    body = act.body if act is not None else None
    named = isinstance(body, Cancel) and any(each.case == state.case for each in body.sub_cases)
    if act is None or not isinstance(body, Cancel) or not named:
        refuse(file, Reason.BAD_SIGNATURE, commitment=commitment, at=at)
        return CancelAnswer(accepted=False, reason=Reason.BAD_SIGNATURE)
    if state.along is not None and state.along.act == act.act:
        return CancelAnswer(accepted=True)
    try:
        _must_be_free(file, act, request)
    except Refusal as refusal:
        refuse(file, refusal.reason, act=act, commitment=commitment, at=at)
        return CancelAnswer(accepted=False, reason=refusal.reason, detail=refusal.detail)
    state.along = Along(
        act=act.act,
        top=request.number,
        cases=tuple(NamedCase(number=each.number, case=each.case) for each in body.sub_cases),
    )
    state.closing_act = ClosingRecord(
        disposition=CANCELLED, by=act.actor.person, role=act.role, record=body.reason, at=at
    )
    file.note(
        Kind.CANCELLED_ALONG,
        at,
        number=request.number,
        cancelling_act=act.act,
        who=act.actor.person,
        role=act.role,
        input=commitment,
    )
    stage = file.stage
    if stage is not None and stage.owner != INCIDENT_MANAGER:
        # Whoever works on it did not see the act: it was done on another case.
        file.tell(Purpose.CLOSED, stage.owner, step="cancelled along")
    return CancelAnswer(accepted=True)


def answered(
    file: CaseFile,
    sub_case: NamedCase,
    answer: CancelAnswer,
    *,
    commitment: str | None,
    at: datetime,
) -> None:
    """What the sub-case said is on record here; one that stays takes the ending back."""
    state = file.state
    file.note(
        Kind.SUB_CASE_CANCELLED if answer.accepted else Kind.SUB_CASE_STAYS,
        at,
        number=sub_case.number,
        cancelling_act=state.along.act if state.along is not None else None,
        because=answer.reason.value or None,
        detail=answer.detail or None,
        result=commitment,
    )
    if answer.accepted:
        return
    state.closing_act = state.along = None
    file.note(Kind.CLOSING_TAKEN_BACK, at, because="sub-case-stays", numbers=[sub_case.number])
    file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="sub-cases")


def _must_be_free(file: CaseFile, act: Act, request: CancelRequest) -> None:
    state = file.state
    if state.closing_act is not None:
        raise refused(Reason.DECIDED, state.closing_act.disposition)
    if is_conflicted(state, act.actor.own_names):
        raise not_yours(Reason.CONFLICTED)
    if act.role not in roles_for(file, "cancel"):
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(roles_for(file, 'cancel'))}")
    if state.shadow != request.shadow:
        raise refused(Reason.UNMET, "one of the two runs in the shadow")
    must_not_be_under_way(file)
