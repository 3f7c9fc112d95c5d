"""The one place that reads the wall clock (I16)."""

from datetime import UTC, datetime


class SystemClock:
    """Answers with the machine's instant; every case lives in the same present."""

    async def now(self, case: str | None = None) -> datetime:
        """The present instant, aware and in UTC."""
        return datetime.now(tz=UTC)

    def __repr__(self) -> str:
        """Names the clock for logs."""
        return "SystemClock()"
