"""What moving running cases to another version would mean, as JSON; the act itself is `migrate`.

GET /api/runbooks/{name}/migration?to=VERSION  → {runbook, version, changes, cases, hidden}
GET /api/cases/{number}/migration              → {number, version, proposed, versions}
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.receipts import Reason
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.casework import OpenCase, every_line, find_case
from gateway.doors import Doors
from gateway.migrations import MIGRATORS, look_ahead, versions_of
from gateway.shelf import Shelved
from gateway.web import Viewer
from gateway.wording import NOT_FOUND, REASONS
from runbooks.comparing import compare
from runbooks.release import Release
from store import CaseFilter

RUNNING = ("open", "held")


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
        releases = await self._doors.store.releases.released()
        found: list[dict[str, Any]] = []
        changes: dict[str, list[str]] = {}
        known = False
        for case in cases:
            target = await self._target(case, version, among=releases)
            known = known or target is not None
            if target is None:
                continue
            if case.pathway.version not in changes:
                compared = compare(case.shelved.runbook, target.runbook)
                changes[case.pathway.version] = [str(each) for each in compared.changes]
            found.append(_previewed(case, target))
        released = any((each.runbook, each.version) == (name, version) for each in releases)
        if not known and not released:
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
        cases: list[OpenCase] = []
        hidden = 0
        async for line in every_line(self._doors, CaseFilter(runbook=name, status=RUNNING)):
            case = await find_case(self._doors, line.number, person=viewer.id, roles=viewer.roles)
            if case is None:
                hidden += 1
            elif not case.state.closed:
                cases.append(case)
        return sorted(cases, key=lambda case: int(case.row.number)), hidden

    async def _target(
        self, case: OpenCase, version: str, *, among: Sequence[Release]
    ) -> Shelved | None:
        versions = await versions_of(self._doors, case, among=among)
        return next((each for each in versions if each.pathway.version == version), None)


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
