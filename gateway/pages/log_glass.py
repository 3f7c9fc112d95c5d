"""The page of the transparency log while it cannot be written: what waits, and two people's way."""

import uuid
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cases.envelope import Door
from gateway import log_glass
from gateway.log_glass import GlassRefusedError, NewGlass, OnGlass
from gateway.log_glass_api import state_of
from gateway.raw import BadFormError
from gateway.times import Show
from gateway.web import Viewer, Web
from store import GlassRow

PATH = "/log-break-glass"
_STEPS = {"confirm": log_glass.confirm, "end": log_glass.end, "review": log_glass.review}
_OFFERED = {"waits": ("confirm", "end"), "open": ("end",), "to-review": ("review",)}


class LogGlassPages:
    """One page, and the forms on it."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.ask, methods=["POST"]),
            Route(f"{PATH}/{{order:int}}/{{step:str}}", self.take, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What waits for the log, and every order."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        if not log_glass.may(viewer):
            return web.nothing_here(viewer)
        show = await web.show(viewer)
        rows = await log_glass.seen(web.doors, viewer)
        return web.page(
            "log_glass.html",
            viewer=viewer,
            waiting=await web.doors.store.log.pressing(),
            spool=await web.doors.store.log_spool.standing(),
            show=show,
            fresh=str(uuid.uuid4()),
            orders=[_line(row, show) for row in rows],
            as_of=show.clock(show.now),
        )

    async def ask(self, request: Request) -> Response:
        """The order waits for a second person."""
        return await self._taken(request, step="")

    async def take(self, request: Request) -> Response:
        """It is confirmed, ended or reviewed."""
        return await self._taken(request, step=request.path_params["step"])

    async def _taken(self, request: Request, *, step: str) -> Response:
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        try:
            await self._do(request, viewer, step, fields)
        except ValidationError:
            raise BadFormError from None
        except GlassRefusedError as no:
            return web.problem(
                no.wording, viewer=viewer, status=409, onward=PATH, onward_label="Back"
            )
        return RedirectResponse(PATH, status_code=303)

    async def _do(
        self, request: Request, viewer: Viewer, step: str, fields: dict[str, Any]
    ) -> None:
        doors = self._web.doors
        if not step:
            new = NewGlass.model_validate(
                {
                    "id": fields.get("id", ""),
                    "reason": fields.get("reason", ""),
                    "minutes": int(fields.get("minutes", "") or 60),
                }
            )
            await log_glass.ask(doors, viewer, new, door=Door.WEB)
            return
        if step not in _STEPS:
            raise BadFormError
        on = OnGlass.model_validate({"reason": fields.get("reason", "")})
        await _STEPS[step](doors, viewer, request.path_params["order"], on, door=Door.WEB)


def _line(row: GlassRow, show: Show) -> dict[str, Any]:
    state = state_of(row, at=show.now)
    return {
        **row.model_dump(),
        "state": state.replace("-", " "),
        "at": show.at(row.asked_at),
        "ends": show.at(row.until) if row.until is not None else None,
        "steps": _OFFERED.get(state, ()),
    }
