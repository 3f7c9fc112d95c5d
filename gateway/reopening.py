"""A closed case goes on at the door: the act is bound to its ending, and a new run is begun.

Everywhere else a workflow id is taken for ever. Here alone it is taken again, by a signed act that
names the journal's head: the run checks it, and ends at once when it does not hold.
"""

import base64
from datetime import datetime, timedelta

from cases.acts import ENDED_VERBS, ActBody, Assign, Cancel, Close, Reopen, SubCase
from cases.acts_between_cases import LinkKind, LinkTo, Merge, Unmerge
from cases.acts_on_tasks import HandOn, SetTask
from cases.acts_on_work import HandOver
from cases.comments import Comment
from cases.envelope import Act, ActEnvelope
from cases.file import EDITION
from cases.receipts import ActReceipt, Reason
from cases.reopening import barred, barred_from_unmerging, inherited
from cases.state import CasePicture
from gateway.access import Look, asking, judged
from gateway.doors import Doors
from gateway.errors import CaseGoneError, EngineUnavailableError
from gateway.keeping import kept_from
from gateway.linked import MOST_BELOW, below, is_above, open_sub_cases
from gateway.migrations import GRAPH
from gateway.owed import meant_for
from gateway.whose import in_a_role, unknown_person
from store import CaseRow
from store.cases import ENDED
from workflows.messages import CaseInput, Reopened, RoutedBy

WHY = RoutedBy(reason="reopened")


async def bound(doors: Doors, case: CaseRow, body: ActBody) -> ActBody:
    """The act as it is signed: bound to the last entry of the journal, or to the other case."""
    match body:
        case SetTask() | HandOn():
            return await in_a_role(doors, case, body)
        case Cancel() if body.with_sub_cases:
            return body.model_copy(update={"sub_cases": await _sub_cases(doors, case)})
        case Reopen() | Unmerge():
            head = await doors.store.journal.head(case.id)
            return body.model_copy(update={"head": head.hash})
        case Merge() | LinkTo():
            other = await doors.store.cases.by_number(body.number)
            return body.model_copy(update={"case": other.id if other is not None else ""})
        case _:
            return body


def same_words(first: ActBody, again: ActBody) -> bool:
    """Whether a person sent the same act again; what the door puts in is not theirs."""
    match first:
        case Cancel():
            return first.model_copy(update={"sub_cases": getattr(again, "sub_cases", ())}) == again
        case Comment():
            # The words are not in the act that was signed; who sends other words has another id.
            said = again.model_copy(update={"text": "", "digest": first.digest})
            return first == said
        case SetTask() | HandOn():
            return first.model_copy(update={"owner": getattr(again, "owner", None)}) == again
        case Reopen() | Unmerge():
            return first.model_copy(update={"head": getattr(again, "head", None)}) == again
        case Merge() | LinkTo():
            return first.model_copy(update={"case": getattr(again, "case", "")}) == again
        case _:
            return first == again


async def refused_at_door(
    doors: Doors, case: CaseRow, body: ActBody, *, person: str, role: str, at: datetime
) -> Reason | None:
    """Why a closed case cannot be reopened so: its journal takes no refusal, the door's does.

    None where it can, where the case runs (and says itself what it thinks), or for another verb.
    What no case may do while a legal hold stands, or once it is erased, is refused here as well.
    """
    kept = await kept_from(doors, case, body)
    if kept is not None:
        return kept
    if isinstance(body, Assign | HandOver | SetTask | HandOn):
        return await unknown_person(doors, body)
    if isinstance(body, Comment):
        return None if body.text.strip() else Reason.REASON_REQUIRED
    if isinstance(body, Merge | LinkTo):
        return await _unseen(doors, body, person=person, of=case)
    if isinstance(body, Cancel) and body.with_sub_cases:
        return await _barred_from_sub_cases(doors, body, person=person)
    if isinstance(body, Close) or (isinstance(body, Cancel) and not body.leave_sub_cases):
        return await _waits_for_sub_cases(doors, case)
    if body.verb not in ENDED_VERBS or case.status not in ENDED:
        return None
    return await _barred_from_a_new_run(doors, case, body, role=role, at=at)


async def _barred_from_a_new_run(
    doors: Doors, case: CaseRow, body: ActBody, *, role: str, at: datetime
) -> Reason | None:
    view = await doors.store.views.get(case.id)
    if view is None:
        return Reason.NOT_CLOSED
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    why = (
        barred(state, shelved.pathway, role=role, at=at)
        if isinstance(body, Reopen)
        else barred_from_unmerging(state, shelved.pathway, role=role)
    )
    return why.reason if why is not None else None


async def _waits_for_sub_cases(doors: Doors, case: CaseRow) -> Reason | None:
    """A case does not end before its sub-cases; the workflow looks once more before it does."""
    view = await doors.store.views.get(case.id)
    if view is None or not await open_sub_cases(doors, CasePicture.of(view.state)):
        return None
    return Reason.SUB_CASES_OPEN


async def _sub_cases(doors: Doors, case: CaseRow) -> tuple[SubCase, ...]:
    view = await doors.store.views.get(case.id)
    if view is None:
        return ()
    found = await below(doors, CasePicture.of(view.state))
    return tuple(SubCase(number=each.line.number, case=each.line.case) for each in found)


async def _barred_from_sub_cases(doors: Doors, body: Cancel, *, person: str) -> Reason | None:
    """Nobody cancels a case that they may not see, or more at a time than anybody looked at."""
    if len(body.sub_cases) > MOST_BELOW or body.leave_sub_cases:
        return Reason.SUB_CASES_OPEN
    for each in body.sub_cases:
        if not await _sees(doors, each.number, person=person):
            return Reason.SUB_CASES_OPEN
    return None


async def _unseen(doors: Doors, body: Merge | LinkTo, *, person: str, of: CaseRow) -> Reason | None:
    """Nobody names a case that they may not see: to them there is none; nor a case above it."""
    below = isinstance(body, LinkTo) and body.kind is LinkKind.SUB_CASE and not body.remove
    if below and await is_above(doors, body.number, of=of.number):
        return Reason.NO_SUCH_CASE
    seen = await _sees(doors, body.number, person=person)
    return None if seen else Reason.NO_SUCH_CASE


async def _sees(doors: Doors, number: str, *, person: str) -> bool:
    view = await doors.store.views.by_number(number)
    if view is None:
        return False
    state = CasePicture.of(view.state)
    shelved = await doors.shelf.by_digest(state.digest)
    who = await asking(doors, person)
    return judged(doors, who, Look.READ, state, shelved.pathway).allowed


async def hand_over(
    doors: Doors, envelope: ActEnvelope, *, act_id: str, within: timedelta
) -> ActReceipt:
    """The workflow's answer to the act; a closed case that it reopens runs again by then.

    Raises what the engine raises.
    """
    case = meant_for(envelope)
    act = Act.model_validate_json(envelope.payload)
    reopens = act.body.verb in ENDED_VERBS
    try:
        receipt = await doors.engine.deliver(envelope, case=case, act_id=act_id, within=within)
    except CaseGoneError:
        if not reopens or not await _begin_again(doors, case, envelope):
            raise
        receipt = await doors.engine.deliver(envelope, case=case, act_id=act_id, within=within)
    if reopens and receipt.reason is Reason.CLOSED and receipt.first is None:
        raise EngineUnavailableError("the case is ending at this moment")
    return receipt.first or receipt


async def _begin_again(doors: Doors, case: str, envelope: ActEnvelope) -> bool:
    """Whether a run was begun for the act: the store has the case's last entry."""
    row = await doors.store.cases.get(case)
    view = await doors.store.views.get(case)
    head = await doors.store.journal.head(case)
    body = Act.model_validate_json(envelope.payload).body
    if view is None or row.status not in ENDED or getattr(body, "head", None) != head.hash:
        return False
    state = inherited(view.state, sequence=head.sequence, head=head.hash)
    shelved = await doors.shelf.by_digest(state.digest)
    keys = await doors.store.vault.keys(case)
    owed = await doors.store.obligations.by_case(case)
    await doors.engine.reopen(
        CaseInput(
            case=row.id,
            number=row.number,
            report=state.report,
            pathway=shelved.pathway.walked_by(GRAPH),
            routed=WHY,
            severity=state.severity.current,
            severity_row=state.severity.row,
            severity_because=state.severity.because,
            root_key=doors.signer.root_key,
            salt=base64.b64encode(keys.salt).decode(),
            continue_after=doors.settings.continue_after,
            shadow=row.shadow,
            leaf_first=doors.settings.leaf_first,
            urgent_queue=doors.settings.urgent_queue,
            edition=EDITION,
            reopened=Reopened(
                envelope=envelope,
                run=await doors.store.journal.last_run(case),
                owed=tuple(sorted(item.name for item in owed)),
            ),
        ),
        state,
    )
    return True
