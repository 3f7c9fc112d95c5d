"""Nothing is sent to anybody about work that somebody at the door says they have."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cases.at_door import STOPPING, calls, may_stop, new_to, worked_on
from cases.notice import AtDoor, NoticeEnd, NoticeOrder, NoticeResult
from store import Store

APART = timedelta(seconds=5)
"""By so much the clocks of door and engine may differ."""
MOST = 50
"""Acts that a notice comes back with at once; it comes back again with those that follow."""
MOMENT = timedelta(minutes=1)
"""In so long what a case has answered is in its picture."""


class HeldUpError(Exception):
    """Before more is sent of a notice, the case is to hear these acts."""

    def __init__(self, acts: Sequence[AtDoor]) -> None:
        super().__init__("acts wait at the door")
        self.acts = tuple(acts)

    @property
    def result(self) -> NoticeResult:
        """The notice's answer to the case, which says what becomes of it."""
        return NoticeResult(end=NoticeEnd.ACKNOWLEDGED, acts=self.acts)


async def check_door(store: Store, order: NoticeOrder) -> None:
    """Nobody at the door has what the notice is about; HeldUpError with the acts otherwise.

    Asked before each sending, since minutes of failures may lie between two of them. An act that
    the case has answered since it ordered the notice counts too: whoever sends is not called back.
    """
    if not calls(order):
        return
    since = order.at - APART
    acts = await store.acts.at_door(order.case, verbs=STOPPING, answered_since=since)
    stopping = [each for each in acts if may_stop(each, order)]
    if stopping:
        # With all that was done before: an act may need what an earlier one has brought.
        waiting = [each for each in await store.acts.at_door(order.case) if new_to(order, each)]
        here = {each.act for each in waiting}
        answered = [each for each in stopping if each.act not in here]
        raise HeldUpError((answered + waiting)[:MOST])


async def somebody_at_door(store: Store, order: NoticeOrder, *, seen: datetime) -> bool:
    """Whether the case's picture of that instant may not show yet that somebody has the work.

    For what the doors send without asking the case: they wait for its answer, and for a moment
    after it, in which the picture comes.
    """
    if not calls(order):
        return False
    acts = await store.acts.at_door(order.case, verbs=STOPPING, answered_since=seen)
    return any(may_stop(each, order) for each in acts)


async def work_at_door(store: Store, case: str, stage: str | None, *, seen: datetime) -> bool:
    """The same of the work of a stage, whoever was to be told of it."""
    acts = await store.acts.at_door(case, verbs=STOPPING, answered_since=seen)
    return stage is not None and any(worked_on(each.envelope) == stage for each in acts)


def unseen_since(picture: datetime, *, at: datetime) -> datetime:
    """Since when an answered act may not be in a picture of that instant: a minute at most."""
    return max(picture, at - MOMENT)
