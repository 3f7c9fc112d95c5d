"""Outside actions of a case: intended under a key that never changes, then settled (I9)."""

from datetime import datetime

from cases.clock import ClockRun, ClockVerb
from cases.clocks import happened, running, start, turn
from cases.file import SYSTEM, CaseFile, Do, Note
from cases.gags import standing
from cases.ids import key_of
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import HELD_BACK, SUPPRESSED, EffectRecord
from cases.suppression import end_waiting, suppress, wait_for
from runbooks.plan import Clearance, EffectPlan

DONE = "done"
"""The outcome of a stage whose effect has been performed before anybody completed it."""


def intend(file: CaseFile, name: str, *, stage: str, at: datetime) -> str:
    """The effect is on record as intended and wished for; its key is returned.

    One that is under way, done or with a person is not intended twice: a second approval of the
    same gate after a detour must not act twice. One that failed is tried again. Only what has been
    undone since, or skipped, is done anew.
    """
    plan = _plan(file, name)
    newest = _newest(file, name)
    if newest is not None and newest.name == name and newest.state != "skipped":
        if newest.state == "failed":
            again(file, newest, at=at)
        return newest.key
    return _intend(file, plan, name=name, title=plan.title, stage=stage, at=at)


def undo(file: CaseFile, name: str, *, stage: str, at: datetime) -> str | None:
    """The compensation of a performed effect is intended; None where there is nothing to undo."""
    plan = _plan(file, name)
    newest = _newest(file, name)
    if plan.compensate is None or newest is None or newest.state == "skipped":
        return None
    if newest.compensates is not None:
        return newest.key
    return _intend(
        file,
        plan,
        name=f"undo-{name}",
        title=f"Undo: {plan.title}",
        stage=stage,
        at=at,
        instruction=plan.compensate,
        compensates=name,
    )


def again(file: CaseFile, effect: EffectRecord, *, at: datetime, **who: str | None) -> None:
    """A failed effect is intended once more, as its next attempt."""
    effect.state = "intended"
    effect.attempt += 1
    file.note(
        Kind.EFFECT_INTENDED,
        at,
        effect=effect.name,
        key=effect.key,
        by=effect.by,
        attempt=effect.attempt,
        **who,
    )
    file.wishes.append(Do(effect.key))


def skip_when_done(file: CaseFile, *, at: datetime) -> None:
    """A stage that only waits for an effect is over once the effect has been performed."""
    stage = file.stage
    if stage is None or stage.skip_when_done is None or file.state.pending_outcome is not None:
        return
    newest = _newest(file, stage.skip_when_done)
    if newest is None or newest.name != stage.skip_when_done or newest.state != "done":
        return
    file.state.pending_outcome = DONE
    file.state.pending_by = newest.settled_by or SYSTEM
    file.note(
        Kind.STAGE_COMPLETED,
        at,
        stage=stage.name,
        outcome=DONE,
        by=file.state.pending_by,
        effect=newest.name,
    )


def _plan(file: CaseFile, name: str) -> EffectPlan:
    plan = file.effect_plan(name)
    if plan is None:
        raise KeyError(name)
    return plan


def _newest(file: CaseFile, name: str) -> EffectRecord | None:
    """The newest record of the effect or of its compensation."""
    return next(
        (
            effect
            for effect in reversed(file.state.effects)
            if name in (effect.name, effect.compensates)
        ),
        None,
    )


def _intend(
    file: CaseFile,
    plan: EffectPlan,
    *,
    name: str,
    title: str,
    stage: str,
    at: datetime,
    instruction: str | None = None,
    compensates: str | None = None,
) -> str:
    number = sum(1 for effect in file.state.effects if effect.name == name) + 1
    key = key_of(file.state.case, name, str(number))
    file.state.effects.append(
        EffectRecord(
            key=key,
            name=name,
            title=title,
            by=plan.by,
            owner=plan.owner,
            stage=stage,
            state="intended",
            due_at=at + plan.within,
            instruction=plan.instruction if instruction is None else instruction,
            compensates=compensates,
            irreversible=plan.irreversible,
            at=at,
        )
    )
    _send_off(file, file.state.effects[-1], plan, at=at)
    return key


def _send_off(file: CaseFile, effect: EffectRecord, plan: EffectPlan, *, at: datetime) -> None:
    """The effect is wished for, unless an order forbids it or its clearance is still owed."""
    ordered = effect.compensates is None
    gag = standing(file.state, file.pathway, effect.name, at=at) if ordered else None
    if gag is not None:
        suppress(file, effect, gag, at=at)
    elif plan.clearance is not None and ordered:
        _hold_back(file, effect, plan.clearance, by=plan.by, at=at)
    else:
        effect.state = "intended"
        file.note(
            Kind.EFFECT_INTENDED,
            at,
            effect=effect.name,
            key=effect.key,
            by=plan.by,
            compensates=effect.compensates,
        )
        file.wishes.append(Do(effect.key))


def _hold_back(
    file: CaseFile, effect: EffectRecord, clearance: Clearance, *, by: str, at: datetime
) -> None:
    effect.state = HELD_BACK
    file.note(
        Kind.EFFECT_HELD_BACK, at, effect=effect.name, key=effect.key, by=by, role=clearance.by
    )
    clearing = ClockRun(
        id=_clearing(effect.key),
        title=f"clear {effect.name} target",
        within=clearance.within,
        statutory=False,
        owner=clearance.by,
    )
    start(file, clearing, at=at)
    file.tell(Purpose.TASK, clearance.by, stage=effect.stage, step=f"clear {effect.name}")


def reconsider(file: CaseFile, *, at: datetime) -> None:
    """What an order forbids now is suppressed; what none forbids any more is due again.

    An attempt under way is not called back: it happened before anybody knew of the order.
    """
    for effect in file.state.effects:
        plan = file.effect_plan(effect.name)
        if plan is None or effect.compensates is not None:
            continue
        gag = standing(file.state, file.pathway, effect.name, at=at)
        if effect.state == SUPPRESSED and gag is not None:
            wait_for(file, effect, gag, at=at)
        elif effect.state == SUPPRESSED:
            end_waiting(file, effect, at=at)
            effect.due_at = at + plan.within
            file.note(Kind.EFFECT_DUE_AGAIN, at, effect=effect.name, key=effect.key)
            _send_off(file, effect, plan, at=at)
        elif effect.state in ("manual", "failed", HELD_BACK) and gag is not None:
            _stop_clearing(file, effect, at=at)
            suppress(file, effect, gag, at=at)


def clear(file: CaseFile, effect: EffectRecord, *, at: datetime, **who: str | None) -> None:
    """What was held back is intended: nothing stands against it any more."""
    effect.state = "intended"
    file.note(Kind.EFFECT_CLEARED, at, effect=effect.name, key=effect.key, **who)
    _stop_clearing(file, effect, at=at)
    file.wishes.append(Do(effect.key))


def withdraw_disclosures(file: CaseFile, *, at: datetime, because: str) -> None:
    """No disclosure that has not happened yet will happen; a later approval orders it anew."""
    for effect in file.state.effects:
        plan = file.effect_plan(effect.name)
        if plan is None or not plan.discloses or not effect.open:
            continue
        effect.state = "skipped"
        effect.detail = because
        effect.settled_by = SYSTEM
        _stop_clearing(file, effect, at=at)
        file.note(Kind.EFFECT_WITHDRAWN, at, effect=effect.name, key=effect.key, because=because)


def _clearing(key: str) -> str:
    return f"clear/{key[:16]}"


def _stop_clearing(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    clock = running(file, _clearing(effect.key), at=at)
    if clock is not None:
        turn(file, clock, ClockVerb.STOP, at=at)


def settle(
    file: CaseFile,
    effect: EffectRecord,
    *,
    state: str,
    at: datetime,
    reference: str = "",
    detail: str = "",
    by: str | None = None,
    commitment: str | None = None,
) -> None:
    """The effect has that outcome; who must know is told, and clocks that wait for it stop."""
    effect.state = state
    effect.reference = reference
    effect.detail = detail
    effect.settled_by = by
    _stop_clearing(file, effect, at=at)
    if by is not None:
        kind = Kind.EFFECT_SETTLED
    else:
        kind = {
            "done": Kind.EFFECT_DONE,
            "manual": Kind.EFFECT_MANUAL,
            "failed": Kind.EFFECT_FAILED,
        }[state]
    file.note(
        kind,
        at,
        effect=effect.name,
        key=effect.key,
        state=state,
        by=by,
        reference=reference or None,
        detail=detail or None,
        result=commitment,
    )
    match state:
        case "done":
            happened(file, f"effect:{effect.name}", at=at)
            file.wishes.append(Note.of(f"Action recorded: {effect.title}."))
            skip_when_done(file, at=at)
        case "manual":
            file.tell(Purpose.TASK, effect.owner, stage=effect.stage)
        case "failed":
            file.wishes.append(Note.of(f"Action failed: {effect.title}.", now=True))
            file.tell(Purpose.FAILED, effect.owner, stage=effect.stage)
