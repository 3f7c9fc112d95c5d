"""A decision taken back on the real engine: the same out of YAML and out of Python, replayed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.worker import Worker

from cases.acts import Cancel, Decide, Verdict
from cases.acts_at_gates import Condition, Revoke
from cases.acts_on_tasks import Finish
from cases.gate import RoundKind
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.scenarios import KNOWN, accepted, approve, escalate
from tests.workflows.world import World, open_case
from workers.engine import Engine

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("walk", ["runbook", "user-safety-escalation"])
@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_decision_is_taken_back_from_a_later_stage(
    engine: Engine, task_queue: str, *, cached: int, walk: str
) -> None:
    """Legal's approval, given on a condition, is taken back at Policy's gate, and given again."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(world, client, task_queue=task_queue, walk=walk, answers=KNOWN)
        await escalate(case)
        due = datetime.now(UTC) + timedelta(days=2)
        condition = Condition(what="Blur it first", owner="triage", due=due)
        given = Decide(gate="legal-review", verdict=Verdict.CONDITIONS, conditions=(condition,))
        accepted(await case.act(given, person="lena"))
        await case.in_stage("policy-sign-off")
        accepted(await case.act(Finish(task="task-1", reference="OPS-1"), person="tess"))

        back = Revoke(gate="legal-review", reason="a fact was wrong")
        accepted(await case.act(back, person="lena"))
        seen = await case.in_stage("legal-review")
        assert seen.rounds[-1].kind is RoundKind.CORRECTION
        await approve(case, "legal-review", "lena")
        await case.in_stage("policy-sign-off")
        await approve(case, "policy-sign-off", "pia")
        await case.in_stage("closure")

        accepted(await case.act(Cancel(reason="the test ends"), person="ines"))
        async with asyncio.timeout(60):
            await case.handle.result()
    await replay(engine, await runs_of(client, case))
    assert not world.forks
