"""Lanes: what is told of the gravest cases is never behind what is told of the others.

Temporal hands out waiting tasks by priority, and among equals fairly by key: a thousand reminders
of one case delay no page of another. What can wait for company is not here at all: it goes with
a digest, which the gateway sends.
"""

from temporalio.common import Priority

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
