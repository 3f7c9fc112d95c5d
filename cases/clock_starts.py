"""When a clock of the case begins: with the report, with an effect, or with a recorded instant."""

from datetime import datetime

from cases.clock import ClockVerb
from cases.clocks import running, start_clock, turn
from cases.file import CaseFile
from cases.journal import Kind
from runbooks.plan import ClockPlan, ClockStart
from runbooks.statutes.span import Due

START_QUESTIONS = {"received-at": ClockStart.RECEIPT, "aware-at": ClockStart.AWARENESS}
"""Questions whose answer says when a clock's event really happened: an audited act (I12)."""


def start_case_clocks(file: CaseFile, *, at: datetime) -> None:
    """Every clock of the runbook that counts from the case's beginning runs.

    Receipt and awareness come from the report, and may lie before our door had it; without one,
    the door's instant is the conservative answer.
    """
    report = file.state.report
    for plan in file.pathway.clocks:
        if plan.starts_after is not None or plan.starts_at is not None:
            continue
        begun = {
            ClockStart.OPENED: file.state.opened_at,
            ClockStart.RECEIPT: report.receipt_at or report.received_at,
            ClockStart.AWARENESS: report.receipt_at or report.received_at,
        }[plan.starts]
        start_clock(file, plan, begun=begun, at=at)


def begun_earlier(file: CaseFile, question: str, answer: str, *, at: datetime) -> None:
    """Clocks that count from the event the question asks for count from the answered instant.

    Only an earlier instant counts: a clock that already ran is never given time back by an answer.
    One that had stopped in time, and by the earlier beginning did not, is breached on record. A
    clock that waits for the answer runs from now on, unless what stops it has happened already.
    """
    begun = instant_of(answer)
    if begun is None:
        return
    for plan in file.pathway.clocks:
        if plan.due_at == question:
            _due(file, plan, begun, at=at)
        if not _counts_from(plan, question):
            continue
        clock = file.state.clock(plan.id)
        if clock is None:
            start_clock(file, plan, begun=min(begun, at), at=at)
            _stop_at_once(file, plan, at=at)
            continue
        started = clock.reading(at).started_at
        if started is None or started <= begun:
            continue
        turn(file, clock, ClockVerb.START, at=at, begun=begun, because=f"{question} answered")
        reading = clock.reading(at)
        target = clock.target(at)
        late = reading.ended and reading.elapsed > target and not clock.hold
        if late and clock.breached_at is None:
            clock.breached_at = begun + target
            file.note(Kind.CLOCK_BREACHED, at, clock=clock.id, due=clock.breached_at.isoformat())


def _counts_from(plan: ClockPlan, question: str) -> bool:
    if plan.starts_at is not None:
        return plan.starts_at == question
    return plan.starts_after is None and plan.starts is START_QUESTIONS.get(question)


def _due(file: CaseFile, plan: ClockPlan, due: datetime, *, at: datetime) -> None:
    """The order's own instant is the deadline; what the clock calls for happens by that one."""
    clock = running(file, plan.id, at=at)
    started = clock.reading(at).started_at if clock is not None else None
    if clock is None or started is None:
        return
    stated = Due(conservative_due=max(due, started), legal_latest=max(due, started))
    clock.fired = []
    turn(file, clock, ClockVerb.RESET, at=at, begun=started, because="due-at answered", due=stated)


def _stop_at_once(file: CaseFile, plan: ClockPlan, *, at: datetime) -> None:
    """What came before the law asked for it came in time: nothing is left to count."""
    state = file.state
    done = {f"effect:{effect.name}" for effect in state.effects if effect.state == "done"}
    left = {f"stage:{visit.stage}" for visit in state.visits if visit.left_at is not None}
    clock = state.clock(plan.id)
    happened_already = next((stop for stop in plan.stops if stop in done | left), None)
    if clock is not None and happened_already is not None:
        turn(file, clock, ClockVerb.STOP, at=at, because=happened_already)


def instant_of(text: str) -> datetime | None:
    """The instant that was written, None when it names none or no offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() is not None else None
