"""A case whose work waits until somebody has it: paged late, or by a policy, on a real engine."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cases.journal import Kind
from gateway.shelf import Shelf
from store import ActState, NoticeRow
from tests.faults.evidence import Evidence
from tests.faults.place import Place, place, quick
from tests.faults.process import Process
from tests.faults.roads import SlowRoad, StoppedClock
from tests.stores import release
from workers.engine import Engine
from workers.processes import doors_of, running_gateway, running_worker

ROUTING = b"""
routing: 1.0.0
default: who-has-it
rows: []
"""
TEXT = b"""
runbook: who-has-it
version: 1.0.0
title: "Who has it"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  kind: {ask: "What is reported?", choice: [one, other]}
severity:
  - {otherwise: SEV3, because: "nothing else is known"}
stages:
  - stage: work
    owner: triage
    within: WITHIN
    late: [{at: 10%, page: triage}, {at: 100%, page: incident-manager}]
    next: {answered: closure}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions:
      done: [decision-record]
"""
POLICY = (
    TEXT.replace(b"    owner: triage\n", b"    owner: triage\n    escalate: reach-triage\n")
    + b"""
escalations:
  reach-triage:
    steps: [{page: triage, after: FIRST}, {page: incident-manager, after: SECOND}]
    between: 20m
    lease: 30m
"""
)


@dataclass
class Work:
    """A case whose work waits, and the road by which acts reach it."""

    made: Place
    number: str
    case: str
    road: SlowRoad
    worker: Process | None
    """Where it is a process of its own, so that it can be killed."""

    async def says(self, **body: object) -> None:
        """Triage does something; they hear that it is recorded."""
        answer = await self.made.post(
            "tessa", self.number, await self.made.content("tessa", self.number, **body)
        )
        assert answer.json()["outcome"] == "recorded", answer.text

    async def pages(self) -> list[NoticeRow]:
        """Who was paged, or told that somebody let it lapse."""
        rows = await self.made.house.store.notices.by_case(self.case)
        return [row for row in rows if row.purpose in ("page", "lapsed")]

    async def all_answered(self) -> None:
        """No act waits at the door any more, and the case rests."""

        async def none_pending() -> bool:
            return not await self.made.house.store.acts.list(state=ActState.PENDING)

        await self.made.until(none_pending, what="every act to be answered")
        await self.made.quiet(self.number)

    async def kinds(self) -> list[Kind]:
        """The kinds of the case's entries."""
        return [entry.kind for entry in await self.made.entries(self.number)]

    async def ended(self) -> list[str]:
        """What is wrong with the case, once it has been cancelled."""
        heard = await self.made.act("imani", self.number, verb="cancel", reason="the test ends")
        found = await Evidence.of(self.made, self.number, acts=[heard["act_id"]])
        return found.wrong()


@asynccontextmanager
async def work(engine: Engine, home: Path, text: bytes, *, skip: bool) -> AsyncIterator[Work]:
    """A case that has just asked triage to work."""
    async with place(home, engine=engine, clock=StoppedClock() if skip else None) as made:
        await release(made.house.store, text, datetime.now(UTC))
        client = made.client
        if skip:
            client = TimeSkipper(made.client, config=TimeSkippingConfig(enabled=False)).client
        road = SlowRoad(client, task_queue=made.settings.task_queue)
        real = await doors_of(made.house, engine.address)
        doors = dataclasses.replace(
            real,
            engine=road,
            shelf=Shelf(made.house.store, routing=ROUTING),
            settings=quick(real.settings),
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(
                running_gateway(made.house, engine.address, doors=doors)
            )
            worker = None
            if skip:
                await stack.enter_async_context(
                    running_worker(made.house, engine.address, client=made.client)
                )
            else:
                worker = await made.worker()
            await made.token("tessa")
            number = await made.opened_case()
            await made.at(number, stage="work")
            work = Work(made, number, await made.case_of(number), road, worker)
            try:
                yield work
            finally:
                if work.worker is not None:
                    await work.worker.kill()
