"""People who use the API with a program, and what the door has on record of them."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from activities.outside import Channel, Outside
from cases.journal import Kind, Stream
from integrations.file_directory import DEMO_FILE, FileDirectory
from store import Store
from tests.fakes.ports import FakeMessaging
from tests.gateway.world import MovableClock, World


class Person:
    """Somebody with a program: the API as they use it, with or without a second factor."""

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self.world = world
        self.http = http

    @classmethod
    async def of(cls, world: World, name: str, *, proved: bool = False) -> "Person":
        """Logged in."""
        http = world.client()
        said = await http.post("/api/login", json={"person": name, "password": "demo"})
        assert said.status_code == 200, said.text
        http.headers["Authorization"] = f"Bearer {said.json()['token']}"
        if proved:
            proof = await http.post("/api/step-up", json={"totp": world.code(name)})
            assert proof.status_code == 200, proof.text
        return cls(world, http)

    async def get(self, path: str, **query: str) -> httpx.Response:
        """What is there for them."""
        return await self.http.get(path, params=query)

    async def post(self, path: str, content: dict[str, Any]) -> httpx.Response:
        """What they send."""
        return await self.http.post(path, json=content)

    async def act(self, number: str, body: dict[str, Any], **more: Any) -> httpx.Response:
        """An act of theirs."""
        sent = {"body": body, "act_id": str(uuid.uuid4()), "door": "api", **more}
        return await self.post(f"/api/cases/{number}/acts", sent)

    async def decide(self, number: str, gate: str, role: str = "") -> httpx.Response:
        """Their verdict on what the open round shows."""
        asked = await self.get(f"/api/cases/{number}/rounds/{gate}")
        if asked.status_code != 200:
            return asked
        binding = asked.json()["binding"]
        body = {"verb": "decide", "gate": gate, "verdict": "approve", "reason": "as the facts are"}
        return await self.act(number, body, binding=binding, role=role)


async def entries(world: World, number: str, *kinds: Kind) -> list[dict[str, Any]]:
    """What the door's stream says of these kinds."""
    row = await world.store.cases.by_number(number)
    assert row is not None
    stream = await world.store.journal.entries(row.id, stream=Stream.DOOR)
    return [{"kind": each.kind, **each.body} for each in stream if each.kind in kinds]


async def id_of(world: World, number: str) -> str:
    """The case's id."""
    row = await world.store.cases.by_number(number)
    assert row is not None
    return row.id


def reached_by(mail: FakeMessaging, store: Store) -> Outside:
    """A house whose people are reached by that mail, and by nothing else."""
    return Outside(
        store=store,
        directory=FileDirectory(DEMO_FILE, clock=MovableClock()),
        channels=[Channel("mail", mail)],
        public_url="http://escalate.example",
        mail_domain="escalate.example",
        zone=ZoneInfo("UTC"),
    )
