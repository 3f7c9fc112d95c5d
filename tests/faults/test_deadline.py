"""An approval signed in time counts, whatever was down; one signed too late never (I18)."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cases.journal import Kind
from cases.receipts import ActReceipt
from gateway.shelf import Shelf
from store import DoorRound
from tests.faults.place import Place, place, quick
from tests.faults.roads import SlowRoad, StoppedClock
from tests.stores import release
from tests.workflows.runbooks import SILENT
from workers.engine import Engine
from workers.processes import doors_of, running_gateway, running_worker

ROUTING = b"""
routing: 1.0.0
default: silent-gate
rows: []
"""
SECOND = timedelta(seconds=1)


@dataclasses.dataclass
class Hour:
    """A gate that goes ahead by itself at its deadline, and the clock on the door."""

    made: Place
    clock: StoppedClock
    road: SlowRoad
    skipper: TimeSkipper
    number: str
    round: DoorRound

    async def draws_near(self) -> None:
        """Only the last minutes are left; the reminder is behind us."""
        await self._forward(timedelta(minutes=57))
        await self.made.quiet(self.number)

    async def strikes(self) -> None:
        """The case has lived through its deadline."""
        await self._forward(timedelta(minutes=4))

    async def strikes_unseen(self) -> "asyncio.Task[None]":
        """The timer of the deadline has fired, and nobody works who could see it."""
        fired = await self._fired()
        striking = asyncio.create_task(self.strikes())

        async def once_more() -> bool:
            return await self._fired() > fired

        await self.made.until(once_more, what="the timer to fire")
        return striking

    async def _forward(self, by: timedelta) -> None:
        handle = self.skipper.client.get_workflow_handle(await self.made.case_of(self.number))
        await self.skipper.fast_forward(handle, by)

    async def _fired(self) -> int:
        handle = self.made.client.get_workflow_handle(await self.made.case_of(self.number))
        history = await handle.fetch_history()
        return sum(event.event_type == EventType.EVENT_TYPE_TIMER_FIRED for event in history.events)


@asynccontextmanager
async def hour(engine: Engine, home: Path, workers: AsyncExitStack) -> AsyncIterator[Hour]:
    """A case at the gate, its worker in `workers`."""
    clock = StoppedClock()
    async with place(home, engine=engine, clock=clock) as made:
        await release(made.house.store, SILENT, datetime.now(UTC))
        skipper = TimeSkipper(made.client, config=TimeSkippingConfig(enabled=False))
        road = SlowRoad(skipper.client, task_queue=made.settings.task_queue)
        real = await doors_of(made.house, engine.address)
        doors = dataclasses.replace(
            real,
            engine=road,
            shelf=Shelf(made.house.store, routing=ROUTING),
            settings=quick(real.settings),
        )
        async with running_gateway(made.house, engine.address, doors=doors):
            await workers.enter_async_context(
                running_worker(made.house, engine.address, client=made.client)
            )
            number = await made.opened_case()
            case = await made.case_of(number)

            async def asked() -> DoorRound | None:
                rounds = await made.house.store.rounds.of(case)
                return next((each for each in rounds if each.open), None)

            round_ = await made.until(asked, what="the gate to ask")
            await made.quiet(number)
            yield Hour(made, clock, road, skipper, number, round_)


@pytest.mark.parametrize("workers_up", [True, False], ids=["workers up", "workers down"])
@pytest.mark.parametrize(
    "seconds,counts",
    [(-1, True), (0, True), (1, False)],
    ids=["a second before", "at", "a second after"],
)
async def test_an_approval_counts_by_the_instant_it_was_signed(
    engine: Engine, tmp_path: Path, seconds: int, *, counts: bool, workers_up: bool
) -> None:
    """Signed one second before and at the deadline: it counts. One second after: refused."""
    async with AsyncExitStack() as workers, hour(engine, tmp_path, workers) as at:
        made = at.made
        await made.token("lena")
        content = await made.content(
            "lena", at.number, verb="decide", gate="review", verdict="approve"
        )
        assert at.round.expires_at is not None
        await at.draws_near()
        # What is signed in time is still on its way when the hour strikes, and time stands still
        # in the simulation while an update waits for a worker.
        at.road.closed = counts or not workers_up
        if workers_up and not counts:
            await at.strikes()
            await made.at(at.number, stage="closure")
        if not workers_up:
            await workers.aclose()
        at.clock.at = at.round.expires_at + seconds * SECOND

        heard = (await made.post("lena", at.number, content)).json()
        async with AsyncExitStack() as again:
            if not workers_up:
                striking = await at.strikes_unseen()
                await again.enter_async_context(
                    running_worker(made.house, made.engine.address, client=made.client)
                )
                await striking
            elif counts:
                await at.strikes()
            await made.at(at.number, stage="closure")
            at.clock.at += timedelta(hours=1)
            at.road.closed = False
            await made.quiet(at.number)
            entries = await made.entries(at.number)
            outcome = heard["outcome"]
            if outcome == "recorded":
                outcome = (await receipt(made, str(content["act_id"]))).outcome.value

    kinds = [entry.kind for entry in entries]
    votes = [entry for entry in entries if entry.kind is Kind.VOTE_CAST]
    assert [vote.body["act"] for vote in votes] == [content["act_id"]] * counts
    assert (Kind.SILENCE_TAKEN in kinds) is not counts
    assert outcome in ("accepted", "duplicate") if counts else outcome == "too-late"


async def receipt(made: Place, act: str) -> ActReceipt:
    """The act's answer."""

    async def answered() -> ActReceipt | None:
        return await made.house.store.acts.receipt(act)

    return await made.until(answered, what="the receipt")
