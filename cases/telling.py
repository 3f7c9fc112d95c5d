"""What becomes of a notice that was sent out: it has ended, or is kept until their hours."""

from datetime import datetime, timedelta

from cases import escalations, held
from cases.file import CaseFile
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult

MOMENT = timedelta(seconds=1)
"""A kept notice is never sent again in the task that kept it."""


def received(
    file: CaseFile, order: NoticeOrder, result: NoticeResult, *, commitment: str, at: datetime
) -> NoticeResult | None:
    """The result the notice ends with; None where it does not end yet, and is kept.

    Whoever records the end then says so to `escalations.told`.
    """
    if result.later is None:
        return result
    over = escalations.over(file, order)
    if over is not None:
        # It was answered while somebody looked up when its recipients can be told.
        return result.model_copy(update={"end": over, "later": None})
    held.keep(file, order, until=max(result.later, at + MOMENT), commitment=commitment, at=at)
    escalations.told(file, order, result.model_copy(update={"end": NoticeEnd.HELD}), at=at)
    return None
