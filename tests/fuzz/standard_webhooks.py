"""Standard Webhooks, against the specification's own Python library."""

import base64
import hmac
import random
import re
import time
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from tests.fuzz.verifier import Headers, Mutation, Sent, Stricter, Verifier

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
OLD = "whsec_" + "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w="
STRANGER = "whsec_" + "c3RyYW5nZXJzdHJhbmdlcnN0cmFuZ2Vyc3RyYW5nZXI="
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

BODIES: tuple[dict[str, Any], ...] = (
    {"id": "evt-1", "source": "form", "type": "escalate.other", "subject": "R-1", "data": {}},
    {
        "id": "evt-2",
        "source": "form",
        "type": "escalate.report.opened",
        "subject": "R-2",
        "time": "2026-11-22T10:00:00Z",
        "data": {"tags": ["fraud"], "fields": {"form": "x"}, "about": "account-9"},
    },
)


def sign(body: bytes, draw: random.Random, now: float) -> Headers:
    """What the library signs; a body it cannot decode is signed as its bytes by the same rule."""
    at = datetime.fromtimestamp(int(now) - draw.randrange(240), tz=UTC)
    id_ = f"msg_{draw.randrange(10**12)}"
    return _signed(SECRET if draw.random() < 0.8 else OLD, id_, at, body)


def _signed(secret: str, id_: str, at: datetime, body: bytes) -> Headers:
    try:
        signature = Webhook(secret).sign(id_, at, body.decode())
    except UnicodeDecodeError:
        signature = _by_rule(secret, id_, at, body)
    return [
        (b"webhook-id", id_.encode()),
        (b"webhook-timestamp", str(int(at.timestamp())).encode()),
        (b"webhook-signature", signature.encode()),
    ]


def _by_rule(secret: str, id_: str, at: datetime, body: bytes) -> str:
    """What the library would sign if it took bytes that are no text."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id_}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def accepts(sent: Sent) -> bool:
    """Whether the library believes it under one of the secrets; it raises where it does not."""
    headers = {name: sent.first(name) or "" for name in (ID, TIMESTAMP, SIGNATURE)}
    for secret in (SECRET, OLD):
        try:
            Webhook(secret).verify(sent.body, headers, json_parse=False)
        except Exception:  # noqa: BLE001, S112 - it refuses by exceptions of many kinds
            continue
        return True
    return False


def by_a_stranger(sent: Sent, draw: random.Random) -> None:
    """Signed with a secret that is none of ours."""
    sent.headers = _signed(
        STRANGER, "msg_1", datetime.fromtimestamp(int(sent.now), tz=UTC), sent.body
    )


def at_another_time(sent: Sent, draw: random.Random) -> None:
    """Signed long ago, or for tomorrow; never within ten seconds of where it turns."""
    away = draw.choice((-1, 1)) * draw.choice((310, 3600, 10**6, 10**9))
    at = datetime.fromtimestamp(max(int(time.time()) + away, 0), tz=UTC)
    sent.headers = _signed(SECRET, "msg_2", at, sent.body)


def with_an_odd_id(sent: Sent, draw: random.Random) -> None:
    """An id with characters the specification forbids, signed all the same."""
    odd = draw.choice(("msg.1", "a b", "x" * 129, "é", "../1", "'", ""))
    sent.headers = _signed(SECRET, odd, datetime.fromtimestamp(int(sent.now), tz=UTC), sent.body)
    sent.put(ID, odd)


def spell_the_timestamp(sent: Sent, draw: random.Random) -> None:
    """The same instant, written otherwise."""
    text = sent.first(TIMESTAMP) or "0"
    sent.put(
        TIMESTAMP,
        draw.choice((f"{text}.0", f"+{text}", f"0{text}", f"{text}e0", f"{text[:1]}_{text[1:]}")),
    )


def write_several(sent: Sent, draw: random.Random) -> None:
    """Further signatures before and after, as while a secret is rotated, and odd ones."""
    mine = sent.first(SIGNATURE) or ""
    others = ["v1,", "v1", "v2,AAAA", "v1,AAAA", "v1a,AAAA", "v1,A", ",", "", "v1,a,b", "v1,=="]
    parts = draw.choices(others, k=draw.randrange(1, 4))
    many = draw.choice((0, 0, 0, 20))
    parts += ["v1," + "A" * 43 + "="] * many
    parts.insert(draw.randrange(len(parts) + 1), mine)
    sent.put(SIGNATURE, " ".join(parts))


def loosen_the_base64(sent: Sent, draw: random.Random) -> None:
    """The same bytes in a text that is not their only one."""
    mine = sent.first(SIGNATURE) or "v1,"
    sent.put(
        SIGNATURE,
        draw.choice((mine + "=", mine.replace("+", "-"), mine + "!", mine[:4] + "." + mine[4:])),
    )


MUTATIONS: tuple[Mutation, ...] = (
    by_a_stranger,
    at_another_time,
    with_an_odd_id,
    spell_the_timestamp,
    write_several,
    loosen_the_base64,
)


def _parts(sent: Sent) -> list[str]:
    return (sent.first(SIGNATURE) or "").split(" ")


STANDARD = Verifier(
    name="standard",
    path="/webhooks/standard",
    headers=(ID, TIMESTAMP, SIGNATURE),
    settings={"standard_secrets": (OLD, SECRET)},
    sign=sign,
    accepts=accepts,
    oracle="`standardwebhooks` on PyPI: `Webhook.sign` and `Webhook.verify`",
    bodies=BODIES,
    mutations=MUTATIONS,
    stricter=(
        Stricter(
            "id-form",
            "a webhook-id that is not 1 to 128 of `A-Z a-z 0-9 _ -`",
            "The specification forbids the dot, which would let two fields be cut differently; the "
            "id is our dedup key.",
            lambda sent: not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", sent.first(ID) or ""),
        ),
        Stricter(
            "timestamp-form",
            "a webhook-timestamp that is not a plain integer (`1.0`, `+1`, `01`)",
            "The library signs the number it read, not what was sent: two texts, one signature.",
            lambda sent: not re.fullmatch(r"0|[1-9][0-9]{0,9}", _untrimmed(sent, TIMESTAMP)),
        ),
        Stricter(
            "base64-form",
            "a v1 signature that is not the canonical base64 of 32 bytes",
            "One signature has one text.",
            lambda sent: any(
                part.startswith("v1,") and not re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=", part)
                for part in _parts(sent)
            ),
        ),
        Stricter(
            "signature-list-form",
            "an entry of the list that is not a version, one comma and a text",
            "The library fails on one that stands before the match and does not see one after it.",
            lambda sent: any(part.count(",") != 1 for part in _parts(sent)),
        ),
        Stricter(
            "too-many-signatures",
            "a signature beyond the sixteenth",
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


def _untrimmed(sent: Sent, name: str) -> str:
    found = sent.values(name)
    return found[0].decode("latin-1") if found else ""
