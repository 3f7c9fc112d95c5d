"""Who is sent events of cases, as JSON.

GET  /api/subscriptions                          → {subscriptions}
POST /api/subscriptions {name, url, kinds}       → {subscription, secret}
POST /api/subscriptions/remove {name}            → {name}
POST /api/subscriptions/resume {name}            → {name, resumed}
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.subscribing import RefusedSubscriptionError, Subscribing
from gateway.web import Viewer
from gateway.wording import NOT_FOUND
from store import UnknownRow

SubscriptionName = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")
]


class NewSubscription(Inbound):
    """A receiver that shall be sent events."""

    name: SubscriptionName
    url: Annotated[str, StringConstraints(max_length=2000)]
    kinds: Sequence[str] = Field(default=(), max_length=50)


class Named(Inbound):
    """A subscription."""

    name: str


class SubscriptionsApi:
    """Receivers of events."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._subscribing = Subscribing(doors)

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/subscriptions", logged_in(doors, self.all), methods=["GET"]),
            Route("/api/subscriptions", logged_in(doors, self.subscribe), methods=["POST"]),
            Route("/api/subscriptions/remove", logged_in(doors, self.remove), methods=["POST"]),
            Route("/api/subscriptions/resume", logged_in(doors, self.resume), methods=["POST"]),
        ]

    async def all(self, request: Request, viewer: Viewer) -> Response:
        """Every receiver, its state, and how many events are where; no secret and no whole URL."""
        del request
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        return JSONResponse({"subscriptions": await self._subscribing.listed()})

    async def subscribe(self, request: Request, viewer: Viewer) -> Response:
        """Events from now on go there; the secret is said this once."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        asked = NewSubscription.model_validate_json(await self._body(request))
        try:
            made, secret = await self._subscribing.subscribe(
                asked.name, url=asked.url, kinds=asked.kinds, by=viewer.id
            )
        except RefusedSubscriptionError as error:
            return problem(422, "subscription", error.wording)
        return JSONResponse(
            {"subscription": made.model_dump(mode="json"), "secret": secret}, status_code=201
        )

    async def remove(self, request: Request, viewer: Viewer) -> Response:
        """The receiver and what waits for it are gone."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        name = Named.model_validate_json(await self._body(request)).name
        try:
            await self._subscribing.remove(name)
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        return JSONResponse({"name": name})

    async def resume(self, request: Request, viewer: Viewer) -> Response:
        """A receiver that had asked not to be called is called again."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        name = Named.model_validate_json(await self._body(request)).name
        try:
            resumed = await self._subscribing.resume(name, by=viewer.id)
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        return JSONResponse({"name": name, "resumed": resumed})

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)
