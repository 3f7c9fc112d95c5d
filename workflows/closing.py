"""How a case ends: closed, owed things noted, told, sealed by its last entry."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from cases.ended_outside import ENDED_OUTSIDE
    from cases.file import SYSTEM
    from cases.handlers.ending import CANCELLED
    from cases.ids import key_of
    from cases.journal import Kind
    from cases.merging import MERGED
    from cases.records import ClosingRecord
    from cases.reopening import owed_as
    from cases.stages import close_case, record_closed
    from cases.state import CaseState
    from cases.suppression import carried_on, owed_after
    from workflows.course import Course
    from workflows.effects import Owed
    from workflows.messages import CaseOutcome


async def close(course: Course) -> CaseOutcome:
    """The case has ended; its last journal entry is durable, and says how.

    What still comes in while that entry is being stored (a report, a refusal) is recorded after
    it: nothing that the case has taken in is lost.
    """
    state = course.file.state
    closing = state.closing_act
    if closing is None:
        closing = ClosingRecord(disposition=CANCELLED, by=SYSTEM, at=workflow.now())
    cancelled = closing.disposition == CANCELLED
    close_case(course.file, closing, at=workflow.now(), cancelled=cancelled)
    _owe(course, closing.disposition, cancelled=cancelled)
    await course.last_errands()
    course.timer.stop()
    course.desk.count_refusals(at=workflow.now(), ending=True)
    if not course.errands.idle:
        await course.settle()
    record_closed(course.file, at=workflow.now())
    while not (course.errands.idle and course.recorder.clean):
        await course.settle()
        await workflow.wait_condition(workflow.all_handlers_finished)
    course.pulse.ending()
    return outcome(state)


def outcome(state: CaseState) -> CaseOutcome:
    """How the closed case has ended, and the head of its journal."""
    return CaseOutcome(
        case=state.case,
        number=state.number,
        status=state.status,
        disposition=state.closing.disposition if state.closing is not None else "",
        sequence=state.journal.sequence,
        head=state.journal.head,
    )


def _owe(course: Course, disposition: str, *, cancelled: bool) -> None:
    file, at = course.file, workflow.now()
    if file.state.shadow and disposition == ENDED_OUTSIDE:
        # The runbook was not walked to an end: what it asks for afterwards is not known.
        return
    # A cancelled case walked no runbook; what an order held up is owed to the user all the same.
    # So does one that became part of another: what is owed after that one's end is owed there.
    unwalked = cancelled or disposition == MERGED
    due_after = carried_on(file, at=at) if unwalked else owed_after(file, disposition, at=at)
    owed = [
        Owed(
            key=key_of(file.state.case, "obligation", name),
            name=name,
            title=plan.title or plan.name,
            owner=plan.owner,
            due_at=due_at,
        )
        for plan, due_at in due_after
        if (name := owed_as(file.state, plan)) is not None
    ]
    if not file.state.shadow:
        course.recorder.owe(owed)
    for item in owed:
        file.note(
            Kind.OBLIGATION_SHADOWED if file.state.shadow else Kind.OBLIGATION_RECORDED,
            at,
            obligation=item.name,
            owner=item.owner,
            due=item.due_at.isoformat(),
            key=item.key,
        )
