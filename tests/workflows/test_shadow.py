"""A shadow case on the real server: it walks its runbook, and nothing of it leaves the house."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.client import WorkflowHistory
from temporalio.worker import Worker

from cases.acts import Complete
from cases.acts_between_cases import Split
from cases.ended_outside import ENDED_OUTSIDE
from cases.journal import Entry, Kind
from cases.report import Source, TicketRef
from cases.state import CasePicture
from runbooks import library
from tests.workflows.playing import check_journal, client_of, replay, runs_of
from tests.workflows.practising import practised
from tests.workflows.scenarios import KNOWN, accepted, approve, close, escalate
from tests.workflows.world import CaseUnderTest, World, open_case
from workers.engine import Engine
from workflows.effects import OUTSIDE
from workflows.messages import (
    JOINED_SIGNAL,
    TICKET_SIGNAL,
    CaseOutcome,
    ReportJoined,
    TicketUpdated,
)

pytestmark = pytest.mark.timeout(900)

CACHES = {"cached": 1000, "uncached": 0}
FEW = 6
EXAMPLES = 60 if settings.get_current_profile_name() == "full" else FEW
ANOTHER = TicketRef(system="zendesk", instance="acme", id="17")


async def solved(
    case: CaseUnderTest,
    *,
    status: str = "solved",
    tags: tuple[str, ...] = (),
    ticket: TicketRef | None = None,
) -> None:
    """The ticket says that today's process has ended."""
    news = TicketUpdated(
        delivery=f"news-{status}-{ticket is None}",
        at=await case.now(),
        ticket=ticket
        or TicketRef(system="standard", instance="test", id=case.request.report.external_id),
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
        await solved(case, status="closed", ticket=ANOTHER)
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


async def walked(
    engine: Engine, runbook: str, turns: list[int], *, cached: int, **answers: str
) -> CaseUnderTest:
    """A shadow case in which people practised those turns, until its ticket was solved."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=cached):
        case = await open_case(
            world, client, task_queue=queue, runbook=runbook, answers=answers, shadow=True
        )
        for turn in turns:
            seen = await case.picture()
            if seen.closed or seen.closing_act is not None:
                break
            if turn % 3 == 0:
                await case.forward(timedelta(minutes=1 + turn % 240))
                continue
            pathway = case.request.pathway
            at = await case.now()
            found = practised(seen, pathway, at=at, turn=turn, ends=False)
            if found is not None:
                body, person, role = found
                await case.act(body, person=person, role=role)
        await solved(case)
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())
    await ended(engine, case, outcome)
    return case


@pytest.mark.parametrize("runbook", library())
async def test_no_runbook_reaches_anybody_from_the_shadow(engine: Engine, runbook: str) -> None:
    """A day in which nobody acts: reminders, pages, unattended actions; none is ordered outside."""
    case = await walked(engine, runbook, [3 * minutes for minutes in (10, 25, 79, 79)], cached=1000)

    assert of_kind(case, Kind.NOTICE_SHADOWED)
    would_have_been = {entry.body["key"] for entry in of_kind(case, Kind.EFFECT_SHADOWED)}
    assert would_have_been == {effect.key for effect in kept(case).effects if effect.performed}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES == FEW,
)
@given(
    runbook=st.sampled_from(sorted(library())),
    turns=st.lists(st.integers(min_value=0, max_value=5_000), min_size=1, max_size=12),
)
async def test_no_order_outside_is_in_any_history(
    engine: Engine, runbook: str, turns: list[int]
) -> None:
    """Whatever people practise and however time passes; the history replays without a cache."""
    await walked(engine, runbook, turns, cached=0)


async def test_a_case_that_would_have_moved_opens_no_other(engine: Engine) -> None:
    """Where it would have gone on is on record; nothing begins there, live or in the shadow."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue):
        case = await open_case(world, client, task_queue=queue, answers=KNOWN, shadow=True)
        accepted(await case.act(Complete(stage="triage", outcome="threat-to-life"), person="tess"))
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())

    await ended(engine, case, outcome)
    assert outcome.disposition == "moved"
    (link,) = of_kind(case, Kind.LINK_SHADOWED)
    assert (link.body["why"], link.body["to"]) == ("moved-to", "imminent-threat-to-life")


async def test_a_report_that_joined_stays_in_the_shadow(engine: Engine) -> None:
    """A case of its own would be a live one, about what today's process has in hand."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue):
        case = await open_case(world, client, task_queue=queue, answers=KNOWN, shadow=True)
        joined = ReportJoined(
            delivery="standard:evt-2",
            source=Source.STANDARD,
            at=await case.now(),
            matter="m" * 16,
            because="the same campaign",
        )
        await case.handle.signal(JOINED_SIGNAL, joined)
        await case.until(lambda seen: bool(seen.offered))
        accepted(await case.act(Split(delivery="standard:evt-2", reason="another"), person="ines"))
        await case.until(lambda seen: seen.offered[0].why == "joined")
        await solved(case)
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())

    await ended(engine, case, outcome)
    refused_ = [
        entry.body["because"]
        for entry in of_kind(case, Kind.CASE_LINKED)
        if entry.body.get("why") == "split-failed"
    ]
    assert refused_ == ["shadow: no case is opened"]


async def test_a_shadow_goes_on_in_a_new_run(engine: Engine) -> None:
    """What it is crosses with its state: the later run sends nothing either."""
    world = World()
    client = await client_of(engine, world)
    queue = f"shadow-{uuid.uuid4().hex[:8]}"
    async with Worker(client, task_queue=queue, max_cached_workflows=0):
        case = await open_case(
            world, client, task_queue=queue, answers=KNOWN, shadow=True, continue_after=20
        )
        await case.forward(timedelta(minutes=20))
        await escalate(case)
        await case.forward(timedelta(hours=5))
        await solved(case)
        async with asyncio.timeout(60):
            outcome = CaseOutcome.model_validate(await case.handle.result())

    assert of_kind(case, Kind.CASE_CONTINUED)
    await ended(engine, case, outcome)
