"""Whether too many of those that were checked were the wrong ones."""

from collections.abc import Iterable
from datetime import datetime

from cases.many import Look
from runbooks.plan import BulkGuardPlan
from runbooks.plan.bulk import percent


def too_many(looks: Iterable[Look], guard: BulkGuardPlan, *, at: datetime) -> str:
    """What stops the effect, in words; empty while its signal is within the limit.

    Looks of the last `within` are counted together: three small samples say what one of them alone
    would not.
    """
    recent = [look for look in looks if look.at > at - guard.within]
    checked = sum(look.checked for look in recent)
    wrong = sum(look.wrong for look in recent)
    if checked < guard.at_least or wrong * 100 <= percent(guard.above) * checked:
        return ""
    return f"{guard.signal}: {wrong} of {checked}, above {guard.above}"
