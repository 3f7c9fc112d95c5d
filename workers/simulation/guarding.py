"""What people do because a case is sensitive: they call back, and clear what is held."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cases.acts import CallBack, Receipt, Resolution
from cases.call_back import callers
from cases.gate import RoundState
from cases.records import HELD_BACK
from cases.state import CasePicture
from runbooks.plan import CallBackResult
from workers.simulation.people import Somebody
from workers.simulation.wants import Want

if TYPE_CHECKING:
    from workers.simulation.cast import Cast

APPROVED = "approved"


def guarding(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    """Everything that is owed beside the stage because of how the case is guarded."""
    yield from _clearances(cast, picture, at=at)
    for round_ in picture.rounds:
        if round_.state is RoundState.OPEN:
            # Whoever votes for a disclosure wants to know that somebody was called back.
            step = cast.pathway.stage(round_.gate).next.get(APPROVED)
            wanted = step.call_back if step is not None else None
            since = cast.since(round_.asked_at)
            found = _caller(cast, picture, since=since)
            if wanted is not None and found is not None:
                key = f"call-back|{round_.gate}|{round_.number}"
                yield from calling(picture, wanted, found, minute=since + 1, key=key)


def calling(
    picture: CasePicture,
    wanted: CallBackResult,
    found: Somebody,
    *,
    minute: int,
    key: str,
) -> Iterator[Want]:
    """The call-back that says so, where the newest one does not."""
    if picture.call_backs and picture.call_backs[-1].result is wanted:
        return

    def made(at: datetime) -> CallBack:
        return CallBack(
            agency="agency K1",
            number="+00 555 0100",
            source="public register, looked up by us",
            called_at=at,
            result=wanted,
        )

    yield Want(minute, key, found, found.role, made)


def _caller(cast: "Cast", picture: CasePicture, *, since: int) -> Somebody | None:
    for role in callers(cast.pathway):
        found = cast.somebody(role, since=since, picture=picture)
        if found is not None:
            return found
    return None


def _clearances(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    for effect in picture.effects:
        plan = next((plan for plan in cast.pathway.effects if plan.name == effect.name), None)
        if effect.state != HELD_BACK or plan is None or plan.clearance is None:
            continue
        since = cast.since(effect.at)
        found = cast.somebody(plan.clearance.by, since=since)
        if found is not None:
            key = f"clear|{effect.name}|{effect.attempt}"
            minute = cast.habits.answers_at(found, since=since, clock=None, at=at, key=key)
            body = Receipt(effect=effect.key, resolution=Resolution.CLEAR)
            yield cast.want(minute, key, found, body)
