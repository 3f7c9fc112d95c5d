"""A shadow case on the real server: it walks its runbook, and nothing of it leaves the house."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Worker

from cases.ended_outside import ENDED_OUTSIDE
from cases.journal import Entry, Kind
from cases.report import TicketRef
from cases.state import CasePicture
from tests.workflows.playing import check_journal, client_of, replay, runs_of
from tests.workflows.scenarios import KNOWN, approve, close, escalate
from tests.workflows.world import CaseUnderTest, World, open_case
from workers.engine import Engine
from workflows.effects import OUTSIDE
from workflows.messages import TICKET_SIGNAL, CaseOutcome, TicketUpdated

CACHES = {"cached": 1000, "uncached": 0}
TICKET = TicketRef(system="zendesk", instance="acme", id="17")


async def solved(
    case: CaseUnderTest, *, status: str = "solved", tags: tuple[str, ...] = ()
) -> None:
    """The ticket says that today's process has ended."""
    news = TicketUpdated(
        delivery=f"news-{status}",
        at=await case.now(),
        ticket=TICKET,
        status=status,
        tags=tags,
    )
    await case.handle.signal(TICKET_SIGNAL, news)


def ordered_outside(histories: list[WorkflowHistory]) -> list[str]:
    """The activities of those histories that would have reached somebody."""
    return [
        name
        for history in histories
        for event in history.events
        if (name := event.activity_task_scheduled_event_attributes.activity_type.name) in OUTSIDE
    ]


def of_kind(case: CaseUnderTest, kind: Kind) -> list[Entry]:
    """The case's entries of that kind."""
    return [entry for entry in case.world.entries[case.handle.id] if entry.kind is kind]


def kept(case: CaseUnderTest) -> CasePicture:
    """The case as the store has it, when no worker is there to ask any more."""
    return CasePicture.of(case.world.fields[case.handle.id])


async def ended(engine: Engine, case: CaseUnderTest, outcome: CaseOutcome) -> None:
    """Whatever must hold of every shadow case that is over."""
    histories = await runs_of(case.skipper.client, case)
    await replay(engine, histories)
    check_journal(case, outcome)
    assert ordered_outside(histories) == []
    world = case.world
    assert (world.notices, world.performed, world.ticket_orders) == ([], [], [])
    assert (world.linked, world.split, world.owed) == ([], [], [])


@pytest.mark.parametrize("cache", CACHES)
async def test_a_ticket_that_is_solved_ends_the_shadow_wherever_it_is(
    engine: Engine, cache: str
) -> None:
    """Nobody practises: reminders, pages and the breach would have been, until the ticket ends."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=CACHES[cache]):
        case = await open_case(world, client, task_queue=queue, answers=KNOWN, shadow=True)
        await case.in_stage("triage")
        await case.forward(timedelta(minutes=20))
        await solved(case, status="open")
        await case.until(lambda seen: seen.breached)
        await solved(case, tags=("suspended",))
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())

    assert (outcome.status, outcome.disposition) == ("closed", ENDED_OUTSIDE)
    await ended(engine, case, outcome)
    seen = kept(case)
    assert seen.outside is not None
    assert (seen.outside.status, seen.outside.tags) == ("solved", ("suspended",))
    told = [
        (entry.body["purpose"], entry.body["role"]) for entry in of_kind(case, Kind.NOTICE_SHADOWED)
    ]
    assert told[0] == ("work", "triage")
    assert ("page", "incident-manager") in told
    assert of_kind(case, Kind.NOTICE_ORDERED) == []
    assert [entry.body["ended"] for entry in of_kind(case, Kind.OUTSIDE_ENDED)] == [
        seen.outside.at.isoformat()
    ]


@pytest.mark.parametrize("cache", CACHES)
async def test_people_may_practise_to_the_end_of_the_runbook(engine: Engine, cache: str) -> None:
    """Gates, actions and closing go as in any case: the action's receipt says it was not done."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=CACHES[cache]):
        case = await open_case(world, client, task_queue=queue, answers=KNOWN, shadow=True)
        await escalate(case)
        await approve(case, "legal-review", "lena")
        await case.in_stage("policy-sign-off")
        await approve(case, "policy-sign-off", "pia")
        await case.in_stage("closure")
        await close(case, "actioned")
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())

    await ended(engine, case, outcome)
    seen = kept(case)
    assert {(effect.name, effect.state) for effect in seen.effects} == {
        ("apply-action", "shadowed")
    }
    assert seen.outside is None
    assert of_kind(case, Kind.OBLIGATION_SHADOWED) != []
    assert of_kind(case, Kind.OBLIGATION_RECORDED) == []
