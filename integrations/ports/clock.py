"""The one way to know what time it is (I16)."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Answers with an aware UTC instant."""

    async def now(self, case: str | None = None) -> datetime:
        """The present instant; for a simulated case, that case's virtual one (`case` = its id)."""
        ...
