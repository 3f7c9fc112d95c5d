"""What the law lets nobody do too early: before a window opens, or while a hold has to be kept.

The later of the two instants the rule allows opens a window, and the earlier one closes it: who
keeps to both is within it by every reading.
"""

from datetime import datetime

from cases.clock import OPENS, ClockRun
from cases.file import CaseFile
from cases.receipts import Reason
from cases.refusal import refused
from cases.values import spoken
from runbooks.plan import ClockPlan, Late, StagePlan
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import due


def open_window(file: CaseFile, clock: ClockRun, plan: ClockPlan, *, begun: datetime) -> None:
    """The clock knows from when on what waits for it may be done; a window's owner is told then."""
    if plan.opens is None:
        if clock.hold:
            clock.opens_at = clock.due_at(begun)
        return
    calendar = file.pathway.calendars.get(plan.calendar, Calendar.utc())
    clock.opens_at = due(plan.opens, calendar, begun=begun).legal_latest
    step = Late(at=clock.opens_at - begun, label=OPENS, remind=plan.owner)
    clock.late = [*(late for late in clock.late if late.label != OPENS), step]


def must_be_open(file: CaseFile, stage: StagePlan, outcome: str, *, at: datetime) -> None:
    """The clock that the outcome waits for lets it be taken, or it waits for none."""
    step = stage.next.get(outcome)
    if step is None or step.not_before is None:
        return
    clock = file.state.clock(step.not_before)
    if clock is None or clock.opens_at is None:
        raise refused(Reason.NOT_DUE, f"{step.not_before} has not begun")
    if at < clock.opens_at:
        raise refused(Reason.NOT_DUE, f"not before {spoken(clock.opens_at)}")
