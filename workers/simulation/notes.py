"""What people write again and again: handover notes, and updates for those who wait outside."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cases.acts import Reply
from cases.handover import is_handover
from cases.records import InformationRequest
from cases.state import CasePicture
from cases.updates import UPDATE, update_of
from workers.simulation import words
from workers.simulation.wants import Want

if TYPE_CHECKING:
    from workers.simulation.cast import Cast


def notes(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    """Every note and update that is owed."""
    for request in picture.requests:
        if request.material or request.answer is not None:
            continue
        turn = _turn(cast, picture, request, at=at)
        if turn is None:
            continue
        role, since = turn
        found = cast.somebody(role, since=since)
        if found is not None:
            minute = cast.habits.writes_at(found, since=since, key=request.id)
            body = Reply(request=request.id, text=words.REASONS["reply"])
            yield cast.want(minute, f"reply|{request.id}", found, body)


def _turn(
    cast: "Cast", picture: CasePicture, request: InformationRequest, *, at: datetime
) -> tuple[str, int] | None:
    """Who writes what is asked for, and the minute at which they turn to it."""
    if is_handover(request):
        rule = cast.pathway.handover
        return (rule.by, cast.since(request.at)) if rule is not None else None
    plan = update_of(cast.pathway, request)
    clock = picture.clock(UPDATE + plan.name) if plan is not None else None
    if plan is None or clock is None or clock.reading(at).ended:
        return None
    # The next update is asked for as soon as one is written: half of its time nothing is new.
    return plan.by, cast.since(request.at) + clock.within // timedelta(minutes=2)
