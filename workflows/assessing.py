"""The severity table is asked again when answers have changed; what waits for it is asked then."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import INCIDENT_MANAGER, CaseFile
    from cases.journal import Kind
    from cases.notice import Purpose
    from cases.records import SeverityRecord
    from cases.severity import severity_changed
    from cases.stages import ask_when_ready
    from workflows.asking import ask
    from workflows.effects import ASSESS, AssessOrder
    from workflows.failures import failure_name
    from workflows.lanes import queue_of
    from workflows.pulse import Pulse


async def assess(file: CaseFile, pulse: Pulse) -> None:
    """The severity table has judged the new answers; a person's own setting stays."""
    state = file.state
    judged = {name: answer.value for name, answer in state.answers.items()}
    order = AssessOrder(
        case=state.case,
        runbook_digest=state.digest,
        answers=judged,
        at=workflow.now(),
    )
    try:
        assessed = await ask(
            ASSESS, order, summary="severity table", pulse=pulse, queue=queue_of(file)
        )
    except ActivityError as error:
        _settled(file, judged)
        file.note(Kind.SEVERITY_ASSESSED, workflow.now(), because=failure_name(error))
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="severity")
        ask_when_ready(file, at=workflow.now())
        return
    _settled(file, judged)
    if state.closed:
        return
    before = state.facts()
    record = state.severity
    state.severity = SeverityRecord(
        current=record.current if record.set_by is not None else assessed.severity,
        computed=assessed.severity,
        row=assessed.row,
        because=assessed.because,
        set_by=record.set_by,
        reason=record.reason,
        until=record.until,
    )
    at = workflow.now()
    file.note(
        Kind.SEVERITY_ASSESSED,
        at,
        severity=assessed.severity.value,
        row=assessed.row,
        because=assessed.because,
        kept=record.current.value if record.set_by is not None else None,
        result=file.record.commit(assessed),
    )
    severity_changed(file, before, at=at)


def _settled(file: CaseFile, judged: dict[str, str]) -> None:
    """Nothing is left to judge, unless answers have changed since the table was asked."""
    now = {name: answer.value for name, answer in file.state.answers.items()}
    file.state.reassess = now != judged
