"""Zendesk, against its documented algorithm: it publishes a sample and no library.

The sample computes base64(HMAC-SHA256(secret, timestamp + body)) and compares the two texts byte
by byte. It looks at nothing else: neither at the timestamp's form nor at its age.
"""

import base64
import hashlib
import hmac
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fuzz.verifier import Headers, Mutation, Sent, Stricter, Verifier

SECRET, OLD, STRANGER = "a zendesk secret", "the secret before it", "nobody's secret at all"
SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
INVOCATION = "X-Zendesk-Webhook-Invocation-Id"

BODIES: tuple[dict[str, Any], ...] = (
    {
        "account_id": 1,
        "id": "2b24d2f4",
        "subject": "zen:user:4711",
        "time": "2026-11-22T10:00:00Z",
        "type": "zen:event-type:user.created",
        "event": {},
        "detail": {"id": "4711", "tags": ["x"], "actor_id": "7"},
    },
    {
        "escalate": "1",
        "event": "opened",
        "ticket": {
            "id": "4711",
            "url": "https://example.zendesk.test/agent/tickets/4711",
            "status": "New",
            "priority": "Urgent",
            "tags": "child-safety  vip",
            "external_id": "",
            "via": "Web Form",
            "at": "2026-11-22T10:00:00Z",
        },
        "actor": "900",
        "fields": {"kind": "fraud"},
    },
)


def sign(body: bytes, draw: random.Random, now: float) -> Headers:
    """What Zendesk sends."""
    at = datetime.fromtimestamp(now, tz=UTC) - timedelta(seconds=draw.randrange(240))
    secret = SECRET if draw.random() < 0.8 else OLD
    return [
        *_signed(secret, at.strftime("%Y-%m-%dT%H:%M:%SZ"), body),
        (INVOCATION.lower().encode(), b"01J0%020d" % draw.randrange(10**19)),
    ]


def _signed(secret: str, timestamp: str, body: bytes) -> Headers:
    mac = hmac.new(secret.encode(), timestamp.encode("latin-1") + body, hashlib.sha256).digest()
    return [
        (SIGNATURE.lower().encode(), base64.b64encode(mac)),
        (TIMESTAMP.lower().encode(), timestamp.encode("latin-1")),
    ]


def accepts(sent: Sent) -> bool:
    """The documented comparison, under one of the secrets."""
    signature, timestamp = sent.first(SIGNATURE), sent.first(TIMESTAMP)
    if signature is None or timestamp is None:
        return False
    return any(
        signature.encode("latin-1")
        == dict(_signed(secret, timestamp, sent.body))[SIGNATURE.lower().encode()]
        for secret in (SECRET, OLD)
    )


def by_a_stranger(sent: Sent, draw: random.Random) -> None:
    """Signed with a secret that is none of ours."""
    sent.headers = _signed(STRANGER, _now(sent), sent.body)


def the_other_way_round(sent: Sent, draw: random.Random) -> None:
    """As an older page of Zendesk's has it: body, then timestamp."""
    mac = hmac.new(SECRET.encode(), sent.body + _now(sent).encode(), hashlib.sha256).digest()
    sent.put(SIGNATURE, base64.b64encode(mac))
    sent.put(TIMESTAMP, _now(sent))


def at_another_time(sent: Sent, draw: random.Random) -> None:
    """Signed long ago, or for tomorrow."""
    away = draw.choice((-1, 1)) * draw.choice((310, 3600, 10**6, 10**9))
    at = datetime.fromtimestamp(sent.now + away, tz=UTC)
    sent.headers = _signed(SECRET, at.strftime("%Y-%m-%dT%H:%M:%SZ"), sent.body)


def with_an_odd_timestamp(sent: Sent, draw: random.Random) -> None:
    """A text that is signed and is no instant, or is one in another spelling."""
    now = datetime.fromtimestamp(sent.now, tz=UTC)
    odd = draw.choice(
        (
            "",
            "now",
            str(int(sent.now)),
            now.strftime("%Y-%m-%d %H:%M:%S"),
            now.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
            now.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            now.strftime("%Y-%m-%dT%H:%M:60Z"),
            "9999-12-31T23:59:59+00:00",
            "0001-01-01T00:00:00+14:00",
            "2026-02-30T00:00:00Z",
            "x" * 65,
        )
    )
    sent.headers = _signed(SECRET, odd, sent.body)


def name_the_invocation_oddly(sent: Sent, draw: random.Random) -> None:
    """Our dedup key, which the signature does not cover."""
    odd = draw.choice((b"", b"a b", b"x" * 129, b"../1", b"\xff", b"7"))
    sent.headers = [h for h in sent.headers if h[0] != INVOCATION.lower().encode()]
    sent.headers.append((INVOCATION.lower().encode(), odd))


def move_the_boundary(sent: Sent, draw: random.Random) -> None:
    """The timestamp takes a part of the body: the same bytes were signed."""
    stamp = (sent.first(TIMESTAMP) or "") + sent.body[:1].decode("latin-1")
    sent.body = sent.body[1:]
    sent.put(TIMESTAMP, stamp.encode("latin-1"))


MUTATIONS: tuple[Mutation, ...] = (
    by_a_stranger,
    the_other_way_round,
    at_another_time,
    with_an_odd_timestamp,
    name_the_invocation_oddly,
    move_the_boundary,
)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _now(sent: Sent) -> str:
    return datetime.fromtimestamp(sent.now, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(sent: Sent) -> float | None:
    """Seconds since it was signed; None for what is no instant."""
    text = (sent.values(TIMESTAMP) or [b""])[0].decode("latin-1")
    if not _INSTANT.fullmatch(text):
        return None
    whole = re.sub(r"(\.\d{1,6})\d*", r"\1", text).replace("Z", "+00:00")
    try:
        return sent.now - datetime.fromisoformat(whole).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


ZENDESK = Verifier(
    name="zendesk",
    path="/webhooks/zendesk",
    headers=(SIGNATURE, TIMESTAMP),
    settings={"zendesk_secrets": (OLD, SECRET)},
    sign=sign,
    accepts=accepts,
    oracle="the algorithm on Zendesk's page about verifying webhooks, written down anew",
    bodies=BODIES,
    mutations=MUTATIONS,
    stricter=(
        Stricter(
            "too-old",
            "a delivery signed more than five minutes ago",
            "Zendesk's sample checks no age, so what was once recorded could be sent for ever.",
            lambda sent: (_age(sent) or 0) > 300,
        ),
        Stricter(
            "from-the-future",
            "a delivery signed for more than five minutes from now",
            "It could be kept and sent when it is no longer expected.",
            lambda sent: (_age(sent) or 0) < -300,
        ),
        Stricter(
            "timestamp-form",
            "a timestamp that is not an ISO 8601 instant with a zone",
            "Without its form the line between timestamp and body could be moved: both are signed "
            "as one text.",
            lambda sent: _age(sent) is None,
        ),
        Stricter(
            "invocation-form",
            "an invocation id that is not 1 to 128 of `A-Z a-z 0-9 _ -`",
            "It is our dedup key.",
            lambda sent: any(
                not re.fullmatch(rb"[A-Za-z0-9_-]{1,128}", value)
                for value in sent.values(INVOCATION)
            ),
        ),
        Stricter(
            "space-around",
            "white space around a header's value that a server has left there",
            "Servers take it away; what is left was put there on purpose.",
            lambda sent: any(value != value.strip(b" \t") for _, value in sent.headers),
        ),
    ),
)
