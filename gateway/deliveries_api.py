"""The delivery ledger as JSON: what came in, what went out, and another try for what needs one.

GET  /api/deliveries?case=&direction=&vendor=&outcome=&since=   → {deliveries}
GET  /api/deliveries/one?key=                                   → {delivery, calls}
POST /api/deliveries/redeliver {key}                            → {key, redelivered, says, mend}
"""

import re
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.ledger import Asked, Direction, LedgerReading
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import BAD_FORM, NOT_FOUND
from store import CallFilter, UnknownRow

_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Again(Inbound):
    """A delivery or an act that shall be tried at once."""

    key: str


class UnreadableFilterError(ValueError):
    """A filter of the list cannot be read."""


class DeliveriesApi:
    """The ledger, and another try for what needs one."""

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
        """What came in and what went out, without a word of either."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        try:
            asked = await asked_for(self._doors, dict(request.query_params))
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        except UnreadableFilterError as error:
            return problem(422, "bad-form", BAD_FORM, str(error))
        lines = await LedgerReading(self._doors).lines(asked)
        return JSONResponse({"deliveries": [line.model_dump(mode="json") for line in lines]})

    async def delivery(self, request: Request, viewer: Viewer) -> Response:
        """One row with every call that was made for it; sizes and digests of bodies (I13)."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        key = request.query_params.get("key", "")
        reading = LedgerReading(self._doors)
        try:
            line = await reading.line(key)
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        calls = await self._doors.store.calls.list(CallFilter(key=key))
        return JSONResponse(
            {
                "delivery": line.model_dump(mode="json"),
                "calls": [(await reading.line(call.id)).model_dump(mode="json") for call in calls],
            }
        )

    async def redeliver(self, request: Request, viewer: Viewer) -> Response:
        """It is tried at once under the same key; false when there is nothing to try."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        body = await read_body(request, limit=self._doors.settings.max_body_bytes)
        key = Again.model_validate_json(body).key
        try:
            again = await LedgerReading(self._doors).again(key, by=viewer.id)
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        return JSONResponse(again.model_dump(mode="json"))


async def asked_for(doors: Doors, fields: dict[str, str]) -> Asked:
    """The filter that the fields of a query mean; UnknownRow for a case that is not there."""
    direction, since = fields.get("direction", ""), fields.get("since", "")
    if direction and direction not in set(Direction):
        raise UnreadableFilterError("direction is in or out")
    at = _since(since, now=await doors.clock.now()) if since else None
    case: str | None = None
    if number := fields.get("case", "").strip():
        row = await doors.store.cases.by_number(number)
        if row is None:
            raise UnknownRow("case", number)
        case = row.id
    return Asked(
        case=case,
        direction=Direction(direction) if direction else None,
        vendor=fields.get("vendor", "").strip() or None,
        # `state` is what the outcome of a delivery was called before calls were on record.
        outcome=fields.get("outcome", "").strip() or fields.get("state", "").strip() or None,
        since=at,
    )


def _since(text: str, *, now: datetime) -> datetime:
    """An instant, or a span counted back from now."""
    if span := _SPAN.fullmatch(text):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableFilterError("since is an instant of ISO 8601, or a span like 2h") from error
    if at.tzinfo is None:
        raise UnreadableFilterError("since needs its zone")
    return at
