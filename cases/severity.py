"""What a changed severity means to the people who work on the case."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from cases import held, updates
from cases.file import SYSTEM, CaseFile, Note
from cases.gate import RoundState
from cases.journal import Kind
from cases.notice import Purpose
from cases.replanning import replan
from cases.rounds import facts_changed
from cases.stages import ask_when_ready, waits
from cases.ticket_note import SEVERITY
from runbooks.plan import Severity


def severity_changed(file: CaseFile, before: Mapping[str, JsonValue], *, at: datetime) -> bool:
    """The rest is planned anew, and open rounds are asked again; else the stage's owner is told.

    What waited for the severity is asked with it. Returns whether it changed. Call it after the
    new severity stands in the state.
    """
    now = file.state.severity.current.value
    replan(file, Severity(str(before.get("severity"))), at=at)
    held.pierce(file, at=at)
    updates.replan_updates(file, at=at)
    facts_changed(file, before, at=at)
    ask_when_ready(file, at=at)
    if before.get("severity") == now:
        return False
    file.wishes.append(Note.of(SEVERITY(severity=now)))
    stage = file.stage
    asked = any(round_.state is RoundState.OPEN for round_ in file.state.rounds)
    if stage is not None and not (asked or waits(file)):
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step=now)
    return True


def lapse(file: CaseFile, *, at: datetime) -> None:
    """What a person set to an instant that has come is over: the computed severity is in force."""
    record = file.state.severity
    if record.until is None or record.until > at or file.state.closing_act is not None:
        return
    before = file.state.facts()
    file.state.severity = record.of_the_table
    file.note(
        Kind.SEVERITY_SET,
        at,
        severity=record.computed.value,
        was=record.current.value,
        computed=record.computed.value,
        until=record.until.isoformat(),
        by=SYSTEM,
    )
    severity_changed(file, before, at=at)
