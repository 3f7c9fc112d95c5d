"""Which notices may wait for company, until when, and what has overtaken them meanwhile."""

from datetime import datetime, timedelta

from cases.file import CALLING
from cases.notice import PAGES, NoticeEnd, NoticeOrder, Purpose
from cases.paged import Standing, standing
from cases.state import CaseState
from runbooks.plan import Severity, graver_or_as_grave

MILDEST_ALONE = Severity.SEV2
"""What is as grave as this is told at once, by itself."""

AT_ONCE = PAGES | {Purpose.BOUNCED, Purpose.FAILED, Purpose.OWED, Purpose.RULE}
"""What gets somebody up or says that something went wrong, and what is told after closing."""

_ASKING = CALLING | {Purpose.ASK, Purpose.ASK_AGAIN}
"""What is overtaken once it has been answered; the rest informs, and stays true."""

_SHARE = 4
"""A notice uses up no more than one in so many parts of what is left until it is due."""

_SHORTEST = timedelta(minutes=1)


def may_wait(order: NoticeOrder) -> bool:
    """Whether the notice may go in company at all.

    A step of an escalation policy has its own time, and whoever it waits for must hear it then.
    """
    return (
        order.of_step is None
        and order.purpose not in AT_ONCE
        and not graver_or_as_grave(order.severity, MILDEST_ALONE)
    )


def leaves_at(order: NoticeOrder, window: timedelta) -> datetime | None:
    """When it goes at the latest; None where waiting is not worth it, and it goes at once."""
    if not may_wait(order):
        return None
    wait = window
    if order.due_at is not None:
        wait = min(wait, (order.due_at - order.at) / _SHARE)
    return order.at + wait if wait >= _SHORTEST else None


def overtaken(
    state: CaseState, order: NoticeOrder, *, at: datetime
) -> tuple[NoticeEnd, str] | None:
    """How the notice ends without being sent, and why; None where it is still to be told."""
    if order.purpose not in _ASKING:
        return None
    stands = standing(state, stage=order.stage, round_=order.round, paged_at=order.at, at=at)
    if stands is Standing.ANSWERED:
        return NoticeEnd.SUPERSEDED, "it was answered before the digest went out"
    if order.purpose not in CALLING:
        return None
    has = next(
        (
            lease
            for lease in state.leases
            if lease.stage == order.stage and lease.at >= order.at and lease.until > at
        ),
        None,
    )
    return (NoticeEnd.ACKNOWLEDGED, f"{has.person} has it") if has is not None else None
