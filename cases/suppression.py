"""What an order forbids: suppressed on record, and looked at again when the order ends."""

from datetime import datetime

from cases.clock import ClockRun, ClockVerb
from cases.clocks import running, start, turn
from cases.file import CaseFile
from cases.gags import ends, review_at, standing
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import SUPPRESSED, EffectRecord
from cases.sampling import drawn
from runbooks.plan import FollowUp, Gag

_CLOCK = "order/"

Due = tuple[FollowUp, datetime]
"""Something owed, and its instant."""


def is_order(clock: ClockRun) -> bool:
    """Whether the clock waits for an order to end."""
    return clock.id.startswith(_CLOCK)


def suppress(file: CaseFile, effect: EffectRecord, gag: Gag, *, at: datetime) -> None:
    """The effect is not done while the order stands, and the record says why."""
    effect.state = SUPPRESSED
    until = ends(file.state, gag)
    file.note(
        Kind.EFFECT_SUPPRESSED,
        at,
        effect=effect.name,
        key=effect.key,
        order=gag.name,
        until=until.isoformat() if until is not None else None,
    )
    wait_for(file, effect, gag, at=at)


def wait_for(file: CaseFile, effect: EffectRecord, gag: Gag, *, at: datetime) -> None:
    """The order is looked at again when it ends; without an end, after its review time."""
    clock = running(file, _clock_of(effect), at=at)
    wanted = review_at(file.state, gag, at=at)
    if clock is None:
        clock = ClockRun(
            id=_clock_of(effect),
            title=f"order against {effect.name}",
            within=wanted - at,
            # An order goes on while the case is held, and its end is no breach.
            statutory=True,
            hold=True,
            owner=effect.owner,
        )
        start(file, clock, at=at)
    elif ends(file.state, gag) is not None and clock.due_at(at) != wanted:
        _anew(file, clock, gag, at=at)


def end_waiting(file: CaseFile, effect: EffectRecord, *, at: datetime) -> None:
    """Nothing is waited for any more."""
    clock = running(file, _clock_of(effect), at=at)
    if clock is not None:
        turn(file, clock, ClockVerb.STOP, at=at)


def review(file: CaseFile, clock: ClockRun, *, at: datetime) -> None:
    """An order without an end is reviewed: its owner is asked whether it still stands."""
    for effect in file.state.effects:
        gag = standing(file.state, file.pathway, effect.name, at=at)
        if effect.state == SUPPRESSED and _clock_of(effect) == clock.id and gag is not None:
            file.tell(Purpose.REVIEW, effect.owner, stage=file.state.stage, step=gag.name)
            _anew(file, clock, gag, at=at)


def stop_waiting(file: CaseFile, *, at: datetime) -> None:
    """The case ends: what it still may not do is carried on by obligations."""
    for effect in file.state.effects:
        end_waiting(file, effect, at=at)


def owed_after(file: CaseFile, disposition: str, *, at: datetime) -> list[Due]:
    """What the case owes once it has closed that way, and when each is due."""
    return [
        (plan, at + plan.after)
        for plan in file.pathway.after_closing
        if not plan.carries
        and plan.owed_after(disposition, file.state.severity.current)
        and drawn(file, plan)
    ] + carried_on(file, at=at)


def carried_on(file: CaseFile, *, at: datetime) -> list[Due]:
    """What an order suppressed until the end, due when the order ends or is to be reviewed."""
    state = file.state
    owed: list[Due] = []
    for plan in file.pathway.after_closing:
        effect = state.effect_named(plan.carries) if plan.carries else None
        if effect is not None and effect.state == SUPPRESSED:
            gag = standing(state, file.pathway, effect.name, at=at)
            owed.append((plan, at if gag is None else review_at(state, gag, at=at)))
    return owed


def _anew(file: CaseFile, clock: ClockRun, gag: Gag, *, at: datetime) -> None:
    clock.within = review_at(file.state, gag, at=at) - at
    turn(file, clock, ClockVerb.RESET, at=at)


def _clock_of(effect: EffectRecord) -> str:
    return f"{_CLOCK}{effect.key[:16]}"
