"""What came in and what was recorded, and what of it could not be handed on, as JSON.

GET  /api/deliveries?state=&case=               → {deliveries, acts}
GET  /api/deliveries/one?key=                   → {delivery | act}
POST /api/deliveries/redeliver {key}            → {key, redelivered}
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import NOT_FOUND
from store import ActState, DeliveryState, UnknownRow


class Again(Inbound):
    """A delivery or an act that shall be tried at once."""

    key: str


class DeadLettersApi:
    """Deliveries and acts, and another try for those that need one."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/deliveries", logged_in(doors, self.deliveries), methods=["GET"]),
            Route("/api/deliveries/one", logged_in(doors, self.delivery), methods=["GET"]),
            Route("/api/deliveries/redeliver", logged_in(doors, self.redeliver), methods=["POST"]),
        ]

    async def deliveries(self, request: Request, viewer: Viewer) -> Response:
        """What came in and what was recorded, without a word of either."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        state = request.query_params.get("state", "")
        number = request.query_params.get("case", "")
        store = self._doors.store
        case: str | None = None
        if number:
            row = await store.cases.by_number(number)
            if row is None:
                return problem(404, "not-found", NOT_FOUND)
            case = row.id
        found: dict[str, list[dict[str, Any]]] = {"deliveries": [], "acts": []}
        if not state or state in set(DeliveryState):
            wanted = DeliveryState(state) if state else None
            rows = await store.deliveries.list(state=wanted, case=case)
            found["deliveries"] = [await self._named(each) for each in rows]
        if not state or state in set(ActState):
            listed = await store.acts.list(state=ActState(state) if state else None, case=case)
            found["acts"] = [await self._named(each) for each in listed]
        return JSONResponse(found)

    async def delivery(self, request: Request, viewer: Viewer) -> Response:
        """One row; the size of its body and nothing of it (I13)."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        key = request.query_params.get("key", "")
        store = self._doors.store
        try:
            delivery = await store.deliveries.show(key)
            size = len(delivery.body)
            row = delivery.model_dump(mode="json", exclude={"body"})
            return JSONResponse({"delivery": await self._named_row(row, bytes=size)})
        except UnknownRow:
            pass
        try:
            act = await store.acts.show(key)
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        row = act.model_dump(mode="json", exclude={"envelope"})
        return JSONResponse({"act": await self._named_row(row)})

    async def redeliver(self, request: Request, viewer: Viewer) -> Response:
        """The delivery or act is tried at once; false when it had been done before."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        key = Again.model_validate_json(await self._body(request)).key
        store, at = self._doors.store, await self._doors.clock.now()
        try:
            await store.deliveries.show(key)
            again = await store.deliveries.redeliver(key, at=at)
            self._doors.deliveries_due.set()
        except UnknownRow:
            try:
                await store.acts.show(key)
            except UnknownRow:
                return problem(404, "not-found", NOT_FOUND)
            again = await store.acts.redeliver(key, at=at)
            self._doors.acts_due.set()
        return JSONResponse({"key": key, "redelivered": again})

    async def _named(self, row: Any) -> dict[str, Any]:
        return await self._named_row(row.model_dump(mode="json"))

    async def _named_row(self, row: dict[str, Any], **more: Any) -> dict[str, Any]:
        number = (await self._doors.store.cases.get(row["case"])).number
        return {**row, "number": number, **more}

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)
