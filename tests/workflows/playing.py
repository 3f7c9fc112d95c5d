"""Plays a scenario on the engine and checks what must hold of every case that has ended."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.worker import Replayer, Worker

from cases.journal import check_chain
from cases.state import CasePicture
from tests.workflows.scenarios import Scenario
from tests.workflows.world import CaseUnderTest, OneKeyring, World, open_case
from workers.engine import Engine
from workers.temporal import connect, plugin
from workflows.effects import EffectResult, EffectState
from workflows.messages import CaseOutcome


async def client_of(engine: Engine, world: World) -> Client:
    """A client whose workers run the cases of that world."""
    return await connect(
        engine.address,
        namespace=engine.namespace,
        keyring=OneKeyring(),
        activities=world.activities,
    )


@dataclass(frozen=True)
class Played:
    """A case that has ended, and every run it took."""

    case: CaseUnderTest
    outcome: CaseOutcome
    histories: list[WorkflowHistory]


async def play(
    engine: Engine,
    scenario: Scenario,
    *,
    task_queue: str,
    walk: str = "runbook",
    cached: int = 1000,
    seconds: float = 180,
) -> Played:
    """The scenario's case has ended, its journal holds, and every run of it replays."""
    world = World()
    for name in scenario.by_hand:
        world.effect_results[name] = EffectResult(state=EffectState.MANUAL)
    client = await client_of(engine, world)
    async with Worker(client, task_queue=task_queue, max_cached_workflows=cached):
        case = await open_case(
            world,
            client,
            task_queue=task_queue,
            runbook=scenario.runbook,
            walk=walk,
            **scenario.opened,
        )
        async with asyncio.timeout(seconds):
            await scenario.play(case)
            outcome = CaseOutcome.model_validate(await case.handle.result())
    histories = await runs_of(client, case)
    await replay(engine, histories)
    check_journal(case, outcome)
    check_audible(histories)
    return Played(case, outcome, histories)


class Started(Protocol):
    """A case or an obligation that was started."""

    handle: WorkflowHandle[Any, Any]


async def runs_of(client: Client, case: Started) -> list[WorkflowHistory]:
    """The history of every run of it, first to last."""
    histories: list[WorkflowHistory] = []
    run = case.handle.first_execution_run_id
    while run:
        history = await client.get_workflow_handle(case.handle.id, run_id=run).fetch_history()
        histories.append(history)
        last = history.events[-1].workflow_execution_continued_as_new_event_attributes
        run = last.new_execution_run_id
    return histories


async def replay(engine: Engine, histories: Sequence[WorkflowHistory]) -> None:
    """Each of them replays on today's code."""
    replays = replayer(engine.namespace)
    for history in histories:
        await replays.replay_workflow(history)


def replayer(namespace: str) -> Replayer:
    """Replays by what a history says, however long a busy machine takes over it.

    Without `debug_mode` a run that waits two seconds for a processor fails as a deadlock.
    """
    return Replayer(
        workflows=[], namespace=namespace, plugins=[plugin(OneKeyring())], debug_mode=True
    )


HEARD = frozenset(
    {
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
        EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED,
        EventType.EVENT_TYPE_TIMER_FIRED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
    }
)
"""What the code of a workflow hears of."""
NO_COMMANDS = HEARD | {
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
}

ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
}


def check_audible(histories: Sequence[WorkflowHistory]) -> None:
    """Each task in which code heard of something led to a command, to one of its own if it could.

    See `Pulse`.
    """
    for history in histories:
        _check_audible(history)


def _check_audible(history: WorkflowHistory) -> None:
    heard = False
    for event, following in pairwise(history.events):
        if event.event_type in HEARD:
            heard = True
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            silent = following.event_type in NO_COMMANDS
            assert not (heard and silent), f"task {event.event_id} led to no command"
            heard = False
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
            assert following.event_type not in ENDS, f"{event.event_id}: to end is a command"


def check_journal(case: CaseUnderTest, outcome: CaseOutcome) -> None:
    """The chain is whole, ends in the outcome's head, and the stored picture says the same."""
    entries = case.world.entries[case.handle.id]
    assert check_chain(entries) == outcome.head
    assert entries[-1].kind.value.startswith("case:closed:")
    assert not case.world.forks
    stored = CasePicture.of(case.world.fields[case.handle.id])
    assert stored.status == outcome.status
    assert [round_.state.value for round_ in stored.rounds].count("open") == 0


VOLATILE = re.compile(
    r"case/[a-z2-7]{26}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9a-f]{32,64}"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"
)
"""What differs between two runs of the same story: ids, keys, hashes, nonces, instants."""


async def commands_of(played: Played) -> Counter[str]:
    """What the case asked for: each order and each journal entry, without ids and instants.

    How many entries share a batch is the server's timing, so batches are taken apart.
    """
    asked: Counter[str] = Counter()
    world = played.case.world
    for entry in world.entries[played.case.handle.id]:
        body = entry.model_dump_json(include={"kind", "body"})
        # The order of two errands' results is the server's, not the pathway's.
        asked[VOLATILE.sub("*", body)] += 1
    orders = (*world.notices, *world.performed, *world.linked, *world.owed)
    for order in orders:
        said = order.model_dump_json(exclude={"due_at"})
        # When an act comes with the first workflow task, the notice is written after it.
        asked[f"{type(order).__name__} {VOLATILE.sub('*', said)}"] += 1
    asked.update(line for note in world.ticket_orders for line in note.note.splitlines())
    return asked
