"""How many cases are under way at once: as many as the machine can keep punctual.

Virtual time goes on while the machine computes. A case whose acts land seconds late could have its
clocks and its people in another order than planned, so fewer are played when acts begin to lag.
"""

import asyncio
from datetime import timedelta
from types import TracebackType

LAGGING = timedelta(seconds=2.5)
"""A skip alone is answered about a second after it has happened."""
TOO_LATE = timedelta(seconds=6)
"""A case in which anything came later than this is played again."""
ON_THE_DOT = timedelta(seconds=3)
"""So late at most is what comes among few, where order hangs on seconds."""


class Pace:
    """A number of places that grows while everything is on time, and shrinks when it is not."""

    def __init__(self, *, first: int = 24, least: int = 2, most: int = 64) -> None:
        self._places = float(first)
        self._least = least
        self._most = most
        self._taken = 0
        self._free = asyncio.Condition()
        self._since_slowed = 0
        self.worst = timedelta(0)
        """The latest that anything has been."""

    @property
    def places(self) -> int:
        """How many there are now."""
        return int(self._places)

    async def __aenter__(self) -> None:
        """A place is taken."""
        async with self._free:
            await self._free.wait_for(lambda: self._taken < self.places)
            self._taken += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The place is free again."""
        async with self._free:
            self._taken -= 1
            self._free.notify_all()

    def lagged(self, by: timedelta) -> None:
        """Something came so much later than planned."""
        self.worst = max(self.worst, by)
        self._since_slowed += 1
        if by <= LAGGING:
            self._places = min(self._places + 1 / self._places, self._most)
        elif self._since_slowed > self._taken:
            # What is under way now was begun at the old pace: it is judged once.
            self._places = max(self._places * 0.7, self._least)
            self._since_slowed = 0
