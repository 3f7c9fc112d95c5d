"""An effect on many: how many it may concern without approval, in which steps, watched by whom."""

from datetime import timedelta
from decimal import Decimal

from runbooks.compact import Compact
from runbooks.plan.words import Role


def percent(share: str) -> Decimal:
    """The number in front of the sign: `0.5%` is 0.5."""
    return Decimal(share.removesuffix("%"))


def part_of(share: str, total: int) -> int:
    """How many of `total` the share is, rounded up: a canary is never empty."""
    hundredths = int(percent(share) * 100)
    return -(-hundredths * total // 10_000)


class BulkStepPlan(Compact):
    """Up to which share a step goes, and how long it is watched before the next."""

    share: str
    watch: timedelta = timedelta(0)


class BulkGuardPlan(Compact):
    """When too many of those that were checked were hit wrongly."""

    signal: str
    above: str
    within: timedelta
    at_least: int = 1
    by: Role
    ask: str = ""
    """The connector that is asked first: `webhook:<connector>`."""


class BulkPlan(Compact):
    """How an effect on many is carried out."""

    count: str
    listed: str
    above: int
    gate: str
    steps: tuple[BulkStepPlan, ...]
    guard: BulkGuardPlan | None = None
