"""The processes of an installation, each as a block: `up`, the demo and tests run the same ones.

async with house(settings, migrate=True) as home, Engine.of(settings) as engine:
    async with running_worker(home, engine.address), running_gateway(home, engine.address): …
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic import AnyHttpUrl, SecretStr
from starlette.routing import BaseRoute
from temporalio.client import Client
from temporalio.worker import Worker

from gateway.doors import CodecParts, Doors, DoorSettings, MailDoorParts, SlackDoorParts
from gateway.faults import FaultSeam, no_faults
from gateway.log_key import load_or_create_log_key, load_or_create_spool
from gateway.serve import Running, listen, run_gateway
from gateway.shelf import Shelf
from gateway.signer import load_or_create_keys
from gateway.temporal_engine import TemporalEngine
from integrations.event_webhook import EventWebhooks
from runbooks import library, load_runbook
from store import Store
from workers.errors import NotSetUpError
from workers.house import House, inbox, pager, rotas, slack
from workers.log_in import authenticators_of, provider_door
from workers.reporting import party
from workers.retention import retention_of
from workers.settings import Settings
from workers.vouching import keyring_note_of, stamping, witnessing
from workers.worker import beat, client_of, worker

GATEWAY = "gateway"
ROUTING = "routing.yaml"
_HTTP_PORTS = (80, 443)
_YEARS = timedelta(days=3650)


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that listens and dispatches, and the doors it works with."""

    doors: Doors
    running: Running

    @property
    def url(self) -> str:
        """Where it listens on this machine."""
        return self.running.url

    async def ended(self) -> None:
        """Returns when the server ends by itself; whoever waits must not go on as if it ran."""
        await asyncio.shield(self.running.server)


@asynccontextmanager
async def running_worker(
    house: House,
    address: str,
    *,
    build_id: str | None = None,
    max_cached_workflows: int = 1000,
    at_once: int | None = None,
    client: Client | None = None,
) -> AsyncIterator[Worker]:
    """A worker of this house polls the engine at `address` while the block runs."""
    reached = client or await client_of(house, address=address)
    async with worker(
        house,
        reached,
        build_id=build_id,
        max_cached_workflows=max_cached_workflows,
        at_once=at_once,
    ) as running:
        yield running


@asynccontextmanager
async def running_gateway(
    house: House,
    address: str,
    *,
    sock: socket.socket | None = None,
    walks: Mapping[str, str] | None = None,
    faults: FaultSeam = no_faults,
    doors: Doors | None = None,
    extra: Sequence[BaseRoute] = (),
) -> AsyncIterator[RunningGateway]:
    """The doors of this house are open while the block runs, whether or not the engine answers.

    `sock` is a socket of `listening`; without it the settings' host and port are bound.
    `walks` names runbooks whose pathway is walked by Python instead of the stage graph.
    """
    opened = doors or await doors_of(house, address, walks=walks, faults=faults)
    settings = house.settings.gateway
    async with run_gateway(opened, settings.host, settings.port, sock=sock, extra=extra) as running:
        beating = asyncio.create_task(beat(house, GATEWAY))
        house.worker_key.gateways += 1
        try:
            yield RunningGateway(doors=opened, running=running)
        finally:
            house.worker_key.gateways -= 1
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating


async def doors_of(
    house: House,
    address: str,
    *,
    walks: Mapping[str, str] | None = None,
    faults: FaultSeam = no_faults,
) -> Doors:
    """Everything the doors work with; the engine is met at the first message, not here."""
    settings = house.settings
    client = await client_of(house, address=address, lazy=True)
    signer = load_or_create_keys(settings.keys)
    return Doors(
        store=house.store,
        directory=house.directory,
        clock=house.clock,
        signer=signer,
        engine=TemporalEngine(client, task_queue=settings.task_queue),
        shelf=shelf_of(house.store, settings, walks=walks),
        settings=door_settings(settings),
        on_call=rotas(house),
        pager=pager(house),
        slack=slack_parts(house),
        mail=mail_parts(house),
        codec=codec_parts(house),
        telling=house.outside,
        trackers=tuple(house.trackers),
        provider=provider_door(settings, house.http, clock=house.clock),
        log=load_or_create_log_key(settings.keys, origin=settings.log_name),
        spool=load_or_create_spool(settings.keys, file=settings.log_spool, signer=signer),
        authenticators=authenticators_of(settings),
        workers_due=house.worker_key.asked,
        keyring_note=partial(keyring_note_of, settings),
        witnessing=witnessing(settings, house.http),
        stamping=stamping(settings, house.http),
        events=EventWebhooks(
            house.http,
            clock=house.clock,
            source=str(settings.public_url).rstrip("/"),
            allow_loopback=settings.demo,
        ),
        outside=house.outside,
        access=house.access,
        faults=faults,
        # A restarted process must not be taken for the one that held a lease before it.
        id=f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}",
    )


def codec_parts(house: House) -> CodecParts | None:
    """What Temporal's own pages may read, where somebody is named who may."""
    codec = house.settings.codec
    if not codec.on:
        return None
    return CodecParts(
        keyring=house.keyring,
        namespace=house.settings.engine.namespace,
        roles=frozenset(codec.roles),
        origins=frozenset(codec.origins),
        audience=codec.audience,
        token_lifetime=codec.token_lifetime,
        per_minute=codec.per_minute,
    )


def mail_parts(house: House) -> MailDoorParts | None:
    """What reads replies and bounced notices, where a mailbox is set."""
    settings, found = house.settings, inbox(house.settings)
    if found is None:
        return None
    own = {settings.smtp.sender.lower(), (settings.imap.reply_to or "").lower()} - {""}
    return MailDoorParts(
        inbox=found,
        outside=house.outside,
        own=frozenset(own),
        authserv=settings.imap.authserv,
        every=settings.imap.every,
    )


def slack_parts(house: House) -> SlackDoorParts | None:
    """The door for Slack's buttons, where a workspace and a secret are known.

    NotSetUpError where a token is given and one of them is not: cards could never be closed.
    """
    settings, chat = house.settings.slack, slack(house)
    if chat is None:
        return None
    if not settings.team or not settings.signing_secrets:
        message = "a Slack token is set, but not whose buttons are to be believed"
        raise NotSetUpError(
            message, mend="Set ESCALATE_SLACK__TEAM and ESCALATE_SLACK__SIGNING_SECRETS."
        )
    return SlackDoorParts(slack=chat, team=settings.team, secrets=_plain(settings.signing_secrets))


def shelf_of(store: Store, settings: Settings, *, walks: Mapping[str, str] | None = None) -> Shelf:
    """The released runbooks, with the team's own routing table where there is one."""
    routing: bytes | None = None
    if settings.runbooks_dir is not None:
        own = settings.runbooks_dir / ROUTING
        routing = own.read_bytes() if own.is_file() else None
    return Shelf(store, routing=routing, walks=dict(walks or {}))


def door_settings(settings: Settings) -> DoorSettings:
    """What the settings mean to the doors."""
    webhooks, gateway = settings.webhooks, settings.gateway
    return DoorSettings(
        public_url=str(settings.public_url).rstrip("/"),
        leaf_first=settings.log_first,
        zendesk_secrets=_plain(webhooks.zendesk_secrets),
        standard_secrets=_plain(webhooks.standard_secrets),
        pagerduty_secrets=_plain(webhooks.pagerduty_secrets),
        webhook_max_age=webhooks.max_age,
        max_body_bytes=gateway.max_body_bytes,
        session_lifetime=gateway.session_lifetime,
        step_up_window=gateway.step_up_window,
        incident_manager_phone=settings.incident_manager_phone or "",
        time_zone=settings.time_zone,
        demo=settings.demo,
        passwords=not settings.oidc.on or settings.oidc.passwords_too or settings.demo,
        zendesk_instance=settings.zendesk.subdomain or "zendesk",
        own_zendesk_actor=settings.zendesk.actor,
        jira_secrets=_plain(webhooks.jira_secrets),
        jira_instance=(settings.jira.url.host if settings.jira.url is not None else None) or "jira",
        own_jira_account=settings.jira.account,
        jira_projects=settings.jira.projects,
        jira_fields={
            id_: name.replace("_", "-") for name, id_ in sorted(settings.jira.fields.items())
        },
        compare_every=settings.tickets.compare_every,
        compare_after=settings.tickets.compare_after,
        party=party(settings),
        connected=settings.reports.connected,
        ledger_keep=settings.ledger.keep,
        bulk_cap=settings.gateway.bulk_cap,
        grant_default=settings.grants.default,
        grant_longest=settings.grants.longest,
        grant_answer=settings.grants.answer,
        urgent_queue=settings.urgent_queue,
        keepers=settings.keeping.keepers,
        cooling_off=settings.keeping.cooling_off,
        # A demo's cases live through years in minutes.
        worker_lifetime=_YEARS if settings.demo else settings.workers.lifetime,
        erased=settings.erased,
        retention=retention_of(settings),
    )


def listening(settings: Settings) -> tuple[socket.socket, Settings]:
    """A bound socket, and the settings with the public URL of a port that was chosen for us.

    Links carry the public URL, so it must be known before the first process starts. A public URL
    that names another host than the one we listen on is left as it is: a proxy stands before us.
    """
    host = settings.gateway.host
    try:
        sock = listen(host, settings.gateway.port)
    except OSError as error:
        message = f"the gateway cannot listen on {host}:{settings.gateway.port} ({error.strerror})"
        raise NotSetUpError(
            message, mend="End what listens there, or set ESCALATE_GATEWAY__PORT (0 = a free one)."
        ) from error
    port = sock.getsockname()[1]
    url = settings.public_url
    local = url.scheme == "http" and url.host == host and url.port not in _HTTP_PORTS
    if not local or url.port == port:
        return sock, settings
    return sock, settings.model_copy(update={"public_url": AnyHttpUrl(f"http://{host}:{port}")})


async def release_library(
    store: Store, *, proposed_by: str, approved_by: str, at: datetime
) -> list[str]:
    """The runbooks that ship are live, in two people's names; which of them were not before.

    For the demo and for tests: in an installation two people do this, one after the other.
    """
    before = await store.releases.runbooks()
    released = []
    for name, text in library().items():
        runbook = load_runbook(text, file=f"{name}.yaml")
        standing = before.get(runbook.name)
        if standing is not None and standing.digest == runbook.digest:
            continue
        await store.releases.propose(
            runbook=runbook.name,
            version=runbook.version,
            digest=runbook.digest,
            source=text,
            by=proposed_by,
            at=at,
        )
        await store.releases.approve(
            runbook=runbook.name, version=runbook.version, by=approved_by, at=at
        )
        released.append(runbook.name)
    return released


def _plain(secret_values: tuple[SecretStr, ...]) -> tuple[str, ...]:
    return tuple(value.get_secret_value() for value in secret_values)
