"""What moving running cases to another version would mean, as JSON; the act itself is `migrate`.

GET /api/runbooks/{name}/migration?to=VERSION  → {runbook, version, changes, cases, hidden}
GET /api/cases/{number}/migration              → {number, version, proposed, versions}
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.receipts import Reason
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.casework import OpenCase, find_case
from gateway.doors import Doors
from gateway.migrations import MIGRATORS, look_ahead, versions_of
from gateway.shelf import Shelved
from gateway.web import Viewer
from gateway.wording import NOT_FOUND, REASONS
from runbooks.comparing import compare
from store import CaseFilter
from store.cases import ENDED

_PAGE = 200


class MigrationsApi:
    """Previews: nothing here changes anything."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route(
                "/api/runbooks/{name:str}/migration",
                logged_in(doors, self.runbook),
                methods=["GET"],
            ),
            Route(
                "/api/cases/{number:str}/migration", logged_in(doors, self.case), methods=["GET"]
            ),
        ]

    async def runbook(self, request: Request, viewer: Viewer) -> Response:
        """Every running case of the runbook under another version, and what `to` would change."""
        if not viewer.roles & MIGRATORS:
            return problem(403, "role", NOT_FOR_YOU)
        name, version = request.path_params["name"], request.query_params.get("to", "")
        cases, hidden = await self._running(name, viewer)
        found: list[dict[str, Any]] = []
        changes: dict[str, list[str]] = {}
        known = False
        for case in cases:
            target = await self._target(case, version)
            known = known or target is not None
            if target is None:
                continue
            changes.setdefault(
                case.pathway.version,
                [str(each) for each in compare(case.shelved.runbook, target.runbook).changes],
            )
            found.append(_previewed(case, target))
        if not known and not await self._released(name, version):
            return problem(404, Reason.NO_SUCH_VERSION.value, REASONS[Reason.NO_SUCH_VERSION])
        return JSONResponse(
            {
                "runbook": name,
                "version": version,
                "changes": changes,
                "cases": found,
                "hidden": hidden,
            }
        )

    async def case(self, request: Request, viewer: Viewer) -> Response:
        """Every version the case could go to, and what each would change for it."""
        number = request.path_params["number"]
        case = await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        if not viewer.roles & MIGRATORS:
            return problem(403, "role", NOT_FOR_YOU)
        return JSONResponse(
            {
                "number": case.row.number,
                "version": case.state.version,
                "proposed": _proposed(case),
                "versions": [
                    _previewed(case, each) for each in await versions_of(self._doors, case)
                ],
            }
        )

    async def _running(self, name: str, viewer: Viewer) -> tuple[list[OpenCase], int]:
        """The runbook's running cases, oldest first, and how many the viewer may not see."""
        views = self._doors.store.views
        cases: list[OpenCase] = []
        hidden, offset = 0, 0
        while True:
            which = CaseFilter(runbook=name, limit=_PAGE, offset=offset)
            lines = await views.list(which)
            for line in lines:
                if line.status in ENDED:
                    continue
                case = await find_case(
                    self._doors, line.number, person=viewer.id, roles=viewer.roles
                )
                if case is None:
                    hidden += 1
                elif not case.state.closed:
                    cases.append(case)
            if len(lines) < _PAGE:
                return sorted(cases, key=lambda case: int(case.row.number)), hidden
            offset += _PAGE

    async def _target(self, case: OpenCase, version: str) -> Shelved | None:
        return next(
            (
                each
                for each in await versions_of(self._doors, case)
                if each.pathway.version == version
            ),
            None,
        )

    async def _released(self, name: str, version: str) -> bool:
        return any(
            (each.runbook, each.version) == (name, version)
            for each in await self._doors.store.releases.released()
        )


def _previewed(case: OpenCase, target: Shelved) -> dict[str, Any]:
    shown = look_ahead(case, target)
    return {
        "number": case.row.number,
        "stage": case.state.stage,
        "proposed": _proposed(case),
        "fits": shown.fits,
        **shown.model_dump(mode="json"),
    }


def _proposed(case: OpenCase) -> dict[str, Any] | None:
    asked = case.state.proposed
    if asked is None:
        return None
    return asked.model_dump(mode="json", include={"version", "by", "role", "at", "reason"})
