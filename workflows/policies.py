"""Time-outs and retries of every effect, on one page.

Nothing a case asks for may hold the case up: effects run beside it, so a retry can be patient.
The journal is retried for ever, because a case that cannot be recorded must not be believed done.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy

from workflows.effects import (
    APPEND_JOURNAL,
    ASSESS,
    CANCEL_ALONG,
    COLLECT_ACTS,
    GIVE_BACK,
    LOOK_AT_CHILDREN,
    LOOK_UP_DECIDERS,
    MERGE_AWAY,
    NOTIFY,
    OPEN_LINKED,
    PERFORM,
    SPLIT_OFF,
    SYNC_TICKET,
)
from workflows.obligation_effects import APPEND_OBLIGATION


@dataclass(frozen=True)
class Policy:
    """How long one attempt may take, how long all of them, and how they are spaced."""

    attempt: timedelta
    all_attempts: timedelta | None
    retry: RetryPolicy


def _patient(maximum: timedelta) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_interval=maximum,
    )


STORE = Policy(
    attempt=timedelta(seconds=20), all_attempts=None, retry=_patient(timedelta(seconds=30))
)
"""Our own database: for ever, since nothing goes on without it being true."""

POLICIES: dict[str, Policy] = {
    APPEND_JOURNAL.name: STORE,
    APPEND_OBLIGATION.name: STORE,
    ASSESS.name: STORE,
    COLLECT_ACTS.name: STORE,
    OPEN_LINKED.name: STORE,
    SPLIT_OFF.name: STORE,
    LOOK_UP_DECIDERS.name: STORE,
    LOOK_AT_CHILDREN.name: STORE,
    CANCEL_ALONG.name: STORE,
    MERGE_AWAY.name: STORE,
    GIVE_BACK.name: STORE,
    NOTIFY.name: Policy(
        attempt=timedelta(seconds=60),
        all_attempts=timedelta(hours=1),
        retry=_patient(timedelta(minutes=2)),
    ),
    PERFORM.name: Policy(
        attempt=timedelta(seconds=60),
        all_attempts=timedelta(hours=1),
        retry=_patient(timedelta(minutes=2)),
    ),
    SYNC_TICKET.name: Policy(
        attempt=timedelta(seconds=60),
        all_attempts=timedelta(days=2),
        retry=_patient(timedelta(minutes=10)),
    ),
}
"""By effect name."""
