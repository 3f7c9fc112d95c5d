"""A case's way through its stages: opened, entered, left, moved on, closed."""

from collections.abc import Mapping
from datetime import datetime

from cases import bulk, escalations, updates
from cases.asking_clock import enter_clock, leave_clock
from cases.claims import end_claims
from cases.clock_starts import follow, happened
from cases.clocks import (
    end_clocks,
    stop_stage_clock,
    suspend,
    unsuspend,
)
from cases.correction import ask_correction
from cases.effects import intend, undo
from cases.file import INCIDENT_MANAGER, SYSTEM, CaseFile, Note
from cases.gate import RoundState
from cases.handover import end_with, start_handover
from cases.independence import unknown
from cases.interim import issue
from cases.journal import Kind
from cases.notice import Purpose
from cases.objection import ask_higher_role, corrected, objected_to
from cases.performed import skip_when_done
from cases.pinning import pin_answers
from cases.records import AnswerGiven, ClosingRecord, Link, StageVisit
from cases.rounds import ask, ask_again, memo_missing, overtaken, void_all
from cases.setting import call_off_all, instant_of_answer
from cases.suppression import stop_waiting
from cases.task_work import let_fall
from cases.ticket_note import (
    CLOSED,
    LEFT,
    OPENED,
    TICKET_CLOSED,
    TICKET_DECIDED,
    TICKET_OPENED,
    TicketLine,
)
from runbooks.plan import SKIPPED, Next, StageKind, StagePlan


def open_case(
    file: CaseFile,
    *,
    at: datetime,
    answers: Mapping[str, str],
    routed: str,
    row: str,
    routing_digest: str,
    input_commitment: str,
    same_subject: tuple[str, ...],
    linked_from: str,
) -> None:
    """The case is on record: report, routing with its reason, severity, intake, clocks."""
    state = file.state
    report = state.report
    file.note(
        Kind.CASE_OPENED,
        at,
        number=state.number,
        source=report.source.value,
        delivery=report.delivery,
        received=report.received_at.isoformat(),
        receipt=report.receipt_at.isoformat() if report.receipt_at else None,
        runbook=f"{state.runbook} {state.version}",
        digest=state.digest,
        routed=routed,
        row=row or None,
        routing=routing_digest or None,
        input=input_commitment,
    )
    severity = state.severity
    file.note(
        Kind.SEVERITY_ASSESSED,
        at,
        severity=severity.current.value,
        row=severity.row,
        because=severity.because,
    )
    not_asked = set(file.pathway.questions) - set(file.asked(answers))
    known = {name: value for name, value in answers.items() if name not in not_asked}
    if answers:
        for name, value in sorted(known.items()):
            state.answers[name] = AnswerGiven(value=value, by=SYSTEM, at=at)
        unasked = sorted(set(answers) - set(known)) or None
        file.note(Kind.INTAKE_ANSWERED, at, by=SYSTEM, questions=sorted(known), unasked=unasked)
    for number in same_subject:
        state.links.append(Link(number=number, why="same-subject"))
        file.note(Kind.CASE_LINKED, at, number=number, why="same-subject")
    if linked_from:
        state.links.append(Link(number=linked_from, why="moved-from"))
        file.note(Kind.CASE_LINKED, at, number=linked_from, why="moved-from")
    if file.pathway.legal_hold is not None:
        state.legal_hold = file.pathway.legal_hold.owner
        file.note(Kind.LEGAL_HOLD, at, role=state.legal_hold)
    follow(file, changed=known, at=at)
    start_handover(file, at=at)
    updates.start_updates(file, at=at)
    pin_answers(file, known, at=at)
    opened = OPENED(number=state.number, title=file.pathway.title, severity=severity.current.value)
    file.wishes.append(Note(TicketLine(text=opened, macro=TICKET_OPENED), now=True))


def enter(file: CaseFile, stage: StagePlan, *, at: datetime) -> None:
    """The case is in the stage: its target runs, people are to be told, act-first effects go."""
    state = file.state
    visit = sum(1 for passed in state.visits if passed.stage == stage.name) + 1
    state.stage = stage.name
    state.pending_outcome = None
    state.pending_by = None
    state.visits.append(StageVisit(stage=stage.name, visit=visit, entered_at=at))
    file.note(Kind.STAGE_ENTERED, at, stage=stage.name, visit=visit, owner=stage.owner)
    sent_back = objected_to(file, stage) or corrected(file, stage)
    if not stage.comes_at(state.severity.current) and not sent_back:
        state.pending_outcome = SKIPPED
        state.pending_by = SYSTEM
        return
    enter_clock(file, stage, visit=visit, at=at)
    for name in stage.enter:
        intend(file, name, stage=stage.name, at=at)
    skip_when_done(file, at=at)
    if file.state.pending_outcome is not None:
        return
    if stage.gate is None:
        file.tell(Purpose.WORK, stage.owner, stage=stage.name)
        if stage.escalate is not None:
            escalations.begin(file, stage.escalate, stage=stage.name, because="begun", at=at)
    elif objected_to(file, stage):
        ask_higher_role(file, stage, at=at)
    elif corrected(file, stage):
        ask_correction(file, stage, at=at)
    elif unknown(file, stage):
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step="original")
    elif memo_missing(file, stage.name, stage.gate):
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step="memo")
    else:
        ask_when_ready(file, at=at)


def ask_when_ready(file: CaseFile, *, at: datetime) -> None:
    """What waited for a memo, or for the severity table, is asked once it need not wait."""
    if not file.state.reassess:
        ask_what_waits(file, at=at)


def ask_what_waits(file: CaseFile, *, at: datetime) -> None:
    """Every question whose memo is complete is asked, whatever the severity table will say."""
    ask_again(file, at=at)
    stage = file.stage
    if stage is None or stage.gate is None or file.state.pending_outcome is not None:
        return
    missing = unknown(file, stage) or memo_missing(file, stage.name, stage.gate)
    if not _asked_here(file, stage) and not missing:
        ask(file, stage, at=at, again=stage.name in file.state.changed)


def _asked_here(file: CaseFile, stage: StagePlan) -> bool:
    """Whether this passage through the stage has had a round.

    Several acts may be handled in one instant: a round decided in it was the passage's before.
    """
    visit = file.state.current_visit()
    round_ = file.state.round_of(stage.name)
    if round_ is None or visit is None:
        return False
    if round_.asked_at == visit.entered_at:
        return round_.state in (RoundState.OPEN, RoundState.SUPERSEDED)
    return round_.asked_at > visit.entered_at


def waits(file: CaseFile) -> bool:
    """Whether a question is ready but for the severity table, which has yet to judge answers."""
    stage = file.stage
    here = (
        stage is not None
        and stage.gate is not None
        and file.state.pending_outcome is None
        and file.state.open_round(stage.name) is None
        and not memo_missing(file, stage.name, stage.gate)
        and not unknown(file, stage)
    )
    return file.state.reassess and (here or bool(overtaken(file)))


def leave(file: CaseFile, stage: StagePlan, outcome: str, *, at: datetime) -> Next:
    """The stage is behind the case; where its outcome leads is returned."""
    state = file.state
    by = state.pending_by
    visit = state.current_visit()
    if visit is not None:
        visit.left_at = at
        visit.outcome = outcome
        visit.by = by
    state.pending_outcome = None
    state.pending_by = None
    state.leases = [lease for lease in state.leases if lease.stage != stage.name]
    end_claims(state, stage.name)
    escalations.leave(file, stage.name, at=at)
    step = stage.next.get(outcome, Next())
    leave_clock(file, stage, step, at=at)
    file.note(Kind.STAGE_LEFT, at, stage=stage.name, outcome=outcome, by=by)
    happened(file, f"{outcome}:{stage.name}", at=at)
    happened(file, f"stage:{stage.name}", at=at)
    end_with(file, stage.name, at=at)
    updates.end_with(file, stage.name, at=at)
    for clock_id in _suspended_by_arriving(file, stage):
        ending = step.then == file.pathway.closure.name
        unsuspend(file, clock_id, at=at, because=f"{stage.name}: {outcome}", ending=ending)
    for clock_id in step.suspend:
        suspend(file, clock_id, at=at, because=f"{stage.name}: {outcome}")
    issue(file, stage, step, at=at)
    for name in step.undo:
        undo(file, name, stage=stage.name, at=at)
    instant = instant_of_answer(file, step.set_for) if step.set_for is not None else None
    for name in step.do:
        intend(file, name, stage=stage.name, at=at, instant=instant)
    left = LEFT(stage=stage.title or stage.name, outcome=outcome)
    decided = TICKET_DECIDED if stage.gate is not None else ""
    line = TicketLine(text=left, macro=decided, gate=stage.name, outcome=outcome, at=at)
    file.wishes.append(Note(line))
    return step


def close_case(file: CaseFile, closing: ClosingRecord, *, at: datetime, cancelled: bool) -> None:
    """The case has ended; nothing of it waits, counts or asks any more."""
    state = file.state
    state.closing = closing
    state.status = "cancelled" if cancelled else "closed"
    void_all(file, at=at, because=closing.disposition)
    visit = state.current_visit()
    if visit is not None:
        visit.left_at = at
        visit.outcome = closing.disposition
        visit.by = closing.by
        end_claims(state, visit.stage)
        stop_stage_clock(file, visit.stage, at=at, cancel=cancelled)
        happened(file, f"stage:{visit.stage}", at=at)
    happened(file, "closed", at=at)
    let_fall(file, at=at, because=closing.disposition)
    bulk.end(file, at=at)
    call_off_all(file, at=at, because=closing.disposition)
    stop_waiting(file, at=at)
    end_clocks(file, at=at)
    state.stage = None
    state.pending_outcome = None
    state.hold = None
    state.leases = []
    state.work_offers = []
    escalations.end_all(file, because="closed", at=at)
    ended = CLOSED(number=state.number, disposition=closing.disposition)
    line = TicketLine(text=ended, macro=TICKET_CLOSED, outcome=closing.disposition, at=at)
    file.wishes.append(Note(line, status="solved", now=True))
    if closing.role != INCIDENT_MANAGER:
        # Who closed it knows; the incident manager is told of an end they did not bring about.
        file.tell(Purpose.CLOSED, INCIDENT_MANAGER)


def record_closed(file: CaseFile, *, at: datetime) -> None:
    """The last entry of the journal says how the case ended."""
    state = file.state
    closing = state.closing
    file.note(
        Kind.CASE_CANCELLED if state.status == "cancelled" else Kind.CASE_CLOSED,
        at,
        disposition=closing.disposition if closing else None,
        by=closing.by if closing else None,
        record=closing.record if closing else None,
        entries=state.journal.sequence + 1,
        **(file.cited() if state.status != "cancelled" else {}),
    )


def stage_list(file: CaseFile) -> list[tuple[StagePlan, str]]:
    """Every stage of the pathway with `done`, `current` or `ahead`."""
    passed = {visit.stage for visit in file.state.visits if visit.left_at is not None}
    return [
        (
            stage,
            "current"
            if stage.name == file.state.stage
            else "done"
            if stage.name in passed
            else "ahead",
        )
        for stage in file.pathway.stages
    ]


def is_closure(stage: StagePlan) -> bool:
    """Whether the case ends in this stage."""
    return stage.kind is StageKind.CLOSURE


def _suspended_by_arriving(file: CaseFile, stage: StagePlan) -> list[str]:
    """The clocks that were suspended by the outcome which led into this stage."""
    before = [visit for visit in file.state.visits if visit.left_at is not None][:-1]
    if not before:
        return []
    last = before[-1]
    if last.outcome is None:
        return []
    step = file.pathway.stage(last.stage).next.get(last.outcome, Next())
    return list(step.suspend) if step.then == stage.name else []
