"""A recorder process killed by signal 9 at every point, while doors go on writing."""

import asyncio
import signal
import sys

import pytest

from audit.log.recorder import LogPoint
from store import Store
from tests.audit.log.building import case_with, committed, door_says, recorder
from tests.store.building import START

_PATIENCE = 60


@pytest.mark.hostile(41)
@pytest.mark.parametrize("unharmed", [0, 2])
@pytest.mark.parametrize("point", LogPoint)
async def test_a_killed_recorder_loses_and_doubles_nothing(
    sqlite_store: Store, point: LogPoint, unharmed: int
) -> None:
    """Whoever comes after it finds a log without gap or double, and goes on with it."""
    case = await case_with(sqlite_store, "a", "triage", "closure")
    url = str(sqlite_store.database.url)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.audit.log.recorder_process", url, point.value, str(unharmed)
    )
    async with asyncio.timeout(_PATIENCE):
        while child.returncode is None:
            await door_says(sqlite_store, case, 5)
            await asyncio.sleep(0.05)

    await door_says(sqlite_store, case)
    await recorder(sqlite_store).record(at=START)

    assert child.returncode == -signal.SIGKILL
    await committed(sqlite_store, case)
