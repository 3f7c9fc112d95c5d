"""A whole house in this process, whose every channel ends at something that remembers it all."""

import dataclasses
import io
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pyotp
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker

from activities import Outside, all_activities
from gateway.doors import Doors
from gateway.shelf import Shelf
from gateway.temporal_engine import TemporalEngine
from integrations.event_webhook import EventWebhooks
from integrations.file_directory import DEMO_FILE
from integrations.people_file import read_people
from tests.fakes.event_receiver import URL
from tests.faults.canaries import Sink
from tests.faults.guarded_outside import Everybody, public
from tests.faults.place import Place, place
from tests.gateway.slack_world import IDS, people_in
from tests.integrations.test_smtp import Scripted, running
from workers._engine_process import free_ports
from workers.clock import SystemClock
from workers.engine import Engine
from workers.processes import doors_of, running_gateway
from workers.settings import Settings
from workers.telemetry import configure_telemetry, telemetry_plugins, tracer_provider
from workers.temporal import connect

VENDORS = (
    "smtp",
    "zendesk",
    "jira",
    "servicenow",
    "request-tracker",
    "slack",
    "teams",
    "pagerduty",
)
"""Whose calls the ledger must have rows of."""


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
    others: Everybody
    collector: Collector
    metrics_url: str
    doors: Doors
    outside: Outside
    flush: Any = None

    def sinks(self) -> Mapping[str, Sink]:
        """Every channel by name; a vendor's is one line of `Everybody.carried`."""
        carried = self.others.carried()
        return {
            **{name: partial(_now, said) for name, said in carried.items()},
            "mail": lambda: _now(self.smtp.taken),
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
        """Its rows, of every vendor there is."""
        token = await self.place.token("imani")
        found, vendors = [], set()
        for vendor in (*VENDORS, None):
            answer = await self.place.http.get(
                "/api/deliveries",
                params={"vendor": vendor} if vendor else {},
                headers={"authorization": f"Bearer {token}"},
            )
            lines = answer.raise_for_status().json()["deliveries"]
            vendors |= {line["vendor"] for line in lines if line["what"] == "call"}
            found.append(answer.content)
        assert set(VENDORS) <= vendors, "the ledger has rows of every channel"
        return found

    async def _store(self) -> Iterable[bytes]:
        """The database as it lies on the disk."""
        file = Path(self.place.home) / "escalate.db"
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [file.read_bytes()]


@asynccontextmanager
async def guarded_house(
    engine: Engine, home: Path, *, routing: bytes | None = None
) -> AsyncIterator[GuardedHouse]:
    """Worker and gateway run in this process; every system outside is one that remembers."""
    log, smtp, clock = io.StringIO(), Scripted(), SystemClock()
    others = Everybody(clock)
    async with AsyncExitStack() as stack:
        collector = stack.enter_context(collecting())
        smtp_port = await stack.enter_async_context(running(smtp))
        (metrics_port,) = free_ports(1)
        home.mkdir(parents=True, exist_ok=True)
        words = {
            "ESCALATE_SMTP__HOST": "127.0.0.1",
            "ESCALATE_SMTP__PORT": str(smtp_port),
            "ESCALATE_SMTP__TLS": "none",
            "ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url,
            "ESCALATE_DIRECTORY_FILE": str(people_in(home)),
        }
        for user in IDS.values():
            others.slack.join(user)
        made = await stack.enter_async_context(
            place(home, engine=engine, environ=words, clock=clock)
        )
        configure_telemetry(
            Settings.load(
                {"ESCALATE_TELEMETRY__LOG_FORMAT": "json", "ESCALATE_TELEMETRY__LOG_LEVEL": "debug"}
            ),
            "worker",
            stream=log,
        )
        outside = others.outside(made.house.outside)
        provider = tracer_provider(made.settings, "worker")
        assert provider is not None
        stack.callback(provider.shutdown)
        client = await connect(
            made.engine.address,
            namespace=made.engine.namespace,
            keyring=made.house.keyring,
            activities=all_activities(outside),
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
            shelf=Shelf(made.house.store, routing=routing),
            pager=others.pager(),
            slack=others.room_door(),
            events=EventWebhooks(
                others.client(others.receiver.transport()),
                clock=clock,
                source=str(made.settings.public_url),
                resolver=public,
            ),
        )
        for queue in (made.settings.task_queue, made.settings.urgent_queue):
            await stack.enter_async_context(Worker(client, task_queue=queue))
        await stack.enter_async_context(
            running_gateway(made.house, made.engine.address, doors=doors)
        )
        yield GuardedHouse(
            place=made,
            log=log,
            smtp=smtp,
            others=others,
            collector=collector,
            metrics_url=f"http://127.0.0.1:{metrics_port}/metrics",
            doors=doors,
            outside=outside,
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
    house.others.receiver.secrets = [answer.raise_for_status().json()["secret"]]


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


async def _now(pieces: Iterable[bytes]) -> Iterable[bytes]:
    return list(pieces)
