"""Handover notes: asked for hour by hour, so that whoever takes over knows where to start."""

from datetime import datetime

from cases.clock import ClockRun, ClockVerb
from cases.clocks import begin_over, running, start, turn
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.owed_notes import ask_for_next
from cases.records import InformationRequest
from runbooks.plan import Handover, Late

HANDOVER = "handover"
QUESTION = "Where does the case stand, what is open, and what must whoever takes over do first?"


def is_handover(request: InformationRequest) -> bool:
    """Whether the request asks for a handover note."""
    return not request.material and request.id.startswith(f"{HANDOVER}-")


def start_handover(file: CaseFile, *, at: datetime) -> None:
    """The first note is asked for after one interval, and is late after a second one."""
    rule = file.pathway.handover
    if rule is None:
        return
    clock = ClockRun(
        id=HANDOVER,
        title="handover note",
        within=rule.every * 2,
        statutory=False,
        owner=rule.by,
        late=[Late(at=rule.every, label="asked", remind=rule.by)],
    )
    start(file, clock, at=at)


def ask_for_note(file: CaseFile, *, at: datetime) -> None:
    """A note is asked for; one that is still owed is not asked for twice."""
    rule = file.pathway.handover
    if rule is None:
        return
    asked = [item for item in file.state.requests if is_handover(item)]
    request = ask_for_next(file, asked, series=HANDOVER, by=rule.by, question=QUESTION, at=at)
    if request is not None:
        file.note(Kind.HANDOVER_ASKED, at, request=request.id, role=rule.by)
    file.tell(Purpose.INFORMATION, rule.by, stage=file.state.stage, step=HANDOVER)


def note_missed(file: CaseFile, *, at: datetime) -> None:
    """Nobody wrote it: that is on record as a breach, is told, and the hour begins anew."""
    file.tell(Purpose.BREACH, INCIDENT_MANAGER, stage=file.state.stage, step=HANDOVER)
    clock = _under_way(file, at=at)
    if clock is not None:
        begin_over(file, clock, at=at)


def end_with(file: CaseFile, stage: str, *, at: datetime) -> None:
    """No further note is asked for once the stage is left that notes end with."""
    rule = file.pathway.handover
    clock = file.state.clock(HANDOVER)
    if rule is None or rule.until != stage or clock is None or clock.reading(at).ended:
        return
    turn(file, clock, ClockVerb.STOP, at=at, because=f"stage:{stage}")


def restart_handover(file: CaseFile, was: Handover | None, *, at: datetime) -> None:
    """Notes are asked for as the rules say that the case has now; `was` is what they said before.

    Where they said the same, the hour under way goes on.
    """
    rule = file.pathway.handover
    if rule == was:
        return
    clock = running(file, HANDOVER, at=at)
    if clock is not None:
        turn(file, clock, ClockVerb.CANCEL, at=at, because=file.pathway.version)
    over = {visit.stage for visit in file.state.visits if visit.left_at is not None}
    if rule is not None and rule.until not in over:
        start_handover(file, at=at)


def begin_anew(file: CaseFile, *, at: datetime) -> None:
    """The next note is asked for one interval from now."""
    clock = _under_way(file, at=at)
    if clock is not None:
        turn(file, clock, ClockVerb.RESET, at=at)


def _under_way(file: CaseFile, *, at: datetime) -> ClockRun | None:
    clock = file.state.clock(HANDOVER)
    return clock if clock is not None and clock.reading(at).running else None
