"""Imminent threat to life on the real server: every story, cached and uncached, replayed."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.workflows.imminent_threat import STORIES
from tests.workflows.playing import Played, play
from workers.engine import Engine

pytestmark = pytest.mark.timeout(1500)

LONG = 600.0
AT_ONCE = 3
"""A day without a cache is long: a story has much of the machine to itself."""
CACHES = {"cached": 1000, "uncached": 0}

Plays = dict[tuple[str, str], asyncio.Task[Played]]


@pytest.fixture(scope="module")
async def plays(engine: Engine, request: pytest.FixtureRequest) -> AsyncIterator[Plays]:
    """The selected stories under way, some at a time; each test awaits its own."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def told(name: str, cache: str) -> Played:
        async with turn:
            queue = f"{name}-{uuid.uuid4().hex[:8]}"
            return await play(
                engine, STORIES[name], task_queue=queue, cached=CACHES[cache], seconds=LONG
            )

    wanted = {
        (str(params["name"]), str(params["cache"]))
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function)
        if hasattr(item, "callspec") and "cache" in (params := item.callspec.params)
    }
    tasks = {key: asyncio.create_task(told(*key)) for key in sorted(wanted)}
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
