"""Events of cases as signed webhooks: a thin CloudEvents 1.0 body inside Standard Webhooks v1.

A body holds ids and kinds only; who wants more asks the API, which knows who may see what. It comes
from the event alone, so every try sends the same bytes under the same id.
"""

import json
from datetime import datetime

import httpx
from pydantic import SecretStr

from cases.values import Instant, Value
from integrations.egress import Resolver, system_resolver
from integrations.ports.clock import Clock
from integrations.redaction import redacted_url
from integrations.signed_webhook import Connector, SignedWebhook

OPERATION = "send event"
PORTS = frozenset({443, 8443})


class Event(Value):
    """Something that a case recorded."""

    id: str
    number: str
    kind: str
    stream: str
    sequence: int
    at: Instant


class EventWebhooks:
    """Sends events to whoever subscribed."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        source: str,
        allow_loopback: bool = False,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._client = client
        self._clock = clock
        self._source = source
        self._allow_loopback = allow_loopback
        self._resolver = resolver

    def check(self, *, name: str, url: str, secret: str) -> str:
        """The address as it may be shown, when its form allows it to be called at all."""
        self._webhook(name=name, url=url, secret=secret)
        return redacted_url(httpx.URL(url))

    async def send(self, event: Event, *, name: str, url: str, secret: str) -> int:
        """The receiver has the event; the status it answered."""
        webhook = self._webhook(name=name, url=url, secret=secret)
        answer = await webhook.post(OPERATION, id_=event.id, body=self._body(event))
        return answer.status

    def _webhook(self, *, name: str, url: str, secret: str) -> SignedWebhook:
        return SignedWebhook(
            self._client,
            connector=Connector(
                name=name,
                url=url,
                secrets=(SecretStr(secret),),
                source=self._source,
                ports=PORTS,
                allow_loopback=self._allow_loopback,
            ),
            clock=self._clock,
            resolver=self._resolver,
        )

    def _body(self, event: Event) -> bytes:
        content: dict[str, object] = {
            "specversion": "1.0",
            "id": event.id,
            "source": self._source,
            "type": type_of(event.kind),
            "subject": f"case/{event.number}",
            "time": _written(event.at),
            "partitionkey": event.number,
            "datacontenttype": "application/json",
            "data": {
                "case": event.number,
                "kind": event.kind,
                # What a case owes has a telling name; that it owes something is enough here.
                "stream": event.stream.partition("/")[0],
                "sequence": event.sequence,
            },
        }
        return json.dumps(content, sort_keys=True).encode()


def type_of(kind: str) -> str:
    """The CloudEvents type of a kind: `gate:round:opened` → `escalate.gate.round.opened.v1`."""
    return f"escalate.{kind.replace(':', '.')}.v1"


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
