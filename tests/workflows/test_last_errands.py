"""What was ordered by what ended a case is done when it ends, not minutes later."""

import asyncio
import uuid

from temporalio.worker import Worker

from cases.acts import Complete
from tests.workflows.playing import check_journal, client_of, replay, runs_of
from tests.workflows.scenarios import accepted
from tests.workflows.stories.non_consensual_intimate_imagery import RUNBOOK, STORIES
from tests.workflows.world import World, open_case
from workers.engine import Engine
from workflows.messages import CaseOutcome


async def test_what_cannot_be_undone_does_not_wait_for_the_last_minutes(engine: Engine) -> None:
    """A child may be shown: the image is gone at once, though nothing else is under way by then."""
    world, queue = World(), f"errands-{uuid.uuid4().hex[:8]}"
    client = await client_of(engine, world)
    async with Worker(client, task_queue=queue):
        case = await open_case(
            world,
            client,
            task_queue=queue,
            runbook=RUNBOOK,
            **STORIES["a_child_may_be_shown"].opened,
        )
        async with asyncio.timeout(20):
            while (  # noqa: ASYNC110 - the server is asked
                not case.kinds or (await case.handle.describe()).raw_description.pending_activities
            ):
                await asyncio.sleep(0.05)
            accepted(await case.act(Complete(stage="validity", outcome="minor"), person="tess"))
            outcome = CaseOutcome.model_validate(await case.handle.result())

    check_journal(case, outcome)
    assert [order.name for order in world.performed] == ["remove-content", "block-hash"]
    await replay(engine, await runs_of(client, case))
