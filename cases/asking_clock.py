"""What asking for information does to a gate's own target: the runbook says which of three.

The law's clocks are no part of this: they go on whatever is asked (I12).
"""

from datetime import datetime

from cases.clock import ClockVerb
from cases.clocks import start_stage_clock, stop_stage_clock, turn
from cases.file import CaseFile
from cases.replanning import retarget
from runbooks.plan import ClockEffect, Next, StagePlan

ASKING = "more information is asked for"
"""Why a gate's target stands still while the case is away from it."""


def leave_clock(file: CaseFile, stage: StagePlan, step: Next, *, at: datetime) -> None:
    """The stage is left: its target is met, or waits for the answer as its runbook says."""
    clock = file.state.stage_clock(stage.name)
    if step.clock is ClockEffect.RESTARTS or clock is None:
        stop_stage_clock(file, stage.name, at=at)
    elif step.clock is ClockEffect.PAUSES and clock.reading(at).running:
        turn(file, clock, ClockVerb.PAUSE, at=at, because=ASKING)


def enter_clock(file: CaseFile, stage: StagePlan, *, visit: int, at: datetime) -> None:
    """The stage's target runs: a new one, or the one that waited for an answer."""
    clock = file.state.stage_clock(stage.name)
    if clock is None or clock.reading(at).ended:
        start_stage_clock(file, stage, visit=visit, at=at)
        return
    if not clock.reading(at).running:
        turn(file, clock, ClockVerb.RESUME, at=at, because="asked again")
    # The severity may have changed while the case was away.
    retarget(clock, stage, file.state.severity.current, at=at)
