"""One order over many cases, as JSON.

POST /api/bulk/preview {wish, which}      → {cases, willing, refused, cap, needs_second}
POST /api/bulk {id, wish, numbers}        → the order; 202 while it is on its way or waits
GET  /api/bulk                            → {orders, as_of}
GET  /api/bulk/{order}                    → the order with what became of each case
GET  /api/bulk/{order}/undo               → what an undo would do to each case
POST /api/bulk/{order}/confirm {id}       → the order that a second person gave
POST /api/bulk/{order}/undo {id, reason?} → the order that brings back what can be
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.envelope import Door
from gateway import bulk_orders
from gateway.bearer import logged_in, problem
from gateway.bulk_orders import Again, NewOrder, OrderSeen, PreviewAsked
from gateway.bulk_preview import BulkRefusedError, Planned
from gateway.bulk_words import why_left_out
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.web import Viewer
from gateway.wording import of_receipt
from store import BulkItemRow, BulkRow

_STATUS = {"bulk-unknown": 404, "bulk-id-taken": 409, "bulk-not-waiting": 409}


class BulkApi:
    """Orders over many cases."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        one = "/api/bulk/{order:int}"
        return [
            self._route("/api/bulk/preview", self.preview, "POST"),
            self._route("/api/bulk", self.order, "POST"),
            self._route("/api/bulk", self.list, "GET"),
            self._route(one, self.show, "GET"),
            self._route(f"{one}/undo", self.way_back, "GET"),
            self._route(f"{one}/undo", self.undo, "POST"),
            self._route(f"{one}/confirm", self.confirm, "POST"),
        ]

    async def preview(self, request: Request, viewer: Viewer) -> Response:
        """What each case would say."""
        asked = PreviewAsked.model_validate_json(await self._body(request))
        plan = await bulk_orders.preview(self._doors, viewer, asked)
        return JSONResponse(plan_told(plan, cap=self._doors.settings.bulk_cap))

    async def order(self, request: Request, viewer: Viewer) -> Response:
        """The acts are signed and on their way."""
        new = NewOrder.model_validate_json(await self._body(request))
        row = await bulk_orders.order(self._doors, viewer, new, door=_door(request))
        return JSONResponse(order_told(row), status_code=202)

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """Orders, the latest first."""
        del request
        rows = await bulk_orders.orders_seen(self._doors, viewer)
        as_of = (await self._doors.clock.now()).isoformat()
        return JSONResponse({"orders": [order_told(row) for row in rows], "as_of": as_of})

    async def show(self, request: Request, viewer: Viewer) -> Response:
        """What became of each case."""
        seen = await bulk_orders.order_seen(self._doors, viewer, request.path_params["order"])
        return JSONResponse(seen_told(seen))

    async def way_back(self, request: Request, viewer: Viewer) -> Response:
        """What an undo would do."""
        seen = await bulk_orders.order_seen(self._doors, viewer, request.path_params["order"])
        plan = await bulk_orders.plan_back(self._doors, viewer, seen.row)
        return JSONResponse(plan_told(plan, cap=None))

    async def undo(self, request: Request, viewer: Viewer) -> Response:
        """Each case is on its way back, where there is a way."""
        again = Again.model_validate_json(await self._body(request))
        row = await bulk_orders.undo(
            self._doors, viewer, request.path_params["order"], again, door=_door(request)
        )
        return JSONResponse(order_told(row), status_code=202)

    async def confirm(self, request: Request, viewer: Viewer) -> Response:
        """A second person has done it."""
        again = Again.model_validate_json(await self._body(request))
        row = await bulk_orders.confirm(
            self._doors, viewer, request.path_params["order"], again, door=_door(request)
        )
        return JSONResponse(order_told(row), status_code=202)

    def _route(self, path: str, handle: Any, method: str) -> Route:
        async def refusing(request: Request, viewer: Viewer) -> Response:
            try:
                answer: Response = await handle(request, viewer)
            except BulkRefusedError as no:
                return problem(_STATUS.get(no.name, 422), no.name, no.wording)
            return answer

        return Route(path, logged_in(self._doors, refusing), methods=[method])

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


def _door(request: Request) -> Door:
    return Door.CLI if request.query_params.get("door") == "cli" else Door.API


def plan_told(plan: Sequence[Planned], *, cap: int | None) -> dict[str, Any]:
    """A preview."""
    willing = sum(each.willing for each in plan)
    return {
        "cases": [each.told() for each in plan],
        "willing": willing,
        "refused": len(plan) - willing,
        "cap": cap,
        "needs_second": cap is not None and willing > cap,
    }


def order_told(row: BulkRow) -> dict[str, Any]:
    """An order without its cases."""
    return {
        "order": row.position,
        "id": row.id,
        "person": row.person,
        "verb": row.verb,
        "state": row.state.value,
        "cases": row.total,
        "answered": row.answered,
        "left_out": row.refused,
        "signed_at": row.signed_at.isoformat(),
        "digest": row.digest,
        "undoes": row.undoes,
        "confirms": row.confirms,
    }


def seen_told(seen: OrderSeen) -> dict[str, Any]:
    """An order with what became of each case."""
    by = seen.confirmed_by
    return {
        **order_told(seen.row),
        "hidden": seen.hidden,
        "confirmed_by": {"order": by.position, "person": by.person} if by is not None else None,
        "items": [item_told(item) for item in seen.items],
        "outcomes": outcomes(seen.items),
    }


def item_told(item: BulkItemRow) -> dict[str, Any]:
    """One case: what it answered, or why it got nothing."""
    receipt = item.receipt
    return {
        "number": item.number,
        "act_id": item.act,
        "result": result_of(item),
        "reason": item.refused or (receipt.reason.value if receipt is not None else ""),
        "says": says_of(item),
        "detail": receipt.detail if receipt is not None else "",
        "applied_at": receipt.applied_at.isoformat() if receipt is not None else None,
    }


def result_of(item: BulkItemRow) -> str:
    """In one word: the answer, `on-its-way`, `not-delivered`, `waits` or `left-out`."""
    if item.refused:
        return "left-out"
    if item.receipt is not None:
        return item.receipt.outcome.value
    if item.state is None:
        return "waits"
    return "not-delivered" if item.state.value == "dead" else "on-its-way"


def says_of(item: BulkItemRow) -> str:
    """In one sentence, for people."""
    if item.refused:
        return why_left_out(item.refused)
    if item.receipt is not None:
        return of_receipt(item.receipt).says
    return ""


def outcomes(items: Sequence[BulkItemRow]) -> dict[str, int]:
    """How many cases came to which result."""
    counted: dict[str, int] = {}
    for item in items:
        result = result_of(item)
        counted[result] = counted.get(result, 0) + 1
    return dict(sorted(counted.items()))
