"""Slack, against the verifier of its own library (`slack_sdk.signature.SignatureVerifier`).

It reads the timestamp with `int()`, which takes signs, blanks and other alphabets' digits and
raises for the rest, and compares texts: a signature that is not ASCII raises as well.
"""

import hashlib
import hmac
import random
import re
from typing import Any
from urllib.parse import quote_from_bytes

from slack_sdk.signature import SignatureVerifier

from gateway.doors import SlackDoorParts
from integrations.ports.clock import Clock
from integrations.slack import Slack
from tests.fakes.slack import TEAM, TOKEN, FakeSlack
from tests.fuzz.verifier import Headers, Mutation, Sent, Stricter, Verifier

SECRET, OLD, STRANGER = "a slack signing secret", "the secret before it", "nobody's secret at all"
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
_PLAIN = re.compile(r"0|[1-9][0-9]{0,9}")

BODIES: tuple[dict[str, Any], ...] = (
    {"type": "view_closed", "team": {"id": TEAM}, "user": {"id": "U0LENA"}, "view": {"id": "V1"}},
    {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": "U0LENA", "username": "lena", "team_id": TEAM},
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0ALL001"},
        "trigger_id": "1.2.3",
        "response_url": "https://hooks.slack.com/actions/1",
        "actions": [
            {
                "type": "button",
                "action_id": "escalate.decide-approve",
                "block_id": "x",
                "value": "card",
                "action_ts": "1.3",
            }
        ],
    },
    {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": "U0LENA", "team_id": TEAM},
        "view": {
            "id": "V2",
            "callback_id": "escalate-decide",
            "private_metadata": '{"card": "x", "verdict": "approve", "asked": "y"}',
            "state": {"values": {"reason": {"text": {"type": "plain_text_input", "value": "r"}}}},
        },
    },
)


class _At:
    """The present, as the library asks for it."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """The instant the delivery is judged at."""
        return self._now


def _theirs(secret: str, now: float) -> SignatureVerifier:
    return SignatureVerifier(secret, clock=_At(now))  # type: ignore[arg-type]


def _signed(secret: str, seconds: str, body: bytes) -> str:
    try:
        return _theirs(secret, 0).generate_signature(timestamp=seconds, body=body) or ""
    except UnicodeDecodeError:
        # The library signs text only; whoever spoilt the bytes could sign them all the same.
        text = b"v0:" + seconds.encode() + b":" + body
        return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def sign(body: bytes, draw: random.Random, now: float) -> Headers:
    """What Slack sends, under one of the secrets while they are rotated."""
    seconds = str(int(now) - draw.randrange(3))
    signature = _signed(draw.choice((SECRET, OLD)), seconds, body)
    return [
        (TIMESTAMP.lower().encode(), seconds.encode()),
        (SIGNATURE.lower().encode(), signature.encode()),
    ]


def accepts(sent: Sent) -> bool:
    """What the library believes, under one of the secrets."""
    headers = {TIMESTAMP: sent.first(TIMESTAMP) or "", SIGNATURE: sent.first(SIGNATURE) or ""}
    return any(
        _theirs(secret, sent.now).is_valid_request(sent.body, headers) for secret in (SECRET, OLD)
    )


def _again(sent: Sent, seconds: str, *, secret: str = SECRET) -> None:
    sent.put(TIMESTAMP, seconds)
    sent.put(SIGNATURE, _signed(secret, seconds, sent.body))


def by_a_stranger(sent: Sent, draw: random.Random) -> None:
    """Signed with a secret that is none of ours."""
    del draw
    _again(sent, sent.first(TIMESTAMP) or "0", secret=STRANGER)


def at_another_time(sent: Sent, draw: random.Random) -> None:
    """Signed, and too early or too late by some seconds or years."""
    away = draw.choice((-(10**9), -400, -302, -298, 298, 302, 400, 10**9))
    _again(sent, str(int(sent.now) + away))


def write_the_time_oddly(sent: Sent, draw: random.Random) -> None:
    """The same number in another spelling, or none at all; signed as it stands there."""
    seconds = str(int(sent.now))
    spellings = (f"+{seconds}", f"0{seconds}", f"{seconds}.0", f"{seconds}_0", "1e9", "-1", "now")
    _again(sent, draw.choice((*spellings, f"{seconds[:4]}_{seconds[4:]}")))


def shout(sent: Sent, draw: random.Random) -> None:
    """The same number in capital letters."""
    del draw
    mine = sent.first(SIGNATURE) or ""
    sent.put(SIGNATURE, mine[:3] + mine[3:].upper())


def another_version(sent: Sent, draw: random.Random) -> None:
    """A version that is not v0, or none."""
    mine = (sent.first(SIGNATURE) or "").removeprefix("v0=")
    sent.put(SIGNATURE, draw.choice(("v1=", "v0:", "V0=", "", "v0==", "sha256=")) + mine)


def shorten(sent: Sent, draw: random.Random) -> None:
    """The signature's beginning, or more than it."""
    mine = sent.first(SIGNATURE) or ""
    sent.put(SIGNATURE, draw.choice((mine[:-1], mine[:35], mine + "00", mine[:3])))


MUTATIONS: tuple[Mutation, ...] = (
    by_a_stranger,
    at_another_time,
    write_the_time_oddly,
    shout,
    another_version,
    shorten,
)


def doors(clock: Clock) -> dict[str, Any]:
    """A workspace that nobody of the directory is in."""
    client = FakeSlack(clock).client()
    slack = Slack(client, token=TOKEN, clock=clock)
    return {"slack": SlackDoorParts(slack=slack, team=TEAM, secrets=(OLD, SECRET))}


SLACK = Verifier(
    name="slack",
    path="/webhooks/slack",
    headers=(TIMESTAMP, SIGNATURE),
    settings={},
    doors=doors,
    sign=sign,
    accepts=accepts,
    oracle="`slack_sdk` on PyPI: `SignatureVerifier`",
    bodies=BODIES,
    written=lambda raw: b"payload=" + quote_from_bytes(raw).encode(),
    mutations=MUTATIONS,
    stricter=(
        Stricter(
            "timestamp-form",
            "a timestamp that is not a plain integer (`+1`, `01`, `1_0`)",
            "Slack writes plain ones; the library reads whatever `int()` does.",
            lambda sent: _PLAIN.fullmatch(sent.first(TIMESTAMP) or "") is None,
        ),
        Stricter(
            "space-around",
            "white space around a header's value that a server has left there",
            "Servers take it away; what is left was put there on purpose.",
            lambda sent: any(value != value.strip(b" \t") for _, value in sent.headers),
        ),
    ),
)
