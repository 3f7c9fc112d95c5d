"""A recorder in a process of its own that dies by signal 9 at a named point.

Arguments: the store's URL, the point, and how often it is passed unharmed before.
"""

import asyncio
import os
import signal
import sys

from audit.log.recorder import LogPoint
from store import DEMO_KEK, Store
from tests.audit.log.building import recorder
from tests.store.building import START


async def main(url: str, point: LogPoint, unharmed: int) -> None:
    """Records until it is dead."""
    left = unharmed

    def reached(here: LogPoint) -> None:
        nonlocal left
        if here is not point:
            return
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async with await Store.open(url, kek=DEMO_KEK) as store:
        writing = recorder(store, reached=reached)
        while True:
            await writing.record(at=START)
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], LogPoint(sys.argv[2]), int(sys.argv[3])))
