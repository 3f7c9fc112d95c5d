"""The content platform of the demo: a small server that carries out signed orders, or refuses.

It checks what a real receiver checks: the signature over the raw bytes, the age, and whether it
has seen the id before (then it answers as it did, and does nothing twice).
"""

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.errors import WebhookRefusedError
from integrations.ports.clock import Clock
from integrations.standard_webhooks import StandardVerifier

REFUSED_ITEM = "item-under-litigation"


class ContentPlatform:
    """Remembers what it carried out."""

    def __init__(self, secret: str, *, clock: Clock) -> None:
        self._clock = clock
        self._verifier = StandardVerifier([secret])
        self.carried_out: dict[str, dict[str, object]] = {}
        self.asked = 0
        self.app = Starlette(routes=[Route("/orders", self._order, methods=["POST"])])

    async def _order(self, request: Request) -> Response:
        body = await request.body()
        self.asked += 1
        try:
            proved = self._verifier.verify(request.headers.raw, body, now=await self._clock.now())
        except WebhookRefusedError as error:
            return JSONResponse({"error": error.reason.value}, status_code=401)
        order = json.loads(body)
        facts = order.get("data", {}).get("facts", {})
        if facts.get("content") == REFUSED_ITEM:
            return JSONResponse({"error": "this item is under litigation hold"}, status_code=422)
        known = self.carried_out.setdefault(
            proved.id, {"reference": f"platform-{len(self.carried_out) + 1}", "order": order}
        )
        return JSONResponse({"reference": known["reference"]})
