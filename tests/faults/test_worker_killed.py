"""A worker killed by signal 9, at whatever event of a case, costs nothing but time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from temporalio.service import RPCError

from tests.faults.course import canonical
from tests.faults.evidence import Evidence
from tests.faults.place import Place, place
from tests.faults.process import Process
from workers.engine import Engine

SAMPLE = 17
"""In `make test` the worker is killed at every so many events; in accept-1 at every one."""


@dataclass
class Shift:
    """The worker at work, and how often it was relieved."""

    place: Place
    working: Process
    kills: list[tuple[int, int]] = field(default_factory=list)
    """(the event that was waited for, the last event that was there)."""

    async def kill_at(self, case: str, event: int) -> None:
        """The worker dies as soon as the case's history holds the event; another takes over."""
        seen = await self._seen(case, event)
        await self.working.kill()
        self.kills.append((event, seen))
        self.working = await self.place.worker()

    async def _seen(self, case: str, event: int) -> int:
        handle = self.place.client.get_workflow_handle(case)
        seen = 0
        while seen < event:
            try:
                async for each in handle.fetch_history_events(wait_new_event=True):
                    seen = each.event_id
                    if seen >= event:
                        break
                else:
                    return seen
            except RPCError:
                # Not started yet.
                await asyncio.sleep(0.01)
        return seen


@pytest.fixture
async def shift(present: Engine, tmp_path: Path) -> AsyncIterator[Shift]:
    """An installation with a gateway process and a worker process."""
    async with place(tmp_path, engine=present) as made:
        gateway = await made.gateway()
        shift = Shift(made, await made.worker())
        try:
            yield shift
        finally:
            await shift.working.kill()
            await gateway.kill()


async def test_a_worker_killed_now_and_then_loses_and_doubles_nothing(shift: Shift) -> None:
    """Killed at a sample of its events, a case ends as if nothing had happened."""
    killed, wrong = await kill_at_events(shift, every=SAMPLE)

    assert wrong == []
    assert killed


@pytest.mark.faults
@pytest.mark.timeout(3000)
async def test_a_worker_killed_after_every_event_loses_and_doubles_nothing(
    shift: Shift, record_property: Callable[[str, object], None]
) -> None:
    """Killed after each event in turn, every case ends as the one that was left alone."""
    killed, wrong = await kill_at_events(shift, every=1)

    record_property("kills", len(shift.kills))
    record_property("unharmed", len(killed))
    record_property("exactly_at", sum(event == seen for event, seen in shift.kills))
    assert wrong == []


async def kill_at_events(shift: Shift, *, every: int) -> tuple[list[int], list[str]]:
    """At which events the worker was killed, and what was wrong afterwards."""
    pattern = await lived(shift, kill_at=None)
    assert pattern.wrong() == []
    right: list[int] = []
    wrong: list[str] = []
    for event in range(1, pattern.events, every):
        found = await lived(shift, kill_at=event)
        faults = [*found.wrong(), *found.unlike(pattern)]
        wrong += [f"event {event}: {fault}" for fault in faults]
        if not faults:
            right.append(event)
    return right, wrong


async def lived(shift: Shift, *, kill_at: int | None) -> Evidence:
    """A canonical case from its report to its end, and what it left behind."""
    number = await shift.place.opened_case(tags=["fraud"])
    case = await shift.place.case_of(number)
    acts: list[str] = []
    async with asyncio.TaskGroup() as together:
        if kill_at is not None:
            together.create_task(shift.kill_at(case, kill_at))
        together.create_task(canonical(shift.place, number, acts=acts))
    return await Evidence.of(shift.place, number, acts=acts)
