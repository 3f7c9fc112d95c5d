"""Actions as a signed webhook: Standard Webhooks v1 around a thin CloudEvents 1.0 body.

An order for one step of an action on many says which: step, share, from where to where of which
list. One that only looks is answered with `checked` and `wrong`: how many, and how many wrongly.

The id comes from the order's key and the body from the order alone, so every retry sends the same
bytes under the same id: a receiver that keeps its ids acts once. The answer's `reference`, if it
gives one, is the receipt's.
"""

import base64
import hashlib
import json

import httpx
from pydantic import SecretStr

from cases.values import Value
from integrations._http import MEGABYTE, Answer, VendorHttp
from integrations.egress import (
    Destination,
    ForbiddenDestinationError,
    Resolver,
    check_url,
    pin,
    system_resolver,
)
from integrations.errors import RefusedError, UnavailableError
from integrations.ports.actions import ActionOrder, ActionReceipt
from integrations.ports.clock import Clock
from integrations.standard_webhooks import decode_secret, sign_with_all

EVENT_TYPE = "escalate.action.ordered.v1"
_LONGEST_BODY = 20_000
_LONGEST_REFERENCE = 200


class Connector(Value):
    """One connected receiver, as the settings name it."""

    name: str
    url: str
    secrets: tuple[SecretStr, ...]
    """The first is today's; the others let a receiver rotate at its own pace."""
    source: str = "urn:escalate"
    """Who we are, in the receiver's eyes (CloudEvents `source`)."""
    ports: frozenset[int] = frozenset({443})
    allow_loopback: bool = False
    """For the demo and tests only: plain http to this very machine."""


class OutgoingWebhook:
    """Actions by one connector."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        connector: Connector,
        clock: Clock,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._connector = connector
        self._clock = clock
        self._resolver = resolver
        self._secrets = [secret.get_secret_value() for secret in connector.secrets]
        # A connector that could never work is found when the worker starts, not at the deadline.
        for secret in self._secrets:
            decode_secret(secret)
        try:
            check_url(connector.url, ports=connector.ports, allow_loopback=connector.allow_loopback)
        except ForbiddenDestinationError as error:
            raise self._forbidden(error) from error
        self._http = VendorHttp(client, vendor=connector.name, clock=clock, limit=MEGABYTE)

    async def act(self, order: ActionOrder) -> ActionReceipt:
        """The order is with the receiver, as its 2xx answer proves."""
        id_ = webhook_id(order.key)
        body = self._body(order, id_)
        destination = await self._destination(order)
        headers = sign_with_all(self._secrets, id=id_, timestamp=await self._clock.now(), body=body)
        answer = await self._http.call(
            order.name,
            "POST",
            destination.url,
            content=body,
            headers={
                **headers,
                "Host": destination.host_header,
                "Content-Type": "application/cloudevents+json",
            },
            extensions={"sni_hostname": destination.server_name},
        )
        return ActionReceipt(
            reference=_reference(answer) or id_,
            detail=f"{self._connector.name} answered {answer.status}",
            found=_found(answer) if order.part is not None and order.part.look else None,
        )

    def _body(self, order: ActionOrder, id_: str) -> bytes:
        data: dict[str, object] = {
            "action": order.name,
            "title": order.title,
            "case": order.case_number,
            "facts": order.facts,
        }
        if order.part is not None:
            data["step"] = {
                "number": order.part.step,
                "of": order.part.steps,
                "share": order.part.share,
                "first": order.part.first,
                "last": order.part.last,
                "total": order.part.total,
                "list": order.part.listed,
            }
        if order.set_for is not None:
            data["set-for"] = order.set_for.isoformat()
        event: dict[str, object] = {
            "specversion": "1.0",
            "id": id_,
            "source": self._connector.source,
            "type": EVENT_TYPE,
            "subject": f"case/{order.case_number}",
            "datacontenttype": "application/json",
            "data": data,
        }
        if order.ordered_at is not None:
            event["time"] = order.ordered_at.isoformat()
        body = json.dumps(event, ensure_ascii=False, sort_keys=True).encode()
        if len(body) > _LONGEST_BODY:
            raise RefusedError(
                f"the order is longer than {_LONGEST_BODY} bytes",
                vendor=self._connector.name,
                operation=order.name,
                mend="Order with references, not with content.",
            )
        return body

    async def _destination(self, order: ActionOrder) -> Destination:
        try:
            return await pin(
                self._connector.url,
                resolver=self._resolver,
                ports=self._connector.ports,
                allow_loopback=self._connector.allow_loopback,
            )
        except ForbiddenDestinationError as error:
            raise self._forbidden(error, operation=order.name) from error
        except OSError as error:
            raise UnavailableError(
                "the host's name does not resolve",
                vendor=self._connector.name,
                operation=order.name,
                mend="Check the connector's address and our DNS; it is tried again.",
            ) from error

    def _forbidden(
        self, error: ForbiddenDestinationError, *, operation: str = "connect"
    ) -> RefusedError:
        return RefusedError(
            str(error),
            vendor=self._connector.name,
            operation=operation,
            mend="Give the connector a public https address in the settings.",
        )


def webhook_id(key: str) -> str:
    """The id under which every try of this order goes out."""
    digest = hashlib.sha256(key.encode()).digest()
    return "act_" + base64.b32encode(digest).decode().lower().rstrip("=")


def _content(answer: Answer) -> dict[str, object]:
    """What the receiver answers; it need not be JSON."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _found(answer: Answer) -> tuple[int, int] | None:
    """What a look came to; an answer without two fitting numbers is none, and a person looks."""
    match _content(answer):
        case {"checked": int(checked), "wrong": int(wrong)} if (
            0 <= wrong <= checked > 0 and not isinstance(checked, bool)
        ):
            return checked, wrong
        case _:
            return None


def _reference(answer: Answer) -> str | None:
    """What the receiver calls the order, when it says so."""
    reference = _content(answer).get("reference")
    if not isinstance(reference, str) or not reference.isprintable():
        return None
    return reference[:_LONGEST_REFERENCE] or None
