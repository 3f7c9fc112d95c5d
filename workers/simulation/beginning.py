"""When a simulated week begins: on a Monday that has not come yet, so that it can be waited for.

A case lives on the engine's own calendar: business days, holidays and opening windows are those of
the dates it lives through. Two simulations are the same only where they begin on the same day.
"""

from datetime import UTC, datetime, timedelta

WEEK = timedelta(weeks=1)
AHEAD = timedelta(hours=1)
"""It has to lie this far ahead: cases are played a little after the week was chosen."""


def coming_monday(now: datetime) -> datetime:
    """The next Monday at 00:00 UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return not_yet_come(midnight - timedelta(days=midnight.weekday()), now=now)


def not_yet_come(instant: datetime, *, now: datetime) -> datetime:
    """The instant, or as many whole weeks later as it takes to lie ahead."""
    missing = now + AHEAD - instant
    if missing <= timedelta(0):
        return instant
    return instant + WEEK * -(-missing // WEEK)
