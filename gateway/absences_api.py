"""Who is away, and who acts for them, as JSON.

GET  /api/absences                                              → {absences}
POST /api/absences {since, until, delegate?, roles?, runbooks?} → the absence
POST /api/absences/{id}/end                                     → the absence, ended
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.absences import (
    AbsenceRefusedError,
    NewAbsence,
    absences_seen,
    end_absence,
    set_absence,
)
from gateway.bearer import logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.web import Viewer

_FORBIDDEN = frozenset({"absence-of-another"})


class AbsencesApi:
    """Absences of people."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/absences", logged_in(doors, self.list), methods=["GET"]),
            Route("/api/absences", logged_in(doors, self.set), methods=["POST"]),
            Route("/api/absences/{id:str}/end", logged_in(doors, self.end), methods=["POST"]),
        ]

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """What the viewer may know of them."""
        del request
        seen = await absences_seen(self._doors, viewer)
        return JSONResponse({"absences": [each.model_dump(mode="json") for each in seen]})

    async def set(self, request: Request, viewer: Viewer) -> Response:
        """Somebody is away for a time."""
        body = await read_body(request, limit=self._doors.settings.max_body_bytes)
        wanted = NewAbsence.model_validate_json(body)
        try:
            row = await set_absence(self._doors, viewer, wanted)
        except AbsenceRefusedError as refused:
            status = 403 if refused.name in _FORBIDDEN else 422
            return problem(status, refused.name, refused.wording)
        return JSONResponse(row.model_dump(mode="json"), status_code=201)

    async def end(self, request: Request, viewer: Viewer) -> Response:
        """They are back."""
        try:
            row = await end_absence(self._doors, viewer, request.path_params["id"])
        except AbsenceRefusedError as refused:
            return problem(404, refused.name, refused.wording)
        return JSONResponse(row.model_dump(mode="json"))
