"""Acts about what happens outside: effects settled or cleared by hand, and calls on record."""

from datetime import datetime

from cases.acts import CallBack, Receipt, Resolution
from cases.call_back import takes_call_backs
from cases.effects import again, clear, settle, withdraw_disclosures
from cases.envelope import Act
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.journal import Kind
from cases.notice import Purpose
from cases.receipts import Outcome, Reason
from cases.records import HELD_BACK, SUPPRESSED, CallBackRecord, EffectRecord
from cases.refusal import Refusal, not_yours, refused
from cases.rounds import facts_changed
from cases.rules import not_by_receipt
from runbooks.plan import CallBackResult


def call_back(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The call is on record; one that was refuted withdraws what was about to be disclosed."""
    del key
    must_have_role(file, act)
    body = body_of(act, CallBack)
    if not takes_call_backs(file.pathway):
        raise refused(Reason.NO_SUCH_REQUEST, "nothing in this runbook waits for a call-back")
    if body.called_at > act.signed_at:
        raise refused(Reason.BAD_ANSWER, "the call lies in the future")
    if not all(text.strip() for text in (body.agency, body.number, body.source)):
        raise refused(Reason.REASON_REQUIRED, "agency, number and where the number was found")
    before = file.state.facts()
    file.state.call_backs.append(
        CallBackRecord(
            agency=body.agency,
            number=body.number,
            source=body.source,
            called_at=body.called_at,
            result=body.result,
            note=body.note,
            by=act.actor.person,
            at=act.signed_at,
        )
    )
    file.note(
        Kind.CALLED_BACK,
        at,
        result=body.result.value,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        input=commitment,
    )
    facts_changed(file, before, at=at)
    if body.result is CallBackResult.REFUTED:
        withdraw_disclosures(file, at=at, because="the call-back was refuted")


def receipt(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The effect is settled by hand, or tried again."""
    del key
    body = body_of(act, Receipt)
    effect = file.state.effect(body.effect)
    if effect is None:
        raise refused(Reason.NO_SUCH_EFFECT)
    _may_settle(file, effect, act, body.resolution)
    match body.resolution:
        case Resolution.CLEAR:
            clear(file, effect, at=at, who=act.actor.person, act=act.act, input=commitment)
        case Resolution.RETRY:
            if effect.state != "failed":
                raise refused(Reason.SETTLED, f"only a failed action is retried: {effect.state}")
            again(file, effect, at=at, who=act.actor.person, act=act.act, input=commitment)
        case Resolution.DONE:
            if not (body.reference.strip() or body.reason.strip()):
                raise refused(Reason.REASON_REQUIRED, "a reference or a note")
            settle(
                file,
                effect,
                state="done",
                at=at,
                reference=body.reference,
                detail=body.reason,
                by=act.actor.person,
                commitment=commitment,
            )
        case Resolution.SKIP:
            must_give_reason(body.reason)
            settle(
                file,
                effect,
                state="skipped",
                at=at,
                detail=body.reason,
                by=act.actor.person,
                commitment=commitment,
            )
            if act.role != INCIDENT_MANAGER:
                file.tell(Purpose.INFORMATION, INCIDENT_MANAGER, stage=effect.stage)


def _may_settle(file: CaseFile, effect: EffectRecord, act: Act, resolution: Resolution) -> None:
    """The effect is open, and the act's role may settle it in that way."""
    clears = _clearing_role(file, effect)
    mine = {effect.owner, INCIDENT_MANAGER}
    if clears is not None:
        mine = {clears} if resolution is Resolution.CLEAR else mine | {clears}
    elif resolution is Resolution.CLEAR:
        raise refused(Reason.SETTLED, "nothing is held back")
    if act.role not in mine:
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(sorted(mine))}")
    if effect.state == SUPPRESSED:
        raise refused(Reason.GAGGED, effect.title)
    if not effect.open:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.SETTLED, effect.state)
    barred = not_by_receipt(file, effect, resolution)
    if barred:
        raise refused(Reason.SETTLED, barred)
    if clears is not None and resolution in (Resolution.DONE, Resolution.RETRY):
        raise refused(Reason.NOT_CLEARED, clears)


def settle_looks(file: CaseFile, effect: EffectRecord, *, by: str, at: datetime) -> None:
    """A look that a connector still owes has been made by a person."""
    for item in file.state.effects:
        part = item.part
        mine = part is not None and part.of == effect.key and part.look
        if mine and item.state in ("failed", "manual"):
            settle(file, item, state="skipped", at=at, detail="looked at by a person", by=by)


def _clearing_role(file: CaseFile, effect: EffectRecord) -> str | None:
    """Who clears the effect; None while nothing holds it back."""
    plan = file.effect_plan(effect.name)
    if effect.state != HELD_BACK or plan is None or plan.clearance is None:
        return None
    return plan.clearance.by
