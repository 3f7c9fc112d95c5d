"""Cases and tickets that differ, as JSON.

GET  /api/tickets/drift                               → {drift}
POST /api/tickets/accept {case, kind, subject, reason} → {accepted}
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Inbound, Line
from gateway.accepting import accept, differing
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import NOT_FOUND


class Accept(Inbound):
    """A difference that shall stay as it is."""

    case: Line
    kind: Line
    subject: Line = ""
    reason: Line


class TicketsApi:
    """What differs, and the way to leave it so."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/tickets/drift", logged_in(doors, self.drift), methods=["GET"]),
            Route("/api/tickets/accept", logged_in(doors, self.accept), methods=["POST"]),
        ]

    async def drift(self, request: Request, viewer: Viewer) -> Response:
        """Every difference that stands, a person's first."""
        del request
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        rows = await differing(self._doors)
        return JSONResponse({"drift": [row.model_dump(mode="json") for row in rows]})

    async def accept(self, request: Request, viewer: Viewer) -> Response:
        """The difference stays as it is, in the viewer's name."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        body = await read_body(request, limit=self._doors.settings.max_body_bytes)
        asked = Accept.model_validate_json(body)
        done = await accept(
            self._doors,
            viewer,
            number=asked.case,
            kind=asked.kind,
            subject=asked.subject,
            reason=asked.reason,
        )
        return JSONResponse({"accepted": True}) if done else problem(404, "not-found", NOT_FOUND)
