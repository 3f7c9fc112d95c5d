"""Which cases a sample takes: drawn when they close, by the case's own secret.

Nobody can know beforehand whether their case will be looked at, and nobody can choose: the salt is
the case's, and its history draws the same again.
"""

from cases.canonical import COMMITMENT_HEX
from cases.file import CaseFile
from runbooks.plan import FollowUp
from runbooks.plan.bulk import percent

_WHOLE = 16**COMMITMENT_HEX


def drawn(file: CaseFile, plan: FollowUp) -> bool:
    """Whether this case is in the sample; one that is owed everywhere always is."""
    if not plan.sample:
        return True
    ticket = int(file.record.commit(f"sample {plan.name}"), 16)
    return ticket < int(percent(plan.sample) * _WHOLE / 100)
