"""The shipped runbooks on the real server: every story, cached and uncached, replayed.

Hundreds of stories of days take long: most run with `-m library`, as `make accept-2` does. Of each
runbook the first three are always played, of most the first also without a cache; every story is
always played at a desk.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.workflows.playing import Played, play
from tests.workflows.scenarios import Scenario
from tests.workflows.stories import told
from workers.engine import Engine

pytestmark = pytest.mark.timeout(3000)

LONG = 1200.0
AT_ONCE = 3
"""A day without a cache is long: a story has much of the machine to itself."""
CACHES = {"cached": 1000, "uncached": 0}
OPENED: dict[str, dict[str, Any]] = {"cached": {}, "uncached": {"continue_after": 150}}
"""What a case is opened with: without a cache it goes on as a new run every so many events, or a
long story would read its history again a hundred times."""
ALWAYS = {"cached": 3, "uncached": 1}
"""How many stories of each runbook are played whenever tests run."""
LONGEST = frozenset({"personal-data-breach", "account-takeover-wave", "ai-safety-incident"})
"""Their shortest story takes minutes without a cache: it is played with the others."""
TOLD = told()

Plays = dict[tuple[str, str, str], asyncio.Task[Played]]


def every_way() -> Iterator[object]:
    """Runbook, story and cache, those that take minutes marked."""
    for runbook, stories in TOLD.items():
        for turn, name in enumerate(stories):
            for cache in CACHES:
                seldom = turn >= ALWAYS[cache] or (cache == "uncached" and runbook in LONGEST)
                marks = [pytest.mark.library] if seldom else []
                yield pytest.param(runbook, name, cache, marks=marks)


def _over(story: Scenario, opened: Mapping[str, Any]) -> Scenario:
    """The story, with that of how its case is opened that it leaves to others."""
    return replace(story, opened={**opened, **story.opened})


@pytest.fixture(scope="module")
async def plays(engine: Engine, request: pytest.FixtureRequest) -> AsyncIterator[Plays]:
    """The selected stories under way, some at a time, in the order of the tests that await them."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def played(runbook: str, name: str, cache: str) -> Played:
        async with turn:
            return await play(
                engine,
                _over(TOLD[runbook][name], OPENED[cache]),
                task_queue=f"{name}-{uuid.uuid4().hex[:8]}",
                cached=CACHES[cache],
                seconds=LONG,
            )

    wanted = [
        (str(params["runbook"]), str(params["name"]), str(params["cache"]))
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function)
        if hasattr(item, "callspec") and "cache" in (params := item.callspec.params)
    ]
    tasks = {key: asyncio.create_task(played(*key)) for key in wanted}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("runbook,name,cache", list(every_way()))
async def test_a_story_ends_with_a_whole_journal_and_replays(
    plays: Plays, *, runbook: str, name: str, cache: str
) -> None:
    """A case that has ended has a whole journal, a picture that agrees, and runs that replay."""
    played = await plays[(runbook, name, cache)]

    assert played.outcome.sequence == len(played.case.world.entries[played.case.handle.id])
