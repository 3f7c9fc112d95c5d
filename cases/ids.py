"""Names of things that must be the same whoever computes them."""

import base64
import hashlib

CASE_PREFIX = "case/"
_OBLIGATION = "/obligation/"
MAIN = "main"
"""The branch that every stream begins on; a reset that differs opens another."""


def case_id(*, source: str, instance: str, external_id: str) -> str:
    """The workflow id of the one case a report belongs to (I1, design §3.4).

    `case/` and 26 base32 characters of SHA-256 over the three parts, length-prefixed so that no
    two triples share bytes. Nothing of the report can be read back from it.
    """
    parts = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (source.encode(), instance.encode(), external_id.encode())
    )
    digest = hashlib.sha256(parts).digest()
    return CASE_PREFIX + base64.b32encode(digest).decode().lower()[:26]


def key_of(*parts: str) -> str:
    """An idempotency key: 40 hex characters over the parts, the same after a retry or a reset."""
    joined = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hashlib.sha256(joined).hexdigest()[:40]


def obligation_id(case: str, name: str) -> str:
    """The workflow id of what the case owes after closing under that name: one, whoever asks."""
    return f"{case}{_OBLIGATION}{name}"


def case_of(workflow_id: str) -> str:
    """The case whose key and people a workflow belongs to: its own, or the one it outlives."""
    return workflow_id.partition(_OBLIGATION)[0]


def obligation_name(workflow_id: str) -> str:
    """What is owed under that workflow id; empty for a case's own."""
    return workflow_id.partition(_OBLIGATION)[2]
