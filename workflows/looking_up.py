"""Who decided in another case, asked of its record and pinned in this one."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import CaseFile, Look
    from cases.pinning import pin_case
    from cases.records import Pinned
    from cases.stages import ask_when_ready
    from workflows.asking import ask
    from workflows.effects import LOOK_UP_DECIDERS, DecidersOrder
    from workflows.failures import failure_name
    from workflows.pulse import Pulse


async def look_up(file: CaseFile, wish: Look, *, pulse: Pulse) -> None:
    """Who decided there is pinned, or why nobody knows; what waited for it is asked."""
    order = DecidersOrder(
        case=file.state.case, question=wish.question, number=wish.number, at=workflow.now()
    )
    commitment = None
    try:
        found = await ask(
            LOOK_UP_DECIDERS, order, summary=f"{wish.question}: who decided", pulse=pulse
        )
        commitment = file.record.commit(found)
    except ActivityError as error:
        found = Pinned(number=wish.number, failed=failure_name(error))
    at = workflow.now()
    pin_case(file, wish.question, found, at=at, commitment=commitment)
    if not file.state.closed:
        ask_when_ready(file, at=at)
