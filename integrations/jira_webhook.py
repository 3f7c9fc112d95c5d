"""A Jira webhook: is it our site's, and what may it be called.

Signature: `X-Hub-Signature: sha256=<hex>`, HMAC-SHA256 of the raw body, sent by webhooks that an
administrator gave a secret. Any other method is refused. Nothing signed says when it was sent, so
age proves nothing: whoever replays a delivery meets its dedup key, which is not signed either, and
then the case that the issue has already.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from cases.values import Value
from integrations.errors import RefusalReason, UnusableSecretError
from integrations.wire import RawHeaders, one_header, refused

SIGNATURE = "X-Hub-Signature"
IDENTIFIER = "X-Atlassian-Webhook-Identifier"

_SHORTEST = 16
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", flags=re.ASCII)
_METHOD = re.compile(r"[a-z0-9]{1,16}=.*", flags=re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}", flags=re.ASCII)


class JiraDelivery(Value):
    """A delivery whose signature was checked."""

    id: str
    """The same over all retries of one event; without a header, a digest of the body."""


def sign_jira(secret: str, *, body: bytes) -> dict[str, str]:
    """The header Jira would send."""
    return {SIGNATURE: f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}


class JiraVerifier:
    """Believes deliveries that one of its secrets signed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise _unusable("is missing")
        if any(len(secret) < _SHORTEST for secret in secrets):
            raise _unusable(f"is shorter than {_SHORTEST} characters")
        self._secrets = list(secrets)

    def verify(self, headers: RawHeaders, body: bytes, *, now: datetime) -> JiraDelivery:
        """The delivery's id, or `WebhookRefusedError`; `now` changes nothing here."""
        del now
        given = one_header(headers, SIGNATURE, longest=128)
        signed = _SIGNATURE.fullmatch(given)
        if signed is None:
            what = "is of another method" if _METHOD.fullmatch(given) else "is malformed"
            raise refused(RefusalReason.HEADER_MALFORMED, f"the signature {what}")
        matched = False
        for secret in self._secrets:
            expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            matched |= hmac.compare_digest(expected, signed[1])
        if not matched:
            raise refused(RefusalReason.WRONG_SIGNATURE, "no signature matches")
        return JiraDelivery(id=_delivery_id(headers, body))


def _delivery_id(headers: RawHeaders, body: bytes) -> str:
    if not any(key.lower() == IDENTIFIER.lower().encode() for key, _ in headers):
        return "signed-" + hashlib.sha256(body).hexdigest()
    identifier = one_header(headers, IDENTIFIER)
    if not _IDENTIFIER.fullmatch(identifier):
        raise refused(RefusalReason.HEADER_MALFORMED, "the webhook identifier is malformed")
    return identifier


def _unusable(what: str) -> UnusableSecretError:
    return UnusableSecretError(
        f"a Jira webhook secret {what}",
        mend="Give the webhook a secret of 16 characters or more in Jira, and the same here.",
    )
