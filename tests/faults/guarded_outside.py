"""Every system outside a guarded house, each as its fake, and everything that it was sent."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from activities import Announcements, Outside, Rooms
from gateway.doors import SlackDoorParts
from integrations._http import new_client
from integrations.jira import Jira
from integrations.jira_site import JiraSite
from integrations.outgoing_webhook import OutgoingWebhook
from integrations.pagerduty import DEFAULT, PagerDuty
from integrations.ports.clock import Clock
from integrations.ports.ticketing import (
    Noted,
    PrioritySet,
    StatusSet,
    TicketDraft,
    Ticketing,
    TicketLink,
    TicketPriority,
    TicketRef,
    TicketStatus,
)
from integrations.request_tracker import RequestTracker
from integrations.servicenow import ServiceNow
from integrations.servicenow_site import ServiceNowSite
from integrations.signed_webhook import Connector
from integrations.slack import Slack
from integrations.teams import Teams
from integrations.zendesk import Zendesk
from tests.fakes.connector import FakeConnector
from tests.fakes.event_receiver import EventReceiver
from tests.fakes.jira import EMAIL as JIRA_EMAIL
from tests.fakes.jira import TOKEN as JIRA_TOKEN
from tests.fakes.jira import FakeJira
from tests.fakes.pagerduty import KEY, FakePagerDuty
from tests.fakes.request_tracker import FakeRequestTracker
from tests.fakes.servicenow import GROUP, PASSWORD, USER, FakeServiceNow
from tests.fakes.slack import ROOM, SECRET, TEAM, FakeSlack
from tests.fakes.slack import TOKEN as SLACK_TOKEN
from tests.fakes.teams import URL as TEAMS_URL
from tests.fakes.teams import FakeTeams
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk

DIGEST = timedelta(minutes=30)
"""What is not pressing waits for company so long."""
HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "https://escalate.example.test"
"""Teams takes no card that leads to an address without TLS."""


class EveryTracker:
    """Several ticket systems as one: what any of them would be sent, all of them are sent."""

    def __init__(self, trackers: Mapping[str, tuple[Ticketing, str]]) -> None:
        self._trackers = [tracker for tracker, _ in trackers.values()]
        self._queues = [queue for _, queue in trackers.values()]
        self._known: dict[str, list[TicketRef]] = {}

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """Opened everywhere; known by the name it has in the first."""
        found = [
            await tracker.open_ticket(draft.model_copy(update={"queue": queue}))
            for tracker, queue in zip(self._trackers, self._queues, strict=True)
        ]
        self._known[found[0].id] = found
        return found[0]

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """Noted everywhere."""
        said = [await t.comment(ref, text, key=key, also=also) for t, ref in self._of(ticket)]
        return said.pop(0)

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """Set everywhere."""
        said = [await t.set_status(ref, status, key=key) for t, ref in self._of(ticket)]
        return said.pop(0)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """Set everywhere."""
        said = [await t.set_priority(ref, priority, key=key) for t, ref in self._of(ticket)]
        return said.pop(0)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """Linked everywhere."""
        said = [await t.link(ref, link) for t, ref in self._of(ticket)]
        return said.pop(0)

    def _of(self, ticket: TicketRef) -> Iterable[tuple[Ticketing, TicketRef]]:
        return zip(self._trackers, self._known[ticket.id], strict=True)

    def __getattr__(self, name: str) -> Any:
        # What only comparing asks for: it looks at one of them, and writes to all.
        return getattr(self._trackers[0], name)


@dataclass
class Everybody:
    """The fakes, and every request that left for them."""

    clock: Clock
    zendesk: FakeZendesk = field(default_factory=FakeZendesk)
    jira: FakeJira = field(default_factory=FakeJira)
    servicenow: FakeServiceNow = field(default_factory=FakeServiceNow)
    tracker: FakeRequestTracker = field(default_factory=FakeRequestTracker)
    pagerduty: FakePagerDuty = field(default_factory=FakePagerDuty)
    teams: FakeTeams = field(default_factory=FakeTeams)
    connector: FakeConnector = field(default_factory=lambda: FakeConnector(HOOK_SECRET))
    receiver: EventReceiver = field(default_factory=EventReceiver)
    sent: list[bytes] = field(default_factory=list)
    """Every request that left over HTTP."""

    def __post_init__(self) -> None:
        """A room lives in the same present as the house."""
        self.slack = FakeSlack(self.clock)
        self.trackers = EveryTracker(self._trackers())

    def carried(self) -> dict[str, list[bytes]]:
        """By channel: everything that it holds of us."""
        rooms = self.slack.rooms
        return {
            "Zendesk": _all(self.zendesk.tickets, self.zendesk.comments),
            "Jira": _all(self.jira.issues),
            "ServiceNow": _all(self.servicenow.tables),
            "Request Tracker": _all(self.tracker.tickets, self.tracker.history),
            "action webhook": [body for _, body in self.connector.attempts],
            "event webhook": list(self.receiver.bodies),
            "pager": _all(self.pagerduty.events),
            "Slack rooms": _all([card for cards in rooms.values() for card in cards]),
            "Slack forms": _all(self.slack.views),
            "Slack whispers": _all(self.slack.whispers),
            "Teams": _all(self.teams.cards),
            "any request": list(self.sent),
        }

    def client(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
        """A client whose every request is remembered."""

        async def remember(request: httpx.Request) -> None:
            head = json.dumps([str(request.url), *map(str, request.headers.multi_items())])
            self.sent.append(head.encode() + b"\n" + request.content)

        client = new_client(transport=transport)
        client.event_hooks = {"request": [remember], "response": []}
        return client

    def pager(self) -> PagerDuty:
        """What gets people up."""
        return PagerDuty(
            self.client(self.pagerduty.network),
            keys={DEFAULT: SecretStr(KEY)},
            clock=self.clock,
            events_url=self.pagerduty.events_url,
        )

    def room_door(self) -> SlackDoorParts:
        """What presses in rooms come in by."""
        chat = Slack(self.client(self.slack.transport), token=SLACK_TOKEN, clock=self.clock)
        return SlackDoorParts(slack=chat, team=TEAM, secrets=(SECRET,))

    def outside(self, real: Outside) -> Outside:
        """The house's own, with each of them in its place; mail stays what it is."""
        acting = OutgoingWebhook(
            self.client(self.connector.transport()),
            connector=Connector(
                name="content-platform",
                url="https://platform.example.test/orders",
                secrets=(SecretStr(HOOK_SECRET),),
            ),
            clock=self.clock,
            resolver=public,
        )
        return dataclasses.replace(
            real,
            # Real mail only: the demo's outbox is a table of ours and no channel.
            channels=[channel for channel in real.channels if channel.name == "mail"],
            public_url=PUBLIC,
            ticketing={"zendesk": self.trackers},
            default_ticketing="zendesk",
            local_ticketing=frozenset(),
            connectors={"content-platform": acting},
            digest=DIGEST,
            pager=self.pager(),
            rooms=Rooms(chat=self.room_door().slack, default=ROOM),
            announcements=Announcements(
                teams=Teams(self.client(self.teams.transport()), clock=self.clock),
                default=TEAMS_URL,
            ),
        )

    def _trackers(self) -> dict[str, tuple[Ticketing, str]]:
        clock = self.clock
        site = JiraSite(url=self.jira.url, email=JIRA_EMAIL, token=JIRA_TOKEN)
        instance = ServiceNowSite(
            url=self.servicenow.url,
            user=USER,
            password=PASSWORD,
            group=GROUP,
        )
        first = Zendesk(
            self.client(self.zendesk.network),
            url=self.zendesk.url,
            email=EMAIL,
            token=TOKEN,
            clock=clock,
        )
        last = RequestTracker(
            self.client(self.tracker.network),
            url=self.tracker.url,
            user="robot",
            password="any",
            clock=clock,
        )
        return {
            "zendesk": (first, "General"),
            "jira": (Jira(self.client(self.jira.network), site, clock=self.jira.clock), "OPS"),
            "servicenow": (
                ServiceNow(
                    self.client(self.servicenow.network), instance, clock=self.servicenow.clock
                ),
                GROUP,
            ),
            "request-tracker": (last, "General"),
        }


async def public(host: str, port: int) -> Sequence[str]:
    """Every name leads to one public address."""
    return ["93.184.216.34"]


def _all(*held: Any) -> list[bytes]:
    return [repr(each).encode() for each in held if each]
