"""How a case hands over: another case goes on, or this one stays where it is."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.answers import passed_on
    from cases.cancelling import CancelAnswer, answered
    from cases.file import INCIDENT_MANAGER, CaseFile
    from cases.ids import key_of
    from cases.journal import Kind
    from cases.linking import waited_for
    from cases.notice import Purpose
    from cases.receipts import Reason
    from cases.records import Along, Link
    from cases.shadow import not_linked
    from workflows.asking import ask
    from workflows.effects import (
        CANCEL_ALONG,
        LOOK_AT_CHILDREN,
        OPEN_LINKED,
        CancelOrder,
        ChildrenOrder,
        Linked,
        LinkOrder,
    )
    from workflows.failures import failure_name
    from workflows.pulse import Pulse


async def link(file: CaseFile, pulse: Pulse) -> bool:
    """Whether the case may end: the case it moves or attaches to is there, or none was wanted.

    Where it is not there, the case does not end: its closing is taken back, on record, and the
    incident manager is told. No case is lost on its way to another.
    """
    state = file.state
    if waited_for(state) and not await _sub_cases_ended(file, pulse):
        return False
    along = state.along
    if along is not None and not along.top and not await _cancelled(file, along, pulse):
        return False
    if state.moving_to is None and state.attaching_to is None:
        return True
    why = "moved-to" if state.moving_to is not None else "attached-to"
    if state.shadow:
        not_linked(file, why=why, to=state.moving_to or state.attaching_to or "", at=workflow.now())
        state.moving_to = state.attaching_to = None
        return True
    order = LinkOrder(
        key=key_of(state.case, why, state.moving_to or state.attaching_to or ""),
        case=state.case,
        number=state.number,
        runbook=state.moving_to,
        attach_to=state.attaching_to,
        severity=state.severity.current,
        answers=passed_on(state.answers, file.pathway.questions) if state.moving_to else {},
        at=workflow.now(),
    )
    try:
        linked = await ask(OPEN_LINKED, order, summary=why, pulse=pulse)
    except ActivityError as error:
        linked = Linked(failed=failure_name(error))
    to = state.moving_to or state.attaching_to
    state.moving_to = state.attaching_to = None
    file.note(
        Kind.CASE_LINKED,
        workflow.now(),
        number=linked.number or None,
        runbook=linked.runbook or None,
        why="link-failed" if linked.failed else why,
        to=to if linked.failed else None,
        because=linked.failed or None,
        result=file.record.commit(linked),
    )
    if linked.failed:
        state.closing_act = None
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step=why)
        return False
    state.links.append(Link(number=linked.number, case=linked.case, why=why))
    return True


async def _sub_cases_ended(file: CaseFile, pulse: Pulse) -> bool:
    """Whether every sub-case has ended; else the ending is taken back, on record."""
    state = file.state
    order = ChildrenOrder(
        case=state.case,
        sub_cases=tuple(link.number for link in waited_for(state)),
        at=workflow.now(),
    )
    found = await ask(LOOK_AT_CHILDREN, order, summary="sub-cases", pulse=pulse)
    if not found.open:
        return True
    state.closing_act = state.along = None
    state.moving_to = state.attaching_to = None
    file.note(
        Kind.CLOSING_TAKEN_BACK,
        workflow.now(),
        because="sub-cases-open",
        numbers=list(found.open),
    )
    file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="sub-cases")
    return False


async def _cancelled(file: CaseFile, along: Along, pulse: Pulse) -> bool:
    """Whether every sub-case that the act names is cancelled; else the ending is taken back."""
    for each in along.cases:
        order = CancelOrder(
            act=along.act,
            number=file.state.number,
            sub_case=each.case,
            shadow=file.state.shadow,
            at=workflow.now(),
        )
        try:
            summary = f"cancel case {each.number}"
            answer = await ask(CANCEL_ALONG, order, summary=summary, pulse=pulse)
            commitment = file.record.commit(answer)
        except ActivityError as error:
            detail = failure_name(error)
            answer = CancelAnswer(accepted=False, reason=Reason.NO_SUCH_CASE, detail=detail)
            commitment = None
        answered(file, each, answer, commitment=commitment, at=workflow.now())
        if not answer.accepted:
            return False
    return True
