"""Notices kept until somebody's hours: ordered, on record, and sent by the case's timer."""

from collections.abc import Callable
from datetime import datetime

from cases.file import CaseFile, TellKept
from cases.journal import Kind
from cases.notice import NoticeEnd, NoticeOrder
from cases.paging import HeldNotice
from runbooks.plan import Severity, graver_or_as_grave


def keep(
    file: CaseFile, order: NoticeOrder, *, until: datetime, commitment: str, at: datetime
) -> None:
    """The notice is kept, and until when is on record."""
    file.state.held.append(HeldNotice(order=order, until=until))
    file.note(
        Kind.NOTICE_HELD,
        at,
        key=order.key,
        purpose=order.purpose.value,
        role=order.role,
        until=until.isoformat(),
        result=commitment,
    )


def take_due(file: CaseFile, *, at: datetime) -> None:
    """Every kept notice whose instant has come is sent now."""
    due = [each for each in file.state.held if each.until <= at]
    if not due:
        return
    file.state.held = [each for each in file.state.held if each.until > at]
    severity = file.state.severity.current
    for each in due:
        order = each.order.model_copy(update={"severity": severity, "at": at})
        file.wishes.append(TellKept(order))


def end_held(
    file: CaseFile,
    which: Callable[[NoticeOrder], bool],
    end: NoticeEnd,
    *,
    at: datetime,
    because: str = "",
) -> None:
    """The kept notices of that kind are not sent any more, and end on record."""
    over = [each for each in file.state.held if which(each.order)]
    over_now = [wish for wish in file.wishes if isinstance(wish, TellKept) and which(wish.order)]
    file.wishes = [wish for wish in file.wishes if wish not in over_now]
    if over:
        file.state.held = [each for each in file.state.held if not which(each.order)]
    for order in (*(each.order for each in over), *(wish.order for wish in over_now)):
        file.note(
            Kind.NOTICE_ENDED,
            at,
            key=order.key,
            purpose=order.purpose.value,
            role=order.role,
            end=end.value,
            because=because or None,
        )


def pierce(file: CaseFile, *, at: datetime) -> None:
    """The case has become so grave that nobody's hours count: what is kept is sent now."""
    severity = file.state.severity.current
    file.state.held = [
        each.model_copy(update={"until": at}) if _pierced(each.order, severity) else each
        for each in file.state.held
    ]


def _pierced(order: NoticeOrder, severity: Severity) -> bool:
    return graver_or_as_grave(severity, pierced_by(order))


def pierced_by(order: NoticeOrder) -> Severity:
    """From which severity on the notice looks at nobody's hours."""
    return order.of_step.pierced_by if order.of_step is not None else Severity.SEV1
