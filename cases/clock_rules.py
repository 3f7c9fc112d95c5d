"""The clocks of a case under another version of its runbook: the same events, other rules.

A clock is a fold over its events (I12), so nothing about the past is guessed: what happened to the
clock is read once more by the new rule. The run under the old rule is cancelled on record, and
stays readable as it stood. A clock that had ended before is behind the case and stays as it ended.
"""

from collections.abc import Iterator
from datetime import datetime

from cases.clock import TARGET, ClockEvent, ClockRun, ClockVerb
from cases.clock_starts import STATED, begin_after_effects, begin_at_severity, follow
from cases.clocks import clock_of, clock_plan, compute, put_down, turn
from cases.file import CaseFile
from cases.windows import open_window
from runbooks.plan import ClockPlan, Pathway
from runbooks.statutes.span import Due

OTHER_RULES = "the case goes on under other rules"
"""Why a clock was cancelled: its rule changed, or is no part of the version."""


def read_by_other_rules(file: CaseFile, was: Pathway, *, at: datetime) -> None:
    """Every clock of the case runs by the rules the file has now; `was` are those it had."""
    old = {plan.id: plan for plan in was.clocks}
    for clock in list(file.state.clocks):
        before = old.get(clock.id)
        if before is None or clock.ended or file.state.clock(clock.id) is not clock:
            continue
        plan = clock_plan(file, clock.id)
        if plan is not None and plan == before and not _other_calendar(file, was, plan):
            continue
        turn(file, clock, ClockVerb.CANCEL, at=at, because=OTHER_RULES)
        if plan is not None:
            _read_anew(file, clock, plan, at=at)
    come = [plan for plan in file.pathway.clocks if plan.id not in old]
    for plan in come:
        earlier = file.state.clock(plan.id)
        if earlier is not None and _left_behind(earlier):
            # A way back: it runs on as if it had never been cancelled.
            _read_anew(file, earlier, plan, at=at)
    # An order's own instant is the deadline also where the rule that says so is new.
    stated = [plan.due_at for plan in file.pathway.clocks if _newly_stated(plan, old.get(plan.id))]
    follow(file, changed=[name for name in stated if name in file.state.answers], at=at)
    begin_after_effects(file, come, at=at)
    begin_at_severity(file, at=at)


def _other_calendar(file: CaseFile, was: Pathway, plan: ClockPlan) -> bool:
    return file.pathway.calendars.get(plan.calendar) != was.calendars.get(plan.calendar)


def _left_behind(clock: ClockRun) -> bool:
    return any(
        event.verb is ClockVerb.CANCEL and event.because == OTHER_RULES for event in clock.events
    )


def _newly_stated(plan: ClockPlan, before: ClockPlan | None) -> bool:
    return plan.due_at is not None and (before is None or before.due_at != plan.due_at)


def _read_anew(file: CaseFile, was: ClockRun, plan: ClockPlan, *, at: datetime) -> None:
    run = clock_of(plan)
    run.events = list(_events(file, was, plan))
    began = next((event for event in run.events if event.verb is ClockVerb.START), None)
    if began is None:
        return
    file.state.clocks.append(run)
    # The window and the opening belong to the newest beginning.
    counted = [event for event in run.events if event.verb in (ClockVerb.START, ClockVerb.RESET)]
    open_window(file, run, plan, begun=counted[-1].at)
    ahead = {label for instant, label, _ in run.steps(at) if instant > at}
    # What was told under any earlier rule is not told again; what lies ahead by this one still is.
    earlier = (each for each in file.state.clocks if each.id == run.id)
    told = dict.fromkeys(label for each in earlier for label in each.fired)
    run.fired = [label for label in told if label not in ahead]
    if TARGET in run.fired and not run.hold:
        run.breached_at = run.due_at(at) or was.breached_at
    put_down(
        file,
        run,
        ClockVerb.START,
        compute(file, plan, begun=counted[-1].at),
        at=at,
        begun=began.at,
        because=OTHER_RULES,
    )


def _events(file: CaseFile, was: ClockRun, plan: ClockPlan) -> Iterator[ClockEvent]:
    """The clock's events but for the cancelling, each with the deadline the new rule sets for it.

    A deadline that an order states is the order's: no version of a runbook moves it, unless it
    does not know of such orders.
    """
    for event in was.events:
        if event.verb is ClockVerb.CANCEL and event.because == OTHER_RULES:
            continue
        if event.verb not in (ClockVerb.START, ClockVerb.RESET):
            yield event
        elif event.because == STATED:
            if plan.due_at is not None:
                yield event
        else:
            yield _counted(event, compute(file, plan, begun=event.at), hold=clock_of(plan).hold)


def _counted(event: ClockEvent, due: Due | None, *, hold: bool) -> ClockEvent:
    if due is None:
        return event.model_copy(update={"due": None, "latest": None})
    careful = due.legal_latest if hold else due.conservative_due
    return event.model_copy(update={"due": careful, "latest": due.legal_latest})
