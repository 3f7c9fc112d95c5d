"""Every story, on the real server, cached and uncached, by both walks, replayed."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.workflows.playing import Played, commands_of, play
from tests.workflows.scenarios import DEFAULT, SCENARIOS
from workers.engine import Engine

pytestmark = pytest.mark.timeout(240)

AT_ONCE = 6
"""Most of a story is waiting for the server: they wait together."""

PLAYED = [(name, walk) for name, scenario in SCENARIOS.items() for walk in scenario.walks]
CACHES = {"cached": 1000, "uncached": 0}

Plays = dict[tuple[str, str, str], asyncio.Task[Played]]


@pytest.fixture(scope="module")
async def plays(engine: Engine, request: pytest.FixtureRequest) -> AsyncIterator[Plays]:
    """The selected stories under way, some at a time; each test awaits its own."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def told(name: str, walk: str, cache: str) -> Played:
        async with turn:
            return await play(
                engine,
                SCENARIOS[name],
                task_queue=f"{name}-{uuid.uuid4().hex[:8]}",
                walk=walk,
                cached=CACHES[cache],
            )

    wanted = {
        (params["name"], params["walk"], params["cache"])
        for item in request.session.items
        if item.path == request.path and "cache" in (params := _params(item))
    }
    tasks = {key: asyncio.create_task(told(*key)) for key in sorted(wanted)}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


def _params(item: pytest.Item) -> dict[str, Any]:
    return (
        item.callspec.params
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else {}
    )


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("name,walk", PLAYED)
async def test_a_story_ends_with_a_whole_journal_and_replays(
    plays: Plays, *, name: str, walk: str, cache: str
) -> None:
    """A case that has ended has a whole journal, a picture that agrees, and runs that replay."""
    played = await plays[(name, walk, cache)]

    assert played.outcome.sequence == len(played.case.world.entries[played.case.handle.id])


@pytest.mark.parametrize("name", ["everybody_agrees", "legal_rejects", "more_information_is_asked"])
async def test_the_default_pathway_issues_the_same_commands_as_python_and_as_a_graph(
    engine: Engine, *, name: str
) -> None:
    """Engineers get code, analysts get YAML: both issue the same commands (design §5)."""
    graph, python = await asyncio.gather(
        *(
            play(engine, SCENARIOS[name], task_queue=f"{walk}-{uuid.uuid4().hex[:8]}", walk=walk)
            for walk in ("runbook", DEFAULT)
        )
    )

    assert await commands_of(graph) == await commands_of(python)
