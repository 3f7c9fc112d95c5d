"""Close calls: an act and something the case did by itself came within seconds of one another.

Then only the machine's speed decided which was first: each may be late by as much as is still on
time. Among few cases under way everything is on time to a fraction of a second, and the plan
decides: such a case is played once more there. Where the plan itself leaves less than that between
the two, people hesitate.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cases.escalation_steps import UNREAD
from cases.journal import Entry, Kind
from cases.state import CasePicture
from workers.simulation.habits import by_itself
from workers.simulation.pace import TOO_LATE

OWN = frozenset(
    {
        Kind.CLOCK_REACHED,
        Kind.CLOCK_BREACHED,
        Kind.ESCALATION_STEP,
        Kind.ESCALATION_EXHAUSTED,
        Kind.LEASE_LAPSED,
        Kind.CLAIM_LAPSED,
        Kind.WORK_OFFER_LAPSED,
        Kind.UPDATE_ASKED,
        Kind.UPDATE_MISSED,
        Kind.HANDOVER_ASKED,
        Kind.SILENCE_TAKEN,
        Kind.EFFECT_DUE_AGAIN,
    }
)
"""What a case does at an instant that nobody chose."""


HESITATES = timedelta(seconds=7.5)
"""Nearer to a step of the case's own nobody acts.

Seconds of `PHASES`, and what comes half or quarter minutes after them, lie at most four apart, or
at least eleven: among few no lateness makes one of the other.
"""


def is_close(entries: Sequence[Entry], picture: CasePicture, at: datetime) -> bool:
    """Whether an act at that instant, on the case as pictured, met something of the case's own.

    What came just before is in the journal; what was about to come, in the picture: where the act
    was first, it may never have come.
    """
    # What the act itself brings about comes at its own instant.
    before = (instant for instant in _lately(entries, since=at - TOO_LATE) if instant < at)
    return any(abs(instant - at) < TOO_LATE for instant in (*by_itself(picture, at), *before))


def is_planned_close(entries: Sequence[Entry], picture: CasePicture, planned: datetime) -> bool:
    """Whether an act planned for that instant would meet something of the case's own.

    It has come already, however late, or is still to come: asked on either side of it, the answer
    is the same.
    """
    own = (*by_itself(picture, planned), *_lately(entries, since=planned - HESITATES))
    return any(abs(instant - planned) < HESITATES for instant in own)


def _lately(entries: Sequence[Entry], *, since: datetime) -> Iterator[datetime]:
    for entry in reversed(entries):
        if entry.at <= since:
            return
        unread = entry.kind is Kind.NOTICE_ORDERED and str(entry.body.get("step")).endswith(UNREAD)
        if unread or entry.kind in OWN:
            yield entry.at
