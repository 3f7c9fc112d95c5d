"""Workers killed by signal 9 in the middle of every step cost an effect on many nothing."""

import asyncio
import base64
import json
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cases.records import ROLLED_BACK
from cases.state import CasePicture
from tests.fakes.connector import FakeConnector
from tests.faults.course import decided, step
from tests.faults.evidence import Evidence
from tests.faults.place import Place, place
from tests.faults.process import Process
from tests.stores import release
from workers.engine import Engine

RUNBOOK = b"""\
runbook: many
version: 1.0.0
title: "Many accounts"
owner: trust-and-safety
review-by: 2027-02-01
intake:
  accounts: {ask: "How many accounts?", answer: number}
  account-list: {ask: "Where is their list?", answer: reference}
severity:
  - {otherwise: SEV2, because: "test"}
stages:
  - stage: triage
    owner: triage
    within: 1h
    needs: [accounts, account-list]
    late: [{at: 50%, page: incident-manager}]
    next: {many: review}
  - stage: review
    owner: legal
    within: 1h
    ask: "Lock the listed accounts?"
    approve: {legal: 1, policy: 1}
    split: {to: executive, within: 60m}
    late: [{at: 50%, page: incident-manager}]
    silence: wait
    next: {approved: {do: [lock], then: ramp}, rejected: closure, more-information: triage}
  - stage: ramp
    owner: policy
    within: 4h
    skip-when-done: lock
    late: [{at: 50%, page: incident-manager}]
    next: {done: closure, stopped: {undo: [lock], then: closure}}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {ended: [decision-record, "receipt:lock"]}
effects:
  lock:
    title: "Lock the accounts"
    by: webhook:accounts
    owner: policy
    protective: true
    compensate: "Unlock them."
    bulk:
      count: accounts
      list: account-list
      above: 100
      approved-by: review
      steps: [{share: 1%, watch: 1s}, {share: 10%, watch: 1s}]
"""
ROUTING = "routing: 1.0.0\ndefault: many\nrows: []\n"


@dataclass
class Receiver:
    """Does what it is ordered, once; the worker that ordered it dies before it hears so."""

    secret: str
    fake: FakeConnector = field(init=False)
    place: Place | None = None
    working: Process | None = None
    kills: int = 0

    def __post_init__(self) -> None:
        """It keeps the ids it has seen, as the documentation asks of a receiver."""
        self.fake = FakeConnector(self.secret)
        self.app = Starlette(routes=[Route("/orders", self._order, methods=["POST"])])

    async def _order(self, request: Request) -> Response:
        known = len(self.fake.acted)
        answer = await self.fake.receive(request)
        if len(self.fake.acted) > known and self.place is not None and self.working is not None:
            self.kills += 1
            await self.working.kill()
            self.working = await self.place.worker()
        return answer

    @property
    def orders(self) -> list[tuple[str, int, int]]:
        """Action, first and last of everything that was done, in its order."""
        data = [json.loads(body)["data"] for body in self.fake.acted.values()]
        return [(each["action"], each["step"]["first"], each["step"]["last"]) for each in data]


@asynccontextmanager
async def served(receiver: Receiver) -> AsyncIterator[int]:
    """The receiver on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(receiver.app, log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def lock_of(made: Place, number: str) -> dict[str, Any]:
    """The whole effect as the store has it."""
    view = await made.view(number)
    effects = CasePicture.of(view.state).effects if view is not None else []
    return next((e.model_dump(mode="json") for e in effects if e.name == "lock"), {})


@pytest.mark.timeout(1500)
async def test_each_step_happens_once_though_every_worker_that_orders_one_is_killed(
    present: Engine, tmp_path: Path
) -> None:
    """Three steps and their undoing: each ordered by a worker that dies, each done exactly once."""
    receiver = Receiver("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    books = tmp_path / "books"
    books.mkdir()
    (books / "routing.yaml").write_text(ROUTING)
    (books / "many.yaml").write_bytes(RUNBOOK)
    async with served(receiver) as port:
        environ = {
            "ESCALATE_RUNBOOKS_DIR": str(books),
            "ESCALATE_ACTIONS__CONNECTORS__ACCOUNTS__URL": f"http://127.0.0.1:{port}/orders",
            "ESCALATE_ACTIONS__CONNECTORS__ACCOUNTS__SECRET": receiver.secret,
        }
        async with place(tmp_path / "home", engine=present, environ=environ) as made:
            await release(made.house.store, RUNBOOK, datetime.now(UTC))
            gateway = await made.gateway()
            receiver.place, receiver.working = made, await made.worker()
            try:
                evidence = await lived(made, receiver)
            finally:
                await receiver.working.kill()
                await gateway.kill()

    forth = [("lock", 1, 3), ("lock", 4, 30), ("lock", 31, 300)]
    back = [(f"undo-{action}", first, last) for action, first, last in forth]
    assert receiver.orders[:3] == forth
    assert sorted(receiver.orders[3:]) == back
    assert receiver.kills == 6
    assert evidence.wrong() == []


async def lived(made: Place, receiver: Receiver) -> Evidence:
    """The effect is approved, carried out to its end, rolled back, and the case is closed."""
    acts: list[str] = []
    number = await made.opened_case()
    await made.at(number, stage="triage")
    answers = {"accounts": "300", "account-list": "list-17"}
    await step(made, number, acts, "tessa", verb="answer", answers=answers)
    await step(made, number, acts, "tessa", verb="complete", stage="triage", outcome="many")
    await decided(made, number, "review", "lena", acts=acts)
    await decided(made, number, "review", "paula", acts=acts)
    await made.at(number, stage="closure", seconds=400)
    lock = await lock_of(made, number)
    assert lock["state"] == "done"
    body = {"verb": "roll-back", "effect": lock["key"], "reason": "the wrong list"}
    await step(made, number, acts, "imani", **body)

    async def rolled_back() -> bool:
        return bool((await lock_of(made, number))["state"] == ROLLED_BACK)

    await made.until(rolled_back, seconds=400, what="the rollback")
    record = {"disposition": "ended", "record": "Facts, rule, decision as recorded."}
    await step(made, number, acts, "imani", verb="close", **record)
    await made.at(number, status="closed")
    return await Evidence.of(made, number, acts=acts)
