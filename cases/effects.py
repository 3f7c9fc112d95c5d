"""Outside actions of a case: intended under a key that never changes, then settled (I9)."""

from datetime import datetime

from cases.clocks import happened
from cases.file import CaseFile, Do, Note
from cases.ids import key_of
from cases.journal import Kind
from cases.notice import Purpose
from cases.state import EffectRecord


def intend(file: CaseFile, name: str, *, stage: str, at: datetime, compensate: bool = False) -> str:
    """The effect is on record as intended and wished for; its key is returned.

    An effect of that name which is still open or done is not intended twice in one visit: a
    second approval of the same gate after a detour must not act twice.
    """
    plan = file.effect_plan(name)
    if plan is None:
        raise KeyError(name)
    existing = file.state.effect_named(name)
    if existing is not None and existing.state in ("intended", "done", "manual"):
        undone = file.state.effect_named(plan.compensate) if plan.compensate else None
        if undone is None or undone.at < existing.at:
            return existing.key
    number = sum(1 for effect in file.state.effects if effect.name == name) + 1
    key = key_of(file.state.case, name, str(number))
    file.state.effects.append(
        EffectRecord(
            key=key,
            name=name,
            title=plan.title,
            by=plan.by,
            owner=plan.owner,
            stage=stage,
            state="intended",
            due_at=at + plan.within,
            instruction=plan.instruction,
            compensates=name if compensate else None,
            irreversible=plan.irreversible,
            at=at,
        )
    )
    file.note(Kind.EFFECT_INTENDED, at, effect=name, key=key, by=plan.by)
    file.wishes.append(Do(key))
    return key


def undo(file: CaseFile, name: str, *, stage: str, at: datetime) -> str | None:
    """The compensation of a performed effect is intended; None where there is nothing to undo."""
    plan = file.effect_plan(name)
    done = file.state.effect_named(name)
    if plan is None or plan.compensate is None or done is None or done.state == "skipped":
        return None
    return intend(file, plan.compensate, stage=stage, at=at, compensate=True)


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
            file.wishes.append(Note(f"Action recorded: {effect.title}."))
        case "manual":
            file.tell(Purpose.TASK, effect.owner, stage=effect.stage)
        case "failed":
            file.tell(Purpose.FAILED, effect.owner, stage=effect.stage)
