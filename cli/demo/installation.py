"""A whole installation on localhost, in one process beside its Temporal server."""

import asyncio
import contextlib
import dataclasses
import re
import secrets
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from pydantic import AnyHttpUrl, SecretStr
from temporalio.client import Client

from audit.bundle.code import source_digest
from cli.demo.connector import ContentPlatform
from cli.demo.page import OPEN, DemoPages
from cli.demo.people import Deeds, Player
from cli.demo.theatre import Theatre
from gateway.serve import listen
from gateway.signer import DoorSigner
from gateway.temporal_engine import TemporalEngine
from integrations.people_file import read_people
from runbooks import library
from store import CaseFilter
from workers.engine import Engine
from workers.house import House, house, people_file
from workers.keyrings import certify_build, root_in
from workers.processes import doors_of, release_library, running_gateway, running_worker
from workers.settings import (
    ActionSettings,
    ConnectorSettings,
    GatewaySettings,
    Settings,
    WebhookSettings,
)
from workers.virtual_clock import VirtualClock
from workers.watching import running_watch
from workers.worker import client_of

LOG_INS = ("imani", "lena", "paula")
"""The three the demo prints: incident manager, Legal, Policy."""


_CONNECTOR = re.compile(rb"webhook:([a-z][a-z-]*)")


@dataclass(frozen=True)
class Installation:
    """A running demo."""

    theatre: Theatre
    house: House
    engine: Engine
    client: Client
    signer: DoorSigner
    base: str
    platform: ContentPlatform
    log_ins: list[tuple[str, str, str]]
    """(name, roles, second factor's secret) of the people a visitor is told about."""


@asynccontextmanager
async def installation(
    *, home: Path | None, port: int = 0, keep: bool = False, runbooks: Path | None = None
) -> AsyncIterator[Installation]:
    """Engine, worker, gateway, platform and people, on this machine; all gone afterwards.

    With `keep` engine and store live in files under `home`; otherwise in a folder that is removed.
    `runbooks` is a team's own folder: its routing table is the one that holds.
    """
    async with AsyncExitStack() as stack:
        if home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escalate-demo-")))
        home.mkdir(parents=True, exist_ok=True)
        clock = VirtualClock()
        platform_secret = _secret()
        platform = ContentPlatform(platform_secret, clock=clock)
        platform_url = await stack.enter_async_context(_serving(platform))
        sock = listen("127.0.0.1", port)
        base = f"http://127.0.0.1:{sock.getsockname()[1]}"
        settings = _settings(
            home, base=base, platform=platform_url, secret=platform_secret, runbooks=runbooks
        )
        engine = await stack.enter_async_context(
            Engine.start(
                database=home / "engine.db" if keep else None,
                simulation=True,
                log=home / "temporal.log",
            )
        )
        home_house = await stack.enter_async_context(house(settings, clock=clock, migrate=True))
        await release_library(
            home_house.store, proposed_by="petra", approved_by="lena", at=await clock.now()
        )
        client = await client_of(home_house, address=engine.address)
        people = read_people(people_file(settings).read_bytes(), file="demo_directory.yaml")
        deeds = Deeds()
        players = {
            account.person.id: Player(
                base,
                account.person.id,
                totp=_shown(account.totp),
                email=account.person.email,
                deeds=deeds,
            )
            for account in people
        }
        for player in players.values():
            stack.push_async_callback(player.close)
        log_ins = [
            (account.person.id, ", ".join(sorted(account.person.roles)), _shown(account.totp))
            for name in LOG_INS
            for account in people
            if account.person.id == name
        ]
        pages = DemoPages(home_house, clock, [(name, roles) for name, roles, _ in log_ins])
        doors = dataclasses.replace(
            await doors_of(home_house, engine.address),
            engine=TemporalEngine(clock.drive(client), task_queue=settings.task_queue),
        )
        # What is installed here may work: the root says so, and the gateway certifies the worker.
        certify_build(settings, build=source_digest(), root=root_in(settings), at=await clock.now())
        await stack.enter_async_context(
            running_gateway(
                home_house,
                engine.address,
                sock=sock,
                doors=doors,
                extra=pages.routes(),
            )
        )
        await stack.enter_async_context(running_worker(home_house, engine.address, client=client))
        await stack.enter_async_context(running_watch(home_house, simulated=True))
        await clock.resync(
            [line.case for line in await home_house.store.views.list(CaseFilter(status=OPEN))]
        )
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=30)
        )
        yield Installation(
            theatre=Theatre(
                base=base,
                house=home_house,
                clock=clock,
                zendesk_secret=settings.webhooks.zendesk_secrets[0].get_secret_value(),
                standard_secret=settings.webhooks.standard_secrets[0].get_secret_value(),
                players=players,
                deeds=deeds,
                http=http,
            ),
            house=home_house,
            engine=engine,
            client=client,
            signer=doors.signer,
            base=base,
            platform=platform,
            log_ins=log_ins,
        )


def _settings(
    home: Path, *, base: str, platform: str, secret: str, runbooks: Path | None
) -> Settings:
    return Settings(
        home=home,
        demo=True,
        runbooks_dir=runbooks,
        public_url=AnyHttpUrl(base),
        incident_manager_phone="+1 555 0100",
        time_zone="Europe/Dublin",
        gateway=GatewaySettings(port=0),
        webhooks=WebhookSettings(
            zendesk_secrets=(SecretStr(secrets.token_urlsafe(32)),),
            standard_secrets=(SecretStr(_secret()),),
        ),
        actions=ActionSettings(
            connectors={
                name: ConnectorSettings(
                    url=AnyHttpUrl(f"{platform}/orders"), secret=SecretStr(secret)
                )
                for name in connectors_named()
            }
        ),
    )


def connectors_named() -> set[str]:
    """Every connector that a shipped runbook names: one platform answers for all of them here."""
    texts = library().values()
    return {name.decode() for text in texts for name in _CONNECTOR.findall(text)}


@asynccontextmanager
async def _serving(platform: ContentPlatform) -> AsyncIterator[str]:
    """The platform listens on a free port of this machine."""
    sock = listen("127.0.0.1", 0)
    server = _Server(
        uvicorn.Config(platform.app, log_config=None, access_log=False, lifespan="off")
    )
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves signals alone: the demo decides when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


def _secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def _shown(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
