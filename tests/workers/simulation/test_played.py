"""Cases played on the real server: the same twice, none stuck, and faults do what they say."""

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from cases.journal import Kind, check_chain
from tests.workers.simulation.orders import DEFAULT, ORDERS, model_with, order
from workers.engine import Engine
from workers.simulation.arrivals import DAY
from workers.simulation.faults import Fault
from workers.simulation.outside import Outside
from workers.simulation.simulation import Simulated, simulate
from workers.simulation.theatre import theatre

NEVER = {"day": 1.0, "night": 1.0}
ALL_THE_TIME = {"from": 0.0, "to": 1.0, "unreachable": 1.0, "nobody": 1.0}


@pytest.fixture(scope="module")
async def played(engine: Engine) -> Simulated:
    """Six cases of both runbooks, played once."""
    return await simulate(order(DEFAULT, ORDERS), engine=engine)


async def test_same_seed_same_account(engine: Engine, played: Simulated) -> None:
    """Account, coverage and every case's story are the same byte for byte when played again."""
    again = await simulate(order(DEFAULT, ORDERS), engine=engine)

    assert again.account.as_json == played.account.as_json
    assert again.coverage == played.coverage
    assert [s.passages for s in again.stories] == [s.passages for s in played.stories]


def test_every_case_ends_with_a_whole_journal(played: Simulated) -> None:
    """None is stuck, no journal has forked, and every chain ends in the closing entry."""
    account = played.account

    assert account.stuck == ()
    assert account.forks == 0
    assert account.closed + account.cancelled == account.cases == 6
    for story in played.stories:
        entries = story.played.placed.entries
        check_chain(entries)
        assert entries[-1].kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)


def test_clocks_are_due_when_the_oracle_says(played: Simulated) -> None:
    """Every clock that had to run did, due in the minute worked out without the engine."""
    clocks = played.account.truth.clocks

    assert clocks.of > 0
    assert clocks.right == clocks.of


def test_a_breached_clock_is_counted(played: Simulated) -> None:
    """The account counts each breach that a journal records, once, under its clock."""
    recorded: Counter[str] = Counter()
    for story in played.stories:
        for entry in story.played.placed.entries:
            if entry.kind is Kind.CLOCK_BREACHED:
                recorded[str(entry.body["clock"]).partition("#")[0]] += 1

    counted = {each.clock: each.breached for each in played.account.clocks if each.breached}
    assert counted
    assert sum(counted.values()) == sum(recorded.values())
    assert counted.keys() <= {name.rpartition("/")[0] or name for name in recorded} | set(recorded)


def test_coverage_counts_what_was_gone_through(played: Simulated) -> None:
    """A stage's count is the number of passages through it, and what nobody met is listed."""
    passages = Counter(
        passage.stage
        for story in played.stories
        if story.played.case.runbook == DEFAULT
        for passage in story.passages
    )
    covered = next(each for each in played.coverage if each.runbook == DEFAULT)
    stages = {item.name: item.times for item in covered.items if item.kind == "stage"}

    assert stages == {name: passages[name] for name in stages}
    assert covered.missed == tuple(item for item in covered.items if item.times == 0)


async def test_no_case_is_moved_while_the_server_waits_for_its_answer(
    client: Client, played: Simulated
) -> None:
    """The server gives a case that is moved in the middle of a task another one, for nothing."""
    moved = 0
    for story in played.stories:
        handle = client.get_workflow_handle(story.played.placed.id)
        kinds = [event.event_type async for event in handle.fetch_history_events()]
        for kind, following in pairwise(kinds):
            if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:
                moved += 1
                assert following != EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
    assert moved > len(played.stories)


async def test_crashes_at_once_leave_nothing_behind(engine: Engine) -> None:
    """However many cases end in one moment, one worker goes and one comes; none is forgotten."""
    asked = order()
    outside = Outside(staff=asked.staff, trouble=asked.trouble, seed=asked.seed)
    before = asyncio.all_tasks()
    async with theatre(engine, asked.runbooks, outside=outside) as place:
        await asyncio.gather(*(place.crash() for _ in range(4)))

    assert place.restarts == 4
    assert asyncio.all_tasks() == before


async def test_a_crash_of_the_worker_changes_nothing(engine: Engine) -> None:
    """A worker that loses all its memory in between leaves the same account as one that did not."""
    calm = await simulate(order(), engine=engine)
    crashed = await simulate(order(faults=(Fault.WORKER_CRASH,)), engine=engine)

    assert crashed.account.worker_restarts == crashed.performance.restarts == 3
    same = crashed.account.model_copy(
        update={"worker_restarts": 0, "simulation": calm.account.simulation}
    )
    assert same.as_json == calm.account.as_json


async def test_when_nobody_answers_the_clocks_run_out(engine: Engine) -> None:
    """With people who never answer by themselves every case is late, and still ends."""
    model = model_with(no_response=NEVER)
    silent = await simulate(order(cases=3, model=model), engine=engine)

    assert silent.account.stuck == ()
    assert all(story.breaches for story in silent.stories)
    assert silent.account.pages.pages > 0


async def test_no_shows_make_cases_late(engine: Engine) -> None:
    """The fault makes people answer as seldom as the model says."""
    model = model_with(
        no_response={"day": 0.0, "night": 0.0}, roles=_quick(), other_roles=_quick()["triage"]
    )
    there = await simulate(order(cases=3, model=model), engine=engine)
    away = model_with(
        no_response={"day": 0.19, "night": 0.19},
        roles=_quick(),
        other_roles=_quick()["triage"],
    )
    gone = await simulate(order(cases=3, model=away, faults=(Fault.NO_SHOWS,)), engine=engine)

    assert _breaches(there) == 0
    assert _breaches(gone) > 0


async def test_in_an_outage_notices_and_actions_end_as_failed(engine: Engine) -> None:
    """While it lasts nobody can be notified, on record, and a system's work is done by hand."""
    written = model_with().faults.model_dump(mode="json", by_alias=True)
    model = model_with(faults={**written, "provider-outage": ALL_THE_TIME})
    down = await simulate(
        order(ORDERS, cases=2, model=model, faults=(Fault.PROVIDER_OUTAGE,)), engine=engine
    )

    told = [told for story in down.stories for told in story.told]
    assert down.account.nobody_to_notify > 0
    assert {one.reached for one in told if one.minute < 2 * DAY} == {False}
    assert {one.reached for one in told if one.minute >= 2 * DAY} <= {True}
    assert down.account.effects["disable-content"]["failed"] > 0
    assert down.account.effects["disable-content"]["settled-by-person"] > 0
    assert down.account.stuck == ()


async def test_a_storm_of_orders_is_played_on_top(engine: Engine) -> None:
    """Its cases arrive within its hour and all of them end."""
    stormy = await simulate(order(ORDERS, cases=2, faults=("order-storm",)), engine=engine)
    storm = [s.played.case for s in stormy.stories if s.played.case.arrival.cause == "order-storm"]

    assert len(stormy.stories) == 2 + len(storm)
    assert storm
    assert all(abs(case.arrival.minute - 0.55 * 2 * DAY) <= 60 for case in storm)
    assert stormy.account.stuck == ()


def _breaches(found: Simulated) -> int:
    return sum(story.breaches for story in found.stories)


def _quick() -> dict[str, object]:
    """People who answer within a minute or two."""
    names = model_with().roles
    swift = {"tier": "L3", "handle": {"median": 1, "p95": 2}, "shifts": True}
    return dict.fromkeys(names, swift)
