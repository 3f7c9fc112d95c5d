"""Going on without the transparency log, as JSON.

GET  /api/log/break-glass                        → {waiting, spool, orders, as_of}
POST /api/log/break-glass {id, reason, minutes?} → the order; it waits for a second person
POST /api/log/break-glass/{n}/confirm {reason}   → open until …
POST /api/log/break-glass/{n}/end {reason}       → over
POST /api/log/break-glass/{n}/review {reason}    → reviewed
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.envelope import Door
from gateway import log_glass
from gateway.bearer import logged_in, problem
from gateway.doors import Doors
from gateway.log_glass import GlassRefusedError, NewGlass, OnGlass
from gateway.raw import read_body
from gateway.web import Viewer
from store import GlassRow

PATH = "/api/log/break-glass"
_STATUS = {"log-glass-role": 403, "log-glass-unknown": 404}
_OTHERWISE = 409


class LogGlassApi:
    """Orders to go on without the log."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        steps = (
            ("confirm", log_glass.confirm),
            ("end", log_glass.end),
            ("review", log_glass.review),
        )
        return [
            self._route(PATH, self.list, "GET"),
            self._route(PATH, self.ask, "POST"),
            *(
                self._route(f"{PATH}/{{order:int}}/{name}", self._step(step), "POST")
                for name, step in steps
            ),
        ]

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """What waits, what was spooled, and every order, the latest first."""
        del request
        doors = self._doors
        rows = await log_glass.seen(doors, viewer)
        at = await doors.clock.now()
        pressing = await doors.store.log.pressing()
        spool = await doors.store.log_spool.standing()
        return JSONResponse(
            {
                "waiting": pressing.model_dump(mode="json"),
                "spool": spool.model_dump(mode="json"),
                "orders": [told(row, at=at) for row in rows],
                "as_of": at.isoformat(),
            }
        )

    async def ask(self, request: Request, viewer: Viewer) -> Response:
        """The order waits for a second person."""
        new = NewGlass.model_validate_json(await self._body(request))
        row = await log_glass.ask(self._doors, viewer, new, door=_door(request))
        return JSONResponse(told(row, at=await self._doors.clock.now()), status_code=202)

    def _step(
        self, step: Callable[..., Awaitable[GlassRow]]
    ) -> Callable[[Request, Viewer], Awaitable[Response]]:
        async def take(request: Request, viewer: Viewer) -> Response:
            on = OnGlass.model_validate_json(await self._body(request))
            position = request.path_params["order"]
            row = await step(self._doors, viewer, position, on, door=_door(request))
            return JSONResponse(told(row, at=await self._doors.clock.now()))

        return take

    def _route(
        self, path: str, handle: Callable[[Request, Viewer], Awaitable[Response]], method: str
    ) -> Route:
        async def refusing(request: Request, viewer: Viewer) -> Response:
            try:
                return await handle(request, viewer)
            except GlassRefusedError as no:
                return problem(_STATUS.get(no.name, _OTHERWISE), no.name, no.wording)

        return Route(path, logged_in(self._doors, refusing), methods=[method])

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


def _door(request: Request) -> Door:
    return Door.CLI if request.query_params.get("door") == "cli" else Door.API


def told(row: GlassRow, *, at: datetime) -> dict[str, Any]:
    """One order, and how it stands."""
    return {
        **row.model_dump(mode="json", exclude={"position"}),
        "order": row.position,
        "state": state_of(row, at=at),
    }


def state_of(row: GlassRow, *, at: datetime) -> str:
    """In one word: `waits`, `open`, `ended`, `to-review` or `reviewed`."""
    if row.reviewed_by is not None:
        return "reviewed"
    if row.confirmed_by is None:
        return "ended" if row.ended_by is not None else "waits"
    return "open" if row.open_at(at) else "to-review"
