"""PagerDuty, against the verifier of its own Go library (`webhookv3.VerifySignature`).

That one takes the header's first value, splits it at commas, passes over what does not begin with
`v1=`, reads the rest as hexadecimal of either case, and refuses an empty body. It is written down
anew here, and was held against version 1.8.0 of the library itself on 20,000 of these deliveries:
the two never differed. `docs/webhook-strictness.md` says where ours does.
"""

import binascii
import hashlib
import hmac
import random
import re
from typing import Any

from tests.fuzz.verifier import Headers, Mutation, Sent, Stricter, Verifier

SECRET, OLD, STRANGER = "a pagerduty secret", "the secret before it", "nobody's secret at all"
SIGNATURE = "X-PagerDuty-Signature"
_READ_BY_THEM = 2 * 1024 * 1024

BODIES: tuple[dict[str, Any], ...] = (
    {
        "event": {
            "id": "",
            "event_type": "pagey.ping",
            "resource_type": "pagey",
            "data": {"message": "Hello from your friend Pagey!", "type": "ping"},
        }
    },
    {
        "event": {
            "id": "01ACK",
            "event_type": "incident.acknowledged",
            "resource_type": "incident",
            "occurred_at": "2026-11-22T10:00:00.000Z",
            "agent": {"id": "PLH1HKV", "type": "user_reference", "summary": "Somebody"},
            "client": None,
            "data": {
                "id": "PGR0VU2",
                "type": "incident",
                "number": 2,
                "status": "acknowledged",
                "incident_key": "escalate/0f3a",
                "title": "A little bump in the road",
                "service": {"id": "PF9KMXH", "type": "service_reference"},
                "assignees": [{"id": "PTUXL6G", "type": "user_reference"}],
                "incident": {"id": "PGR0VU3"},
            },
        }
    },
)


def _mac(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sign(body: bytes, draw: random.Random, now: float) -> Headers:
    """What PagerDuty sends: one signature a secret, newest first, while one is rotated."""
    parts = [f"v1={_mac(SECRET, body)}"]
    if draw.random() < 0.3:
        parts.append(f"v1={_mac(OLD, body)}")
    return [(SIGNATURE.lower().encode(), ",".join(parts).encode())]


def accepts(sent: Sent) -> bool:
    """What `VerifySignature` believes, under one of the secrets."""
    header = sent.first(SIGNATURE)
    body = sent.body[:_READ_BY_THEM]
    if not header or not body:
        return False
    for part in header.split(","):
        if not part.startswith("v1="):
            continue
        try:
            given = binascii.unhexlify(part.removeprefix("v1="))
        except ValueError:
            continue
        for secret in (SECRET, OLD):
            if hmac.compare_digest(binascii.unhexlify(_mac(secret, body)), given):
                return True
    return False


def by_a_stranger(sent: Sent, draw: random.Random) -> None:
    """Signed with a secret that is none of ours."""
    sent.put(SIGNATURE, f"v1={_mac(STRANGER, sent.body)}")


def write_several(sent: Sent, draw: random.Random) -> None:
    """Further signatures, of other versions and of none."""
    mine = sent.first(SIGNATURE) or ""
    odd = ["v1=", "v1", "v2=00", "v1=zz", "v0=" + "0" * 64, "", " ", "v1=" + "0" * 64, "V1=00"]
    parts = draw.choices(odd, k=draw.randrange(1, 4)) + ["v1=" + "1" * 64] * draw.choice((0, 0, 20))
    parts.insert(draw.randrange(len(parts) + 1), mine)
    sent.put(SIGNATURE, draw.choice((",", ", ", " ,")).join(parts))


def shout(sent: Sent, draw: random.Random) -> None:
    """The same number in capital letters."""
    sent.put(
        SIGNATURE, re.sub(r"(?<==)[0-9a-f]+", lambda m: m[0].upper(), sent.first(SIGNATURE) or "")
    )


def another_version(sent: Sent, draw: random.Random) -> None:
    """A version that is not v1, or none."""
    mine = (sent.first(SIGNATURE) or "").removeprefix("v1=")
    sent.put(SIGNATURE, draw.choice(("v2=", "v1:", "sha256=", "V1=", "", "v1==", " v1=")) + mine)


def sign_nothing(sent: Sent, draw: random.Random) -> None:
    """An empty body, signed."""
    sent.body = b""
    sent.put(SIGNATURE, f"v1={_mac(SECRET, b'')}")


def shorten(sent: Sent, draw: random.Random) -> None:
    """The signature's beginning, or more than it."""
    mine = sent.first(SIGNATURE) or ""
    sent.put(SIGNATURE, draw.choice((mine[:-1], mine[:35], mine + "00", mine[:3])))


MUTATIONS: tuple[Mutation, ...] = (
    by_a_stranger,
    write_several,
    shout,
    another_version,
    sign_nothing,
    shorten,
)


def _parts(sent: Sent) -> list[str]:
    return (sent.first(SIGNATURE) or "").split(",")


PAGERDUTY = Verifier(
    name="pagerduty",
    path="/webhooks/pagerduty",
    headers=(SIGNATURE,),
    settings={"pagerduty_secrets": (OLD, SECRET)},
    sign=sign,
    accepts=accepts,
    oracle="`VerifySignature` of go-pagerduty's `webhookv3`, written down anew",
    bodies=BODIES,
    mutations=MUTATIONS,
    stricter=(
        Stricter(
            "capital-letters",
            "a signature in capital letters",
            "PagerDuty writes small ones; one signature has one text.",
            lambda sent: any(
                part.startswith("v1=")
                and part.removeprefix("v1=") != part.removeprefix("v1=").lower()
                for part in _parts(sent)
            ),
        ),
        Stricter(
            "too-many-signatures",
            "more than sixteen signatures",
            "A rotation has two; each one costs a comparison.",
            lambda sent: len(_parts(sent)) > 16,
        ),
        Stricter(
            "header-too-long",
            "a header of more than 4096 bytes",
            "No signature is.",
            lambda sent: any(len(value) > 4096 for _, value in sent.headers),
        ),
        Stricter(
            "space-around",
            "white space around a header's value that a server has left there",
            "Servers take it away; what is left was put there on purpose.",
            lambda sent: any(value != value.strip(b" \t") for _, value in sent.headers),
        ),
    ),
)
