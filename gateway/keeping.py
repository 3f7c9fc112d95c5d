"""What the house itself refuses of a workflow's acts: an erased case, and what a hold forbids."""

from cases.acts import ActBody, Settle
from cases.receipts import Reason
from gateway.doors import Doors
from runbooks.plan import OwedKind
from store import CaseRow

_LETS_GO = "release"
"""The answer that lets preserved data go (`cases.obligations.answers`)."""


async def kept_from(doors: Doors, case: CaseRow, body: ActBody) -> Reason | None:
    """Why the act cannot be taken, whatever its case or obligation would say; None if it can."""
    if case.erased:
        return Reason.ERASED
    if not isinstance(body, Settle) or body.answer != _LETS_GO:
        return None
    owed = await doors.store.obligations.picture(case.id, body.obligation)
    if owed is None or owed.plan.kind is not OwedKind.HOLD:
        return None
    held = await doors.store.legal_holds.over(case.id)
    return Reason.UNDER_LEGAL_HOLD if held else None
