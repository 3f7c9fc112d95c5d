"""What follows once an effect has been performed: clocks stop, and a stage may be over."""

from datetime import datetime

from cases.clock_starts import happened
from cases.file import SYSTEM, CaseFile, Note
from cases.journal import Kind
from cases.records import SHADOWED, EffectRecord
from cases.ticket_note import RECORDED

DONE = "done"
"""The outcome of a stage whose effect has been performed before anybody completed it."""


def carried_out(file: CaseFile) -> tuple[Kind, str]:
    """How an effect that came to its end is recorded: as done, or in a shadow as if it were."""
    return (Kind.EFFECT_SHADOWED, SHADOWED) if file.state.shadow else (Kind.EFFECT_DONE, DONE)


def performed(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    """Whatever waited for the effect goes on."""
    happened(file, f"effect:{effect.name}", at=at)
    file.wishes.append(Note.of(RECORDED(action=effect.title)))
    skip_when_done(file, at=at)


def skip_when_done(file: CaseFile, *, at: datetime) -> None:
    """A stage that only waits for an effect is over once the effect has been performed."""
    stage = file.stage
    if stage is None or stage.skip_when_done is None or file.state.pending_outcome is not None:
        return
    effect = newest(file, stage.skip_when_done)
    if effect is None or effect.name != stage.skip_when_done or not effect.performed:
        return
    file.state.pending_outcome = DONE
    file.state.pending_by = effect.settled_by or SYSTEM
    file.note(
        Kind.STAGE_COMPLETED,
        at,
        stage=stage.name,
        outcome=DONE,
        by=file.state.pending_by,
        effect=effect.name,
    )


def newest(file: CaseFile, name: str) -> EffectRecord | None:
    """The newest record of the effect or of its compensation."""
    return next(
        (
            effect
            for effect in reversed(file.state.effects)
            if name in (effect.name, effect.compensates)
        ),
        None,
    )
