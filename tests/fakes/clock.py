"""A clock that stands still until somebody moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class FixedClock:
    """The present is what the test says."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    async def now(self, case: str | None = None) -> datetime:
        """The instant the test set."""
        return self.at

    def move(self, by: timedelta) -> None:
        """Later by so much."""
        self.at += by
