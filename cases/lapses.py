"""What lapses or comes up by itself, in the order in which a case takes it at an instant.

`CaseState.next_instant` names each of these instants. One that nobody takes stays the next for
ever, so whoever moves a case in time takes both halves, and the case's clocks in between.
"""

from datetime import datetime

from cases import claims, escalations, handing_over, held, leases, severity
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.notice import Purpose


def before_clocks(file: CaseFile, *, at: datetime) -> None:
    """Claims, offers and a severity set for a time are over; a hold to look at again is told."""
    claims.lapse(file, at=at)
    handing_over.lapse(file, at=at)
    severity.lapse(file, at=at)
    hold = file.state.hold
    if hold is not None and not hold.reviewed and hold.review_at <= at:
        file.state.hold = hold.model_copy(update={"reviewed": True})
        file.tell(Purpose.REVIEW, INCIDENT_MANAGER, stage=file.state.stage)


def after_clocks(file: CaseFile, *, at: datetime) -> None:
    """Notices that were kept, acknowledgements and steps of a policy: each that is due is taken.

    Nothing of it matters once a case is closing.
    """
    if file.state.closing_act is not None:
        return
    held.take_due(file, at=at)
    leases.take_due(file, at=at)
    escalations.take_due(file, at=at)
