"""The race of silence: signed in time counts, signed a second late never does (I18)."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.worker import Worker

from cases.acts import Decide, Verdict
from cases.receipts import Outcome
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.runbooks import SILENT
from tests.workflows.scenarios import KNOWN, close
from tests.workflows.world import World, open_case
from workers.engine import Engine

pytestmark = pytest.mark.timeout(120)

REJECT = Decide(gate="review", verdict=Verdict.REJECT, reason="not lawful")


@pytest.mark.parametrize("worker_up", [True, False], ids=["worker-up", "worker-down"])
@pytest.mark.parametrize(
    "seconds,counts", [(-1, True), (0, True), (1, False)], ids=["before", "at", "after"]
)
async def test_an_act_counts_by_when_it_was_signed(
    engine: Engine, task_queue: str, *, seconds: int, counts: bool, worker_up: bool
) -> None:
    """A rejection beats silence if it was signed by the deadline, whenever it arrives."""
    world = World()
    client = await client_of(engine, world)
    cached = 0 if worker_up else 1000
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(
            world, client, task_queue=task_queue, runbook="silent-gate", text=SILENT, answers=KNOWN
        )
        round_ = (await case.until(lambda seen: bool(seen.rounds))).rounds[0]
        assert round_.expires_at is not None
        signed_at = round_.expires_at + timedelta(seconds=seconds)
        envelope = await case.envelope(REJECT, person="lena", signed_at=signed_at)
        world.undelivered.append(envelope)
        if worker_up:
            await case.forward_to(round_.expires_at + timedelta(minutes=1))
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        if not worker_up:
            async with asyncio.timeout(60):
                await case.forward_to(round_.expires_at + timedelta(minutes=1))
        seen = await case.in_stage("closure")
        late = await case.deliver(envelope)

        state = seen.rounds[0].state.value
        assert state == ("rejected" if counts else "silent")
        assert late.outcome is (Outcome.DUPLICATE if counts else Outcome.TOO_LATE)
        assert bool(seen.effects) is not counts
        await case.until(lambda seen: not any(effect.open for effect in seen.effects))
        await close(case, "done")
        await case.handle.result()
    await replay(engine, await runs_of(client, case))
