"""Jira, against WebSub's rule (W3C, section 7.1.2), which it follows: it publishes no library.

`X-Hub-Signature: method=signature`, the signature being the hex HMAC of the body under the method's
hash. WebSub allows SHA-1 to SHA-512; Jira sends SHA-256. Nothing that is signed says when.
"""

import hashlib
import hmac
import random
import re
from typing import Any

from tests.fuzz.verifier import Headers, Mutation, Sent, Stricter, Verifier

SECRET, OLD, STRANGER = "a jira webhook secret", "the secret before it", "nobody's secret at all"
SIGNATURE, IDENTIFIER = "X-Hub-Signature", "X-Atlassian-Webhook-Identifier"
METHODS = ("sha1", "sha256", "sha384", "sha512")

BODIES: tuple[dict[str, Any], ...] = (
    {"timestamp": 1, "webhookEvent": "jira:version_released", "version": {"id": "1"}},
    {
        "timestamp": 1_795_000_000_000,
        "webhookEvent": "jira:issue_updated",
        "issue_event_type_name": "issue_generic",
        "user": {"accountId": "5b10a2844c20165700ede21g"},
        "issue": {
            "id": "10002",
            "key": "TS-1",
            "self": "https://example.atlassian.net/rest/api/3/issue/10002",
            "fields": {"status": {"name": "Open"}, "labels": ["vip"], "priority": {"name": "High"}},
        },
        "changelog": {"id": "1", "items": [{"field": "status", "fieldId": "status", "to": "3"}]},
    },
)


def sign(body: bytes, draw: random.Random, now: float) -> Headers:
    """What Jira sends."""
    secret = SECRET if draw.random() < 0.8 else OLD
    return [
        _signed(secret, "sha256", body),
        (IDENTIFIER.lower().encode(), b"%032x" % draw.randrange(16**32)),
    ]


def _signed(secret: str, method: str, body: bytes) -> tuple[bytes, bytes]:
    mac = hmac.new(secret.encode(), body, method).hexdigest()
    return SIGNATURE.lower().encode(), f"{method}={mac}".encode()


def accepts(sent: Sent) -> bool:
    """The subscriber's comparison, under one of the secrets and the method the header names."""
    method, equals, mac = (sent.first(SIGNATURE) or "").partition("=")
    if not equals or method not in METHODS:
        return False
    return any(
        hmac.new(secret.encode(), sent.body, method).digest() == bytes.fromhex(mac)
        for secret in (SECRET, OLD)
    )


def by_a_stranger(sent: Sent, draw: random.Random) -> None:
    """Signed with a secret that is none of ours."""
    sent.put(SIGNATURE, _signed(STRANGER, "sha256", sent.body)[1])


def by_another_method(sent: Sent, draw: random.Random) -> None:
    """Signed with ours, under a hash that WebSub knows and Jira does not use, or with none."""
    method = draw.choice(("sha1", "sha384", "sha512", "md5"))
    sent.put(SIGNATURE, _signed(SECRET, method, sent.body)[1])


def name_another_method(sent: Sent, draw: random.Random) -> None:
    """The right signature under a wrong name."""
    mac = hmac.new(SECRET.encode(), sent.body, hashlib.sha256).hexdigest()
    sent.put(SIGNATURE, f"{draw.choice(('sha1', 'SHA256', 'sha-256', 'none', ''))}={mac}")


def spell_it_otherwise(sent: Sent, draw: random.Random) -> None:
    """The same bytes in capital letters, or with blanks between them."""
    method, _, mac = (sent.first(SIGNATURE) or "=").partition("=")
    spelt = draw.choice((mac.upper(), " ".join(re.findall("..", mac)), f" {mac}", f"{mac} "))
    sent.put(SIGNATURE, f"{method}={spelt}")


def name_the_delivery_oddly(sent: Sent, draw: random.Random) -> None:
    """Our dedup key, which the signature does not cover."""
    odd = draw.choice((b"", b"a b", b"x" * 129, b"../1", b"\xff", b"7"))
    sent.headers = [h for h in sent.headers if h[0] != IDENTIFIER.lower().encode()]
    sent.headers.append((IDENTIFIER.lower().encode(), odd))


MUTATIONS: tuple[Mutation, ...] = (
    by_a_stranger,
    by_another_method,
    name_another_method,
    spell_it_otherwise,
    name_the_delivery_oddly,
)

JIRA = Verifier(
    name="jira",
    path="/webhooks/jira",
    headers=(SIGNATURE,),
    settings={"jira_secrets": (OLD, SECRET)},
    sign=sign,
    accepts=accepts,
    oracle="WebSub's rule for `X-Hub-Signature` (W3C), written down anew",
    bodies=BODIES,
    mutations=MUTATIONS,
    stricter=(
        Stricter(
            "other-method",
            "a signature by SHA-1, SHA-384 or SHA-512",
            "Jira sends SHA-256; a door that takes what it is offered takes the weakest.",
            lambda sent: not (sent.first(SIGNATURE) or "").startswith("sha256="),
        ),
        Stricter(
            "other-spelling",
            "a signature in capital letters, or with blanks between its digits",
            "Jira writes small ones in a row; one signature has one text.",
            lambda sent: (
                re.fullmatch(r"\w+=[0-9a-f]+", sent.first(SIGNATURE) or "", re.ASCII) is None
            ),
        ),
        Stricter(
            "identifier-form",
            "a webhook identifier that is not 1 to 128 of `A-Z a-z 0-9 . _ : -`, or comes twice",
            "It is our dedup key.",
            lambda sent: (
                any(
                    not re.fullmatch(rb"[A-Za-z0-9._:-]{1,128}", value)
                    for value in sent.values(IDENTIFIER)
                )
                or len(sent.values(IDENTIFIER)) > 1
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
