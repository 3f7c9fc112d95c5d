"""A receiver of our outgoing webhooks; it checks them with the reference library, not ours."""

import json
from collections.abc import Callable

import httpx
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Failure = Callable[[Request], Response]


class FakeConnector:
    """Carries every order out once: a known webhook-id with the same body is answered as before."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._failures: list[Failure] = []
        self.attempts: list[tuple[str, bytes]] = []
        self.acted: dict[str, bytes] = {}
        self.found: dict[str, object] = {}
        self.app = Starlette(routes=[Route("/orders", self.receive, methods=["POST"])])

    def transport(self) -> httpx.ASGITransport:
        """A way to it without a network."""
        return httpx.ASGITransport(app=self.app)

    def fail_next(self, status: int, **headers: str) -> None:
        """The next order is answered so instead of carried out."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._failures.append(lambda _request: Response(status_code=status, headers=sent))

    async def receive(self, request: Request) -> Response:
        """The answer to one order; one that only looks is answered with what was found."""
        body = await request.body()
        try:
            self._webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            return Response(status_code=401)
        id_ = request.headers["webhook-id"]
        self.attempts.append((id_, body))
        if self._failures:
            return self._failures.pop(0)(request)
        event = json.loads(body)
        required = {"id", "source", "specversion", "type"}
        if not required <= event.keys() or event["specversion"] != "1.0" or event["id"] != id_:
            return Response("not a CloudEvent", status_code=400)
        if self.acted.setdefault(id_, body) != body:
            return Response("another body under a known id", status_code=409)
        answer: dict[str, object] = {"reference": f"order-{list(self.acted).index(id_) + 1}"}
        if event["data"]["action"].startswith("observe-"):
            answer |= self.found
        return JSONResponse(answer, 202)
