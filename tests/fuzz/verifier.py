"""What the fuzzer has to know of one vendor's webhooks: a short file each."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.ports.clock import Clock

Headers = list[tuple[bytes, bytes]]


@dataclass
class Sent:
    """A request on its way to the door; `how` says what was done to it."""

    headers: Headers
    body: bytes
    now: float
    how: list[str] = field(default_factory=list)

    @property
    def genuine(self) -> bool:
        """Whether it is exactly what the vendor's signer emitted."""
        return not self.how

    def values(self, name: str) -> list[bytes]:
        """Every value of the header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]

    def first(self, name: str) -> str | None:
        """The header's first value as most frameworks hand it over: trimmed, latin-1."""
        found = self.values(name)
        return found[0].decode("latin-1").strip(" \t") if found else None

    def put(self, name: str, value: str | bytes) -> None:
        """The header has this value."""
        raw = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        self.headers = [
            (key, raw if key.lower() == name.lower().encode() else old) for key, old in self.headers
        ]


Mutation = Callable[[Sent, random.Random], None]


@dataclass(frozen=True)
class Stricter:
    """A class of deliveries that the vendor's verifier takes and ours refuses, and why."""

    name: str
    what: str
    why: str
    holds: Callable[[Sent], bool]


@dataclass(frozen=True)
class Verifier:
    """One vendor: how it signs, what its own verifier believes, where ours is stricter."""

    name: str
    path: str
    headers: tuple[str, ...]
    """The headers a signature is made of."""
    settings: dict[str, Any]
    """What `DoorSettings` needs for the door to exist."""
    sign: Callable[[bytes, random.Random, float], Headers]
    """The vendor's own signer, now."""
    accepts: Callable[[Sent], bool]
    """The vendor's own verifier; it may raise, which is a refusal."""
    oracle: str
    """Where the two come from."""
    bodies: Sequence[dict[str, Any]]
    """Deliveries as the vendor writes them.

    The first concerns no case and is drawn most often: what is stored takes a
    hundred times as long, and the verdict on the signature is the same.
    """
    mutations: Sequence[Mutation]
    """What only this vendor's headers can suffer."""
    stricter: Sequence[Stricter]
    doors: Callable[[Clock], dict[str, Any]] = lambda _clock: {}
    """What `Doors` needs besides."""
    written: Callable[[bytes], bytes] = lambda raw: raw
    """How the vendor sends JSON, where it is not the body itself."""


_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    "",
    "\x00",
    "\ud800",
    "é🜁\u202e",
    "x" * 5000,
    "../../etc/passwd",
    "' OR 1=1 --",
    [],
    {},
    [[]] * 3,
    json.loads("[" * 40 + "]" * 40),
    {"id": {"id": {"id": 1}}},
)


_STORED = 0.015


def body_of(verifier: Verifier, draw: random.Random) -> bytes:
    """A body the vendor might sign: mostly its own, often an odd one, sometimes no JSON at all."""
    kind = draw.random()
    if kind < 0.05:
        return verifier.written(draw.randbytes(draw.randrange(200)))
    chosen = draw.choice(verifier.bodies[1:]) if draw.random() < _STORED else verifier.bodies[0]
    content: Any = json.loads(json.dumps(chosen))
    if kind < 0.5:
        for _ in range(draw.randrange(1, 4)):
            content = _made_odd(content, draw)
    raw = json.dumps(content, ensure_ascii=draw.random() < 0.8)
    return verifier.written(raw.encode("utf-8", "surrogatepass"))


def _made_odd(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(sorted(value))
        if draw.random() < 0.15:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: _made_odd(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        at = draw.randrange(len(value))
        return [*value[:at], _made_odd(value[at], draw), *value[at + 1 :]]
    return draw.choice(_ODD)
