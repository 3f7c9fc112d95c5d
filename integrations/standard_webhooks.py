"""Standard Webhooks v1: signing what we send, verifying what we receive, over raw bytes.

Stricter than the reference library where that one can be made to fail or guess: ids are
`[A-Za-z0-9_-]{1,128}` (the specification forbids the dot), the timestamp is an ASCII integer,
signatures are canonical base64 of 32 bytes, repeated headers are refused. Malformed input is a
`WebhookRefusedError` and never another exception, so a door answers 401 and never 500.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cases.values import Instant, Value
from integrations.errors import RefusalReason, UnusableSecretError
from integrations.wire import RawHeaders, one_header, refused

TOLERANCE = timedelta(minutes=5)

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# Ten digits reach the year 2286; more would overflow a datetime.
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,9}")
_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
_MOST_SIGNATURES = 16


class StandardDelivery(Value):
    """A delivery whose signature, id and age were checked."""

    id: str
    """Constant over the sender's retries: the dedup key."""
    sent_at: Instant


def decode_secret(secret: str) -> bytes:
    """The key inside `whsec_…`: 24 to 64 bytes, or `UnusableSecretError`."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unusable("is not base64") from error
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise _unusable(f"holds {len(key)} bytes, not {_SHORTEST} to {_LONGEST}")
    return key


def sign_standard(secret: str, *, id: str, timestamp: datetime, body: bytes) -> dict[str, str]:  # noqa: A002 - the specification's word
    """The three headers that prove the body to a receiver who shares the secret."""
    return sign_with_all([secret], id=id, timestamp=timestamp, body=body)


def sign_with_all(
    secrets: Sequence[str],
    *,
    id: str,  # noqa: A002 - the specification's word
    timestamp: datetime,
    body: bytes,
) -> dict[str, str]:
    """As `sign_standard`, with one signature a secret: receivers may rotate at their own pace."""
    if not _ID.fullmatch(id):
        raise ValueError("a webhook id is 1 to 128 characters out of A-Z a-z 0-9 _ -")
    seconds = str(int(timestamp.timestamp()))
    signatures = [_signature(decode_secret(s), id=id, seconds=seconds, body=body) for s in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(
            "v1," + base64.b64encode(signature).decode() for signature in signatures
        ),
    }


class StandardVerifier:
    """Believes deliveries that one of its secrets signed within the tolerance."""

    def __init__(self, secrets: Sequence[str], *, tolerance: timedelta = TOLERANCE) -> None:
        if not secrets:
            raise _unusable("is missing")
        self._keys = [decode_secret(secret) for secret in secrets]
        self._tolerance = tolerance

    def verify(self, headers: RawHeaders, body: bytes, *, now: datetime) -> StandardDelivery:
        """The delivery's id and instant, or `WebhookRefusedError`."""
        delivery = one_header(headers, "webhook-id")
        if not _ID.fullmatch(delivery):
            raise refused(RefusalReason.HEADER_MALFORMED, "the webhook-id is malformed")
        seconds = one_header(headers, "webhook-timestamp")
        if not _TIMESTAMP.fullmatch(seconds):
            raise refused(RefusalReason.HEADER_MALFORMED, "the webhook-timestamp is malformed")
        given = _given(one_header(headers, "webhook-signature"))

        matched = False
        for key in self._keys:
            expected = _signature(key, id=delivery, seconds=seconds, body=body)
            for signature in given:
                # No early exit: the time taken tells nothing about which key matched.
                matched |= hmac.compare_digest(expected, signature)
        if not matched:
            raise refused(RefusalReason.WRONG_SIGNATURE, "no signature matches")
        sent_at = datetime.fromtimestamp(int(seconds), tz=UTC)
        check_age(sent_at, now=now, oldest=self._tolerance, ahead=self._tolerance)
        return StandardDelivery(id=delivery, sent_at=sent_at)


def check_age(sent_at: datetime, *, now: datetime, oldest: timedelta, ahead: timedelta) -> None:
    """Passes for an instant that is neither too old nor too far in the future."""
    if now - sent_at > oldest:
        raise refused(RefusalReason.TOO_OLD, "the delivery is too old")
    if sent_at - now > ahead:
        raise refused(RefusalReason.FROM_THE_FUTURE, "the delivery comes from the future")


def decode_signature(text: str) -> bytes | None:
    """The 32 bytes of a canonical base64 signature, None for anything else."""
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Several base64 texts decode to the same bytes; only the canonical one is a signature.
    canonical = base64.b64encode(signature).decode() == text
    return signature if canonical and len(signature) == hashlib.sha256().digest_size else None


def _given(header: str) -> list[bytes]:
    """The v1 signatures of the list; an entry that is none at all spoils the list.

    The reference library fails on such an entry where it meets it before the match: believing the
    list all the same would be believing what it refuses.
    """
    found = []
    for part in header.split(" ")[:_MOST_SIGNATURES]:
        version, comma, text = part.partition(",")
        if not comma or "," in text:
            raise refused(RefusalReason.HEADER_MALFORMED, "the webhook-signature is no list")
        if version != "v1":
            continue
        signature = decode_signature(text)
        if signature is None:
            raise refused(RefusalReason.HEADER_MALFORMED, "a v1 signature is malformed")
        found.append(signature)
    if not found:
        raise refused(RefusalReason.HEADER_MALFORMED, "the webhook-signature holds no v1 signature")
    return found


def _signature(key: bytes, *, id: str, seconds: str, body: bytes) -> bytes:  # noqa: A002 - the specification's word
    return hmac.digest(key, f"{id}.{seconds}.".encode() + body, "sha256")


def _unusable(what: str) -> UnusableSecretError:
    return UnusableSecretError(
        f"a Standard Webhooks secret {what}",
        mend="Set whsec_ followed by base64 of 32 random bytes.",
    )
