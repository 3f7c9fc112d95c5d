"""Everything a gateway works with, handed in at its start."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from activities.outside import Outside
from activities.voices import Locales
from audit.log.note import NoteSigner
from audit.log.spool import Spool
from cases.drafts.party import Party
from cases.keepers import Keepers
from cases.report import Source
from gateway.engine_port import CaseEngine
from gateway.faults import FaultSeam, no_faults
from gateway.hearing import Hearing
from gateway.shelf import Shelf
from gateway.signer import DoorSigner
from gateway.vouching import Stamping, Witnessing
from integrations import cedar
from integrations.authenticators import Authenticators
from integrations.event_webhook import EventWebhooks
from integrations.imap import ImapInbox
from integrations.oidc.role_map import RoleMap
from integrations.ports.access import Access
from integrations.ports.clock import Clock
from integrations.ports.directory import Credentials, Directory
from integrations.ports.identity import Identity
from integrations.ports.on_call import OnCallDirectory
from integrations.ports.paging import Paging
from integrations.ports.ticketing import Ticketing
from integrations.slack import Slack
from runbooks import retention as keeping
from runbooks.retention import Retention
from store import Store


@dataclass(frozen=True)
class Tracker:
    """A ticket system that is connected."""

    source: Source
    tickets: Ticketing
    instance: str
    polls: bool = False
    """It is asked for news, because it pushes none."""
    queue: str = ""
    """Only new tickets of this queue become cases; empty = of every queue."""
    opens_in: str = ""
    """Where a case opens a ticket, in the tracker's own name for it."""
    every: timedelta = timedelta(seconds=30)
    """The time between two polls."""


class People(Directory, Credentials, Protocol):
    """A directory that also checks log-ins."""


@dataclass(frozen=True)
class SlackDoorParts:
    """What the door for Slack's buttons needs; without it there is none."""

    slack: Slack
    team: str
    """The one workspace whose members may act."""
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class MailDoorParts:
    """What reading replies and bounces needs; without it no mail is read."""

    inbox: ImapInbox
    outside: Outside
    """By which people are told what came of it."""
    own: frozenset[str]
    """The addresses we send from, in lower case."""
    authserv: str | None = None
    """The name under which our own mail server says what it verified."""
    every: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class ProviderDoor:
    """The provider people log in at, and what its claims mean here."""

    identity: Identity
    roles: RoleMap = field(default_factory=RoleMap)
    name: str = "your organisation"


class Keyring(Protocol):
    """Knows the data key of a case."""

    async def key(self, case: str) -> tuple[str, bytes]:
        """The key's id and its 32 bytes; KeyError when the case has none."""
        ...


@dataclass(frozen=True)
class CodecParts:
    """What Temporal's own pages and command line may read, and who may."""

    keyring: Keyring
    namespace: str
    roles: frozenset[str]
    origins: frozenset[str] = frozenset()
    audience: str = "codec"
    token_lifetime: timedelta = timedelta(minutes=15)
    per_minute: int = 3000


@dataclass(frozen=True)
class DoorSettings:
    """The values of the installation that doors need; `workers.settings` says what they mean."""

    public_url: str
    zendesk_secrets: tuple[str, ...] = ()
    jira_secrets: tuple[str, ...] = ()
    standard_secrets: tuple[str, ...] = ()
    pagerduty_secrets: tuple[str, ...] = ()
    webhook_max_age: timedelta = timedelta(minutes=5)
    max_body_bytes: int = 262_144
    session_lifetime: timedelta = timedelta(hours=8)
    step_up_window: timedelta = timedelta(minutes=5)
    incident_manager_phone: str = ""
    time_zone: str = "UTC"
    demo: bool = False
    zendesk_instance: str = "zendesk"
    """Which Zendesk account the webhooks come from: its subdomain."""
    own_zendesk_actor: str = ""
    """The id of our own API user there: its news is our echo. Empty = nobody's is."""
    jira_instance: str = "jira"
    """Which Jira site the webhooks come from."""
    own_jira_account: str = ""
    """The account id we act as there: its news is our echo."""
    jira_projects: tuple[str, ...] = ()
    """Only new issues of these projects become cases; empty = of every project."""
    jira_fields: Mapping[str, str] = field(default_factory=dict)
    """Form fields that routing may read, by Jira's id of them: `customfield_10042` → `kind`."""
    compare_every: timedelta = timedelta(minutes=15)
    """How often each case is compared with its ticket."""
    compare_after: timedelta = timedelta(days=14)
    """How long a case that has ended is still compared with its ticket."""
    compare_pause: timedelta = timedelta(seconds=30)
    """The time between two looks at what is due; each look takes few tickets."""
    compare_owed: timedelta = timedelta(minutes=1)
    """How often what a tracker did not take is tried again."""
    receipt_wait: timedelta = timedelta(seconds=3)
    """How long a person waits for the workflow's answer before "recorded" is said."""
    dispatch_poll: timedelta = timedelta(seconds=2)
    """How often rows of other gateways, or rows that are due again, are looked for."""
    lease: timedelta = timedelta(seconds=30)
    bulk_cap: int = 200
    """An order over more cases than this waits for a second person."""
    urgent_queue: str = ""
    """The task queue of what cannot wait in a grave case; empty: there is none of its own."""
    most_attempts: int = 50
    """A delivery that fails this often is a dead letter."""
    ledger_keep: timedelta = timedelta(days=90)
    """Calls and delivered events are forgotten after this time."""
    continue_after: int | None = None
    party: Party = field(default_factory=Party)
    """Who hands in reports to authorities."""
    connected: frozenset[str] = frozenset()
    """The forms that a connector hands in; the others are handed in by a person."""
    passwords: bool = True
    """Whether the directory's own passwords are taken; beside a provider usually not."""
    leaf_first: bool = False
    """Decisions and irreversible effects take effect once the transparency log has their entries.
    Only where a gateway of the installation writes the log."""
    keepers: Keepers = field(default_factory=Keepers)
    """Who may erase content and end legal holds."""
    retention: Retention = field(default_factory=keeping.shipped)
    """How long each class of data is kept."""
    cooling_off: timedelta = timedelta(days=7)
    """How long an erasure that two people agreed to can still be withdrawn."""
    worker_lifetime: timedelta = timedelta(hours=24)
    """How long a worker's certificate counts."""
    erased: Path | None = None
    """The folder that tells a later restore what was erased; None: only the store knows."""
    log_in_attempts: int = 8
    """Failed log-ins of one person in a minute before the door stops checking."""
    grant_default: timedelta = timedelta(hours=24)
    """How long somebody is let read a case who did not say for how long they ask."""
    grant_longest: timedelta = timedelta(days=7)
    """Nobody is let read a case for longer at once."""
    grant_answer: timedelta = timedelta(hours=72)
    """A request that nobody has answered by then lapses."""

    @property
    def https(self) -> bool:
        """Whether people reach the gateway over TLS."""
        return self.public_url.startswith("https://")

    @property
    def origin(self) -> str:
        """The scheme, host and port our own pages come from."""
        return "/".join(self.public_url.split("/")[:3])


@dataclass(frozen=True)
class Doors:
    """What every door shares."""

    store: Store
    directory: People
    clock: Clock
    signer: DoorSigner
    engine: CaseEngine
    shelf: Shelf
    settings: DoorSettings
    trackers: tuple[Tracker, ...] = ()
    """The ticket systems that are connected."""
    on_call: OnCallDirectory | None = None
    pager: Paging | None = None
    """Told when a page is answered here."""
    slack: SlackDoorParts | None = None
    mail: MailDoorParts | None = None
    codec: CodecParts | None = None
    """Decodes for Temporal's own pages; without it nobody does."""
    provider: ProviderDoor | None = None
    """Where people log in; None: with a password of the directory."""
    log: NoteSigner | None = None
    """Signs the checkpoints of the transparency log; without it no recorder runs here."""
    spool: Spool | None = None
    """Signs what is decided while the log cannot be written, if two people order it."""
    telling: Outside | None = None

    @property
    def locales(self) -> Locales:
        """In which locale whom is told."""
        return self.telling.locales if self.telling is not None else Locales()

    """By which people are told what waited for company; without it no digest goes out here."""
    authenticators: Authenticators | None = None
    """The models of security keys that are listed; None: a key's own word is believed."""
    keyring_note: Callable[[], bytes] = bytes
    """The root's keyring note as it stands; empty before the first."""
    witnessing: Witnessing | None = None
    """Who is asked to vouch for checkpoints; without it nobody is asked from here."""
    stamping: Stamping | None = None
    """Who stamps checkpoints with the time; without it nobody is asked from here."""
    events: EventWebhooks | None = None
    """Sends events to whoever subscribed; without it none are sent from here."""
    outside: Outside | None = None
    """By which people are told of what is no notice of a case; None: the watch tells of it."""
    access: Access = field(default_factory=cedar.shipped)
    """Who may do what."""
    faults: FaultSeam = no_faults
    id: str = "gateway"
    """Names this process in leases and heartbeats."""
    deliveries_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a delivery was accepted here: the dispatcher looks at once."""
    obligations_due: asyncio.Event = field(default_factory=asyncio.Event)
    events_due: asyncio.Event = field(default_factory=asyncio.Event)
    digests_due: asyncio.Event = field(default_factory=asyncio.Event)
    acts_due: asyncio.Event = field(default_factory=asyncio.Event)
    emergencies_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a case was opened in an emergency: who must know of it is told at once."""
    grants_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody asked to read a case, or was answered: others are told at once."""
    chat_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a card in a chat may be over: the closer looks at once."""
    log_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a decision was recorded that waits for the log: the recorder looks at once."""
    pages_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a pager said something."""
    workers_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a worker of this process asks for its certificate."""
    policies_kept: set[str] = field(default_factory=set)
    hearing: Hearing = field(default_factory=Hearing)
    """Who waits here for the answer to an act."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How the acts answered in this process ended, for `/metrics`."""
