"""A Zendesk webhook: is it Zendesk's, is it fresh, and what does it say.

Signature: base64(HMAC-SHA256(secret, TIMESTAMP + BODY)), in this order. Zendesk's older pages show
a sample signed the other way round (BODY + TIMESTAMP); it is refused here, and a test says so.
The invocation id, our dedup key, is not covered by the signature: whoever replays a delivery within
the age limit under another id meets the case that the ticket already has.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cases.values import Instant, Value
from integrations.errors import RefusalReason, UnusableSecretError
from integrations.standard_webhooks import check_age, decode_signature
from integrations.wire import RawHeaders, one_header, refused

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
INVOCATION = "X-Zendesk-Webhook-Invocation-Id"

PUBLIC_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - Zendesk's documented example, refused outside the demo

_AHEAD = timedelta(minutes=5)
_SHORTEST = 16
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)
_INVOCATION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class ZendeskDelivery(Value):
    """A delivery whose signature and age were checked."""

    id: str
    """The invocation id; without one, a digest of what was signed."""
    sent_at: Instant


def sign_zendesk(secret: str, *, timestamp: str, body: bytes) -> dict[str, str]:
    """The headers Zendesk would send; `timestamp` is ISO-8601 text, `2026-11-22T10:00:00Z`."""
    return {
        SIGNATURE: base64.b64encode(_signature(secret, timestamp=timestamp, body=body)).decode(),
        TIMESTAMP: timestamp,
    }


class ZendeskVerifier:
    """Believes deliveries that one of its secrets signed within the age limit."""

    def __init__(
        self,
        secrets: Sequence[str],
        *,
        max_age: timedelta = timedelta(minutes=5),
        demo: bool = False,
    ) -> None:
        if not secrets:
            raise _unusable("is missing")
        for secret in secrets:
            if len(secret) < _SHORTEST:
                raise _unusable(f"is shorter than {_SHORTEST} characters")
            if secret == PUBLIC_SECRET and not demo:
                raise _unusable("is the public example of Zendesk's documentation")
        self._secrets = list(secrets)
        self._max_age = max_age

    def verify(self, headers: RawHeaders, body: bytes, *, now: datetime) -> ZendeskDelivery:
        """The delivery's id and instant, or `WebhookRefusedError`."""
        timestamp = one_header(headers, TIMESTAMP, longest=64)
        sent_at = read_instant(timestamp)
        if sent_at is None:
            raise refused(RefusalReason.HEADER_MALFORMED, "the signature's timestamp is malformed")
        given = decode_signature(one_header(headers, SIGNATURE, longest=128))
        if given is None:
            raise refused(RefusalReason.HEADER_MALFORMED, "the signature is malformed")

        matched = False
        for secret in self._secrets:
            expected = _signature(secret, timestamp=timestamp, body=body)
            matched |= hmac.compare_digest(expected, given)
        if not matched:
            raise refused(RefusalReason.WRONG_SIGNATURE, "no signature matches")
        check_age(sent_at, now=now, oldest=self._max_age, ahead=_AHEAD)
        return ZendeskDelivery(id=_delivery_id(headers, timestamp, body), sent_at=sent_at)


def read_instant(text: str) -> datetime | None:
    """The UTC instant of a strict ISO-8601 text, None for anything else."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        at = datetime.fromisoformat(whole + (fraction or "")[:7] + zone.replace("Z", "+00:00"))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _delivery_id(headers: RawHeaders, timestamp: str, body: bytes) -> str:
    if not any(key.lower() == INVOCATION.lower().encode() for key, _ in headers):
        return "signed-" + hashlib.sha256(timestamp.encode() + body).hexdigest()
    invocation = one_header(headers, INVOCATION)
    if not _INVOCATION_ID.fullmatch(invocation):
        raise refused(RefusalReason.HEADER_MALFORMED, "the invocation id is malformed")
    return invocation


def _signature(secret: str, *, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), timestamp.encode() + body, "sha256")


def _unusable(what: str) -> UnusableSecretError:
    return UnusableSecretError(
        f"a Zendesk signing secret {what}",
        mend="Copy the webhook's own signing secret from Zendesk's admin centre.",
    )
