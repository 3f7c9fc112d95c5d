"""What was recorded at the door stops what comes due before it is delivered (I18)."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity

from cases.acts import Acknowledge, ActBody, Claim, Evidence
from cases.at_door import may_stop, new_to
from cases.envelope import Act
from cases.notice import AtDoor, NoticeEnd, NoticeOrder, NoticeResult, Purpose
from cases.paging import RunState
from tests.workflows.paged import TEXT, running
from tests.workflows.scenarios import accepted
from tests.workflows.world import CaseUnderTest, World
from workers.engine import Engine

pytestmark = pytest.mark.timeout(120)

PLAIN = TEXT.replace(b"    escalate: reach-triage\n", b"").replace(
    b"{at: 75%, remind: triage}", b"{at: 75%, page: triage}"
)
"""The same without a policy at triage, which is paged at six hours."""
TEN, HOUR = timedelta(minutes=10), timedelta(hours=1)


class Door(World):
    """A world whose door keeps acts that the case has not heard of."""

    asked_back = 0

    @activity.defn(name="notify")
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """As the real one: nobody is told before the case has heard who may have it."""
        acts = [
            AtDoor(act=Act.model_validate_json(each.payload).act, envelope=each)
            for each in self.undelivered
        ]
        waiting = tuple(act for act in acts if new_to(order, act))
        if any(may_stop(act, order) for act in waiting):
            self.asked_back += 1
            return NoticeResult(end=NoticeEnd.ACKNOWLEDGED, acts=waiting)
        self.notices.append(order)
        return NoticeResult(end=NoticeEnd.DELIVERED)

    def told(self, *purposes: Purpose) -> list[NoticeOrder]:
        """What was really sent."""
        return [order for order in self.notices if order.purpose in purposes]


async def record(
    case: CaseUnderTest, world: World, body: ActBody, *, person: str, role: str | None = None
) -> None:
    """The door has the act, and it is on its way for a long time."""
    world.undelivered.append(await case.envelope(body, person=person, role=role))


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_page_due_after_an_acknowledgement_was_recorded_is_not_sent(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """A late step with no policy: the case hears the act with the page's answer, and is told so."""
    world = Door()
    async with running(engine, task_queue, world, cached=cached, text=PLAIN) as case:
        await case.forward(HOUR * 5 + TEN * 5)
        await record(case, world, Acknowledge(stage="triage"), person="tess")
        await case.forward(TEN + TEN)
        seen = await case.until(lambda seen: bool(seen.leases))

    assert seen.leases[0].person == "tess"
    assert world.asked_back == 1
    assert [order.role for order in world.told(Purpose.PAGE) if order.of_step is None] == []
    ends = [
        (entry.body["end"], entry.body.get("because"))
        for entry in world.entries[case.handle.id]
        if entry.kind.value == "notice:message:ended" and entry.body["purpose"] == "page"
    ]
    assert ("acknowledged", "tess has it") in ends


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_page_goes_when_what_was_recorded_is_no_answer_to_it(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """The case refuses the act of somebody whose work it is not: the page is sent, once."""
    world = Door()
    async with running(engine, task_queue, world, cached=cached, text=PLAIN) as case:
        await case.forward(HOUR * 5 + TEN * 5)
        await record(case, world, Acknowledge(stage="triage"), person="priya")
        await case.forward(TEN + TEN)
        async with asyncio.timeout(20):
            while not [o for o in world.told(Purpose.PAGE) if o.role == "triage"]:  # noqa: ASYNC110 -- the activity says nothing when it begins
                await asyncio.sleep(0.02)

    pages = [order for order in world.told(Purpose.PAGE) if order.role == "triage"]
    assert len(pages) == 1
    assert pages[0].heard
    assert "act:envelope:refused" in world.kinds(case.handle.id)


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_a_policy_takes_no_step_that_an_act_at_the_door_has_stopped(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """Not even on record: the second step never came, and nobody was told of it."""
    world = Door()
    async with running(engine, task_queue, world, cached=cached) as case:
        await case.forward(TEN)
        async with asyncio.timeout(20):
            while not [o for o in world.notices if o.of_step]:  # noqa: ASYNC110 -- the activity says nothing when it begins
                await asyncio.sleep(0.02)
        await record(case, world, Acknowledge(stage="triage"), person="tess")
        await case.forward(TEN)
        await case.until(lambda seen: seen.escalations[0].state is RunState.ACKNOWLEDGED)

    steps = [
        entry.body["step"]
        for entry in world.entries[case.handle.id]
        if entry.kind.value == "people:escalation:stepped"
    ]
    assert steps == [1]
    assert [order.of_step.step for order in world.notices if order.of_step] == [1]


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "uncached"])
async def test_whoever_has_worked_lets_nothing_lapse(
    engine: Engine, task_queue: str, *, cached: int
) -> None:
    """Evidence that waits at the door renews the lease and the claim: nobody is named."""
    world = Door()
    async with running(engine, task_queue, world, cached=cached) as case:
        accepted(await case.act(Acknowledge(stage="triage"), person="tess"))
        accepted(await case.act(Claim(), person="tess"))
        lease = (await case.picture()).leases[0]
        await case.forward_to(lease.until - TEN)
        item = Evidence(label="item", reference="vault:1", digest="ab" * 32)
        await record(case, world, item, person="tess")
        await case.forward(TEN * 2)
        seen = await case.until(lambda seen: seen.leases[0].until > lease.until)
        world.undelivered.clear()
        await case.forward_to(seen.leases[0].until + timedelta(seconds=1))
        later = await case.until(lambda seen: not seen.leases)

    kinds = world.kinds(case.handle.id)
    lapses = [e for e in world.entries[case.handle.id] if e.kind.value == "people:lease:lapsed"]
    assert seen.escalations[0].lapsed == []
    assert later.escalations[0].lapsed == ["tess"], "with nothing at the door it does lapse"
    assert len(lapses) == 1
    assert kinds.index("evidence:item:added") < kinds.index("people:lease:lapsed")
