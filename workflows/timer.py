"""The one timer of a case: set for the next instant, and set anew only when that instant moves."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.pulse import Pulse


class Timer:
    """Knows for which instant it is set. Setting it for the same instant again costs nothing."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._set_for: tuple[datetime, str] | None = None
        self._sleeping: asyncio.Task[None] | None = None

    @property
    def fired(self) -> bool:
        """Whether its instant has come."""
        return self._sleeping is not None and self._sleeping.done()

    @property
    def at(self) -> datetime | None:
        """The instant it is set for."""
        return self._set_for[0] if self._set_for is not None else None

    def set(self, coming: tuple[datetime, str] | None) -> None:
        """It fires at that instant, and says in Temporal's history what for."""
        if coming == self._set_for and not self.fired:
            return
        self.stop()
        if coming is None:
            return
        instant, label = coming
        self._pulse.command()
        left = max(instant - workflow.now(), timedelta(milliseconds=1))
        self._set_for = coming
        self._sleeping = asyncio.create_task(self._sleep(left, label))

    def stop(self) -> None:
        """It fires no more."""
        if self._sleeping is not None and not self._sleeping.done():
            self._sleeping.cancel()
        self._sleeping = self._set_for = None

    async def _sleep(self, left: timedelta, label: str) -> None:
        await workflow.sleep(left, summary=label)
        # The course may be waiting for something else, and not look at the timer now.
        self._pulse.stir()
