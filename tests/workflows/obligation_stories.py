"""What happens to obligations: stories for the golden histories, and the plans they run on."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from temporalio.client import WorkflowHistory
from temporalio.worker import Worker

from cases.receipts import Outcome
from runbooks.plan import FollowUp, OwedKind
from tests.workflows.obligations import DAY, ObligationUnderTest, owe
from tests.workflows.playing import check_audible, client_of, runs_of
from tests.workflows.world import World
from workers.engine import Engine

RECHECK = FollowUp(
    name="recheck-7d", owner="triage", after=7 * DAY, title="Look again", kind=OwedKind.RECHECK
)
HOLD = FollowUp(
    name="hold",
    owner="legal",
    after=90 * DAY,
    title="Preserved data",
    kind=OwedKind.HOLD,
    review=(14 * DAY, 3 * DAY),
    every=90 * DAY,
    renewals=1,
    minimum=True,
)
PERIODIC = FollowUp(
    name="report", owner="policy", after=30 * DAY, kind=OwedKind.PERIODIC, every=30 * DAY
)


@dataclass(frozen=True)
class Story:
    """A plan, and what people do about it."""

    plan: FollowUp
    play: Callable[[ObligationUnderTest], Awaitable[None]]


async def a_recheck_is_late(owed: ObligationUnderTest) -> None:
    """It is extended, overdue after all, and found not to be over."""
    due = owed.request.due_at
    await owed.forward_to(due - DAY)
    assert (await owed.extend(due + 2 * DAY)).outcome is Outcome.ACCEPTED
    await owed.forward_to(due + 12 * DAY)
    receipt = await owed.settle("attention", person="tess", note="it is back")
    assert receipt.outcome is Outcome.ACCEPTED


async def a_hold_is_renewed_and_released(owed: ObligationUnderTest) -> None:
    """Reviewed, renewed, reviewed again, overdue, released; in several runs."""
    await owed.forward_to(owed.request.due_at - 2 * DAY)
    await owed.settle("renew", person="lena", note="the court asks for it")
    await owed.forward_to(owed.request.due_at + 200 * DAY)
    receipt = await owed.settle("release", turn=2, person="lena", note="it is over")
    assert receipt.outcome is Outcome.ACCEPTED


STORIES: Mapping[str, Story] = {
    "a_recheck_is_late": Story(RECHECK, a_recheck_is_late),
    "a_hold_is_renewed_and_released": Story(HOLD, a_hold_is_renewed_and_released),
}


async def play_owed(
    engine: Engine, story: Story
) -> tuple[ObligationUnderTest, list[WorkflowHistory]]:
    """The story has come to its end; every run it took."""
    world = World()
    client = await client_of(engine, world)
    queue = f"owed-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue):
        owed = await owe(world, client, story.plan, task_queue=queue, continue_after=80)
        await story.play(owed)
        await owed.handle.result()
    histories = await runs_of(client, owed)
    check_audible(histories)
    return owed, histories
