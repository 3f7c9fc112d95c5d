"""Asking to read a case for a time, and answering that, as JSON.

GET  /api/access/requests                                    → {requests}
POST /api/access/cases/{number}/requests {reason, minutes?}  → the request
POST /api/access/requests/{id}/grant {reason?, minutes?}     → the request, granted
POST /api/access/requests/{id}/refuse {reason}               → the request, refused
POST /api/access/requests/{id}/revoke {reason?}              → the request, over
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.access_api import refusal
from gateway.access_refused import AccessRefusedError
from gateway.bearer import Handle, logged_in
from gateway.doors import Doors
from gateway.grant_words import Answer, NewGrant
from gateway.grants import ask_access, end_access, give_access, refuse_access
from gateway.grants_shown import grant_shown, grants_seen
from gateway.raw import read_body
from gateway.web import Viewer
from store import Grant

ANSWERS: dict[str, Callable[[Doors, Viewer, str, Answer], Awaitable[Grant]]] = {
    "grant": give_access,
    "refuse": refuse_access,
    "revoke": end_access,
}


class GrantsApi:
    """Requests and grants."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/access/requests", logged_in(doors, self.list), methods=["GET"]),
            Route(
                "/api/access/cases/{number:str}/requests",
                logged_in(doors, self.ask),
                methods=["POST"],
            ),
            *(
                Route(
                    f"/api/access/requests/{{id:str}}/{name}",
                    logged_in(doors, self._answering(name)),
                    methods=["POST"],
                )
                for name in ANSWERS
            ),
        ]

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """The viewer's own, and what they can answer or end."""
        del request
        seen = await grants_seen(self._doors, viewer)
        return JSONResponse({"requests": [each.model_dump(mode="json") for each in seen]})

    async def ask(self, request: Request, viewer: Viewer) -> Response:
        """The viewer asks to read a case."""
        wanted = NewGrant.model_validate_json(await self._body(request))
        try:
            row = await ask_access(self._doors, viewer, request.path_params["number"], wanted)
        except AccessRefusedError as refused:
            return refusal(refused)
        return await self._shown(viewer, row, status=202)

    def _answering(self, name: str) -> Handle:
        async def answer(request: Request, viewer: Viewer) -> Response:
            said = Answer.model_validate_json(await self._body(request))
            try:
                row = await ANSWERS[name](self._doors, viewer, request.path_params["id"], said)
            except AccessRefusedError as refused:
                return refusal(refused)
            return await self._shown(viewer, row)

        return answer

    async def _shown(self, viewer: Viewer, row: Grant, *, status: int = 200) -> Response:
        shown = await grant_shown(self._doors, viewer, row)
        return JSONResponse(shown.model_dump(mode="json"), status_code=status)

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)
