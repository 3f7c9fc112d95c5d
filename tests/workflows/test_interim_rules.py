"""An interim rule on the real server: it expires by itself, unless somebody decided in time."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.worker import Worker

from cases.acts import Settle
from cases.journal import check_chain
from runbooks.plan import FollowUp, OwedKind
from tests.workflows.obligations import DAY, ObligationUnderTest, owe
from tests.workflows.playing import client_of, replay, runs_of
from tests.workflows.world import World
from workers.engine import Engine
from workflows.messages import ObligationOutcome

pytestmark = pytest.mark.timeout(240)

RULE = FollowUp(
    name="rule-guidance",
    owner="policy",
    after=30 * DAY,
    title="Guidance",
    kind=OwedKind.RULE,
    review=(7 * DAY, DAY),
    confirm="policy-executive",
)
HOUR = timedelta(hours=1)


async def ended(owed: ObligationUnderTest) -> ObligationOutcome:
    """How it ended; its record is whole."""
    async with asyncio.timeout(60):
        outcome = ObligationOutcome.model_validate(await owed.handle.result())
    assert check_chain(owed.entries) == outcome.head
    assert owed.kinds[-1] == "obligation:work:ended"
    return outcome


@pytest.mark.parametrize("cached", [1000, 0])
async def test_a_rule_expires_by_itself_on_record(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """A week and a day before its end it is told, and when it has ended as well."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        owed = await owe(world, client, RULE, task_queue=task_queue)
        await owed.forward_to(owed.request.due_at + HOUR)
        outcome = await ended(owed)

    assert (outcome.answer, outcome.turns) == ("expired", 1)
    assert owed.kinds.count("obligation:rule:expired") == 1
    assert [(role, step) for _, role, step in owed.told if role == "policy-executive"] == [
        ("policy-executive", "begun"),
        ("policy-executive", "7d before"),
        ("policy-executive", "1d before"),
        ("policy-executive", "expired"),
    ]
    assert ("rule", "incident-manager", "expired") in owed.told
    await replay(engine, await runs_of(client, owed))


async def test_an_act_signed_in_time_keeps_it_although_it_comes_late(
    engine: Engine, task_queue: str
) -> None:
    """Before it expires the door is asked for what was signed and not delivered yet (I18)."""
    world = World()
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue):
        owed = await owe(world, client, RULE, task_queue=task_queue)
        due = owed.request.due_at
        await owed.forward_to(due - HOUR)
        body = Settle(obligation=RULE.name, turn=1, answer="confirmed", reference="POL-9")
        signed = await owed.envelope(body, person="xena", at=due - timedelta(minutes=5))
        world.undelivered.append(signed)
        await owed.forward_to(due + HOUR)
        outcome = await ended(owed)

    assert outcome.answer == "confirmed"
    assert "obligation:rule:expired" not in owed.kinds
    await replay(engine, await runs_of(client, owed))
