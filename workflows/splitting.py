"""A joined report leaves the case for one of its own."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases import joining
    from cases.file import INCIDENT_MANAGER, CaseFile, SplitOff
    from cases.notice import Purpose
    from cases.shadow import not_split
    from workflows.asking import ask
    from workflows.effects import SPLIT_OFF, Linked, SplitOrder
    from workflows.failures import failure_name
    from workflows.pulse import Pulse


async def split_off(file: CaseFile, wish: SplitOff, pulse: Pulse) -> None:
    """The report has its own case; where that could not be, it stays and somebody is told."""
    if file.state.shadow:
        not_split(file, wish, at=workflow.now())
        return
    order = SplitOrder(case=file.state.case, delivery=wish.delivery, at=workflow.now())
    try:
        linked = await ask(SPLIT_OFF, order, summary="split off a report", pulse=pulse)
    except ActivityError as error:
        linked = Linked(failed=failure_name(error))
    if linked.failed:
        joining.stays(file, wish.delivery, because=linked.failed, at=workflow.now())
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=file.state.stage, step="split")
        return
    joining.split_off(
        file,
        wish.delivery,
        case=linked.case,
        number=linked.number,
        commitment=file.record.commit(linked),
        at=workflow.now(),
    )
