"""What a changed severity makes of the plan: the target that runs, and what lies ahead.

The law's clocks stay as they are (I12): only one that the runbook keeps for graver cases begins.
What has happened by a target does not happen again, and what was reached by one stays reached.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cases.clock import ClockRun, Retarget
from cases.clock_starts import begin_at_severity
from cases.clocks import late_at
from cases.file import CaseFile
from cases.journal import Kind
from cases.records import PlanChange
from runbooks.plan import Severity, StageKind, StagePlan
from runbooks.rendering.wording import duration


def replan(file: CaseFile, was: Severity, *, at: datetime) -> None:
    """The plan is that of the severity now in force; what it changed is on record and can be read.

    The stage under way keeps its beginning: its target counts from there. Call it before open
    rounds are asked again, so that they are asked under the new target.
    """
    now = file.state.severity.current
    begin_at_severity(file, at=at)
    stage = file.stage
    if stage is None or was is now:
        return
    clock = file.state.stage_clock(stage.name)
    running = clock is not None and not clock.reading(at).ended
    due_was = clock.due_at(at) if clock is not None and running else None
    moved = clock is not None and running and retarget(clock, stage, now, at=at)
    ahead = tuple(_ahead(file, stage, was, now))
    if not moved and not ahead:
        return
    due = clock.due_at(at) if clock is not None and running else None
    change = PlanChange(
        at=at,
        was=was,
        now=now,
        stage=stage.name,
        target=duration(clock.within) if clock is not None and moved else "",
        due=due if moved else None,
        due_was=due_was if moved else None,
        ahead=ahead,
    )
    file.state.plan_changes.append(change)
    file.note(
        Kind.REPLANNED,
        at,
        stage=stage.name,
        severity=now.value,
        was=was.value,
        target=change.target or None,
        due_was=due_was.isoformat() if moved and due_was else None,
        due=due.isoformat() if moved and due else None,
        ahead=list(ahead) or None,
    )


def retarget(clock: ClockRun, stage: StagePlan, now: Severity, *, at: datetime) -> bool:
    """Whether the target that runs is another one now; its later steps are those of the new one."""
    within = stage.time_at(now)
    if _decides(stage):
        # Nobody is overtaken by a deadline they were never shown: where time alone decides, a
        # shorter time counts from now on, and leaves no more than there was.
        within = max(within, min(clock.within, clock.reading(at).elapsed + within))
    if within == clock.within:
        return False
    clock.retargeted.append(Retarget(at=at, within=clock.within))
    clock.within = within
    clock.late = late_at(stage, within)
    return True


def _decides(stage: StagePlan) -> bool:
    """Whether time alone takes an outcome of the stage, or acts in it."""
    silent = stage.gate is not None and stage.gate.silence.go is not None
    return silent or any(step.go or step.do for step in stage.late)


def _ahead(file: CaseFile, here: StagePlan, was: Severity, now: Severity) -> Iterator[str]:
    """What is different at the stages a case can still come to, in the order of the runbook."""
    coming = _coming(file, here)
    for stage in file.pathway.stages:
        if stage.name not in coming:
            continue
        name = stage.title or stage.name
        if stage.comes_at(was) != stage.comes_at(now):
            said = f"now {duration(stage.time_at(now))}" if stage.comes_at(now) else "passed over"
            yield f"{name}: {said}"
        elif stage.comes_at(now) and stage.time_at(was) != stage.time_at(now):
            yield f"{name}: {_said(stage.time_at(was), stage.time_at(now))}"


def _said(was: timedelta, now: timedelta) -> str:
    return f"{duration(now)} instead of {duration(was)}"


def _coming(file: CaseFile, here: StagePlan) -> set[str]:
    """The stages that can follow; a way back to the one under way is planned when it is taken."""
    coming: set[str] = set()
    waiting = [here]
    while waiting:
        stage = waiting.pop()
        if stage.kind is StageKind.CLOSURE:
            continue
        for step in stage.next.values():
            if step.then is not None and step.then not in coming:
                coming.add(step.then)
                waiting.append(file.pathway.stage(step.then))
    return coming - {here.name}
