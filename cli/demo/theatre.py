"""Where the demo plays: doors over HTTP, people, mailboxes, and time that can be skipped."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from cases.journal import Kind, Stream
from cases.state import CasePicture
from cli.demo.people import LOOK, PATIENCE, Deeds, PatienceError, Player
from integrations.standard_webhooks import sign_standard
from integrations.zendesk_webhook import sign_zendesk
from workers.house import House
from workers.virtual_clock import VirtualClock


@dataclass
class Theatre:
    """Everything a scene needs; scenes touch the house only through its doors."""

    base: str
    house: House
    clock: VirtualClock
    zendesk_secret: str
    standard_secret: str
    players: dict[str, Player]
    deeds: Deeds
    http: httpx.AsyncClient
    cases: dict[str, str] = field(default_factory=dict)
    """Number → case id, of every case the demo opened."""
    tickets: int = 0

    def player(self, person: str) -> Player:
        """The person."""
        return self.players[person]

    async def zendesk(
        self,
        *,
        tags: tuple[str, ...] = (),
        fields: Mapping[str, str] | None = None,
        ticket: int | None = None,
        copies: int = 1,
    ) -> str:
        """The case's number, after a signed webhook in Zendesk's format came in over HTTP."""
        if ticket is None:
            self.tickets += 1
            ticket = 40_000 + self.tickets
        now = await self.clock.now()
        body = json.dumps(
            {
                "escalate": "1",
                "event": "opened",
                "ticket": {
                    "id": str(ticket),
                    "url": f"https://demo.zendesk.example/agent/tickets/{ticket}",
                    "status": "new",
                    "priority": "high",
                    "tags": " ".join(tags),
                    "external_id": "",
                    "via": "web",
                    "at": now.isoformat(),
                },
                "actor": "4711",
                "fields": dict(fields or {}),
            }
        ).encode()
        headers = sign_zendesk(
            self.zendesk_secret,
            timestamp=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            body=body,
        )
        invocation = uuid.uuid4().hex
        answers = await asyncio.gather(
            *(
                self.http.post(
                    "/webhooks/zendesk",
                    content=body,
                    headers={
                        **headers,
                        "content-type": "application/json",
                        "x-zendesk-webhook-invocation-id": invocation,
                    },
                )
                for _ in range(copies)
            )
        )
        return await self._opened(answers)

    async def standard(
        self,
        *,
        form: str | None = None,
        fields: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = (),
        receipt_ago: timedelta | None = None,
        about: str = "",
    ) -> str:
        """The case's number, after a signed Standard Webhook came in over HTTP."""
        event = uuid.uuid4().hex
        now = await self.clock.now()
        data: dict[str, object] = {
            "tags": list(tags),
            "fields": {**({"form": form} if form else {}), **(fields or {})},
            "content_ref": "evidence-store:demo",
        }
        if about:
            data["about"] = about
        if receipt_ago is not None:
            data["receipt_at"] = (now - receipt_ago).isoformat()
        body = json.dumps(
            {
                "id": event,
                "source": "intake-form",
                "type": "escalate.report.opened",
                "subject": event,
                "time": now.isoformat(),
                "data": data,
            }
        ).encode()
        headers = sign_standard(self.standard_secret, id=event, timestamp=now, body=body)
        answer = await self.http.post(
            "/webhooks/standard",
            content=body,
            headers={**headers, "content-type": "application/json"},
        )
        return await self._opened([answer])

    async def _opened(self, answers: list[httpx.Response]) -> str:
        for answer in answers:
            answer.raise_for_status()
        numbers = {answer.json()["case"] for answer in answers}
        if len(numbers) != 1:
            message = f"one report became several cases: {sorted(numbers)}"
            raise PatienceError(message)
        number: str = numbers.pop()
        row = await self.house.store.cases.by_number(number)
        if row is None:
            message = f"case {number} is not in the store"
            raise PatienceError(message)
        self.cases[number] = row.id
        return number

    async def skip(self, number: str, by: timedelta) -> None:
        """The case has lived through so much more time."""
        await self.at_rest(number)
        await self.clock.forward(self.cases[number], by)

    async def at_rest(self, number: str) -> None:
        """The case has said something, so it runs and its clocks do."""
        await self.until(lambda: self._sequence(number), what=f"case {number} to run")

    async def _sequence(self, number: str) -> bool:
        view = await self.house.store.views.by_number(number)
        return view is not None and view.line.sequence > 0

    async def link(self, number: str, person: str, *, nth: int = -1) -> str:
        """The newest decision link in the person's mailbox for the case (or the `nth`)."""
        found: list[str] = []

        async def arrived() -> bool:
            found[:] = await self._links(number, person)
            return len(found) > (max(nth, 0))

        await self.until(arrived, what=f"a notice to {person} about case {number}")
        return found[nth]

    async def newer_link(self, number: str, person: str, *, than: str) -> str:
        """The newest decision link after `than` that still asks something."""
        found: list[str] = []

        async def asks() -> bool:
            links = await self._links(number, person)
            newer = links[links.index(than) + 1 :]
            if not newer:
                return False
            found[:] = newer[-1:]
            page = await self.players[person].open(newer[-1])
            return not page.refused

        await self.until(asks, what=f"another question to {person} about case {number}")
        return found[-1]

    async def _links(self, number: str, person: str) -> list[str]:
        answer = await self.http.get(
            "/demo/outbox.json", params={"to": self.players[person].email, "case": number}
        )
        answer.raise_for_status()
        links = [link for mail in answer.json() for link in mail["links"] if "/a/" in link]
        return [link.removeprefix(self.base) for link in links]

    async def until(self, ready: Callable[[], Awaitable[bool]], *, what: str) -> None:
        """Waits for it; PatienceError names what did not come."""
        for _ in range(int(PATIENCE / LOOK)):
            if await ready():
                return
            await asyncio.sleep(LOOK.total_seconds())
        message = f"waited in vain for {what}"
        raise PatienceError(message)

    async def picture(self, number: str) -> CasePicture | None:
        """The case as the doors see it; None before it has said anything."""
        view = await self.house.store.views.by_number(number)
        return CasePicture.of(view.state) if view is not None else None

    async def recorded(self, number: str, kind: Kind) -> None:
        """The case's journal has an entry of that kind."""

        async def there() -> bool:
            entries = await self.house.store.journal.entries(self.cases[number], stream=Stream.CASE)
            return any(entry.kind is kind for entry in entries)

        await self.until(there, what=f"{kind.value} in case {number}")

    async def closed(self, number: str) -> None:
        """The case has ended."""

        async def ended() -> bool:
            view = await self.house.store.views.by_number(number)
            return view is not None and view.line.status in ("closed", "cancelled")

        await self.until(ended, what=f"case {number} to close")
