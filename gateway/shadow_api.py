"""What the shadow cases come to, as JSON.

GET /api/shadow?runbook=&since=&worst=   → {totals, as_of}
"""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.bearer import logged_in, problem
from gateway.doors import Doors
from gateway.shadows import all_compared
from gateway.web import Viewer
from gateway.wording import BAD_FORM
from insights.shadow_totals import WORST, total

_MOST = 100


class ShadowApi:
    """The total over every shadow case the viewer may see."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """The address of this module."""
        return [Route("/api/shadow", logged_in(self._doors, self.shadow), methods=["GET"])]

    async def shadow(self, request: Request, viewer: Viewer) -> Response:
        """Counts, roles, clocks, gates, actions, and the cases that differ most."""
        asked = request.query_params
        try:
            since = datetime.fromisoformat(asked["since"]) if asked.get("since") else None
            worst = min(max(int(asked.get("worst", WORST)), 0), _MOST)
        except ValueError:
            return problem(422, "bad-form", BAD_FORM, "since, worst")
        if since is not None and since.tzinfo is None:
            return problem(422, "bad-form", BAD_FORM, "since: a zone is missing")
        found = await all_compared(
            self._doors, viewer, runbook=asked.get("runbook") or None, since=since
        )
        return JSONResponse(
            {
                "totals": total(found, worst=worst).model_dump(mode="json"),
                "as_of": (await self._doors.clock.now()).isoformat(),
            }
        )
