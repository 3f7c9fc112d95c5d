"""Effects set for one instant: all at once then, sooner if pulled forward, never if called off."""

from datetime import datetime

from cases.clock_starts import instant_of
from cases.file import CaseFile
from cases.journal import Kind
from cases.records import SET, EffectRecord


def instant_of_answer(file: CaseFile, question: str) -> datetime | None:
    """The instant the question was answered with."""
    answer = file.state.answers.get(question)
    return instant_of(answer.value) if answer is not None else None


def set_for(file: CaseFile, effect: EffectRecord, instant: datetime, *, at: datetime) -> None:
    """The effect happens at that instant and not before, unless somebody pulls it forward."""
    effect.state = SET
    effect.set_for = instant
    file.note(
        Kind.EFFECT_SET,
        at,
        effect=effect.name,
        key=effect.key,
        by=effect.by,
        due=instant.isoformat(),
    )


def come(file: CaseFile, *, at: datetime) -> list[EffectRecord]:
    """The effects whose instant has come, if nothing holds the case."""
    if file.state.hold is not None:
        return []
    return [
        effect
        for effect in file.state.effects
        if effect.state == SET and effect.set_for is not None and effect.set_for <= at
    ]


def call_off(file: CaseFile, effect: EffectRecord, *, at: datetime, because: str) -> None:
    """What has not happened yet will not happen."""
    effect.state = "skipped"
    effect.detail = because
    file.note(Kind.EFFECT_WITHDRAWN, at, effect=effect.name, key=effect.key, because=because)


def call_off_all(file: CaseFile, *, at: datetime, because: str, gate: str | None = None) -> None:
    """Nothing that is still to come happens; with `gate`, of what that gate ordered."""
    for effect in file.state.effects:
        if effect.state == SET and gate in (None, effect.stage):
            call_off(file, effect, at=at, because=because)
