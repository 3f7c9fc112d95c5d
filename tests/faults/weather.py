"""Systems outside that go wrong on purpose, each with its troubles and what must hold afterwards.

A further vendor is one class here, or beside its fake, and one line in `VENDORS` of
`test_chaos.py`; its troubles are lines of the table there.
"""

import asyncio
import email
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import uvicorn
from aiosmtpd import smtp
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cases.journal import Entry, Kind
from store import NoticeRow
from tests.fakes.event_receiver import PATH, EventReceiver
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk
from tests.integrations.test_smtp import Scripted, running


@dataclass
class Lived:
    """A case as it was lived, and what the house has of it."""

    number: str
    acts: list[str] = field(default_factory=list)
    status: str = ""
    accepted: int = 0
    """How many of its acts have an answer that says they count."""
    entries: Sequence[Entry] = ()
    notices: Sequence[NoticeRow] = ()


class Vendor(Protocol):
    """A system outside. `met` counts how often each trouble was really run into."""

    name: str
    met: Counter[str]

    @property
    def environ(self) -> Mapping[str, str]:
        """The settings by which the house reaches it."""
        ...

    def begin(self, trouble: str) -> None:
        """It goes wrong in that way from now on."""
        ...

    def end(self, trouble: str) -> None:
        """It does not any more."""
        ...

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """How often something happened that must never: every number has to be 0."""
        ...


@dataclass
class Door:
    """Stands before a fake and answers in its place while there is trouble."""

    inner: ASGIApp
    met: Counter[str]
    troubles: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Down: 503. Throttled: 429. Deaf: the work is done and the answer is lost."""
        answer: Response | None = None
        if scope["type"] == "http":
            if "down" in self.troubles:
                self.met["down"] += 1
                answer = PlainTextResponse("down", 503)
            elif "throttled" in self.troubles:
                self.met["throttled"] += 1
                answer = PlainTextResponse("slow down", 429, {"Retry-After": "1"})
            elif "deaf" in self.troubles:
                self.met["deaf"] += 1
                await self.inner(scope, receive, _nowhere)
                answer = PlainTextResponse("gateway time-out", 504)
        await (answer or self.inner)(scope, receive, send)


class Tracker:
    """Zendesk, as its documentation has it."""

    name = "tracker"

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.zendesk = FakeZendesk()
        self.door = Door(self.zendesk.app, self.met)
        self.port = 0

    @property
    def environ(self) -> Mapping[str, str]:
        """A Zendesk account on this machine."""
        return {
            "ESCALATE_ZENDESK__SUBDOMAIN": "chaos",
            "ESCALATE_ZENDESK__BASE_URL": f"http://127.0.0.1:{self.port}",
            "ESCALATE_ZENDESK__EMAIL": EMAIL,
            "ESCALATE_ZENDESK__TOKEN": TOKEN,
        }

    def begin(self, trouble: str) -> None:
        """`down`, `throttled` or `deaf`."""
        self.door.troubles.add(trouble)

    def end(self, trouble: str) -> None:
        """It answers."""
        self.door.troubles.discard(trouble)

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """One ticket a case, every note once, solved at the end."""
        tickets = self.zendesk.tickets
        bodies = [[c["body"] for c in comments] for comments in self.zendesk.comments.values()]
        return {
            "tickets doubled": max(len(tickets) - len(cases), 0),
            "tickets missing": max(len(cases) - len(tickets), 0),
            "ticket notes doubled": sum(len(each) - len(set(each)) for each in bodies),
            "tickets not solved": sum(each["status"] != "solved" for each in tickets.values()),
        }


class Mail(Scripted):
    """A mail server that greylists: it takes a message at its second try only."""

    name = "mail"

    def __init__(self) -> None:
        super().__init__()
        self.met: Counter[str] = Counter()
        self.port = 0
        self._grey = False
        self._known: set[str] = set()

    @property
    def environ(self) -> Mapping[str, str]:
        """The one channel: without it nobody is told."""
        return {
            "FAULT_MAIL_ONLY": "1",
            "ESCALATE_SMTP__HOST": "127.0.0.1",
            "ESCALATE_SMTP__PORT": str(self.port),
            "ESCALATE_SMTP__TLS": "none",
        }

    def begin(self, trouble: str) -> None:
        """`greylisting`."""
        self._grey = True

    def end(self, trouble: str) -> None:
        """It takes everything at once."""
        self._grey = False

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, srv: smtp.SMTP, session: smtp.Session, envelope: smtp.Envelope
    ) -> str:
        """Refused for now, the first time a message is seen."""
        assert isinstance(envelope.content, bytes)
        id_ = _message_id(envelope.content)
        if self._grey and id_ not in self._known:
            self._known.add(id_)
            self.met["greylisting"] += 1
            return "451 4.7.1 greylisted, try again"
        return await super().handle_DATA(srv, session, envelope)

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every notice ended, once for each recipient, and its mail is there."""
        ids = {_message_id(content) for content in self.taken}
        rows = [row for case in cases for row in case.notices]
        mailed = [row for row in rows if row.channel == self.name]
        ordered, ended = (
            {(case.number, e.body["key"]) for case in cases for e in case.entries if e.kind is kind}
            for kind in (Kind.NOTICE_ORDERED, Kind.NOTICE_ENDED)
        )
        return {
            "notices doubled": len(rows) - len({(row.key, row.recipient) for row in rows}),
            "notices without an end": len(ordered - ended),
            "notices without their mail": sum(
                row.message_id is not None and row.message_id not in ids for row in mailed
            ),
        }


class Receiver(EventReceiver):
    """Who subscribed to everything."""

    name = "receiver"

    def __init__(self) -> None:
        super().__init__()
        self.met: Counter[str] = Counter()
        self.door = Door(self.app, self.met)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is sent events."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def environ(self) -> Mapping[str, str]:
        """It subscribes; no setting names it."""
        return {}

    def begin(self, trouble: str) -> None:
        """`down`, `throttled` or `deaf`."""
        self.door.troubles.add(trouble)

    def end(self, trouble: str) -> None:
        """It answers."""
        self.door.troubles.discard(trouble)

    def wrong(self, cases: Sequence[Lived]) -> dict[str, int]:
        """Every entry's event is there, and of each case in the order it was recorded."""
        missing = disordered = 0
        for case in cases:
            told = [
                event["sequence"] for event in self.told(case.number) if event["stream"] == "case"
            ]
            missing += len({entry.sequence for entry in case.entries} - set(told))
            disordered += sum(a >= b for a, b in itertools.pairwise(told))
        return {
            "events lost": missing,
            "events out of order": disordered,
            "events not believed": self.unbelieved,
        }


@asynccontextmanager
async def blowing(vendor: Any) -> AsyncIterator[None]:
    """The vendor is reached on a port of this machine."""
    if isinstance(vendor, Mail):
        async with running(vendor) as vendor.port:
            yield
        return
    listener = socket.create_server(("127.0.0.1", 0))
    vendor.port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(vendor.door, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _nowhere(message: Message) -> None:
    """The answer is lost."""


def _message_id(content: bytes) -> str:
    return str(email.message_from_bytes(content)["Message-ID"])
