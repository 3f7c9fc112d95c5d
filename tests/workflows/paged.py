"""A case whose stages are escalated by policies, from its opening to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.worker import Worker

from audit.export import codec_of
from audit.histories import fetch
from audit.strict_replay import strict_replay
from cases.acts import Cancel
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.scenarios import accepted
from tests.workflows.world import CaseUnderTest, World, open_case
from workers.engine import Engine

TEXT = (Path(__file__).parents[1] / "cases" / "paging.yaml").read_bytes()


@asynccontextmanager
async def running(
    engine: Engine, task_queue: str, world: World, *, cached: int, text: bytes = TEXT
) -> AsyncIterator[CaseUnderTest]:
    """A case in triage; it ends, is replayed strictly, and commits to all that came in."""
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(world, client, task_queue=task_queue, runbook="paging", text=text)
        yield case
        accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    await replay(engine, await runs_of(client, case))
    assert not world.forks
    history = await fetch(client, case.handle.id, codec=codec_of(client))
    replayed = await strict_replay(history, world.entries[case.handle.id])
    assert replayed.findings == ()
