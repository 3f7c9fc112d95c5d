"""What rules hold back, and the way out of it, as JSON.

GET  /api/suppressed                            → {suppressed, rules}
POST /api/suppressed/release {key}              → {key, case}
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.doors import Doors
from gateway.raw import read_body
from gateway.sight import ALWAYS
from gateway.suppression_rules import hidden_by, rules_seen
from gateway.web import Viewer
from gateway.wording import NOT_FOUND
from store import UnknownRow


class Release(Inbound):
    """A hidden report that shall open its case."""

    key: str


class SuppressedApi:
    """Reports that are held back, and their release."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/suppressed", logged_in(doors, self.suppressed), methods=["GET"]),
            Route("/api/suppressed/release", logged_in(doors, self.release), methods=["POST"]),
        ]

    async def suppressed(self, request: Request, viewer: Viewer) -> Response:
        """Every hidden report without a word of it, and every rule that hides or hid one."""
        del request
        rules = await rules_seen(self._doors, viewer)
        if rules is None:
            return problem(403, "role", NOT_FOR_YOU)
        hidden = await hidden_by(self._doors, rules)
        return JSONResponse(
            {
                "suppressed": [each.model_dump(mode="json", exclude={"report"}) for each in hidden],
                "rules": [rule.model_dump(mode="json") for rule in rules],
            }
        )

    async def release(self, request: Request, viewer: Viewer) -> Response:
        """The report opens its case in the viewer's name; the door's journal says who let it in."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        body = await read_body(request, limit=self._doors.settings.max_body_bytes)
        key = Release.model_validate_json(body).key
        try:
            opened = await self._doors.store.suppression.release(
                key, by=viewer.id, at=await self._doors.clock.now()
            )
        except UnknownRow:
            return problem(404, "not-found", NOT_FOUND)
        self._doors.deliveries_due.set()
        return JSONResponse({"key": key, "case": opened.number})
