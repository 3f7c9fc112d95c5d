"""Systems outside that go wrong on purpose: what each of them is to a storm.

A further vendor is one class in `vendors.py` or `mailing.py`, and one line in `VENDORS` of
`test_chaos.py`; its troubles are lines of the table there.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import uvicorn
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cases.journal import Entry
from store import NoticeRow, Store

Found = TypeVar("Found")


@dataclass
class Lived:
    """A case as it was lived, and what the house has of it."""

    number: str
    id: str
    acts: list[str] = field(default_factory=list)
    status: str = ""
    accepted: int = 0
    """How many of its acts have an answer that says they count."""
    entries: Sequence[Entry] = ()
    door: Sequence[Entry] = ()
    notices: Sequence[NoticeRow] = ()


class People(Protocol):
    """What people can do in the storm: everything is tried until it was heard."""

    @property
    def store(self) -> Store:
        """Where one can look."""
        ...

    async def act(self, case: Lived, person: str, **body: Any) -> None:
        """The act was answered."""
        ...

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """The webhook was taken."""
        ...

    async def until(self, look: Callable[[], Awaitable[Found | None]], *, what: str) -> Found:
        """What `look` finds, as soon as it finds something."""
        ...


class Vendor(Protocol):
    """A system outside. `met` counts how often each trouble was really run into."""

    name: str
    met: Counter[str]

    @property
    def environ(self) -> Mapping[str, str]:
        """The settings by which the house reaches it."""
        ...

    @property
    def known(self) -> Mapping[str, str]:
        """Person → the line of the directory that says who they are there."""
        ...

    @property
    def carried(self) -> Mapping[str, int]:
        """How much it took: a channel that carried nothing proves nothing."""
        ...

    def serving(self) -> Any:
        """While the block runs it is reached."""
        ...

    def begin(self, trouble: str) -> None:
        """It goes wrong in that way from now on."""
        ...

    def end(self, trouble: str) -> None:
        """It does not any more."""
        ...

    async def meet(self, case: Lived, stage: str, people: People) -> None:
        """What happens there while the case is in that stage has happened."""
        ...

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """Whether nothing is under way to it any more."""
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


class Quiet:
    """What a vendor is like that needs nothing of all this."""

    @property
    def environ(self) -> Mapping[str, str]:
        """No setting names it."""
        return {}

    @property
    def known(self) -> Mapping[str, str]:
        """Nobody is known there by another name."""
        return {}

    async def meet(self, case: Lived, stage: str, people: People) -> None:
        """Nobody does anything there."""

    async def calm(self, store: Store, cases: Sequence[Lived]) -> bool:
        """What a case asks of it, the case waits for."""
        return True


class BehindDoor(Quiet):
    """A vendor over HTTP; its troubles are `down`, `throttled` and `deaf`."""

    def __init__(self, app: ASGIApp) -> None:
        self.met: Counter[str] = Counter()
        self.door = Door(app, self.met)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """It is reached on a port of this machine."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(self.door, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def begin(self, trouble: str) -> None:
        """It goes wrong in that way."""
        self.door.troubles.add(trouble)

    def end(self, trouble: str) -> None:
        """It answers."""
        self.door.troubles.discard(trouble)


async def _nowhere(message: Message) -> None:
    """The answer is lost."""
