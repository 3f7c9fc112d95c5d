"""Strings that nobody outside may ever see, and the search for them in whatever left the house.

A further channel (Slack, Teams, a pager) is one more line among the sinks: its name, and every byte
its fake or server was sent.
"""

import base64
import email
import email.policy
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MANY = 44

Sink = Callable[[], Awaitable[Iterable[bytes]]]
"""Everything that one channel carried."""


@dataclass
class Canaries:
    """Some forty strings, each put into one place."""

    words: list[str] = field(
        # One word each: a filter that stops prose only must not pass for one that stops content.
        default_factory=lambda: [f"zq{n:02d}canary{secrets.token_hex(4)}" for n in range(MANY)]
    )
    placed: dict[str, str] = field(default_factory=dict)

    def word(self, place: str) -> str:
        """The next one, for that place."""
        chosen = self.words[len(self.placed)]
        self.placed[chosen] = place
        return chosen

    def prose(self, place: str) -> str:
        """A sentence with the next one in it."""
        return f"A person wrote {self.word(place)} here."

    def seen_in(self, data: Iterable[bytes]) -> set[str]:
        """Which of them are in there, in clear, as base64 or as hex."""
        whole = b"\n".join(each for piece in data for each in (piece, *_decoded(piece)))
        lower = whole.lower()
        return {
            word
            for word in self.placed
            if word.encode() in lower
            or word.encode().hex().encode() in lower
            or any(shifted in whole for shifted in _base64_of(word.encode()))
        }

    async def leaks(self, sinks: Mapping[str, Sink]) -> dict[str, list[str]]:
        """Channel → the places whose string it carried."""
        found: dict[str, list[str]] = {}
        for name, sink in sinks.items():
            seen = self.seen_in(await sink())
            if seen:
                found[name] = sorted(self.placed[word] for word in seen)
        return found


def _base64_of(data: bytes) -> list[bytes]:
    """The part of its base64 that is the same whatever stands before and after it."""
    found = []
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data)
        found.append(whole[4 if shift else 0 : -4])
    return found


def _decoded(piece: bytes) -> list[bytes]:
    """The readable parts of a mail, in which text may be encoded."""
    if not re.match(rb"[A-Za-z-]+: ", piece):
        return []
    message: Any = email.message_from_bytes(piece, policy=email.policy.default)
    headers = "\n".join(f"{name}: {value}" for name, value in message.items()).encode()
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    return [headers, *(part for part in parts if isinstance(part, bytes))]
