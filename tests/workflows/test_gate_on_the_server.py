"""The gate on the real server answers as the pure one does, whatever people do."""

import asyncio
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.worker import Worker

from cases.acts import ActBody, Cancel, Decide, Dissent, Evidence, Memo, Verdict, Withdraw
from tests.cases.house import House
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.runbooks import FOUR_EYES
from tests.workflows.scenarios import KNOWN, accepted
from tests.workflows.world import PEOPLE, World, open_case
from workers.engine import Engine

pytestmark = pytest.mark.timeout(900)

ACTS: list[ActBody] = [
    *(Decide(gate="review", verdict=verdict, reason="so") for verdict in Verdict),
    Withdraw(gate="review"),
    Dissent(gate="review", reason="so"),
    Memo(gate="review", fields={"facts": "other facts"}),
    Evidence(label="item", reference="store", digest="d" * 64),
]
VOTERS = ("lena", "pia", "paul", "eve", "ines")
STORIES = st.lists(
    st.tuples(st.sampled_from(VOTERS), st.sampled_from(range(len(ACTS)))), min_size=1, max_size=8
)

EXAMPLES = 50 if settings.get_current_profile_name() == "full" else 4


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == 4,
)
@given(story=STORIES)
async def test_the_engine_changes_no_answer(engine: Engine, story: list[tuple[str, int]]) -> None:
    """Receipt for receipt and round for round, the workflow and the pure desk agree."""
    world, house = World(), House.of("four-eyes", text=FOUR_EYES)
    client = await client_of(engine, world)
    queue = f"gate-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=0):
        case = await open_case(
            world, client, task_queue=queue, runbook="four-eyes", text=FOUR_EYES, answers=KNOWN
        )
        first: ActBody = Memo(gate="review", fields={"facts": "known"})
        for person, body in [("lena", first), *((who, ACTS[which]) for who, which in story)]:
            role = PEOPLE[person][0]
            there = await case.act(body, person=person, role=role)
            here = house.act(body, person=person, role=role)
            assert (there.outcome, there.reason) == (here.outcome, here.reason)
        seen = await case.picture()
        assert seen.stage == house.state.stage
        assert [(item.kind, item.state, len(item.votes)) for item in seen.rounds] == [
            (item.kind, item.state, len(item.votes)) for item in house.state.rounds
        ]
        accepted(await case.act(Cancel(reason="the story ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    await replay(engine, await runs_of(client, case))
