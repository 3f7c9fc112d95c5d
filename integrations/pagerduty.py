"""PagerDuty's Events API v2: pages are triggered, acknowledged and resolved by their dedup key.

The routing key in the body is the only credential; it is in no log and no error. PagerDuty answers
202 as soon as it has queued the event; to a key that was resolved, a later acknowledge or resolve
is dropped silently, and a trigger opens a new alert. About 120 events a minute are taken for each
key: 429 is tried again by whoever called, never here.
"""

from collections.abc import Mapping

import httpx
from pydantic import SecretStr

from integrations._http import VendorHttp
from integrations.errors import RefusedError, UnusableSecretError
from integrations.ports.clock import Clock
from integrations.ports.paging import Page

EVENTS_URL = "https://events.pagerduty.com/v2/enqueue"
VENDOR = "pagerduty"
DEFAULT = "default"
"""The service of every role that has none of its own."""
EXAMPLE_KEYS = frozenset(
    {"e93facc04764012d7bfb002500d5d1a6", "samplekeyhere", "R0UT1NGK3Y0000000000000000000000"}
)
"""Routing keys out of documentation: they page nobody."""

_KEY_LENGTH = 32
_ACCEPTED = frozenset({202})


class PagerDuty:
    """Pages by the integration keys it is given, one a service."""

    name = VENDOR

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        keys: Mapping[str, SecretStr],
        clock: Clock,
        events_url: str = EVENTS_URL,
        source: str = "escalate",
    ) -> None:
        self._keys = {name: routing_key(key) for name, key in keys.items()}
        self._http = VendorHttp(client, vendor=VENDOR, clock=clock)
        self._url = events_url
        self._source = source

    def service_for(self, role: str) -> str | None:
        """The role's own service, else the default one, else None."""
        if role in self._keys:
            return role
        return DEFAULT if DEFAULT in self._keys else None

    async def trigger(self, page: Page) -> None:
        """PagerDuty has queued the page."""
        await self._send(
            "trigger",
            page.key,
            service=page.service,
            payload={
                "summary": page.summary,
                "source": self._source,
                "severity": page.severity.value,
                "timestamp": page.at.isoformat(),
                "component": page.stage or "case",
                "group": page.role or "case",
                "class": "escalation",
                "custom_details": {"case": page.number}
                | ({"role": page.role} if page.role else {}),
            },
            links=[{"href": page.link, "text": page.link_title}],
            client="escalate",
            client_url=page.link,
        )

    async def acknowledge(self, key: str, *, service: str) -> None:
        """PagerDuty has queued that somebody has it."""
        await self._send("acknowledge", key, service=service)

    async def resolve(self, key: str, *, service: str) -> None:
        """PagerDuty has queued that it is over."""
        await self._send("resolve", key, service=service)

    async def _send(self, action: str, key: str, *, service: str, **more: object) -> None:
        routing = self._keys.get(service) or self._keys.get(DEFAULT)
        if routing is None:
            raise RefusedError(
                f"the service {service} has no integration key any more",
                vendor=VENDOR,
                operation=action,
                mend="Set its key in ESCALATE_PAGERDUTY__SERVICES again.",
            )
        answer = await self._http.call(
            action,
            "POST",
            self._url,
            json_body={
                "routing_key": routing.get_secret_value(),
                "event_action": action,
                "dedup_key": key,
                **more,
            },
        )
        told = answer.object()
        if answer.status not in _ACCEPTED or told.get("status") != "success":
            raise answer.misanswered("the event was not taken over")
        if told.get("dedup_key", key) != key:
            raise answer.misanswered("it was taken over under another key")


def routing_key(key: SecretStr) -> SecretStr:
    """The key, if PagerDuty could have made it; `UnusableSecretError` otherwise."""
    value = key.get_secret_value()
    if value in EXAMPLE_KEYS:
        raise _unusable("is an example out of PagerDuty's documentation")
    if len(value) != _KEY_LENGTH or not value.isascii() or not value.isalnum():
        raise _unusable(f"is not {_KEY_LENGTH} letters and digits")
    return key


def _unusable(what: str) -> UnusableSecretError:
    return UnusableSecretError(
        f"a PagerDuty integration key {what}",
        mend="Copy the Integration Key of the service's Events API v2 integration.",
    )
