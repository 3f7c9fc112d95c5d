"""Builds the house: from settings to a store, people, channels, trackers, doors and a worker.

Every process begins here, so that worker, gateway, watch and demo are the same house seen from
different rooms. Nothing below this package reads settings.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from activities import Announcements, Channel, Outside, Rooms, all_activities
from activities.guarding import Guard, Limits
from activities.intents import LoggedIntents, Unlogged
from audit.bundle.code import source_digest
from audit.log.directory import DirectoryTiles
from gateway.doors import Tracker
from integrations.cedar_folder import PoliciesRefusedError, installed
from integrations.claims_directory import ClaimsDirectory
from integrations.file_directory import FileDirectory
from integrations.imap import ImapInbox, ImapServer
from integrations.local_outbox import LocalOutbox
from integrations.local_tickets import LocalTickets
from integrations.on_call import OnCallRotas
from integrations.on_call_sources import PagerDutyRota, Source
from integrations.outgoing_webhook import OutgoingWebhook
from integrations.pagerduty import PagerDuty
from integrations.ports.access import Access
from integrations.ports.actions import Actions
from integrations.ports.clock import Clock
from integrations.signed_webhook import Connector
from integrations.slack import API, Slack
from integrations.smtp import SmtpMail, SmtpServer, Tls
from integrations.teams import Teams
from store import Store, upgrade
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.kept import StoreKeyring, StoreMails, StoreNotes
from workers.key_ring import key_ring
from workers.locales import locales
from workers.log_in import directory_of
from workers.reporting import reporting
from workers.settings import Settings
from workers.trackers import tickets_of, trackers
from workers.worker_key import WorkerKey

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class House:
    """What every process of an installation shares."""

    settings: Settings
    store: Store
    clock: Clock
    directory: FileDirectory | ClaimsDirectory
    http: httpx.AsyncClient
    access: Access
    worker_key: WorkerKey = field(default_factory=lambda: WorkerKey(source_digest))
    """This process's own, where it is a worker; nothing is made before it is asked for."""

    @property
    def keyring(self) -> StoreKeyring:
        """The keys that payloads are encrypted with."""
        return StoreKeyring(self.store)

    @property
    def trackers(self) -> Sequence[Tracker]:
        """The vendors' ticket systems that are connected."""
        return trackers(self.settings, http=self.http, clock=self.clock)

    @property
    def outside(self) -> Outside:
        """What activities work with."""
        settings = self.settings
        connected = self.trackers
        ticketing = tickets_of(connected)
        local: frozenset[str] = frozenset()
        if settings.demo:
            # The demo has no vendor: its own tracker keeps what a vendor's ticket would show.
            own = LocalTickets(StoreNotes(self.store, clock=self.clock))
            local = frozenset({"local", "zendesk"} - ticketing.keys())
            ticketing |= dict.fromkeys(sorted(local), own)
        return Outside(
            store=self.store,
            directory=self.directory,
            channels=channels(self),
            rooms=rooms(self),
            announcements=announcements(self),
            reply_to=settings.imap.reply_to,
            public_url=str(settings.public_url).rstrip("/"),
            mail_domain=settings.smtp.sender.rpartition("@")[2] or "localhost",
            zone=ZoneInfo(settings.time_zone),
            pager=pager(self),
            on_call=rotas(self),
            ticketing=ticketing,
            default_ticketing=next(iter(ticketing), None),
            local_ticketing=local,
            ticket_queues={each.source.value: each.opens_in for each in connected},
            connectors=connectors(self),
            reporting=reporting(settings, http=self.http, clock=self.clock),
            intents=LoggedIntents(self.store) if settings.log_first else Unlogged(),
            guard=Guard(self.store, clock=self.clock, limits=limits(settings)),
            link_life=settings.notices.link_life,
            locales=locales(settings),
            digest=settings.notices.digest or None,
            access=self.access,
        )

    @property
    def activities(self) -> Sequence[Callable[..., Any]]:
        """Everything a case may ask for, for a worker."""
        return all_activities(self.outside)


@asynccontextmanager
async def house(
    settings: Settings, *, clock: Clock | None = None, migrate: bool = False
) -> AsyncIterator[House]:
    """The house of these settings, closed again at the end.

    `migrate` brings the store's schema up to date first; without it an outdated store refuses to
    open. Raises NotSetUpError, which says what to do, when something it needs is not there.
    """
    clock = clock or SystemClock()
    if migrate:
        await upgrade(settings.store)
    file = FileDirectory(people_file(settings), clock=clock) if has_people(settings) else None
    # Leaves are in the store; its tiles may be files that any web server can serve.
    tiles = DirectoryTiles(settings.log_directory) if settings.log_directory else None
    async with (
        await Store.open(settings.store, kek=key_ring(settings), tiles=tiles) as store,
        # Vendors are reached directly: a proxy out of the environment would see their secrets.
        httpx.AsyncClient(trust_env=False, follow_redirects=False) as http,
    ):
        await store.rotation.ready(at=await clock.now())
        directory = directory_of(settings, file, store=store, clock=clock)
        yield House(
            settings=settings,
            store=store,
            clock=clock,
            directory=directory,
            http=http,
            access=access_of(settings),
        )


def access_of(settings: Settings) -> Access:
    """The policies that ship and the team's own; NotSetUpError with every place that is wrong."""
    try:
        return installed(settings.access_dir)
    except PoliciesRefusedError as refused:
        raise NotSetUpError(
            f"the policies of who may do what cannot be used: {refused}",
            mend="`escalate access lint` names every place.",
        ) from refused


def has_people(settings: Settings) -> bool:
    """Whether there is a file of people; only beside a log-in provider there need not be one."""
    named = settings.directory_file is not None or settings.demo
    return named or not settings.oidc.roles


def people_file(settings: Settings) -> Path:
    """The directory's file: the demo's people in the demo, else the configured one."""
    if settings.directory_file is not None:
        return settings.directory_file
    if settings.demo:
        return Path(__file__).resolve().parent.parent / "integrations" / "demo_directory.yaml"
    message = "no directory of people is configured"
    raise NotSetUpError(message, mend="Set ESCALATE_DIRECTORY_FILE to a YAML file of people.")


def limits(settings: Settings) -> Limits:
    """How fast each channel may be told, and when it counts as out."""
    notices = settings.notices
    per_minute = {
        "slack": notices.slack_per_minute,
        "teams": notices.teams_per_minute,
        "pagerduty": notices.pagerduty_per_minute,
    }
    if notices.mail_per_minute is not None:
        per_minute["mail"] = notices.mail_per_minute
    return Limits(
        per_minute=per_minute,
        # The demo's time is skipped: what is an hour there is a minute here.
        person_per_hour=None if settings.demo else notices.person_per_hour,
        failures=notices.failures,
        pause=notices.pause,
    )


def channels(house: House) -> Sequence[Channel]:
    """The ways to reach people, in the order they are tried."""
    smtp = house.settings.smtp
    found: list[Channel] = []
    if smtp.host is not None:
        server = SmtpServer(
            host=smtp.host,
            port=smtp.port,
            tls=Tls(smtp.tls),
            user=smtp.user,
            password=smtp.password,
            sender=smtp.sender,
        )
        found.append(Channel("mail", SmtpMail(server, clock=house.clock)))
    if house.settings.demo or not found:
        outbox = LocalOutbox(StoreMails(house.store), clock=house.clock)
        found.append(Channel("outbox", outbox))
    return found


def inbox(settings: Settings) -> ImapInbox | None:
    """The mailbox that replies and bounces come to, where one is set."""
    imap = settings.imap
    if imap.host is None or imap.user is None or imap.password is None:
        return None
    return ImapInbox(
        ImapServer(
            host=imap.host,
            port=imap.port,
            tls=Tls(imap.tls),
            user=imap.user,
            password=imap.password,
            folder=imap.folder,
        )
    )


def slack(house: House) -> Slack | None:
    """The workspace, where one is connected."""
    settings = house.settings.slack
    if settings.token is None:
        return None
    return Slack(
        house.http,
        token=settings.token.get_secret_value(),
        clock=house.clock,
        api=str(settings.api or API),
    )


def rooms(house: House) -> Rooms | None:
    """Which room of the workspace each role is told in."""
    settings, chat = house.settings.slack, slack(house)
    if chat is None:
        return None
    return Rooms(
        chat=chat,
        default=settings.channel or None,
        of_role={role: room.channel for role, room in settings.rooms.items()},
    )


def announcements(house: House) -> Announcements | None:
    """Which channel of Teams each role hears of its notices in."""
    settings = house.settings.teams
    if not settings.on:
        return None
    return Announcements(
        teams=Teams(house.http, clock=house.clock),
        default=settings.webhook.get_secret_value() if settings.webhook is not None else None,
        of_role={role: room.webhook.get_secret_value() for role, room in settings.rooms.items()},
    )


def pager(house: House) -> PagerDuty | None:
    """What gets people up; None when no key is configured."""
    settings = house.settings.pagerduty
    if not settings.keys:
        return None
    return PagerDuty(
        house.http,
        keys=settings.keys,
        clock=house.clock,
        events_url=str(settings.events_url),
        source=house.settings.public_url.host or "escalate",
    )


def rotas(house: House) -> OnCallRotas | None:
    """Who is on call; None when no file says it."""
    settings = house.settings
    if settings.on_call_file is None:
        return None
    return OnCallRotas(
        settings.on_call_file,
        directory=house.directory,
        schedule=schedules(settings, http=house.http, clock=house.clock),
    )


def schedules(
    settings: Settings, *, http: httpx.AsyncClient, clock: Clock
) -> Callable[[str], Source] | None:
    """How a schedule of PagerDuty is read; None without an API token."""
    token = settings.pagerduty.token
    if token is None:
        return None
    return partial(
        PagerDutyRota, http, token=token, clock=clock, url=str(settings.pagerduty.api_url)
    )


def connectors(house: House) -> dict[str, Actions]:
    """The systems that carry actions out, by the name runbooks give them."""
    found: dict[str, Actions] = {}
    for name, connector in house.settings.actions.connectors.items():
        url = connector.url
        local = house.settings.demo and url.host in LOOPBACK
        found[name] = OutgoingWebhook(
            house.http,
            connector=Connector(
                name=name,
                url=str(url),
                secrets=(connector.secret,),
                ports=frozenset({url.port or 443}),
                allow_loopback=local,
            ),
            clock=house.clock,
        )
    return found
