"""A gateway process of a test's installation that dies at a named fault point.

`FAULT_POINT` names the point, `FAULT_AFTER` how many times it is passed unharmed before. With
`FAULT_RECORDED_ELSEWHERE` the log is written by another process (`recorder_process.py`).
"""

import asyncio
import dataclasses
import os
import signal
from collections.abc import Callable
from datetime import timedelta

from gateway import event_dispatcher, prompt_closer
from gateway.faults import FaultPoint
from tests.faults.place import quick_doors
from workers.house import house
from workers.processes import doors_of, listening, running_gateway
from workers.settings import Settings
from workers.worker import client_of

EVENT_PAUSES = tuple(timedelta(seconds=s) for s in (1, 2, 4, 8, 16, 16, 16, 16, 16))
"""Where production waits for minutes and days before it sends an event again."""


class Killer:
    """Ends the process by signal 9 at its point."""

    def __init__(self, point: str, *, after: int) -> None:
        self._point = point
        self._after = after

    def __call__(self, point: FaultPoint) -> None:
        """The process is gone, if this is the point."""
        if point.value != self._point:
            return
        if self._after:
            self._after -= 1
            return
        os.kill(os.getpid(), signal.SIGKILL)


async def main(up: Callable[[], None]) -> None:
    """The doors are open until the process is killed, or kills itself; `up` is called then."""
    event_dispatcher.PAUSES = EVENT_PAUSES
    prompt_closer.UNDER_WAY = timedelta(seconds=float(os.environ.get("FAULT_ATTEMPT", "2")))
    settings = Settings.load()
    killer = Killer(
        os.environ.get("FAULT_POINT", ""), after=int(os.environ.get("FAULT_AFTER", "0"))
    )
    sock, settings = listening(settings)
    async with house(settings) as home:
        address = settings.engine.address or ""
        client = await client_of(home, address=address, lazy=True)
        real = await doors_of(home, address, faults=killer)
        doors = quick_doors(real, client, task_queue=settings.task_queue)
        if "FAULT_RECORDED_ELSEWHERE" in os.environ:
            doors = dataclasses.replace(doors, log=None, witnessing=None)
        async with running_gateway(home, address, sock=sock, doors=doors):
            up()
            await asyncio.Event().wait()
