"""The fuzzer of parsers: spoils what is well-formed, and holds three things of every input.

A parser answers with a value or with its typed error, never with another exception. What it takes
is spelt the one way its writer spells it, where there is a writer: so nothing can be hidden in a
second spelling. And no input takes it longer than a second.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_MOST_KEPT = 20
_SPOILT = 0.95
SLOW = 1.0
"""Seconds; on a machine that is shared, hundreds of times what the slowest input takes."""

TOKENS = (
    b"\n", b"\n\n", b"\r\n", b"\x00", b" ", b"\t", b"=", b"+", b"/", b"-", b"\xff", b"\xc0\xaf",
    "\u2014 ".encode(), "\u2028".encode(), "\ufeff".encode(), "e\u0301".encode(), b"\xed\xa0\x80",
    b"0", b"00", b"-1", b"+1", b"1e9", b"1.0", b"18446744073709551616", b"9" * 400, b"NaN",
    b"null", b"[]", b"{}", b'""', b'"\\ud800"', b"[" * 600, b'{"a":' * 600, b"../", b"/etc/passwd",
    b"entry 1\n", b"sha256:", b"extra ", b"index ", b"c2sp.org/tlog-proof@v1\n", b"ustar\x0000",
)  # fmt: skip


@dataclass(frozen=True)
class Parser:
    """One parser: what it reads when nobody has touched it, and how it refuses."""

    name: str
    seeds: Callable[[], Sequence[bytes]]
    """Well-formed inputs."""
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    """What it may raise; every other exception is a finding."""
    written: Callable[[Any], bytes] | None = None
    """The value as its writer spells it."""
    full: int = 1_000_000
    """How many inputs are a full run."""


@dataclass
class Parsed:
    """What came of a run, and everything that must not have."""

    parser: str
    seed: int
    inputs: int = 0
    seconds: float = 0.0
    taken: int = 0
    refused: int = 0
    slowest: float = 0.0
    uncaught: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    """Taken, and its writer would have spelt it otherwise."""
    hung: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.uncaught or self.ambiguous or self.hung)

    def told(self) -> dict[str, Any]:
        """As JSON says it."""
        return {**asdict(self), "sound": self.sound}


def fuzz_parser(
    parser: Parser,
    *,
    count: int,
    seconds: float | None = None,
    seed: int = 0,
    each: Callable[[int], None] = lambda _: None,
) -> Parsed:
    """What became of `count` inputs, fewer only where `seconds` are over before."""
    draw = random.Random(f"{parser.name}/{seed}")  # noqa: S311 - a fuzzer is to be repeatable
    seeds = list(parser.seeds())
    found = Parsed(parser.name, seed)
    began = time.monotonic()
    while found.inputs < count:
        if found.inputs % 256 == 0:
            each(found.inputs)
            if seconds is not None and time.monotonic() - began > seconds:
                break
        data = draw.choice(seeds)
        if draw.random() < _SPOILT:
            data = spoilt(data, draw, seeds)
        _judge(parser, data, found)
    found.seconds = round(time.monotonic() - began, 1)
    found.slowest = round(found.slowest, 4)
    return found


def spoilt(data: bytes, draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    """The input after one to four accidents."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        data = draw.choice(ACCIDENTS)(data, draw, seeds)
    return data


def _flip(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\x00"
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    first, last = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
    return data[:first] + data[last:]


def _end(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _again(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    first = draw.randrange(len(data) + 1)
    last = min(len(data), first + draw.randrange(1, 200))
    return data[:last] + data[first:last] + data[last:]


def _put(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.choice(TOKENS) + data[at:]


def _over(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    token = draw.choice(TOKENS)
    at = draw.randrange(len(data) + 1)
    return data[:at] + token + data[at + len(token) :]


def _noise(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + draw.randbytes(draw.randrange(1, 9)) + data[at:]


def _lines(data: bytes, draw: random.Random, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _splice(data: bytes, draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    other = draw.choice(seeds)
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


ACCIDENTS = (_flip, _flip, _cut, _end, _again, _put, _over, _noise, _lines, _splice)


def _judge(parser: Parser, data: bytes, found: Parsed) -> None:
    found.inputs += 1
    began = time.perf_counter()
    try:
        value = parser.read(data)
    except parser.errors:
        found.refused += 1
    except Exception as error:  # noqa: BLE001 - whatever escapes is what is being looked for
        _keep(found.uncaught, f"{type(error).__name__}: {error}"[:200] + f" <- {data[:120]!r}")
    else:
        found.taken += 1
        if parser.written is not None and parser.written(value) != data:
            _keep(found.ambiguous, repr(data[:200]))
    took = time.perf_counter() - began
    found.slowest = max(found.slowest, took)
    if took > SLOW:
        _keep(found.hung, f"{took:.1f} s <- {data[:120]!r}")


def _keep(found: list[str], case: str) -> None:
    if len(found) < _MOST_KEPT:
        found.append(case)
