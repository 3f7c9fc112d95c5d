"""Many cases at once while everything outside goes wrong and processes are killed."""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from cases.journal import Stream
from cases.receipts import Outcome
from store.tables import journal
from tests.faults.course import RECORD
from tests.faults.insistent import LOOK, Insistent
from tests.faults.process import Process, worked_by
from tests.faults.vendors import Receiver
from tests.faults.weather import Lived, Vendor

_FEW = 10
"""So many cases can look as often as they like."""
CALM = 120.0
"""Seconds without anything new until what is still under way is counted as wrong."""


class Trouble(NamedTuple):
    """One line of the table: what goes wrong with whom, when and for how long, in minutes."""

    vendor: str
    trouble: str
    at: float
    lasts: float


@dataclass(kw_only=True)
class Storm(Insistent):
    """The installation, the systems outside, and what became of the cases."""

    vendors: Sequence[Vendor]
    table: Sequence[Trouble]
    minute: float
    """Seconds that stand for a minute of the table."""
    steps: int
    """After so many entries of its stream the worker is killed, after half as many the gateway."""
    killed: Counter[str] = field(default_factory=Counter)
    worked: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of a core, by whom."""
    lasted: float = 0.0
    cases: list[Lived] = field(default_factory=list)
    _quiet: asyncio.Event = field(default_factory=asyncio.Event)
    _begun: int = 0

    async def blow(self, many: int) -> None:
        """So many cases have been lived through, with everything in the table on the way."""
        self.look = LOOK * max(1.0, many / _FEW)
        began, own, server = time.monotonic(), time.process_time(), self._server()
        gateway, worker = await self.place.gateway(), await self.place.worker()
        over = asyncio.Event()
        beaters = [
            asyncio.create_task(self._beaten("gateway", gateway, self.steps // 2, over)),
            asyncio.create_task(self._beaten("worker", worker, self.steps, over)),
        ]
        troubles = [asyncio.create_task(self._trouble(line)) for line in self.table]
        try:
            for vendor in self.vendors:
                if isinstance(vendor, Receiver):
                    await self._subscribe(vendor)
            self.cases = await self._reported(many)
            async with asyncio.TaskGroup() as lives:
                for case in self.cases:
                    lives.create_task(self._lived(case))
            await asyncio.gather(*troubles)
            over.set()
            await self._settled()
        finally:
            over.set()
            self._quiet.set()
            for task in troubles:
                task.cancel()
            await asyncio.gather(*beaters, *troubles, return_exceptions=True)
            self.lasted = time.monotonic() - began
            self.worked["test"] = time.process_time() - own
            self.worked["server"] = self._server() - server

    def _server(self) -> float:
        """The seconds of a core that Temporal has used."""
        pid = self.place.engine.pid
        return worked_by(pid) if pid is not None else 0.0

    async def counted(self) -> dict[str, int]:
        """What must be 0, counted."""
        wrong = {
            "cases not closed": sum(case.status != "closed" for case in self.cases),
            "acts lost": sum(len(case.acts) - case.accepted for case in self.cases),
            "acts doubled": sum(count > 1 for count in self._applied()),
            "acts refused": sum(
                entry.kind.value.startswith("act:envelope:refused")
                for case in self.cases
                for entry in case.entries
            ),
            "cases doubled": len(await self.place.house.store.views.list()) - len(self.cases),
        }
        for vendor in self.vendors:
            wrong |= vendor.wrong(self.cases)
        return wrong

    async def table_of(self) -> str:
        """The counts as people read them, and as JSON on the last line."""
        counted = await self.counted()
        met = {f"{v.name} met {name}": n for v in self.vendors for name, n in v.met.items()}
        rows = {
            "cases": len(self.cases),
            "acts": sum(len(case.acts) for case in self.cases),
            "seconds": round(self.lasted),
            **{f"core seconds of {name}": round(s) for name, s in sorted(self.worked.items())},
            "webhooks sent": self.sent,
            **{f"{name} killed": count for name, count in sorted(self.killed.items())},
            **self._carried(),
            **met,
            **counted,
        }
        width = max(map(len, rows))
        lines = [f"{name.ljust(width)}  {count:>6}" for name, count in rows.items()]
        return "\n".join([*lines, json.dumps(rows)])

    def _carried(self) -> dict[str, int]:
        return {
            f"{v.name} carried {name}": n for v in self.vendors for name, n in v.carried.items()
        }

    def _applied(self) -> list[int]:
        return [
            sum(entry.body.get("act") == act for entry in case.entries)
            for case in self.cases
            for act in case.acts
        ]

    # -- what goes wrong -----------------------------------------------------------------------

    async def _trouble(self, line: Trouble) -> None:
        vendor = next(each for each in self.vendors if each.name == line.vendor)
        await asyncio.sleep(line.at * self.minute)
        vendor.begin(line.trouble)
        self._begun += 1
        try:
            await asyncio.sleep(line.lasts * self.minute)
            # On a fast machine nobody may have come by: what was never met proves nothing.
            while not vendor.met[line.trouble]:  # noqa: ASYNC110 - servers of other threads count
                await asyncio.sleep(LOOK)
        finally:
            vendor.end(line.trouble)

    async def _beaten(self, name: str, process: Process, steps: int, over: asyncio.Event) -> None:
        """The process is killed by signal 9 whenever it has done so much; afterwards it lives.

        By what was done and not by the clock: on a slow machine a process that is killed every few
        seconds would never do anything.
        """
        start = self.place.worker if name == "worker" else self.place.gateway
        stream = Stream.CASE if name == "worker" else Stream.DOOR
        try:
            done = await self._entries(stream)
            while not over.is_set():
                await asyncio.sleep(LOOK)
                if await self._entries(stream) < done + steps:
                    continue
                await process.kill()
                self.killed[name] += 1
                self.worked[name] += process.worked
                process = await start()
                done = await self._entries(stream)
            await self._quiet.wait()
        finally:
            await process.kill()
            self.worked[name] += process.worked

    async def _entries(self, stream: Stream) -> int:
        """How much that process has recorded, of all cases together."""
        query = sa.select(sa.func.count()).where(journal.c.stream == stream)
        async with self.place.house.store.database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    # -- what people do ------------------------------------------------------------------------

    async def _subscribe(self, receiver: Receiver) -> None:
        answer = await self.asked(
            "imani", "POST", "/api/subscriptions", {"name": "all", "url": receiver.address}
        )
        receiver.events.secrets.append(answer["secret"])

    async def _reported(self, many: int) -> list[Lived]:
        """Every report is sent five times, all of them mixed: each is one case."""
        sent = [self.place.report(tags=["fraud"]) for _ in range(many)]
        copies = [each for each in sent for _ in range(5)]
        random.Random(many).shuffle(copies)  # noqa: S311 - an order, not a secret
        numbers: list[str] = []
        for start in range(0, len(copies), 20):
            some = copies[start : start + 20]
            numbers += await asyncio.gather(*(self.delivered(*each) for each in some))
        return [Lived(n, await self.place.case_of(n)) for n in sorted(set(numbers))]

    async def _lived(self, case: Lived) -> None:
        """From triage to its end, whatever answers or does not."""
        await self.at(case, stage="triage")
        await self._met(case, "triage")
        await self.act(case, "tessa", verb="complete", stage="triage", outcome="escalate")
        for gate, person in (("legal-review", "lena"), ("policy-sign-off", "paula")):
            await self.asks(case, gate)
            await self._met(case, gate)
            await self.act(case, person, verb="decide", gate=gate, verdict="approve")
        effect = await self.manual(case)
        await self.act(
            case, "imani", verb="receipt", effect=effect, resolution="done", reference="change-8841"
        )
        await self.at(case, stage="closure")
        await self.until(self._all_begun, what="every trouble of the table to have begun")
        await self.act(case, "imani", verb="close", disposition="actioned", record=RECORD)
        await self.at(case, status="closed")

    async def _met(self, case: Lived, stage: str) -> None:
        for vendor in self.vendors:
            await vendor.meet(case, stage, self)

    async def _all_begun(self) -> bool:
        """Every trouble of the table has begun: whoever closes now meets the last of them."""
        return self._begun == len(self.table)

    async def _settled(self) -> None:
        """Nothing is under way any more: histories have ended, and every vendor is calm."""
        store = self.store
        for case in self.cases:
            await self.place.client.get_workflow_handle(case.id).result()

        async def nothing_waits() -> bool:
            lag = await store.health.outbox()
            calm = [await vendor.calm(store, self.cases) for vendor in self.vendors]
            return all(calm) and not (lag.acts.pending or lag.deliveries.pending)

        seen, since = self._carried(), time.monotonic()
        while not await nothing_waits():
            if self._carried() != seen:
                seen, since = self._carried(), time.monotonic()
            elif time.monotonic() > since + CALM:
                # What does not come to rest is counted, each by its own name.
                break
            await asyncio.sleep(self.look)
        for case in self.cases:
            view = await self.place.view(case.number)
            case.status = view.line.status if view is not None else ""
            case.entries = await self.place.entries(case.number)
            case.door = await store.journal.entries(case.id, stream=Stream.DOOR)
            case.notices = await store.notices.by_case(case.id)
            receipts = [await store.acts.receipt(act) for act in case.acts]
            case.accepted = sum(
                receipt is not None and receipt.outcome is Outcome.ACCEPTED for receipt in receipts
            )
        self._quiet.set()
