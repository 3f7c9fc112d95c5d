"""Outside actions of a case: intended under a key that never changes, then settled (I9)."""

from datetime import datetime

from cases import bulk
from cases.clock import ClockRun, ClockVerb
from cases.clock_starts import is_due
from cases.clocks import running, start, turn
from cases.drafts.holding import held_for_gate
from cases.drafts.standing import draft, redraft
from cases.file import SYSTEM, CaseFile, Do, Note
from cases.gags import standing
from cases.ids import key_of
from cases.journal import Kind
from cases.notice import Purpose
from cases.performed import newest, performed
from cases.records import HELD_BACK, ROLLED_BACK, SET, SHADOWED, SUPPRESSED, EffectRecord
from cases.rounds import facts_changed
from cases.setting import call_off, set_for
from cases.suppression import end_waiting, suppress, wait_for
from cases.ticket_note import FAILED
from runbooks.forms import form_of
from runbooks.plan import Clearance, EffectPlan

ANEW = ("skipped", ROLLED_BACK)
"""Nothing of the effect stands: ordered once more, it is another one."""


def intend(
    file: CaseFile, name: str, *, stage: str, at: datetime, instant: datetime | None = None
) -> str | None:
    """The effect is on record as intended and wished for; its key is returned.

    One that is ordered where it is due only is left out where no clock waits for it.

    One that is under way, done or with a person is not intended twice: a second approval of the
    same gate after a detour must not act twice. One that failed is tried again. Only what has been
    undone since, or skipped, is done anew. With an `instant` it is set for that one; ordered again
    without, it is pulled forward.
    """
    plan = _plan(file, name)
    known = newest(file, name)
    if known is not None and known.name == name and known.state not in ANEW:
        if known.state == "failed":
            again(file, known, at=at)
        elif known.state == SET and instant is None:
            file.note(Kind.EFFECT_PULLED_FORWARD, at, effect=name, key=known.key)
            known.due_at = at + plan.within
            begin(file, known, at=at)
        elif known.state == SET and instant is not None and instant != known.set_for:
            set_for(file, known, instant, at=at)
        return known.key
    if plan.where_due and not is_due(file, name):
        return None
    return _intend(file, plan, name=name, title=plan.title, stage=stage, at=at, instant=instant)


def undo(file: CaseFile, name: str, *, stage: str, at: datetime) -> str | None:
    """The compensation of a performed effect is intended; None where there is nothing to undo."""
    plan = _plan(file, name)
    known = newest(file, name)
    if known is not None and known.state == SET:
        call_off(file, known, at=at, because=f"called off at {stage}")
        return None
    if plan.bulk is not None and known is not None:
        if known.state == HELD_BACK:
            call_off(file, known, at=at, because=f"called off at {stage}")
        bulk.roll_back(file, known, because=f"undone at {stage}", at=at)
        return known.key
    if plan.compensate is None or known is None or known.state == "skipped":
        return None
    if known.compensates is not None:
        return known.key
    return _intend(
        file,
        # What was filed is corrected by a person, by whatever way the receiver knows.
        plan if form_of(plan.by) is None else plan.model_copy(update={"by": "manual", "gate": ""}),
        name=f"undo-{name}",
        title=f"Undo: {plan.title}",
        stage=stage,
        at=at,
        instruction=plan.compensate,
        compensates=name,
    )


def again(file: CaseFile, effect: EffectRecord, *, at: datetime, **who: str | None) -> None:
    """A failed effect is intended once more, as its next attempt."""
    if held_for_gate(file, effect, at=at, **who):
        return
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


def _plan(file: CaseFile, name: str) -> EffectPlan:
    plan = file.effect_plan(name)
    if plan is None:
        raise KeyError(name)
    return plan


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
    instant: datetime | None = None,
) -> str:
    number = sum(1 for effect in file.state.effects if effect.name == name) + 1
    key = key_of(file.state.case, name, str(number))
    effect = EffectRecord(
        key=key,
        name=name,
        title=title,
        by=plan.by,
        owner=plan.owner,
        stage=stage,
        state="intended",
        due_at=(instant or at) + plan.within,
        instruction=plan.instruction if instruction is None else instruction,
        compensates=compensates,
        irreversible=plan.irreversible,
        at=at,
    )
    file.state.effects.append(effect)
    if form_of(plan.by) is not None and not plan.gate:
        # Whoever hands in a form without a gate answers for it; it is drafted as they find it.
        draft(file, plan, at=at)
    if instant is not None and instant > at:
        set_for(file, effect, instant, at=at)
    else:
        begin(file, effect, at=at)
    return key


def begin(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    """The ordered effect goes ahead, unless an order forbids it or its runbook wants more."""
    plan = file.effect_plan(effect.name)
    ordered = plan is not None and effect.compensates is None
    gag = standing(file.state, file.pathway, effect.name, at=at) if ordered else None
    if gag is not None:
        suppress(file, effect, gag, at=at)
    elif held_for_gate(file, effect, at=at):
        return
    elif plan is not None and plan.bulk is not None:
        bulk.begin(file, effect, plan.bulk, at=at)
    elif plan is not None and plan.clearance is not None:
        _hold_back(file, effect, plan.clearance, at=at)
    else:
        effect.state = "intended"
        file.note(
            Kind.EFFECT_INTENDED,
            at,
            effect=effect.name,
            key=effect.key,
            by=effect.by,
            compensates=effect.compensates,
        )
        file.wishes.append(Do(effect.key))


def _hold_back(file: CaseFile, effect: EffectRecord, clearance: Clearance, *, at: datetime) -> None:
    effect.state = HELD_BACK
    file.note(
        Kind.EFFECT_HELD_BACK,
        at,
        effect=effect.name,
        key=effect.key,
        by=effect.by,
        role=clearance.by,
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


def release(file: CaseFile, gate: str, released: list[str], *, at: datetime) -> None:
    """Reports that waited for the gate are ordered, now that it has approved their drafts."""
    for effect in file.state.effects:
        plan = file.effect_plan(effect.name)
        if plan is not None and plan.gate == gate and effect.name in released:
            _stop_clearing(file, effect, at=at)
            begin(file, effect, at=at)


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
            begin(file, effect, at=at)
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
    found: tuple[int, int] | None = None,
    asked: tuple[tuple[str, ...], str] | None = None,
) -> None:
    """The effect has that outcome; who must know is told, and clocks that wait for it stop.

    `asked` are the policies that were asked before it, and their digest.
    """
    policies, policy = asked if asked is not None else ((), "")
    before = file.state.facts() if file.state.drafts else {}
    effect.state = state
    effect.reference = reference
    effect.detail = detail
    effect.settled_by = by
    if effect.performed:
        effect.settled_at = at
    _stop_clearing(file, effect, at=at)
    drafted = file.state.drafts.get(effect.name)
    if by is not None:
        kind = Kind.EFFECT_SETTLED
    else:
        kind = {
            "done": Kind.EFFECT_DONE,
            "manual": Kind.EFFECT_MANUAL,
            "failed": Kind.EFFECT_FAILED,
            SHADOWED: Kind.EFFECT_SHADOWED,
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
        draft=drafted.digest if drafted is not None else None,
        policies=list(policies) or None,
        policy=policy or None,
        result=commitment,
    )
    if effect.performed and redraft(file, at=at):
        # A report that tells of this action reads otherwise now.
        facts_changed(file, before, at=at)
    match state:
        case "done":
            performed(file, effect, at=at)
        case _ if effect.performed:
            if effect.by == "manual":
                file.tell(Purpose.TASK, effect.owner, stage=effect.stage)
            performed(file, effect, at=at)
        case "manual":
            file.tell(Purpose.TASK, effect.owner, stage=effect.stage)
        case "failed":
            file.wishes.append(Note.of(FAILED(action=effect.title), now=True))
            file.tell(Purpose.FAILED, effect.owner, stage=effect.stage)
    if effect.part is not None:
        bulk.settled(file, effect, at=at, found=found)
