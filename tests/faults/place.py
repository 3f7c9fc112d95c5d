"""A real installation that things are done to: engine, store, worker and gateway of its own.

Nothing in it is simulated unless a test asks for a simulated engine; people come in over HTTP.
Only the patience is short: a lease, a poll, an attempt take a second where they take up to a
minute in production, so that a killed one is soon tried again.
"""

import asyncio
import base64
import dataclasses
import json
import os
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from cases.ids import case_id
from cases.journal import Entry, Stream
from gateway.doors import Doors, DoorSettings
from gateway.temporal_engine import TemporalEngine
from integrations.ports.clock import Clock
from integrations.standard_webhooks import sign_standard
from store import CaseView
from tests.faults.process import GATEWAY, WORKER, Process
from workers.engine import Engine
from workers.house import House, house
from workers.processes import listening, release_library
from workers.settings import Settings
from workers.worker import client_of
from workflows.attributes import at_start
from workflows.messages import WORKFLOW, CaseInput, arguments

TASK_TIMEOUT = timedelta(seconds=1)
"""A workflow task lost with its worker is tried again after this time (issue: 1 s)."""

LOOK = 0.03
SOURCE = "faults"

Found = TypeVar("Found")


class QuickEngine(TemporalEngine):
    """Starts cases with a short workflow-task time-out; all else is the real thing."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        super().__init__(client, task_queue=task_queue)
        self._of = client
        self._queue = task_queue

    async def start(self, case: CaseInput) -> None:
        """The case runs, now or already."""
        try:
            await self._of.start_workflow(
                WORKFLOW,
                args=arguments(case),
                id=case.case,
                task_queue=self._queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                task_timeout=timedelta(
                    seconds=float(os.environ.get("FAULT_TASK", TASK_TIMEOUT.seconds))
                ),
                search_attributes=at_start(case),
            )
        except WorkflowAlreadyStartedError:
            return


def quick(settings: DoorSettings, **more: Any) -> DoorSettings:
    """The doors' settings with little patience."""
    return dataclasses.replace(
        settings,
        receipt_wait=timedelta(milliseconds=500),
        dispatch_poll=timedelta(seconds=float(os.environ.get("FAULT_POLL", "0.2"))),
        lease=timedelta(seconds=float(os.environ.get("FAULT_LEASE", "2"))),
        compare_pause=timedelta(seconds=3),
        compare_owed=timedelta(seconds=3),
        **more,
    )


def quick_doors(doors: Doors, client: Client, *, task_queue: str, **more: Any) -> Doors:
    """The doors of a house, with little patience."""
    return dataclasses.replace(
        doors,
        engine=QuickEngine(client, task_queue=task_queue),
        settings=quick(doors.settings, **more),
    )


@dataclass
class Place:
    """The installation, and the ways into it."""

    home: Path
    environ: dict[str, str]
    settings: Settings
    engine: Engine
    house: House
    client: Client
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    opened: int = 0

    # -- processes -----------------------------------------------------------------------------

    async def worker(self, **environ: str) -> Process:
        """A worker process."""
        return await Process.start(
            WORKER, environ={**self.environ, **environ}, log=self.home / "worker.log"
        )

    async def gateway(self, **environ: str) -> Process:
        """A gateway process, at the address links and people use."""
        return await Process.start(
            GATEWAY, environ={**self.environ, **environ}, log=self.home / "gateway.log"
        )

    # -- reports -------------------------------------------------------------------------------

    def report(self, *, name: str | None = None, **data: object) -> tuple[bytes, dict[str, str]]:
        """A signed webhook: body and headers."""
        self.opened += 1
        subject = name or f"report-{self.opened}-{uuid.uuid4().hex[:6]}"
        event = f"event-{subject}"
        now = datetime.now(UTC)
        body = json.dumps(
            {
                "id": event,
                "source": SOURCE,
                "type": "escalate.report.opened",
                "subject": subject,
                "time": now.isoformat(),
                "data": data,
            }
        ).encode()
        secret = self.settings.webhooks.standard_secrets[0].get_secret_value()
        headers = sign_standard(secret, id=event, timestamp=now, body=body)
        return body, {**headers, "content-type": "application/json"}

    async def deliver(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """The webhook comes in."""
        return await self.http.post("/webhooks/standard", content=body, headers=dict(headers))

    async def opened_case(self, *, name: str | None = None, **data: object) -> str:
        """The number of a new case."""
        answer = await self.deliver(*self.report(name=name, **data))
        answer.raise_for_status()
        number: str = answer.json()["case"]
        return number

    # -- acts ----------------------------------------------------------------------------------

    async def token(self, person: str) -> str:
        """The person's session; it outlives the gateway process."""
        if person not in self.tokens:
            answer = await self.http.post(
                "/api/login", json={"person": person, "password": "demo", "totp": ""}
            )
            answer.raise_for_status()
            self.tokens[person] = answer.json()["token"]
        return self.tokens[person]

    async def get(self, person: str, path: str) -> Any:
        """What the API answers."""
        headers = {"authorization": f"Bearer {await self.token(person)}"}
        answer = await self.http.get(path, headers=headers)
        answer.raise_for_status()
        return answer.json()

    async def post(self, person: str, number: str, content: Mapping[str, Any]) -> httpx.Response:
        """The act is posted, once."""
        headers = {"authorization": f"Bearer {await self.token(person)}"}
        return await self.http.post(
            f"/api/cases/{number}/acts", json=dict(content), headers=headers
        )

    async def content(self, person: str, number: str, /, **body: Any) -> dict[str, Any]:
        """An act as the person means it now, bound to the round that is shown to them."""
        content: dict[str, Any] = {"act_id": str(uuid.uuid4()), "body": body}
        if body["verb"] in ("decide", "dissent", "withdraw"):
            shown = await self.get(person, f"/api/cases/{number}/rounds/{body['gate']}")
            content["binding"] = shown["binding"]
        return content

    async def act(self, person: str, number: str, /, **body: Any) -> dict[str, Any]:
        """The act is done; what the person hears."""
        answer = await self.post(person, number, await self.content(person, number, **body))
        assert answer.is_success, (body["verb"], answer.text)
        heard: dict[str, Any] = answer.json()
        assert heard["outcome"] in ("accepted", "recorded"), heard
        return heard

    # -- looking -------------------------------------------------------------------------------

    async def until(
        self, look: Callable[[], Awaitable[Found | None]], *, seconds: float = 60, what: str = ""
    ) -> Found:
        """What `look` finds, as soon as it finds something."""
        try:
            async with asyncio.timeout(seconds):
                found = await look()
                while not found:
                    await asyncio.sleep(LOOK)
                    found = await look()
        except TimeoutError as error:
            raise AssertionError(f"waited in vain for {what or look}") from error
        return found

    async def view(self, number: str) -> CaseView | None:
        """The case as the store has it."""
        return await self.house.store.views.by_number(number)

    async def at(self, number: str, *, seconds: float = 60, **wanted: object) -> CaseView:
        """The case's view once its line says that."""

        async def there() -> CaseView | None:
            view = await self.view(number)
            if view is not None and all(
                getattr(view.line, name) == value for name, value in wanted.items()
            ):
                return view
            return None

        return await self.until(there, seconds=seconds, what=f"case {number} at {wanted}")

    async def case_of(self, number: str) -> str:
        """The case's id."""
        row = await self.house.store.cases.by_number(number)
        assert row is not None
        return row.id

    async def entries(self, number: str) -> list[Entry]:
        """The stored case stream."""
        return await self.house.store.journal.entries(
            await self.case_of(number), stream=Stream.CASE
        )

    async def quiet(self, number: str, *, seconds: float = 60) -> None:
        """Nothing is under way in the case: no task, no activity."""
        handle = self.client.get_workflow_handle(await self.case_of(number))

        async def rests() -> bool:
            raw = (await handle.describe()).raw_description
            return not raw.pending_activities and not raw.HasField("pending_workflow_task")

        await self.until(rests, seconds=seconds, what=f"case {number} to rest")


def case_of_report(subject: str) -> str:
    """The id of the case that the report opens."""
    return case_id(source="standard", instance=SOURCE, external_id=subject)


@asynccontextmanager
async def place(
    home: Path,
    *,
    engine: Engine,
    store_url: str | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Place]:
    """An installation in `home` on a running engine; no worker and no gateway runs yet."""
    home.mkdir(parents=True, exist_ok=True)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    words = {
        "ESCALATE_HOME": str(home),
        "ESCALATE_DEMO": "true",
        "ESCALATE_TASK_QUEUE": f"faults-{uuid.uuid4().hex[:8]}",
        "ESCALATE_ENGINE__ADDRESS": engine.address,
        "ESCALATE_ENGINE__NAMESPACE": engine.namespace,
        "ESCALATE_GATEWAY__PORT": "0",
        "ESCALATE_WEBHOOKS__STANDARD_SECRETS": secret,
        **(environ or {}),
    }
    if store_url is not None:
        words["ESCALATE_STORE_URL"] = store_url
    # The port is chosen once and stays: a restarted gateway is found where the first one was.
    sock, chosen = listening(Settings.load(words))
    sock.close()
    url = str(chosen.public_url).rstrip("/")
    words["ESCALATE_PUBLIC_URL"] = url
    words["ESCALATE_GATEWAY__PORT"] = url.rpartition(":")[2]
    settings = Settings.load(words)
    async with (
        house(settings, clock=clock, migrate=True) as built,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http,
    ):
        await release_library(
            built.store, proposed_by="petra", approved_by="lena", at=datetime.now(UTC)
        )
        client = await client_of(built, address=engine.address)
        yield Place(
            home=home,
            environ=words,
            settings=settings,
            engine=engine,
            house=built,
            client=client,
            http=http,
        )
