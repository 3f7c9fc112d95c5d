"""A whole house in this process, whose every channel ends at something that remembers it all."""

import dataclasses
import io
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pyotp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker

from activities import all_activities
from gateway.temporal_engine import TemporalEngine
from integrations._http import new_client
from integrations.event_webhook import EventWebhooks
from integrations.file_directory import DEMO_FILE
from integrations.outgoing_webhook import OutgoingWebhook
from integrations.pagerduty import DEFAULT, PagerDuty
from integrations.people_file import read_people
from integrations.signed_webhook import Connector
from integrations.zendesk import Zendesk
from tests.fakes.connector import FakeConnector
from tests.fakes.event_receiver import URL, EventReceiver
from tests.fakes.pagerduty import KEY, FakePagerDuty
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk
from tests.faults.canaries import Sink
from tests.faults.place import Place, place
from tests.integrations.test_smtp import Scripted, running
from workers._engine_process import free_ports
from workers.engine import Engine
from workers.processes import doors_of, running_gateway
from workers.settings import Settings
from workers.telemetry import configure_telemetry, telemetry_plugins, tracer_provider
from workers.temporal import connect

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Collector:
    """An OTLP receiver; what it holds is what the protocol's own library decoded."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def said(self) -> list[bytes]:
        """Every span, in clear."""
        return [str(request).encode() for request in self.requests]


@contextmanager
def collecting() -> Iterator[Collector]:
    """The collector listens."""
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()


@dataclass
class GuardedHouse:
    """The house, and what each channel carried."""

    place: Place
    log: io.StringIO
    smtp: Scripted
    zendesk: FakeZendesk
    connector: FakeConnector
    receiver: EventReceiver
    pagerduty: FakePagerDuty
    collector: Collector
    metrics_url: str
    sent: list[bytes] = field(default_factory=list)
    """Every request that left over HTTP."""
    flush: Any = None

    def sinks(self) -> Mapping[str, Sink]:
        """Every channel by name; a new one is one line."""
        return {
            "mail": lambda: _now(self.smtp.taken),
            "ticket": lambda: _now([repr(vars(self.zendesk)).encode()]),
            "action webhook": lambda: _now(body for _, body in self.connector.attempts),
            "event webhook": lambda: _now(self.receiver.bodies),
            "pager": lambda: _now([json.dumps(self.pagerduty.events).encode()]),
            "any request": lambda: _now(self.sent),
            "log": lambda: _now([self.log.getvalue().encode()]),
            "trace": self._traces,
            "metric": self._metrics,
            "temporal": self._temporal,
            "ledger": self._ledger,
            "store": self._store,
        }

    async def _traces(self) -> Iterable[bytes]:
        self.flush()
        return self.collector.said

    async def _metrics(self) -> Iterable[bytes]:
        async with httpx.AsyncClient(trust_env=False) as http:
            sdk = await http.get(self.metrics_url)
        return [sdk.content, (await self.place.http.get("/metrics")).content]

    async def _temporal(self) -> Iterable[bytes]:
        """Ids, search attributes, memos, details and whole histories, as the server has them."""
        found = []
        queue = self.place.settings.task_queue
        async for each in self.place.client.list_workflows(f"TaskQueue = '{queue}'"):
            found.append(each.raw_info.SerializeToString())
            handle = self.place.client.get_workflow_handle(each.id, run_id=each.run_id)
            found.append((await handle.describe()).raw_description.SerializeToString())
            history = await handle.fetch_history()
            found += [event.SerializeToString() for event in history.events]
        assert len(found) > 100, "histories were read"
        return found

    async def _ledger(self) -> Iterable[bytes]:
        token = await self.place.token("imani")
        answer = await self.place.http.get(
            "/api/deliveries", headers={"authorization": f"Bearer {token}"}
        )
        lines = answer.raise_for_status().json()["deliveries"]
        assert any(line["what"] == "call" for line in lines)
        return [answer.content]

    async def _store(self) -> Iterable[bytes]:
        """The database as it lies on the disk."""
        file = Path(self.place.home) / "escalate.db"
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [file.read_bytes()]


@asynccontextmanager
async def guarded_house(engine: Engine, home: Path) -> AsyncIterator[GuardedHouse]:
    """Worker and gateway run in this process; every system outside is one that remembers."""
    log, smtp, receiver = io.StringIO(), Scripted(), EventReceiver()
    zendesk, connector, pagerduty = FakeZendesk(), FakeConnector(SECRET), FakePagerDuty()
    sent: list[bytes] = []
    async with AsyncExitStack() as stack:
        collector = stack.enter_context(collecting())
        smtp_port = await stack.enter_async_context(running(smtp))
        (metrics_port,) = free_ports(1)
        words = {
            "ESCALATE_SMTP__HOST": "127.0.0.1",
            "ESCALATE_SMTP__PORT": str(smtp_port),
            "ESCALATE_SMTP__TLS": "none",
            "ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url,
        }
        made = await stack.enter_async_context(place(home, engine=engine, environ=words))
        configure_telemetry(
            Settings.load(
                {"ESCALATE_TELEMETRY__LOG_FORMAT": "json", "ESCALATE_TELEMETRY__LOG_LEVEL": "debug"}
            ),
            "worker",
            stream=log,
        )
        provider = tracer_provider(made.settings, "worker")
        assert provider is not None
        stack.callback(provider.shutdown)
        pager = PagerDuty(
            _remembering(pagerduty.network, sent),
            keys={DEFAULT: SecretStr(KEY)},
            clock=made.house.clock,
            events_url=pagerduty.events_url,
        )
        client = await connect(
            made.engine.address,
            namespace=made.engine.namespace,
            keyring=made.house.keyring,
            activities=all_activities(
                dataclasses.replace(_outside(made, zendesk, connector, sent), pager=pager)
            ),
            runtime=Runtime(
                telemetry=TelemetryConfig(
                    metrics=PrometheusConfig(bind_address=f"127.0.0.1:{metrics_port}")
                )
            ),
            extra_plugins=telemetry_plugins(made.settings, provider=provider),
        )
        doors = dataclasses.replace(
            await doors_of(made.house, made.engine.address),
            engine=TemporalEngine(client, task_queue=made.settings.task_queue),
            pager=pager,
            events=EventWebhooks(
                _remembering(receiver.transport(), sent),
                clock=made.house.clock,
                source=str(made.settings.public_url),
                resolver=_public,
            ),
        )
        await stack.enter_async_context(Worker(client, task_queue=made.settings.task_queue))
        await stack.enter_async_context(
            running_gateway(made.house, made.engine.address, doors=doors)
        )
        yield GuardedHouse(
            place=made,
            log=log,
            smtp=smtp,
            zendesk=zendesk,
            connector=connector,
            receiver=receiver,
            pagerduty=pagerduty,
            collector=collector,
            metrics_url=f"http://127.0.0.1:{metrics_port}/metrics",
            sent=sent,
            flush=provider.force_flush,
        )


async def subscribe(house: GuardedHouse) -> None:
    """Every event of every case goes to the receiver."""
    token = await house.place.token("imani")
    answer = await house.place.http.post(
        "/api/subscriptions",
        json={"name": "warehouse", "url": URL},
        headers={"authorization": f"Bearer {token}"},
    )
    house.receiver.secrets = [answer.raise_for_status().json()["secret"]]


async def proven(house: GuardedHouse, person: str) -> None:
    """The person is logged in with a second factor."""
    account = next(
        each
        for each in read_people(DEMO_FILE.read_bytes(), file="demo")
        if each.person.id == person
    )
    assert account.totp is not None
    code = pyotp.TOTP(account.totp.get_secret_value()).at(datetime.now(UTC))
    answer = await house.place.http.post(
        "/api/login", json={"person": person, "password": "demo", "totp": code}
    )
    house.place.tokens[person] = answer.raise_for_status().json()["token"]


def _outside(made: Place, zendesk: FakeZendesk, connector: FakeConnector, sent: list[bytes]) -> Any:
    tracker = Zendesk(
        _remembering(zendesk.network, sent),
        url=zendesk.url,
        email=EMAIL,
        token=TOKEN,
        clock=made.house.clock,
    )
    acting = OutgoingWebhook(
        _remembering(connector.transport(), sent),
        connector=Connector(
            name="content-platform",
            url="https://platform.example.test/orders",
            secrets=(SecretStr(SECRET),),
        ),
        clock=made.house.clock,
        resolver=_public,
    )
    outside = made.house.outside
    return dataclasses.replace(
        outside,
        # Real mail only: the demo's outbox is a table of ours and no channel.
        channels=[channel for channel in outside.channels if channel.name == "mail"],
        ticketing={"zendesk": tracker},
        default_ticketing="zendesk",
        connectors={"content-platform": acting},
    )


def _remembering(transport: httpx.AsyncBaseTransport, sent: list[bytes]) -> httpx.AsyncClient:
    async def remember(request: httpx.Request) -> None:
        head = json.dumps([str(request.url), *map(str, request.headers.multi_items())])
        sent.append(head.encode() + b"\n" + request.content)

    client = new_client(transport=transport)
    client.event_hooks = {"request": [remember], "response": []}
    return client


async def _public(host: str, port: int) -> Sequence[str]:
    return ["93.184.216.34"]


async def _now(pieces: Iterable[bytes]) -> Iterable[bytes]:
    return list(pieces)
