"""The recorder of a test's installation, and who asks witnesses, in a process of their own.

In production both are tasks of every gateway (`gateway/log_dispatcher.py` says why); a gateway
without doors is what they are here, so that a test can kill them and leave the doors alone.
"""

import asyncio
from collections.abc import Callable

from gateway.log_dispatcher import LogDispatcher
from gateway.witness_dispatcher import WitnessDispatcher
from tests.faults.place import quick_doors
from workers.house import house
from workers.processes import doors_of
from workers.settings import Settings
from workers.worker import client_of


async def main(up: Callable[[], None]) -> None:
    """The log grows until this is killed; `up` is called when it can."""
    settings = Settings.load()
    async with house(settings) as home:
        address = settings.engine.address or ""
        client = await client_of(home, address=address, lazy=True)
        doors = quick_doors(await doors_of(home, address), client, task_queue=settings.task_queue)
        assert doors.log is not None
        assert doors.witnessing is not None
        up()
        await asyncio.gather(
            LogDispatcher(doors, doors.log).run(), WitnessDispatcher(doors, doors.witnessing).run()
        )
