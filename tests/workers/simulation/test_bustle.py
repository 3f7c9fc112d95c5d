"""Whether a case rests is known from what its code was told and what it asked for."""

import asyncio

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion

from workers.simulation.bustle import Bustle

CASE = "case/one"
SHORTLY = 0.05


def activation(
    *, resolved: int | None = None, signal: bool = False, replaying: bool = False
) -> WorkflowActivation:
    """What the worker is told to compute."""
    act = WorkflowActivation(is_replaying=replaying)
    if resolved is not None:
        act.jobs.add().resolve_activity.seq = resolved
    if signal:
        act.jobs.add().signal_workflow.signal_name = "report"
    return act


def completion(*asked: int, then: str = "", failed: bool = False) -> WorkflowActivationCompletion:
    """What the code asked for: those activities, and perhaps its end."""
    done = WorkflowActivationCompletion()
    if failed:
        done.failed.failure.message = "too slow"
        return done
    done.successful.SetInParent()
    for number in asked:
        done.successful.commands.add().schedule_activity.seq = number
    if then:
        getattr(done.successful.commands.add(), then).SetInParent()
    return done


def computes(bustle: Bustle, act: WorkflowActivation, done: WorkflowActivationCompletion) -> None:
    """The worker has had the case computed once."""
    bustle.activated(CASE, act)
    bustle.completed(CASE, act, done)


async def rests(bustle: Bustle, *, waiting: int = 0) -> bool:
    """Whether the case rests now, or in a moment."""
    until = asyncio.get_running_loop().time() + SHORTLY
    return await bustle.over(CASE, lambda: bustle.open(CASE) <= waiting, until=until)


@pytest.fixture
def bustle() -> Bustle:
    """One case has been begun in it."""
    made = Bustle()
    made.begins(CASE)
    return made


async def test_a_case_rests_when_it_has_heard_of_all_that_it_asked_for(bustle: Bustle) -> None:
    """Not before its first task, not while an activity is out; an answer that waits is excepted."""
    assert not await rests(bustle)
    computes(bustle, activation(), completion(1, 2))
    assert not await rests(bustle)
    computes(bustle, activation(resolved=1), completion())
    assert not await rests(bustle)
    assert await rests(bustle, waiting=1)
    computes(bustle, activation(resolved=2), completion())
    assert await rests(bustle)
    assert not bustle.ended(CASE)


async def test_a_signal_on_its_way_is_waited_for(bustle: Bustle) -> None:
    """Nobody answers a signal: what it sets going must not be overlooked."""
    computes(bustle, activation(), completion())
    bustle.told(CASE)
    computes(bustle, activation(), completion())
    assert not await rests(bustle), "another task came first"
    computes(bustle, activation(signal=True), completion())
    assert await rests(bustle)


async def test_a_task_that_failed_and_one_that_is_replayed_are_no_rest(bustle: Bustle) -> None:
    """Both are followed by another one; a worker that knew nothing counts from the beginning."""
    computes(bustle, activation(), completion(failed=True))
    assert not await rests(bustle)
    bustle.anew(CASE)
    computes(bustle, activation(replaying=True), completion())
    assert not await rests(bustle)
    computes(bustle, activation(), completion())
    assert await rests(bustle)


@pytest.mark.parametrize(
    "command, over",
    [("complete_workflow_execution", True), ("continue_as_new_workflow_execution", False)],
)
async def test_a_run_that_goes_on_as_another_is_no_end(
    bustle: Bustle, command: str, *, over: bool
) -> None:
    """A case that has ended rests for ever, whatever it never heard of."""
    computes(bustle, activation(), completion(7, then=command))
    assert bustle.ended(CASE) is over
    assert await rests(bustle) is over


async def test_whoever_waits_is_woken_from_the_workers_thread(bustle: Bustle) -> None:
    """No polling: the worker says when something has changed."""
    computes(bustle, activation(), completion(1))
    until = asyncio.get_running_loop().time() + 30
    waiting = asyncio.create_task(bustle.over(CASE, lambda: not bustle.open(CASE), until=until))
    await asyncio.sleep(0)
    await asyncio.to_thread(computes, bustle, activation(resolved=1), completion())
    assert await asyncio.wait_for(waiting, 10)


async def test_a_case_rests_only_once_the_server_has_its_answer(bustle: Bustle) -> None:
    """The next task of a run may come before it is known that the server has the last answer."""
    act = activation()
    act.run_id = "run-one"
    bustle.owes("run-one")
    computes(bustle, act, completion())
    assert not await rests(bustle)
    bustle.owes("run-one")
    bustle.answered("run-one")
    assert not await rests(bustle)
    until = asyncio.get_running_loop().time() + 30
    waiting = asyncio.create_task(bustle.over(CASE, lambda: True, until=until))
    await asyncio.sleep(0)
    bustle.answered("run-one")
    assert await asyncio.wait_for(waiting, 10)
