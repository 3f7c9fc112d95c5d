"""An effect on many: approved, done step by step, watched, and undone when it hits the wrong ones.

The whole effect is one record; every step, every undoing and every look is another, with a key of
its own, so each of them happens once whatever is killed in between (I9).
"""

from datetime import datetime

from cases.batches import (
    clock_of,
    counted,
    covers,
    cut,
    order_look,
    order_step,
    order_undo,
    steps_of,
)
from cases.clock import ClockRun, ClockVerb
from cases.clocks import start as start_clock
from cases.clocks import turn
from cases.file import INCIDENT_MANAGER, SYSTEM, CaseFile, Note
from cases.journal import Kind
from cases.many import BulkRun, Look
from cases.notice import Purpose
from cases.performed import carried_out, performed
from cases.records import (
    HELD_BACK,
    IN_STEPS,
    ROLLED_BACK,
    ROLLING_BACK,
    EffectRecord,
)
from cases.share import too_many
from cases.ticket_note import STOPPED, UNDONE
from runbooks.plan import BulkGuardPlan, BulkPlan


def begin(file: CaseFile, effect: EffectRecord, bulk: BulkPlan, *, at: datetime) -> None:
    """The first step is ordered; without its approval, or a count, nothing is, on record."""
    total, listed = counted(file, bulk)
    approval = file.state.approvals.get(effect.name)
    few = total is not None and total <= bulk.above
    if total is None or not listed or not (few or covers(approval, total, listed)):
        _hold_back(file, effect, bulk, at=at)
        return
    effect.state = IN_STEPS
    effect.detail = ""
    used = file.state.approvals.pop(effect.name, None) if not few else None
    effect.run = BulkRun(
        total=total,
        listed=listed,
        batches=cut(bulk, total),
        gate=used.gate if used else "",
        round=used.round if used else None,
    )
    file.note(
        Kind.BULK_BEGUN,
        at,
        effect=effect.name,
        key=effect.key,
        total=total,
        steps=[batch.share for batch in effect.run.batches],
        gate=effect.run.gate or None,
        round=effect.run.round,
    )
    go_on(file, effect, at=at)


def go_on(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    """The next step is ordered once the one before is done, watched and looked at."""
    run = effect.run
    if run is None or effect.state != IN_STEPS or run.doubted or file.state.hold is not None:
        return
    if run.ordered and not _seen_through(file, effect, run):
        return
    if run.ordered == len(run.batches):
        kind, effect.state = carried_out(file)
        file.note(kind, at, effect=effect.name, key=effect.key, state=effect.state)
        performed(file, effect, at=at)
        return
    run.ordered += 1
    order_step(file, effect, run.ordered, at=at)


def go_on_everywhere(file: CaseFile, *, at: datetime) -> None:
    """Whatever waited for a count, an approval or the end of a hold goes on."""
    for effect in list(file.state.effects):
        plan = file.effect_plan(effect.name)
        if plan is None or plan.bulk is None:
            continue
        if effect.state == HELD_BACK:
            begin(file, effect, plan.bulk, at=at)
        else:
            go_on(file, effect, at=at)


def settled(
    file: CaseFile,
    part: EffectRecord,
    *,
    at: datetime,
    found: tuple[int, int] | None = None,
) -> None:
    """A step, its undoing or a look has come to an end; what follows from it is set going."""
    effect = file.state.effect(part.part.of) if part.part is not None else None
    if effect is None or effect.run is None or part.part is None:
        return
    step = part.part.step
    if part.part.look:
        if part.performed and found is not None:
            look(file, effect, checked=found[0], wrong=found[1], by=part.by, at=at, step=step)
        elif part.performed:
            _ask_to_look(file, effect, at=at, person=True)
        return
    if part.compensates is not None or effect.state == ROLLING_BACK:
        _undo_rest(file, effect, at=at)
        return
    if part.performed:
        _watch(file, effect, step, at=at)


def watched(file: CaseFile, clock_id: str, *, at: datetime) -> None:
    """A step has been watched for its time: it is looked at, or the next one follows."""
    for effect in file.state.effects:
        run = effect.run
        if run is None or effect.state != IN_STEPS or clock_id != clock_of(effect, run.ordered):
            continue
        run.watched = run.ordered
        _ask_to_look(file, effect, at=at)
        go_on(file, effect, at=at)
        return


def look(
    file: CaseFile,
    effect: EffectRecord,
    *,
    checked: int,
    wrong: int,
    by: str,
    at: datetime,
    step: int,
    reference: str = "",
    **act: str | None,
) -> None:
    """What was seen is on record; too many wrong ones stop the effect and undo it."""
    run, guard = effect.run, _guard(file, effect)
    if run is None:
        return
    run.looks.append(
        Look(step=step, checked=checked, wrong=wrong, by=by, at=at, reference=reference)
    )
    file.note(
        Kind.BULK_LOOKED,
        at,
        effect=effect.name,
        key=effect.key,
        step=step,
        checked=checked,
        wrong=wrong,
        by=by,
        reference=reference or None,
        **act,
    )
    if guard is not None and (effect.state == IN_STEPS or effect.performed):
        said = too_many(run.looks, guard, at=at)
        if said:
            roll_back(file, effect, because=said, at=at)
            return
    go_on(file, effect, at=at)


def roll_back(
    file: CaseFile, effect: EffectRecord, *, because: str, at: datetime, **act: str | None
) -> None:
    """No further step follows, and every step that was done is being undone, the newest first."""
    run = effect.run
    if run is None or not (effect.state == IN_STEPS or effect.performed):
        return
    run.stopped = because
    effect.state = ROLLING_BACK
    file.note(Kind.BULK_STOPPED, at, effect=effect.name, key=effect.key, because=because, **act)
    _stop_watching(file, effect, at=at)
    for item in file.state.effects:
        if item.part is not None and item.part.of == effect.key and item.part.look and item.open:
            _drop(file, item, at=at, because="stopped")
    file.tell(Purpose.PAGE, INCIDENT_MANAGER, stage=effect.stage, step=f"stopped {effect.name}")
    file.wishes.append(Note.of(STOPPED(action=effect.title), now=True))
    _undo_rest(file, effect, at=at)


def end(file: CaseFile, *, at: datetime) -> None:
    """The case has ended: nothing of it is watched any more."""
    for effect in file.state.effects:
        _stop_watching(file, effect, at=at)


def _seen_through(file: CaseFile, effect: EffectRecord, run: BulkRun) -> bool:
    """Whether the newest step is done, has been watched for its time, and was looked at."""
    newest = steps_of(file, effect)[-1]
    looked = _guard(file, effect) is None or any(seen.step == run.ordered for seen in run.looks)
    return newest.performed and run.watched >= run.ordered and looked


def _watch(file: CaseFile, effect: EffectRecord, step: int, *, at: datetime) -> None:
    run = effect.run
    if run is None:
        return
    watch = run.batches[step - 1].watch
    if not watch:
        run.watched = step
        _ask_to_look(file, effect, at=at)
        go_on(file, effect, at=at)
        return
    guard = _guard(file, effect)
    clock = ClockRun(
        id=clock_of(effect, step),
        title=f"watch step {step} of {effect.name}",
        within=watch,
        statutory=False,
        owner=guard.by if guard is not None else effect.owner,
        hold=True,
    )
    start_clock(file, clock, at=at)


def _ask_to_look(
    file: CaseFile, effect: EffectRecord, *, at: datetime, person: bool = False
) -> None:
    """The guard's connector is asked what the step did, or the person who guards it is."""
    run, guard = effect.run, _guard(file, effect)
    if run is None or guard is None or any(seen.step == run.ordered for seen in run.looks):
        return
    if guard.ask and not person:
        order_look(file, effect, guard, run.ordered, at=at)
        return
    step = f"look at step {run.ordered} of {effect.name}"
    file.tell(Purpose.TASK, guard.by, stage=effect.stage, step=step)
    if file.state.shadow:
        # Nothing was done to anybody, so nobody can see how it went.
        look(file, effect, checked=0, wrong=0, by=SYSTEM, at=at, step=run.ordered)


def _undo_rest(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    """Whatever was done is being undone; once all of it is, the effect has been rolled back."""
    if effect.state != ROLLING_BACK:
        return
    open_ = False
    for step in reversed(steps_of(file, effect)):
        if step.performed:
            undoing = order_undo(file, effect, step, at=at)
            open_ = open_ or not undoing.performed
        else:
            open_ = open_ or step.state != "skipped"
    if open_:
        return
    effect.state = ROLLED_BACK
    file.note(Kind.EFFECT_ROLLED_BACK, at, effect=effect.name, key=effect.key)
    file.wishes.append(Note.of(UNDONE(action=effect.title)))


def _hold_back(file: CaseFile, effect: EffectRecord, bulk: BulkPlan, *, at: datetime) -> None:
    total, listed = counted(file, bulk)
    because = (
        f"{bulk.gate} has not approved so many"
        if total is not None and listed
        else f"{bulk.listed if total is not None else bulk.count} is not answered"
    )
    if effect.state == HELD_BACK and effect.detail == because:
        return
    effect.state = HELD_BACK
    effect.detail = because
    file.note(
        Kind.EFFECT_HELD_BACK,
        at,
        effect=effect.name,
        key=effect.key,
        by=effect.by,
        gate=bulk.gate,
        because=because,
    )
    file.tell(Purpose.TASK, INCIDENT_MANAGER, stage=effect.stage, step=f"held back: {effect.name}")


def _drop(file: CaseFile, item: EffectRecord, *, at: datetime, because: str) -> None:
    item.state = "skipped"
    item.detail = because
    file.note(Kind.EFFECT_WITHDRAWN, at, effect=item.name, key=item.key, because=because)


def _stop_watching(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    for clock in file.state.clocks:
        if clock.id.startswith(clock_of(effect, None)) and not clock.reading(at).ended:
            turn(file, clock, ClockVerb.STOP, at=at)


def _guard(file: CaseFile, effect: EffectRecord) -> BulkGuardPlan | None:
    plan = file.effect_plan(effect.name)
    return plan.bulk.guard if plan is not None and plan.bulk is not None else None
