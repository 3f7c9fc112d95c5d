"""A PagerDuty webhook (v3): is it PagerDuty's, and what does it say of which page.

Signature: hex(HMAC-SHA256(secret, body)) as `v1=…` in `X-PagerDuty-Signature`, several separated
by commas while a secret is rotated; one that matches is enough, versions we do not know are passed
over. There is no timestamp in it: what protects from replay is the event's id, which comes once.
Of the body only ids and words of PagerDuty's own vocabulary are read, never a title or a note.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cases.values import Value
from integrations.errors import RefusalReason, UnusableSecretError
from integrations.wire import RawHeaders, one_header, read_json, refused

SIGNATURE = "X-PagerDuty-Signature"
EXAMPLE_SECRETS = frozenset(
    {"lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"}  # go-pagerduty's tests
)

_SHORTEST = 16
_MOST_SIGNATURES = 16
_HEX = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_KIND = re.compile(r"[a-z_]{1,40}\.[a-z_.]{1,60}")
_KEY = re.compile(r"[a-z0-9/-]{1,255}")
PERSON = "user_reference"


class PagerDutyDelivery(Value):
    """A delivery whose signature was checked."""

    digest: str
    """SHA-256 of the body."""


class PagerDutyEvent(Value):
    """What PagerDuty says happened, as far as it concerns a page."""

    id: str
    kind: str
    """`incident.acknowledged` and others of PagerDuty's own."""
    incident: str = ""
    key: str | None = None
    """The dedup key of the incident, where it has the form of ours."""
    person: str | None = None
    """PagerDuty's id of the person who did it; None when a person did not."""


def sign_pagerduty(secret: str, *, body: bytes) -> dict[str, str]:
    """The header PagerDuty would send."""
    return {SIGNATURE: f"v1={_signature(secret, body)}"}


class PagerDutyVerifier:
    """Believes deliveries that one of its secrets signed."""

    def __init__(self, secrets: Sequence[str], *, demo: bool = False) -> None:
        if not secrets:
            raise _unusable("is missing")
        for secret in secrets:
            if len(secret) < _SHORTEST:
                raise _unusable(f"is shorter than {_SHORTEST} characters")
            if secret in EXAMPLE_SECRETS and not demo:
                raise _unusable("is a public example")
        self._secrets = list(secrets)

    def verify(self, headers: RawHeaders, body: bytes, *, now: datetime) -> PagerDutyDelivery:
        """The body's digest, or `WebhookRefusedError`; `now` has no part in it."""
        del now
        given = _given(one_header(headers, SIGNATURE))
        if not body:
            raise refused(RefusalReason.WRONG_SIGNATURE, "the body is empty")
        matched = False
        for secret in self._secrets:
            expected = _signature(secret, body)
            for signature in given:
                # No early exit: the time taken tells nothing about which secret matched.
                matched |= hmac.compare_digest(expected, signature)
        if not matched:
            raise refused(RefusalReason.WRONG_SIGNATURE, "no signature matches")
        return PagerDutyDelivery(digest=hashlib.sha256(body).hexdigest())


def read_event(body: bytes) -> PagerDutyEvent | None:
    """The event; None for a body that is authentic and no event of PagerDuty's.

    `UnreadableBodyError` for one that is not JSON.
    """
    event = _dict(read_json(body).get("event"))
    id_, kind = event.get("id"), event.get("event_type")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return None
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        return None
    data, agent = _dict(event.get("data")), _dict(event.get("agent"))
    # Events about a note or a responder carry the incident inside their data.
    incident = _dict(data.get("incident")) or data
    key = data.get("incident_key")
    person = _text(agent.get("id")) if agent.get("type") == PERSON else ""
    return PagerDutyEvent(
        id=id_,
        kind=kind,
        incident=_text(incident.get("id")),
        key=key if isinstance(key, str) and _KEY.fullmatch(key) else None,
        person=person or None,
    )


def _given(header: str) -> list[str]:
    # No white space is taken away: PagerDuty sends none, and its own library takes none.
    parts = header.split(",")
    if len(parts) > _MOST_SIGNATURES:
        raise refused(RefusalReason.HEADER_MALFORMED, "there are too many signatures")
    found = [text for part in parts for text in [part.removeprefix("v1=")] if text != part]
    given = [text for text in found if _HEX.fullmatch(text)]
    if not given:
        raise refused(RefusalReason.HEADER_MALFORMED, f"{SIGNATURE} holds no v1 signature")
    return given


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _unusable(what: str) -> UnusableSecretError:
    return UnusableSecretError(
        f"a PagerDuty webhook secret {what}",
        mend="Copy the secret PagerDuty showed when the webhook subscription was made.",
    )
