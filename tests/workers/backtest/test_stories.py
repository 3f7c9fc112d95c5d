"""Every story of every shipped runbook, played again under its own text, comes out the same."""

import asyncio
import uuid

import pytest

from audit.commitments import case_input
from audit.export import codec_of
from audit.histories import fetch
from cases.state import CasePicture
from runbooks import library, load_runbook
from tests.workflows.playing import client_of, play
from tests.workflows.scenarios import Scenario
from tests.workflows.stories import told
from tests.workflows.world import World
from workers.backtest.backtest import rerun
from workers.backtest.differences import differences
from workers.backtest.naming import Names
from workers.backtest.recorded import Recorded, recorded_of
from workers.engine import Engine

# Stories of days: with `-m library`, as `make accept-2` runs it.
pytestmark = [pytest.mark.library, pytest.mark.timeout(3000)]

AT_ONCE = 3
LONG = 1200.0


async def recorded(engine: Engine, name: str, story: Scenario, turn: asyncio.Semaphore) -> Recorded:
    """The story has been played, and is what its history and its journal tell."""
    async with turn:
        played = await play(
            engine, story, task_queue=f"{name}-{uuid.uuid4().hex[:8]}", seconds=LONG
        )
    client = await client_of(engine, World())
    history = await fetch(client, played.case.handle.id, codec=codec_of(client))
    request = case_input(history)
    assert request is not None
    entries = played.case.world.entries[history.case]
    picture = CasePicture.of(played.case.world.fields[history.case])
    assert Names.told(entries) == Names.of(picture)
    return recorded_of(request, entries, history, folder=name)


@pytest.mark.parametrize("runbook", told())
async def test_a_story_under_its_own_text_is_the_same_story(engine: Engine, runbook: str) -> None:
    """Stand-ins, dissents, call-backs, handovers, tolled clocks: no difference, nothing assumed."""
    turn = asyncio.Semaphore(AT_ONCE)
    stories = told()[runbook]
    cases = await asyncio.gather(
        *(recorded(engine, name, story, turn) for name, story in stories.items())
    )
    book = load_runbook(library()[runbook], file=f"{runbook}.yaml")
    again = await rerun(cases, {runbook: book}, engine=engine)

    found = differences(
        {each.folder: each.outcome for each in cases},
        {each.recorded.folder: each.outcome for each in again},
        tolerance=dict.fromkeys(stories, 1),
    )
    assert found.none, "\n".join(str(change) for change in found.changes)
    unsure = {each.recorded.folder: (*each.assumed, *each.dropped) for each in again}
    assert "\n".join(f"{name}: {one}" for name, each in unsure.items() for one in each) == ""
