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

from integrations._http import Answer
from integrations.egress import Resolver, system_resolver
from integrations.errors import RefusedError
from integrations.ports.actions import ActionOrder, ActionReceipt
from integrations.ports.clock import Clock
from integrations.signed_webhook import LONGEST_BODY, Connector, SignedWebhook

EVENT_TYPE = "escalate.action.ordered.v1"
_LONGEST_REFERENCE = 200


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
        self._webhook = SignedWebhook(client, connector=connector, clock=clock, resolver=resolver)

    async def act(self, order: ActionOrder) -> ActionReceipt:
        """The order is with the receiver, as its 2xx answer proves."""
        id_ = webhook_id(order.key)
        answer = await self._webhook.post(order.name, id_=id_, body=self._body(order, id_))
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
        if len(body) > LONGEST_BODY:
            raise RefusedError(
                f"the order is longer than {LONGEST_BODY} bytes",
                vendor=self._connector.name,
                operation=order.name,
                mend="Order with references, not with content.",
            )
        return body


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
