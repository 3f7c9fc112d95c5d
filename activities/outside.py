"""What the activities work with, handed in once by the worker's wiring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from activities.announcing import Announcements
from activities.guarding import Guard, Passing, unguarded
from activities.intents import Intents, Unlogged
from activities.rooms import Rooms
from activities.voices import Locales
from integrations.cedar import shipped
from integrations.ports.access import POLICIES, Access
from integrations.ports.actions import Actions
from integrations.ports.directory import Directory
from integrations.ports.messaging import Messaging
from integrations.ports.on_call import OnCallDirectory
from integrations.ports.paging import Paging
from integrations.ports.reporting import Reporting
from integrations.ports.ticketing import Ticketing
from store import Store


@dataclass(frozen=True)
class Channel:
    """One way to reach people, under the name the journal knows it by."""

    name: str
    messaging: Messaging


@dataclass(frozen=True)
class Outside:
    """Everything beyond the workflow: our store, and other people's systems behind ports."""

    store: Store
    directory: Directory
    channels: Sequence[Channel]
    """In the order they are tried: the next one is for when the one before fails."""
    public_url: str
    mail_domain: str
    zone: ZoneInfo
    """The zone for people whose own is not known."""
    pager: Paging | None = None
    """What gets people up, beside the channels; None = pages go by the channels only."""
    on_call: OnCallDirectory | None = None
    """Who of a role is on call; None = everybody who holds it is told."""
    ticketing: Mapping[str, Ticketing] = field(default_factory=dict)
    """By system: `zendesk`, `request-tracker`, `local`."""
    default_ticketing: str | None = None
    """Where a case opens a ticket when it did not come from one."""
    reply_to: str | None = None
    """Where replies to mails shall go, if not to the address they come from."""
    rooms: Rooms | None = None
    """The rooms of a chat that roles are told in, before the channels are tried."""
    local_ticketing: frozenset[str] = frozenset({"local"})
    """Systems whose tickets are kept in our own store: never down, and nobody else writes there."""
    ticket_queues: Mapping[str, str] = field(default_factory=dict)
    """By system: where a case opens a ticket, in the tracker's own name for it."""
    connectors: Mapping[str, Actions] = field(default_factory=dict)
    """By connector name, as runbooks say it after `webhook:`."""
    reporting: Mapping[str, Reporting] = field(default_factory=dict)
    """By form, as runbooks say it after `report:`; a form that is not here is handed in by hand."""
    intents: Intents = field(default_factory=Unlogged)
    """What is waited for before something irreversible is done."""
    announcements: Announcements | None = None
    """The channels of Teams that hear of notices, beside the people."""
    access: Access = field(default_factory=shipped)
    """Who may do what: asked once more before what cannot be taken back."""
    policies_kept: set[str] = field(default_factory=set)

    guard: Guard | None = None
    """What holds messages back; without it every message is sent as fast as it comes."""
    link_life: timedelta = timedelta(hours=72)
    """How long a link of a message leads somewhere; it is no authority, and dies with its round."""
    locales: Locales = field(default_factory=Locales)
    """In which locale whom is told."""
    digest: timedelta | None = None
    """How long what is not pressing waits for company; None = not, unless a recipient wishes it."""

    @property
    def passing(self) -> Passing:
        """A message is sent inside it; it raises where nothing may be sent that way now."""
        return self.guard.passing if self.guard is not None else unguarded

    async def keep_policies(self, *, at: datetime) -> None:
        """The policies are in the store under their digest, as any answer names them."""
        if self.access.digest not in self.policies_kept:
            await self.store.objects.put(kind=POLICIES, data=self.access.written_down, at=at)
            self.policies_kept.add(self.access.digest)

    def queue_of(self, system: str) -> str:
        """Where a case opens a ticket in that system."""
        return self.ticket_queues.get(system, "General")
