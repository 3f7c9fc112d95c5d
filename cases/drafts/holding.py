"""Reports held back: ordered as they were approved, or not before people have been asked again."""

from datetime import datetime

from cases.drafts.standing import approved, draft, waits_for
from cases.file import CaseFile
from cases.journal import Kind
from cases.records import HELD_BACK, EffectRecord
from cases.rounds import ask


def held_for_gate(file: CaseFile, effect: EffectRecord, *, at: datetime, **who: str | None) -> bool:
    """Whether the report reads otherwise than was approved; people are asked about it then (I5)."""
    plan = file.effect_plan(effect.name)
    if plan is None or not plan.gate or approved(file, plan):
        return False
    effect.state = HELD_BACK
    file.note(
        Kind.EFFECT_HELD_BACK,
        at,
        effect=effect.name,
        key=effect.key,
        form=plan.by,
        gate=plan.gate,
        because="its draft is not approved as it reads now",
        **who,
    )
    draft(file, plan, at=at)
    ask_anew(file, plan.gate, at=at)
    return True


def ask_anew(file: CaseFile, gate: str, *, at: datetime) -> None:
    """The gate is asked about reports that wait for it, once nothing else of it is open."""
    if waits_for(file, gate) and file.state.open_round(gate) is None:
        ask(file, file.pathway.stage(gate), at=at, again=True)


def waits_for_gate(file: CaseFile, effect: EffectRecord) -> bool:
    """Whether the report is held back until its gate approves the draft."""
    drafted = file.state.drafts.get(effect.name)
    return (
        effect.state == HELD_BACK
        and drafted is not None
        and bool(drafted.gate)
        and drafted.approved_in is None
    )
