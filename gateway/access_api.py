"""Who was let in and why, and what was opened in an emergency, as JSON.

GET  /api/access/cases/{number}/log                                → {entries}
GET  /api/access/explain?case=&person=&action=&gate=&assurance=    → {explained, lines}
GET  /api/access/emergencies                                       → {emergencies}
POST /api/access/cases/{number}/emergency {reason, minutes?}       → the opening
POST /api/access/emergencies/{id}/end                              → the opening, ended
POST /api/access/emergencies/{id}/review {verdict, note?}          → the opening, reviewed
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.state import CasePicture
from gateway.access_explaining import (
    ACTIONS,
    NO_SUCH_ACTION,
    NO_SUCH_LEVEL,
    NOBODY,
    access_log,
    explain_access,
    in_sentences,
)
from gateway.access_refused import AccessRefusedError
from gateway.bearer import logged_in, problem
from gateway.casework import find_case
from gateway.doors import Doors
from gateway.emergencies import (
    DPO,
    NewEmergency,
    Review,
    emergencies_seen,
    end_emergency,
    open_in_emergency,
    review_emergency,
)
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import NOT_FOUND
from runbooks.plan import Assurance
from store import CaseView, Emergency

_STATUS = {
    "not-found": 404,
    "emergency-unknown": 404,
    "emergency-reviewed": 409,
    "grant-unknown": 404,
    "grant-answered": 409,
    "grant-not-open": 409,
    "grant-too-many": 429,
    "emergency-no-reason": 422,
    "emergency-not-needed": 422,
    "grant-number": 422,
    "grant-no-reason": 422,
    "grant-too-long": 422,
    "grant-not-needed": 422,
    "grant-no-use": 422,
}
OVERSEERS = ALWAYS | {DPO}
"""Roles that see who was let into any ordinary case, and every emergency."""


class AccessApi:
    """Access and emergencies."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route(
                "/api/access/cases/{number:str}/log", logged_in(doors, self.log), methods=["GET"]
            ),
            Route("/api/access/explain", logged_in(doors, self.explain), methods=["GET"]),
            Route("/api/access/emergencies", logged_in(doors, self.list), methods=["GET"]),
            Route(
                "/api/access/cases/{number:str}/emergency",
                logged_in(doors, self.open),
                methods=["POST"],
            ),
            Route(
                "/api/access/emergencies/{id:str}/end",
                logged_in(doors, self.end),
                methods=["POST"],
            ),
            Route(
                "/api/access/emergencies/{id:str}/review",
                logged_in(doors, self.review),
                methods=["POST"],
            ),
        ]

    async def log(self, request: Request, viewer: Viewer) -> Response:
        """Who was let into the case, and who was not."""
        view = await overseen(self._doors, viewer, request.path_params["number"])
        if view is None:
            return problem(404, "not-found", NOT_FOUND)
        entries = await access_log(self._doors, view.line.case)
        return JSONResponse({"number": view.line.number, "entries": entries})

    async def explain(self, request: Request, viewer: Viewer) -> Response:
        """Which policy would allow it, or deny it."""
        asked = request.query_params
        view = await overseen(self._doors, viewer, asked.get("case", ""))
        if view is None:
            return problem(404, "not-found", NOT_FOUND)
        action, level = asked.get("action", ""), asked.get("assurance", "L1")
        if action not in ACTIONS:
            return problem(422, "access-action", NO_SUCH_ACTION)
        if level not in {each.value for each in Assurance}:
            return problem(422, "access-level", NO_SUCH_LEVEL)
        explained = await explain_access(
            self._doors,
            view,
            person=asked.get("person", ""),
            action=action,
            gate=asked.get("gate", ""),
            assurance=Assurance(level),
        )
        if explained is None:
            return problem(422, "access-person", NOBODY)
        return JSONResponse(
            {"explained": explained.model_dump(mode="json"), "lines": in_sentences(explained)}
        )

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """What is open or waits for its review."""
        del request
        seen = await emergencies_seen(self._doors, viewer)
        return JSONResponse({"emergencies": [each.model_dump(mode="json") for each in seen]})

    async def open(self, request: Request, viewer: Viewer) -> Response:
        """The viewer can read the case for a time."""
        wanted = NewEmergency.model_validate_json(await self._body(request))
        number = request.path_params["number"]
        try:
            opened = await open_in_emergency(self._doors, viewer, number, wanted)
        except AccessRefusedError as refused:
            return refusal(refused)
        return JSONResponse({**_told(opened), "number": number}, status_code=201)

    async def end(self, request: Request, viewer: Viewer) -> Response:
        """They need it no more."""
        try:
            row = await end_emergency(self._doors, viewer, request.path_params["id"])
        except AccessRefusedError as refused:
            return refusal(refused)
        return JSONResponse(_told(row))

    async def review(self, request: Request, viewer: Viewer) -> Response:
        """Somebody else has looked at it."""
        said = Review.model_validate_json(await self._body(request))
        try:
            row = await review_emergency(self._doors, viewer, request.path_params["id"], said)
        except AccessRefusedError as refused:
            return refusal(refused)
        return JSONResponse(_told(row))

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


async def overseen(doors: Doors, viewer: Viewer, number: str) -> CaseView | None:
    """The case, for whoever reads it, runs cases, or looks after data protection.

    Who is walled off from a case is none of them: their own conflict hides it from them.
    """
    view = await doors.store.views.by_number(number)
    if view is None:
        return None
    case = await find_case(doors, number, person=viewer.id, roles=viewer.roles)
    walled = viewer.id in CasePicture.of(view.state).conflicts
    return view if case is not None or (viewer.roles & OVERSEERS and not walled) else None


def refusal(refused: AccessRefusedError) -> JSONResponse:
    """Why not, and what to do."""
    return problem(_STATUS.get(refused.name, 403), refused.name, refused.wording, refused.detail)


def _told(row: Emergency) -> dict[str, object]:
    return row.model_dump(mode="json", exclude={"case", "told_at"})
