"""Lanes: what is told of the gravest cases is never behind what is told of the others.

Temporal hands out waiting tasks by priority, and among equals fairly by key: a thousand reminders
of one case delay no page of another. But a task that is being worked on is not interrupted: while
every slot of the workers waits for a slow mail server, nothing is handed out at all. So what a
grave case cannot wait for has a task queue of its own, with slots that nothing else may take.
"""

from temporalio.common import Priority

from cases.file import CaseFile
from cases.notice import PAGES, NoticeOrder
from runbooks.plan import Severity, graver_or_as_grave

FIRST, USUAL, LAST = 1, 3, 5
GRAVEST = Severity.SEV1
LOWEST = Severity.SEV3


def lane(order: NoticeOrder) -> Priority:
    """Where the notice waits when more is to be sent than can be sent at once."""
    if graver_or_as_grave(order.severity, GRAVEST):
        key = FIRST
    elif graver_or_as_grave(LOWEST, order.severity) and order.purpose not in PAGES:
        key = LAST
    else:
        key = USUAL
    return Priority(priority_key=key, fairness_key=order.number)


def queue_of(file: CaseFile) -> str | None:
    """Where notices, actions and records of the case are worked on now; None: in its own queue.

    Notes to the ticket, and whatever else is asked, stay there: nobody's next hour depends on them.
    """
    grave = graver_or_as_grave(file.state.severity.current, GRAVEST)
    return file.urgent_queue or None if grave else None
