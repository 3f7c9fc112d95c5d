"""Imminent threat to life on the real server: every story, cached and uncached, replayed."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from runbooks import compile_runbook, library, load_runbook
from tests.workflows.covering import everything, exercised
from tests.workflows.imminent_threat import STORIES, THREAT
from tests.workflows.playing import Played, play
from workers.engine import Engine

pytestmark = pytest.mark.timeout(400)

AT_ONCE = 6
CACHES = {"cached": 1000, "uncached": 0}

Plays = dict[tuple[str, str], asyncio.Task[Played]]


@pytest.fixture(scope="module")
async def plays(engine: Engine) -> AsyncIterator[Plays]:
    """Every story under way, some at a time; each test awaits its own."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def told(name: str, cache: str) -> Played:
        async with turn:
            queue = f"{name}-{uuid.uuid4().hex[:8]}"
            return await play(engine, STORIES[name], task_queue=queue, cached=CACHES[cache])

    tasks = {
        (name, cache): asyncio.create_task(told(name, cache))
        for cache in CACHES
        for name in STORIES
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("name", STORIES)
async def test_a_story_ends_with_a_whole_journal_and_replays(
    plays: Plays, *, name: str, cache: str
) -> None:
    """A case that has ended has a whole journal, a picture that agrees, and runs that replay."""
    played = await plays[(name, cache)]

    assert played.outcome.sequence == len(played.case.world.entries[played.case.handle.id])


async def test_the_stories_take_every_way_the_runbook_knows(plays: Plays) -> None:
    """No stage, outcome, verdict, late step, clock, table row, effect or ending is untried."""
    runbook = load_runbook(library()[THREAT], file=f"{THREAT}.yaml")
    wanted = everything(runbook, compile_runbook(runbook))

    played = [await plays[(name, "cached")] for name in STORIES]
    tried = {
        line for each in played for line in exercised(each.case.world.entries[each.case.handle.id])
    }

    assert sorted(wanted - tried) == []
