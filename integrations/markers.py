"""Marks that let us find our own work again in systems which know no idempotency keys.

A key names one action of one case (`open-ticket`, `note/legal-review/2`). It is never written down
itself: its digest is, so that a ticket shows nothing of our inner names.
"""

import base64
import hashlib
import re
from collections.abc import Iterable

_PREFIX = "escalate-ref:"
_MARK = re.compile(r"\[escalate-ref:([a-z2-7]{26})\]", flags=re.ASCII)


def fingerprint(key: str) -> str:
    """26 characters that stand for the key: 130 bits of its SHA-256, in lower-case base32."""
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]


def marker(key: str) -> str:
    """The text that marks a note as ours: `[escalate-ref:…]`."""
    return f"[{_PREFIX}{fingerprint(key)}]"


def markers(keys: Iterable[str]) -> str:
    """The marks of several keys, one after the other: a note that says what several would have."""
    return " ".join(marker(key) for key in keys)


def marks_in(text: str) -> list[str]:
    """The fingerprints of every mark of ours in the text, in order."""
    return _MARK.findall(text)


def is_ours(text: str) -> bool:
    """True for text that carries any mark of ours, so that its echo is dropped."""
    return f"[{_PREFIX}" in text
