"""The pages of what came in and went out, and of who is sent events."""

import json
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.deliveries_api import UnreadableFilterError, asked_for
from gateway.ledger import LedgerReading, Line
from gateway.sight import ALWAYS
from gateway.subscribing import RefusedSubscriptionError, Subscribing
from gateway.subscriptions_api import NewSubscription
from gateway.times import Show
from gateway.web import Viewer, Web
from gateway.wording import BAD_FORM, Wording
from store import CallFilter, UnknownRow

PATH = "/deliveries"
SUBSCRIPTIONS = "/subscriptions"
FILTERS = ("case", "direction", "vendor", "outcome", "since")
_HEADING = "What came in and went out"


class DeliveryPages:
    """The ledger, one delivery, and the receivers of events."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._subscribing = Subscribing(web.doors)

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.all, methods=["GET"]),
            Route(f"{PATH}/one", self.one, methods=["GET"]),
            Route(f"{PATH}/redeliver", self.redeliver, methods=["POST"]),
            Route(SUBSCRIPTIONS, self.subscriptions, methods=["GET"]),
            Route(SUBSCRIPTIONS, self.subscribe, methods=["POST"]),
            Route(f"{SUBSCRIPTIONS}/remove", self.remove, methods=["POST"]),
            Route(f"{SUBSCRIPTIONS}/resume", self.resume, methods=["POST"]),
        ]

    async def all(self, request: Request) -> Response:
        """Recent deliveries, filtered; nothing here for who does not answer for the house."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        if not viewer.roles & ALWAYS:
            return self._web.nothing_here(viewer)
        fields = {name: request.query_params.get(name, "") for name in FILTERS}
        show = await self._web.show(viewer)
        try:
            # The page's field has no zone: it means the reader's.
            since = show.read_local(fields["since"]).isoformat() if fields["since"] else ""
            asked = await asked_for(self._web.doors, {**fields, "since": since})
        except (UnknownRow, UnreadableFilterError, ValueError):
            return self._web.problem(BAD_FORM, viewer=viewer, status=422, onward=PATH)
        lines = await LedgerReading(self._web.doors).lines(asked)
        return self._web.page(
            "deliveries.html",
            viewer=viewer,
            heading=_HEADING,
            lines=[_line(line, show) for line in lines],
            fields=fields,
            as_of=show.clock(show.now),
        )

    async def one(self, request: Request) -> Response:
        """One delivery, with every call that was made for it."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        if not viewer.roles & ALWAYS:
            return self._web.nothing_here(viewer)
        key = request.query_params.get("key", "")
        reading = LedgerReading(self._web.doors)
        try:
            line = await reading.line(key)
        except UnknownRow:
            return self._web.nothing_here(viewer)
        calls = await self._web.doors.store.calls.list(CallFilter(key=key))
        show = await self._web.show(viewer)
        return self._web.page(
            "delivery.html",
            viewer=viewer,
            line=_line(line, show),
            calls=[_line(await reading.line(call.id), show) for call in calls],
            as_of=show.clock(show.now),
        )

    async def redeliver(self, request: Request) -> Response:
        """It is tried again in the viewer's name; the page says what came of asking."""
        viewer, fields = await self._posted(request)
        if viewer is None or fields is None:
            return self._refused(request, viewer)
        try:
            again = await LedgerReading(self._web.doors).again(fields.get("key", ""), by=viewer.id)
        except UnknownRow:
            return self._web.nothing_here(viewer)
        return self._web.problem(
            Wording(again.says, again.mend or "Its page shows what comes of it."),
            viewer=viewer,
            status=200,
            heading="Tried again" if again.redelivered else "Nothing was sent",
            onward=PATH,
            onward_label="All deliveries",
        )

    async def subscriptions(self, request: Request) -> Response:
        """Every receiver of events."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        if not viewer.roles & ALWAYS:
            return self._web.nothing_here(viewer)
        return await self._receivers(viewer)

    async def subscribe(self, request: Request) -> Response:
        """Events go there from now on; the page shows the secret this once."""
        viewer, fields = await self._posted(request)
        if viewer is None or fields is None:
            return self._refused(request, viewer)
        try:
            asked = NewSubscription(
                name=fields.get("name", "").strip(),
                url=fields.get("url", "").strip(),
                kinds=tuple(fields.get("kinds", "").replace(",", " ").split()),
            )
            _, secret = await self._subscribing.subscribe(
                asked.name, url=asked.url, kinds=asked.kinds, by=viewer.id
            )
        except ValidationError:
            return self._web.problem(BAD_FORM, viewer=viewer, status=422, onward=SUBSCRIPTIONS)
        except RefusedSubscriptionError as error:
            return self._web.problem(error.wording, viewer=viewer, status=422, onward=SUBSCRIPTIONS)
        return await self._receivers(viewer, name=asked.name, secret=secret)

    async def remove(self, request: Request) -> Response:
        """The receiver and what waits for it are gone."""
        return await self._changed(request, "remove")

    async def resume(self, request: Request) -> Response:
        """The receiver is called again."""
        return await self._changed(request, "resume")

    async def _changed(self, request: Request, verb: str) -> Response:
        viewer, fields = await self._posted(request)
        if viewer is None or fields is None:
            return self._refused(request, viewer)
        name = fields.get("name", "")
        try:
            if verb == "remove":
                await self._subscribing.remove(name)
            else:
                await self._subscribing.resume(name, by=viewer.id)
        except UnknownRow:
            return self._web.nothing_here(viewer)
        return RedirectResponse(SUBSCRIPTIONS, status_code=303)

    async def _receivers(self, viewer: Viewer, *, name: str = "", secret: str = "") -> Response:
        show = await self._web.show(viewer)
        return self._web.page(
            "subscriptions.html",
            viewer=viewer,
            receivers=await self._subscribing.listed(),
            subscribed=name,
            secret=secret,
            as_of=show.clock(show.now),
        )

    async def _posted(self, request: Request) -> tuple[Viewer | None, dict[str, str] | None]:
        viewer = await self._web.viewer(request)
        if viewer is None:
            return None, None
        fields = await self._web.form(request, viewer.token)
        return viewer, fields if viewer.roles & ALWAYS else None

    def _refused(self, request: Request, viewer: Viewer | None) -> Response:
        if viewer is None:
            return self._web.to_login(request)
        return self._web.nothing_here(viewer)


def _line(line: Line, show: Show) -> dict[str, Any]:
    detail = [
        (name.replace("_", " "), value if isinstance(value, str | int) else json.dumps(value))
        for name, value in line.detail.items()
        if value not in (None, "", {})
    ]
    return {**line.model_dump(), "at": show.precise(line.at), "detail": detail}
