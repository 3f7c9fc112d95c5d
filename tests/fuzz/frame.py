"""The fuzzer: signs as the vendor does, spoils what it signed, and compares two verdicts.

A delivery goes through the real application: routes, middleware, store. What must hold of each:
whatever the vendor's signer emits is believed; whatever its verifier refuses is not; where ours
alone refuses, a class that is listed says why; and no answer is a 500, no exception escapes.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message

from gateway.app import build_app
from gateway.doors import Doors, DoorSettings
from gateway.shelf import Shelf
from gateway.signer import load_or_create_keys
from integrations.file_directory import DEMO_FILE, FileDirectory
from store import DEMO_KEK, Store
from tests.fuzz.mutations import ANYBODYS, LARGEST, too_large
from tests.fuzz.verifier import Sent, Stricter, Verifier, body_of
from tests.gateway.engine import InProcessEngine
from tests.stores import empty_store
from workers.clock import SystemClock

REFUSED, UNREADABLE, TOO_LARGE = 401, 400, 413
_SPOILT = 0.8
_LARGE = 1 / 2000
_MOST_KEPT = 20

BODY_TOO_LARGE = Stricter(
    "body-too-large",
    f"a body of more than {LARGEST} bytes",
    "Nothing that is meant for us is that large; 413 comes before anything is kept in memory.",
    lambda sent: len(sent.body) > LARGEST,
)
HEADER_REPEATED = Stricter(
    "header-repeated",
    "a header of the signature that comes more than once",
    "Which of the two counts is decided differently by every proxy and framework.",
    lambda sent: any(count > 1 for count in Counter(k.lower() for k, _ in sent.headers).values()),
)
HEADER_UNPRINTABLE = Stricter(
    "header-unprintable",
    "a header with a character that is not visible ASCII",
    "No vendor sends one; a control character or another alphabet's digit is somebody trying.",
    lambda sent: any(not 0x20 <= byte <= 0x7E for _, value in sent.headers for byte in value),
)
EVERYBODYS = (BODY_TOO_LARGE, HEADER_REPEATED, HEADER_UNPRINTABLE)


@dataclass
class Summary:
    """What came of a run, and everything that must not have."""

    verifier: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    genuine: int = 0
    vouched: int = 0
    """Genuine ones that the vendor's verifier believes: nearly all, or the oracle is broken."""
    believed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    stricter: Counter[str] = field(default_factory=Counter)
    uncaught: list[str] = field(default_factory=list)
    too_trusting: list[str] = field(default_factory=list)
    """Believed, and the vendor's verifier refuses it."""
    too_strict: list[str] = field(default_factory=list)
    """Refused, though the vendor's verifier takes it, and no class says why."""

    @property
    def sound(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.uncaught or self.too_trusting or self.too_strict)

    def told(self) -> dict[str, Any]:
        """As JSON says it."""
        return {
            **asdict(self),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "stricter": dict(sorted(self.stricter.items())),
            "sound": self.sound,
        }


@asynccontextmanager
async def application(verifiers: Sequence[Verifier], folder: Path) -> AsyncIterator[Starlette]:
    """The gateway's own application on a store of its own, with those doors open."""
    settings: dict[str, Any] = {}
    for verifier in verifiers:
        settings |= verifier.settings
    url = f"sqlite:///{folder / 'fuzz.db'}"
    await empty_store(url)
    clock = SystemClock()
    parts: dict[str, Any] = {}
    for verifier in verifiers:
        parts |= verifier.doors(clock)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        yield build_app(
            Doors(
                store=store,
                directory=FileDirectory(DEMO_FILE, clock=clock),
                clock=clock,
                signer=load_or_create_keys(folder / "keys"),
                engine=InProcessEngine(store, clock),
                shelf=Shelf(store),
                settings=DoorSettings(
                    public_url="https://escalate.test",
                    max_body_bytes=LARGEST,
                    **settings,
                ),
                **parts,
            )
        )


async def fuzz(
    verifier: Verifier,
    app: Starlette,
    *,
    count: int,
    seconds: float | None = None,
    seed: int = 0,
    each: Callable[[], None] = lambda: None,
) -> Summary:
    """The verdicts on `count` deliveries, fewer only where `seconds` are over before."""
    draw = random.Random(f"{verifier.name}/{seed}")  # noqa: S311 - a fuzzer is to be repeatable
    summary = Summary(verifier.name, seed)
    began = time.monotonic()
    while summary.inputs < count:
        if seconds is not None and time.monotonic() - began > seconds:
            break
        sent = _drawn(verifier, draw)
        status, escaped = await post(app, verifier.path, sent)
        _judge(verifier, sent, status, escaped, summary)
        each()
    summary.seconds = round(time.monotonic() - began, 1)
    return summary


async def post(app: Starlette, path: str, sent: Sent) -> tuple[int, str]:
    """The door's answer to the request as a server hands it over; and what escaped, if anything."""
    statuses: list[int] = []
    coming: list[Message] = [{"type": "http.request", "body": sent.body, "more_body": False}]

    async def receive() -> Message:
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"escalate.test"), *sent.headers],
        "client": ("192.0.2.1", 1),
        "server": ("escalate.test", 443),
    }
    try:
        await app(scope, receive, send)
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever escapes is what is being looked for
        return statuses[0] if statuses else 500, type(error).__name__
    return statuses[0], ""


def _drawn(verifier: Verifier, draw: random.Random) -> Sent:
    now = time.time()
    if draw.random() < _LARGE:
        return too_large(verifier, draw, now)
    body = body_of(verifier, draw)
    sent = Sent(verifier.sign(body, draw, now), body, now)
    if draw.random() < _SPOILT:
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            kinds = verifier.mutations if draw.random() < 0.5 else ANYBODYS
            mutation = draw.choice(kinds)
            mutation(sent, draw)
            sent.how.append(mutation.__name__)
    return sent


def _judge(verifier: Verifier, sent: Sent, status: int, escaped: str, summary: Summary) -> None:
    summary.inputs += 1
    summary.genuine += sent.genuine
    summary.statuses[status] += 1
    believed = status not in (REFUSED, UNREADABLE, TOO_LARGE)
    summary.believed += believed
    case = f"{'+'.join(sent.how) or 'genuine'} -> {status} {escaped}".strip()
    if escaped or status >= 500:
        _keep(summary.uncaught, case)
        return
    theirs = _theirs(verifier, sent)
    if believed and not theirs:
        _keep(summary.too_trusting, case)
    summary.vouched += sent.genuine and theirs
    if status in (REFUSED, TOO_LARGE) and theirs:
        found = [each.name for each in (*EVERYBODYS, *verifier.stricter) if each.holds(sent)]
        summary.stricter.update(found)
        if not found or sent.genuine:
            _keep(summary.too_strict, case)


def _theirs(verifier: Verifier, sent: Sent) -> bool:
    try:
        return verifier.accepts(sent)
    except Exception:  # noqa: BLE001 - a vendor's verifier may refuse by any exception of its own
        return False


def _keep(found: list[str], case: str) -> None:
    if len(found) < _MOST_KEPT:
        found.append(case)
