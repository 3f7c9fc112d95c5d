"""How a case ends: linked, closed, told, owed things noted, sealed by its last entry."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import SYSTEM
    from cases.ids import key_of
    from cases.journal import Kind
    from cases.notice import Purpose
    from cases.stages import close_case, record_closed
    from cases.state import ClosingRecord, Link
    from runbooks.plan import FollowUp
    from workflows.asking import ask
    from workflows.course import Course
    from workflows.effects import (
        OPEN_LINKED,
        RECORD_OBLIGATION,
        LinkOrder,
        ObligationOrder,
    )
    from workflows.errands import failure_name
    from workflows.messages import CaseOutcome

CANCELLED = "cancelled"


async def close(course: Course) -> CaseOutcome:
    """The case has ended; its last journal entry is durable, and says how."""
    state = course.file.state
    closing = state.closing_act
    if closing is None:
        closing = ClosingRecord(disposition=CANCELLED, by=SYSTEM, at=workflow.now())
    if state.moving_to is not None or state.attaching_to is not None:
        await _link(course)
    at = workflow.now()
    close_case(course.file, closing, at=at, cancelled=closing.disposition == CANCELLED)
    if closing.disposition != CANCELLED:
        await asyncio.gather(*(_owe(course, due) for due in course.file.pathway.after_closing))
    await course.settle()
    course.desk.count_refusals(at=workflow.now())
    record_closed(course.file, at=workflow.now())
    await course.settle()
    await workflow.wait_condition(workflow.all_handlers_finished)
    return CaseOutcome(
        case=state.case,
        number=state.number,
        status=state.status,
        disposition=closing.disposition,
        sequence=state.journal.sequence,
        head=state.journal.head,
    )


async def _link(course: Course) -> None:
    state = course.file.state
    why = "moved-to" if state.moving_to is not None else "attached-to"
    order = LinkOrder(
        key=key_of(state.case, why, state.moving_to or state.attaching_to or ""),
        case=state.case,
        number=state.number,
        runbook=state.moving_to,
        attach_to=state.attaching_to,
        severity=state.severity.current,
        at=workflow.now(),
    )
    try:
        linked = await ask(OPEN_LINKED, order, summary=why)
    except ActivityError as error:
        course.file.note(Kind.CASE_LINKED, workflow.now(), why=why, because=failure_name(error))
        course.file.tell(Purpose.FAILED, "incident-manager", step=why)
        return
    state.links.append(Link(number=linked.number, case=linked.case, why=why))
    course.file.note(
        Kind.CASE_LINKED,
        workflow.now(),
        number=linked.number,
        runbook=linked.runbook or None,
        why=why,
        because=linked.failed or None,
        result=course.file.record.commit(linked),
    )


async def _owe(course: Course, due: FollowUp) -> None:
    state = course.file.state
    order = ObligationOrder(
        key=key_of(state.case, "obligation", due.name),
        case=state.case,
        number=state.number,
        name=due.name,
        title=due.title or due.name,
        owner=due.owner,
        due_at=workflow.now() + due.after,
        at=workflow.now(),
    )
    noted = await ask(RECORD_OBLIGATION, order, summary=f"owed after closing: {due.name}")
    course.file.note(
        Kind.OBLIGATION_RECORDED,
        workflow.now(),
        obligation=due.name,
        owner=due.owner,
        due=order.due_at.isoformat(),
        key=noted.key,
    )
