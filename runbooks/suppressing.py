"""Which reports are held back for a time, and what is never held back. Pure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from runbooks.plan import Severity
from runbooks.routing import RouteFacts, RoutingTable, condition_table, values_of

NEVER = frozenset({Severity.SEV0, Severity.SEV1})
"""What the severity table may say of a report that no rule hides."""


class Suppressed(BaseModel):
    """The rule that holds a report back, with whoever answers for it."""

    model_config = ConfigDict(frozen=True)

    name: str
    owner: str
    because: str
    until: str
    tell_at: int


def suppressed(
    table: RoutingTable,
    facts: RouteFacts,
    *,
    severity: Severity,
    subject: str | None,
    at: datetime,
) -> Suppressed | None:
    """The first rule that holds this report back at that instant; None when it opens a case.

    `severity` is what the table of its runbook says of it before anybody has read it; `subject` is
    whom it is about, hashed.
    """
    if severity in NEVER:
        return None
    for row in table.document.suppress:
        if not row.since <= at.date() <= row.until:
            continue
        if row.subject is not None and not (subject or "").startswith(row.subject):
            continue
        conditions = condition_table([(row.if_, row.name)])
        if conditions.decide(values_of(conditions, facts)).row is not None:
            return Suppressed(
                name=row.name,
                owner=row.owner,
                because=row.because,
                until=row.until.isoformat(),
                tell_at=row.tell_at,
            )
    return None
