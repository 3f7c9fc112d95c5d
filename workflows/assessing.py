"""The severity table is asked again when answers have changed."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.file import INCIDENT_MANAGER, CaseFile
    from cases.journal import Kind
    from cases.notice import Purpose
    from cases.records import SeverityRecord
    from cases.severity import severity_changed
    from workflows.asking import ask
    from workflows.effects import ASSESS, AssessOrder
    from workflows.failures import failure_name
    from workflows.pulse import Pulse


async def assess(file: CaseFile, pulse: Pulse) -> None:
    """The severity table has judged the new answers; a person's own setting stays."""
    state = file.state
    state.reassess = False
    order = AssessOrder(
        case=state.case,
        runbook_digest=state.digest,
        answers={name: answer.value for name, answer in state.answers.items()},
        at=workflow.now(),
    )
    try:
        assessed = await ask(ASSESS, order, summary="severity table", pulse=pulse)
    except ActivityError as error:
        file.note(Kind.SEVERITY_ASSESSED, workflow.now(), because=failure_name(error))
        file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="severity")
        return
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
