"""Whether a recorded act still has its place in the case as it goes now: the desk is asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.acts import (
    Acknowledge,
    ActBody,
    Close,
    Complete,
    Decide,
    Dissent,
    Memo,
    Receipt,
    Reply,
    Resume,
    Withdraw,
)
from cases.acts_at_gates import BreakGlass, Revoke
from cases.acts_on_many import Observe, RollBack
from cases.acts_on_tasks import Finish, HandOn
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers import HANDLERS
from cases.recording import Record
from cases.refusal import Refusal
from cases.state import CasePicture
from runbooks.plan import Pathway
from workers.backtest.recorded import Done, Recorded
from workers.backtest.translating import subject


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
    if isinstance(body, Receipt | Observe | RollBack | Reply | HandOn | Finish):
        return _named_waits(body, picture, recorded)
    match body:
        case Complete() | Memo() | Acknowledge():
            named = body.gate if isinstance(body, Memo) else body.stage
            here = visit is not None and visit.stage == named and picture.pending_outcome is None
            return here, entered
        case Decide() | Withdraw() | BreakGlass():
            round_ = picture.open_round(body.gate)
            return round_ is not None, round_.asked_at if round_ is not None else None
        case Dissent() | Revoke():
            return picture.round_of(body.gate) is not None, None
        case Resume():
            return picture.hold is not None, picture.hold.at if picture.hold is not None else None
        case Close():
            return visit is not None and visit.stage == pathway.closure.name, entered
        case _:
            return None


def _named_waits(
    body: Receipt | Observe | RollBack | Reply | HandOn | Finish,
    picture: CasePicture,
    recorded: Recorded,
) -> tuple[bool, datetime | None]:
    """The same for what is about an effect, a request or a task."""
    key = subject(body, picture, recorded) or ""
    effect, task = picture.effect(key), picture.task(key)
    if isinstance(body, Reply):
        asked = next((item for item in picture.requests if item.id == key), None)
        return asked is not None and asked.answer is None, asked.at if asked is not None else None
    if isinstance(body, HandOn | Finish):
        return task is not None and task.open, task.at if task is not None else None
    if isinstance(body, Receipt):
        open_ = effect is not None and effect.open and effect.state != "intended"
        return open_, effect.at if effect is not None else None
    return effect is not None, None


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
