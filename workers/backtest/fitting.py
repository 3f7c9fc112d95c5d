"""Whether a recorded act still has its place in the case as it goes now: the desk is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cases.acts import (
    Acknowledge,
    ActBody,
    Answer,
    CallBack,
    Close,
    Complete,
    Decide,
    Dissent,
    Hold,
    Memo,
    Receipt,
    Reply,
    Resume,
    Withdraw,
)
from cases.acts_on_many import Observe, RollBack
from cases.clock_starts import instant_of
from cases.envelope import Act, RoundBinding
from cases.file import CaseFile
from cases.gate import Round
from cases.handlers import HANDLERS
from cases.recording import Record
from cases.refusal import Refusal
from cases.state import CasePicture
from runbooks.plan import AnswerKind, Pathway
from workers.backtest.recorded import Done, Recorded


class Place(StrEnum):
    """Where a recorded act stands towards the case as it is now."""

    HERE = "here"
    """What it answers waits."""
    AHEAD = "ahead"
    """The case has not come there yet, or not again."""
    NOWHERE = "nowhere"
    """The runbook has no such stage."""


@dataclass(frozen=True)
class Standing:
    """The place of an act, and since when it waits there."""

    place: Place
    since: datetime | None = None


def standing(done: Done, picture: CasePicture, pathway: Pathway, recorded: Recorded) -> Standing:
    """Where the act stands."""
    body = done.act.body
    stages = {stage.name for stage in pathway.stages}
    named = getattr(body, "stage", None) or getattr(body, "gate", None)
    if named is not None and named not in stages:
        return Standing(Place.NOWHERE)
    found = _waits(body, picture, pathway, recorded)
    if found is None:
        return Standing(Place.HERE)
    here, since = found
    return Standing(Place.HERE, since) if here else Standing(Place.AHEAD)


def _waits(
    body: ActBody, picture: CasePicture, pathway: Pathway, recorded: Recorded
) -> tuple[bool, datetime | None] | None:
    """Whether what the act answers waits, and since when; None for what answers nothing."""
    visit = picture.current_visit()
    entered = visit.entered_at if visit is not None else None
    match body:
        case Complete() | Memo() | Acknowledge():
            named = body.gate if isinstance(body, Memo) else body.stage
            here = visit is not None and visit.stage == named and picture.pending_outcome is None
            return here, entered
        case Decide() | Withdraw():
            round_ = picture.open_round(body.gate)
            return round_ is not None, round_.asked_at if round_ is not None else None
        case Dissent() | Observe() | RollBack():
            found = (
                picture.round_of(body.gate)
                if isinstance(body, Dissent)
                else effect_key(body, picture, recorded)
            )
            return found is not None, None
        case Reply():
            asked = next((item for item in picture.requests if item.id == body.request), None)
            open_ = asked is not None and asked.answer is None
            return open_, asked.at if asked is not None else None
        case Receipt():
            effect = picture.effect(effect_key(body, picture, recorded) or "")
            open_ = effect is not None and effect.open and effect.state != "intended"
            return open_, effect.at if effect is not None else None
        case Resume():
            return picture.hold is not None, picture.hold.at if picture.hold is not None else None
        case Close():
            return visit is not None and visit.stage == pathway.closure.name, entered
        case _:
            return None


def refusal(act: Act, picture: CasePicture, pathway: Pathway, *, at: datetime) -> str:
    """Why the desk would refuse the act now; empty when it would accept it. Nothing is changed."""
    state = picture.model_copy(deep=True)
    file = CaseFile(
        state=state, pathway=pathway, record=Record(state, salt=b"fitting"), new_nonce=lambda: "n"
    )
    try:
        HANDLERS[act.body.verb](file, act, key="", commitment="", at=at)
    except Refusal as said:
        return f"{said.reason.value} {said.detail}".strip()
    return ""


def translated(
    done: Done, picture: CasePicture, recorded: Recorded, *, begun: datetime, at: datetime
) -> Act:
    """The recorded act as it is signed now, in this case's time and about what stands in it."""
    shift = begun - recorded.opened
    body = _moved(done.act.body, picture, recorded, shift=shift)
    return done.act.model_copy(
        update={
            "case": picture.case,
            "actor": done.act.actor.model_copy(update={"directory_as_of": at}),
            "signed_at": at,
            "body": body,
            "binding": binding(_round(done, picture)),
        }
    )


def binding(round_: Round | None) -> RoundBinding | None:
    """What an act at that round is bound to."""
    if round_ is None:
        return None
    return RoundBinding(
        gate=round_.gate,
        round=round_.number,
        revision=round_.revision,
        content_hash=round_.content_hash,
        nonce=round_.nonce,
    )


def effect_key(
    body: Receipt | Observe | RollBack, picture: CasePicture, recorded: Recorded
) -> str | None:
    """The action of this case in the place of the one the act was about."""
    known = recorded.effects.get(body.effect)
    if known is None:
        return None
    name, turn = known
    there = [effect.key for effect in picture.effects if effect.name == name]
    return there[turn - 1] if len(there) >= turn else None


def _round(done: Done, picture: CasePicture) -> Round | None:
    shown = done.act.binding
    if shown is None:
        return None
    open_ = picture.open_round(shown.gate)
    if done.accepted and open_ is not None:
        return open_
    # What was refused was refused for the round it named.
    same = [r for r in picture.rounds if r.gate == shown.gate and r.number == shown.round]
    return same[0] if same else picture.round_of(shown.gate)


def _moved(body: ActBody, picture: CasePicture, recorded: Recorded, *, shift: timedelta) -> ActBody:
    match body:
        case Hold():
            return body.model_copy(update={"review_at": body.review_at + shift})
        case CallBack():
            return body.model_copy(update={"called_at": body.called_at + shift})
        case Receipt() | Observe() | RollBack():
            key = effect_key(body, picture, recorded)
            return body if key is None else body.model_copy(update={"effect": key})
        case Answer():
            return body.model_copy(
                update={"answers": answers_in(body.answers, recorded, shift=shift)}
            )
        case _:
            return body


def answers_in(given: dict[str, str], recorded: Recorded, *, shift: timedelta) -> dict[str, str]:
    """The answers, those that name an instant in another time."""
    asked = recorded.request.pathway.questions
    moved = dict(given)
    for name, said in given.items():
        question = asked.get(name)
        instant = instant_of(said)
        if question is not None and question.kind is AnswerKind.INSTANT and instant is not None:
            moved[name] = (instant + shift).isoformat()
    return moved
