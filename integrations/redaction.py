"""What may be written down of a call: names and codes from allow-lists, never secrets or content.

Everything not on a list is left out or replaced, so that a header or field nobody thought of cannot
become a leak (I13).
"""

import json
import re
from collections.abc import Mapping

import httpx
from pydantic import JsonValue

HIDDEN = "[redacted]"
GAP = "…"

HEADERS = frozenset(
    {
        "accept",
        "content-length",
        "content-type",
        "date",
        "idempotency-key",
        "message-id",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "x-rate-limit",
        "x-rate-limit-remaining",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-request-id",
    }
)
"""Headers whose values are shown; of all others only the name is."""

FIELDS = frozenset(
    {
        "code",
        "dedup_key",
        "error",
        "event_action",
        "id",
        "key",
        "ok",
        "puid",
        "reference",
        "specversion",
        "status",
        "sys_id",
        "ts",
        "type",
    }
)
"""Fields of a JSON body whose values are shown, where they look like ids or codes."""

_CODE = re.compile(r"[A-Za-z0-9._:/@<>-]{1,64}")
_HEADER = re.compile(r"[\x20-\x7e]{0,120}")
_SEGMENT = re.compile(
    r"[0-9]{1,12}"  # a ticket
    r"|v?[0-9]{1,3}(\.[0-9]{1,3})*"  # a version
    r"|[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}"  # an issue
    r"|[A-Za-z]{1,24}([._-][A-Za-z]{1,24}){0,3}([._-]?v?[0-9]{1,2})?"  # a word of an API
    r"|[A-Z]+[0-9](\.[0-9])?"  # REST2
    r"|(REST|rest)?[0-9](\.[0-9])?"
)
_LONGEST_PARSED = 1_000_000


def redacted_url(url: httpx.URL, *, host: str | None = None) -> str:
    """Scheme, host and the plain words of the path; tokens in it, user and query are cut.

    `host` is the name that was asked for, where the URL holds the address it was pinned to.
    """
    segments = [
        segment if _SEGMENT.fullmatch(segment) else GAP
        for segment in url.path.split("/")
        if segment
    ]
    place = host or url.netloc.decode("ascii", "replace").rpartition("@")[2]
    return f"{url.scheme}://{place}/{'/'.join(segments)}"


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Every header by name, with its value where the list allows it."""
    return {
        name.lower(): value if name.lower() in HEADERS and _HEADER.fullmatch(value) else HIDDEN
        for name, value in headers.items()
    }


def summary_of(body: bytes) -> dict[str, JsonValue]:
    """The allowed fields of a JSON body and of the objects right under it; nothing of any other."""
    if not body or len(body) > _LONGEST_PARSED:
        return {}
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    found = _allowed(content)
    for name, inner in content.items():
        if isinstance(inner, dict) and _CODE.fullmatch(name):
            found |= {f"{name}.{field}": value for field, value in _allowed(inner).items()}
    return found


def _allowed(content: Mapping[str, object]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name in sorted(FIELDS & content.keys()):
        value = content[name]
        if isinstance(value, bool | int) or (isinstance(value, str) and _CODE.fullmatch(value)):
            found[name] = value
    return found
