"""What a case may order from outside, and what holds it back."""

from datetime import timedelta

from runbooks.compact import Compact
from runbooks.plan.bulk import BulkPlan
from runbooks.plan.words import Role


class Clearance(Compact):
    """Who lets an effect happen that was ordered and held back, and by when they are asked to."""

    by: Role
    within: timedelta


class EffectPlan(Compact):
    """An outside action the runbook may order."""

    name: str
    title: str
    by: str = "manual"
    """`manual`, or `webhook:<connector>`: a signed outgoing webhook to a configured connector."""
    owner: Role = "incident-manager"
    within: timedelta = timedelta(hours=24)
    instruction: str = ""
    compensate: str | None = None
    irreversible: bool = False
    protective: bool = False
    """A content action that may proceed on silence and is reviewed after (I11)."""
    discloses: bool = False
    """Hands user data to somebody outside: never by silence (I11)."""
    clearance: Clearance | None = None
    """Held back, once ordered, until somebody clears it."""
    bulk: BulkPlan | None = None
    """Carried out step by step, under dual control above its threshold."""
