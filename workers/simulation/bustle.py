"""Whether anything is being done for a case: known here, so that the server is asked less often.

The worker of a simulation runs in this process. While one of a case's activities runs, and for a
moment after it has ended, the case does not rest; asking the server meanwhile only costs it time.
"""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

MOMENT = 0.1
"""Seconds in which a case that was told something asks for the next thing."""


class Bustle(Interceptor):
    """Counts what runs for each case, and when the last of it ended."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._ended: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Event] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Every activity of the worker is counted."""
        return _Counted(next, self)

    async def over(self, case: str, *, until: float) -> None:
        """Nothing runs for the case, and nothing has ended a moment ago; or it is that late."""
        clock = asyncio.get_running_loop().time
        while True:
            try:
                async with asyncio.timeout_at(until):
                    while self._running.get(case):
                        await self._waiting.setdefault(case, asyncio.Event()).wait()
            except TimeoutError:
                return
            left = self._ended.get(case, 0.0) + MOMENT - clock()
            if left <= 0:
                return
            await asyncio.sleep(left)

    def begun(self, case: str) -> None:
        """Something runs for the case."""
        self._running[case] = self._running.get(case, 0) + 1

    def ended(self, case: str) -> None:
        """One thing less runs for it."""
        self._ended[case] = asyncio.get_running_loop().time()
        self._running[case] -= 1
        if not self._running[case] and (waiting := self._waiting.pop(case, None)) is not None:
            waiting.set()


class _Counted(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, bustle: Bustle) -> None:
        super().__init__(following)
        self._bustle = bustle

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        case = activity.info().workflow_id or ""
        self._bustle.begun(case)
        try:
            return await super().execute_activity(input)
        finally:
            self._bustle.ended(case)
