"""A receiver of our events: signatures by the reference library, bodies by the CloudEvents SDK."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/in"
URL = f"https://events.example.test{PATH}"


class EventReceiver:
    """Takes events, each id once; can be told to fail, and by whom it is asked."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        """What it believes; a test tells it once the subscription is made."""
        self.answers: list[Response] = []
        """The next answers; 204 when there are no more."""
        self.always: Callable[[], Response] | None = None
        """What it answers to everything, before it looks."""
        self.tries: list[str] = []
        self.taken: dict[str, BaseCloudEvent] = {}
        self.bodies: list[bytes] = []
        self.unbelieved = 0
        self.app = Starlette(routes=[Route(PATH, self.receive, methods=["POST"])])

    def transport(self) -> httpx.ASGITransport:
        """A way to it without a network."""
        return httpx.ASGITransport(app=self.app)

    def events(self, number: str) -> list[BaseCloudEvent]:
        """What it has of a case, in the order it came."""
        return [each for each in self.taken.values() if each.get_subject() == f"case/{number}"]

    def told(self, number: str) -> list[dict[str, Any]]:
        """What those say."""
        return [data for e in self.events(number) if isinstance(data := e.get_data(), dict)]

    async def receive(self, request: Request) -> Response:
        """The answer to one event."""
        body = await request.body()
        self.tries.append(request.headers["webhook-id"])
        self.bodies.append(body + repr(request.headers.items()).encode())
        if self.always is not None:
            return self.always()
        if self.answers:
            return self.answers.pop(0)
        if not self._believes(request, body):
            self.unbelieved += 1
            return Response(status_code=401)
        event = from_structured_event(HTTPMessage(dict(request.headers), body))
        assert event.get_id() == request.headers["webhook-id"]
        self.taken.setdefault(event.get_id(), event)
        return Response(status_code=204)

    def _believes(self, request: Request, body: bytes) -> bool:
        # Signed by the library as it would itself: a test may live in another time than the wall's.
        id_, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        given = request.headers["webhook-signature"]
        expected = [
            Webhook(secret).sign(id_, datetime.fromtimestamp(at, tz=UTC), body.decode())
            for secret in self.secrets
        ]
        return any(hmac.compare_digest(each, given) for each in expected)
