"""The clocks of a case: started, paused, restarted, stopped, and what has come due of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from cases import escalations
from cases.clock import TARGET, ClockRun, ClockVerb
from cases.file import SILENT, CaseFile
from cases.gate import RoundState
from cases.intervals import counted_from
from cases.journal import Kind
from cases.windows import open_window
from runbooks.grammar.base import moment_of
from runbooks.plan import ClockKind, ClockPlan, Late, StagePlan
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import Due
from runbooks.statutes.span import due as compute_due

RECORDED = {
    ClockVerb.START: Kind.CLOCK_STARTED,
    ClockVerb.PAUSE: Kind.CLOCK_PAUSED,
    ClockVerb.RESUME: Kind.CLOCK_RESUMED,
    ClockVerb.RESET: Kind.CLOCK_RESTARTED,
    ClockVerb.STOP: Kind.CLOCK_STOPPED,
    ClockVerb.CANCEL: Kind.CLOCK_CANCELLED,
}

HOLD = "hold"
"""Why a clock of ours stands still while the case is held."""

REACH = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A ticket may say that it was received in the year 1: then its deadline is long past, no error."""

ELAPSED = "elapsed-time/1"
"""The calendar of a clock the runbook sets itself: hours and days as they pass, no holidays."""


def start_clock(
    file: CaseFile,
    plan: ClockPlan,
    *,
    begun: datetime,
    at: datetime,
    because: str = "",
    said: Mapping[str, JsonValue] | None = None,
) -> None:
    """The runbook's clock runs from `begun`; its deadline is on record, with what else is said."""
    start(file, clock_of(plan), begun=begun, at=at, because=because, said=said)


def clock_of(plan: ClockPlan) -> ClockRun:
    """The runbook's clock as it is before it has begun."""
    return ClockRun(
        id=plan.id,
        title=plan.title,
        within=plan.within,
        statutory=plan.statutory,
        owner=plan.owner,
        late=list(plan.late),
        hold=plan.kind is ClockKind.MIN_HOLD,
        source=plan.source or plan.row,
    )


def clock_plan(file: CaseFile, clock_id: str) -> ClockPlan | None:
    """The rule of the clock called `clock_id`; None where the runbook sets no such clock."""
    return next((plan for plan in file.pathway.clocks if plan.id == clock_id), None)


def start_stage_clock(file: CaseFile, stage: StagePlan, *, visit: int, at: datetime) -> None:
    """The stage's own target runs; it is operational."""
    within = stage.time_at(file.state.severity.current)
    clock = ClockRun(
        id=f"{stage.name}#{visit}",
        title=f"{stage.title or stage.name} target",
        within=within,
        statutory=False,
        owner=stage.owner,
        stage=stage.name,
        late=late_at(stage, within),
    )
    start(file, clock, at=at)


def late_at(stage: StagePlan, within: timedelta) -> list[Late]:
    """The stage's steps of lateness where it may take so long: a share is one of that time."""
    if within == stage.within:
        return list(stage.late)
    return [
        step.model_copy(update={"at": moment_of(step.label, within=within)}) for step in stage.late
    ]


def start(
    file: CaseFile,
    clock: ClockRun,
    *,
    at: datetime,
    begun: datetime | None = None,
    because: str = "",
    said: Mapping[str, JsonValue] | None = None,
) -> None:
    """The clock is the case's, and runs; one of ours stands still while the case is on hold."""
    file.state.clocks.append(clock)
    turn(file, clock, ClockVerb.START, begun=begun, at=at, because=because, said=said)
    if file.state.hold is not None and not clock.statutory:
        turn(file, clock, ClockVerb.PAUSE, at=at, because=HOLD)


def running(file: CaseFile, clock_id: str, *, at: datetime) -> ClockRun | None:
    """The clock of that id that has not ended; the same wait may begin more than once."""
    return next(
        (run for run in file.state.clocks if run.id == clock_id and not run.reading(at).ended), None
    )


def turn(
    file: CaseFile,
    clock: ClockRun,
    verb: ClockVerb,
    *,
    at: datetime,
    begun: datetime | None = None,
    because: str = "",
    due: Due | None = None,
    said: Mapping[str, JsonValue] | None = None,
) -> None:
    """The clock has had that event, and its new deadline is on record where it has one.

    One that begins anew has all its steps before it again.
    `said` is what else the entry tells: who decided the instant, why the law holds.
    """
    plan = clock_plan(file, clock.id)
    if verb is ClockVerb.RESET:
        clock.fired = []
    computed = due
    if computed is None and plan is not None and verb in (ClockVerb.START, ClockVerb.RESET):
        computed = compute(file, plan, begun=begun or at)
    clock.note(verb, at=begun or at, because=because, due=computed)
    if plan is not None and verb in (ClockVerb.START, ClockVerb.RESET):
        open_window(file, clock, plan, begun=begun or at)
    put_down(file, clock, verb, computed, at=at, begun=begun, because=because, said=said)


def put_down(
    file: CaseFile,
    clock: ClockRun,
    verb: ClockVerb,
    computed: Due | None,
    *,
    at: datetime,
    begun: datetime | None = None,
    because: str = "",
    said: Mapping[str, JsonValue] | None = None,
) -> None:
    """What has just happened to the clock is on record, and the deadline it has now."""
    plan = clock_plan(file, clock.id)
    until = clock.due_at(at)
    file.note(
        RECORDED[verb],
        at,
        clock=clock.id,
        since=_text(begun),
        because=because or None,
        due=_text(until),
        calendar=(ELAPSED if computed is None else None) if until is not None else None,
        **(said or {}),
    )
    if plan is not None and plan.span is not None and computed is not None:
        file.note(
            Kind.CLOCK_DEADLINE,
            at,
            clock=clock.id,
            row=plan.row or None,
            pin=plan.pin or None,
            counted=str(plan.span),
            begun=_text(begun or at),
            conservative_due=_text(computed.conservative_due),
            legal_latest=_text(computed.legal_latest),
            opens=_text(clock.opens_at),
            beyond_calendar=None if computed.certain else True,
        )


def compute(file: CaseFile, plan: ClockPlan, *, begun: datetime) -> Due | None:
    """The row's deadline for an event at `begun`, from the pathway alone; None without a row."""
    if plan.span is None:
        return None
    calendar = file.pathway.calendars.get(plan.calendar, Calendar.utc())
    within_reach = min(max(begun, REACH[0]), REACH[1])
    return compute_due(plan.span, calendar, begun=within_reach)


def pause_operational(file: CaseFile, *, at: datetime) -> None:
    """Targets that are ours stop counting while the case is held; the law's go on (I12)."""
    for clock in file.state.clocks:
        if not clock.statutory and clock.reading(at).running:
            turn(file, clock, ClockVerb.PAUSE, at=at, because=HOLD)


def resume_operational(file: CaseFile, *, at: datetime, because: str) -> None:
    """Targets that the hold stopped count again, and so does the time in which a gate is asked.

    A clock that stands still for another reason goes on standing still.
    """
    for clock in file.state.clocks:
        reading = clock.reading(at)
        paused = reading.started_at is not None and not reading.running and not reading.ended
        held = paused and clock.events[-1].because == HOLD
        if not clock.statutory and held:
            turn(file, clock, ClockVerb.RESUME, at=at, because=because)
    for round_ in file.state.rounds:
        clock_of = file.state.stage_clock(round_.gate)
        if round_.state is RoundState.OPEN and round_.expires_at and clock_of is not None:
            round_.expires_at = clock_of.due_at(at)


def suspend(file: CaseFile, clock_id: str, *, at: datetime, because: str) -> None:
    """A tolling clock stands still because the law says so; other kinds are never suspended.

    Nobody is called any more because of how late it was.
    """
    clock = file.state.clock(clock_id)
    if clock is None or not clock.reading(at).running:
        return
    turn(file, clock, ClockVerb.PAUSE, at=at, because=because)
    if file.edition >= SILENT:
        escalations.end_of_clock(file, clock_id, because=f"{clock_id} stands still", at=at)


def unsuspend(
    file: CaseFile, clock_id: str, *, at: datetime, because: str, ending: bool = False
) -> None:
    """A tolling clock runs again, from nothing where its rule says `full`.

    Where it goes on with what was left, a step that had escalated comes again: what it began ended
    when the clock was suspended, and the clock is as late as it was.

    Where the case is `ending` there is nothing left to be in time for: the clock is cancelled, and
    nothing that it would have set off happens any more.
    """
    clock = file.state.clock(clock_id)
    plan = clock_plan(file, clock_id)
    if clock is None or plan is None:
        return
    reading = clock.reading(at)
    if reading.ended or reading.running:
        return
    if ending:
        turn(file, clock, ClockVerb.CANCEL, at=at, because=because)
    elif plan.restart == "full":
        turn(file, clock, ClockVerb.RESET, at=at, because=because)
    else:
        turn(file, clock, ClockVerb.RESUME, at=at, because=because)
        if file.edition >= SILENT:
            clock.forget_escalating()


def begin_over(file: CaseFile, clock: ClockRun, *, at: datetime) -> None:
    """An interval in which nobody did what it was for begins once more, from when it was over."""
    begun = counted_from(file, clock.due_at(at), at=at)
    turn(file, clock, ClockVerb.RESET, at=at, begun=None if begun == at else begun)


def stop_stage_clock(file: CaseFile, stage: str, *, at: datetime, cancel: bool = False) -> None:
    """The stage's own target is met or no longer matters."""
    for clock in file.state.clocks:
        if clock.stage == stage and not clock.reading(at).ended:
            turn(file, clock, ClockVerb.CANCEL if cancel else ClockVerb.STOP, at=at)


def end_clocks(file: CaseFile, *, at: datetime) -> None:
    """Nothing but minimum holds runs on after the case has closed."""
    for clock in file.state.clocks:
        if not clock.hold and not clock.reading(at).ended:
            turn(file, clock, ClockVerb.CANCEL, at=at, because="closed")


def take_due(file: CaseFile, *, at: datetime) -> list[tuple[ClockRun, Late | None, datetime]]:
    """The steps whose instant has come, oldest first; each is marked and recorded once.

    An instant may lie long before the case was opened: its step is taken now, in its place.
    """
    due = sorted(
        (
            (instant, clock, label, step)
            for clock in file.state.clocks
            for instant, label, step in clock.steps(at)
            if instant <= at
        ),
        key=lambda item: item[0],
    )
    for instant, clock, label, _ in due:
        clock.fired.append(label)
        if label != TARGET:
            file.note(Kind.CLOCK_REACHED, at, clock=clock.id, step=label, due=_text(instant))
        elif clock.hold:
            file.note(Kind.CLOCK_REACHED, at, clock=clock.id, step="held long enough")
        else:
            clock.breached_at = instant
            file.note(Kind.CLOCK_BREACHED, at, clock=clock.id, due=_text(instant))
    return [(clock, step, instant) for instant, clock, _, step in due]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
