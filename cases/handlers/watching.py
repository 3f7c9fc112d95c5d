"""Acts about an effect on many: what was seen of it, and that it is to be undone."""

from datetime import datetime

from cases import bulk
from cases.acts_on_many import Observe, RollBack
from cases.batches import steps_of
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.handlers.settling import settle_looks
from cases.receipts import Outcome, Reason
from cases.records import IN_STEPS, EffectRecord
from cases.refusal import Refusal, refused
from cases.rules import watchers


def observe(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The look is on record; too many wrong ones stop the effect and undo it."""
    del key
    body = body_of(act, Observe)
    effect = _watched(file, act, body.effect)
    if body.wrong > body.checked:
        raise refused(Reason.BAD_ANSWER, "no more can be wrong than were checked")
    done = [step.part.step for step in steps_of(file, effect) if step.part and step.performed]
    if not done:
        raise refused(Reason.NOT_DUE, "no step has been done yet")
    settle_looks(file, effect, by=act.actor.person, at=at)
    bulk.look(
        file,
        effect,
        checked=body.checked,
        wrong=body.wrong,
        by=act.actor.person,
        at=at,
        step=done[-1],
        reference=body.reference,
        role=act.role,
        act=act.act,
        input=commitment,
    )


def roll_back(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """No further step follows, and every step that was done is being undone."""
    del key
    body = body_of(act, RollBack)
    effect = _watched(file, act, body.effect)
    must_give_reason(body.reason)
    bulk.roll_back(
        file,
        effect,
        because=body.reason,
        at=at,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        input=commitment,
    )


def _watched(file: CaseFile, act: Act, key: str) -> EffectRecord:
    """The effect, which has begun and still stands, and which the act's role watches over."""
    effect = file.state.effect(key)
    if effect is None or effect.run is None:
        raise refused(Reason.NO_SUCH_EFFECT)
    roles = watchers(file, effect)
    must_have_role(file, act, of=roles)
    if effect.state != IN_STEPS and not effect.performed:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.SETTLED, effect.state)
    return effect
