"""Versioned workers: nothing is theirs before `escalate worker promote` says so."""

import asyncio
from pathlib import Path

import pytest

from tests.cli.conftest import installed
from workers.engine import Engine
from workers.errors import NotSetUpError
from workers.processes import running_worker
from workers.promoting import promote
from workers.worker import client_of

pytestmark = pytest.mark.timeout(120)

_LOOKS = 100


async def test_a_build_gets_cases_once_it_is_promoted(
    engine: Engine, tmp_path: Path, task_queue: str, logs_elsewhere: None
) -> None:
    """A case that waited for a build runs on it; an unknown build is refused with what to do."""
    async with (
        installed(tmp_path, task_queue=task_queue, address=engine.address) as place,
        running_worker(place.house, engine.address, build_id=task_queue),
    ):
        client = await client_of(place.house, address=engine.address)
        imani = await place.terminal("imani")
        number = (await imani.json("case", "open", "--no-wait"))["case"]

        with pytest.raises(NotSetUpError, match="escalate worker --build-id nobody"):
            await promote(client, "nobody")
        for _ in range(_LOOKS):
            try:
                await promote(client, task_queue)
                break
            except NotSetUpError:
                # Its first poll has not reached the server yet.
                await asyncio.sleep(0.1)
        for _ in range(_LOOKS):
            if (await imani.json("case", "list"))["cases"]:
                break
            await asyncio.sleep(0.1)
        case = await imani.json("case", "show", number)

    assert case["state"]["stage"] == "triage"
