"""Who reads for a time: what is asked for and granted; openings in an emergency, their reviews."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.access_api import overseen
from gateway.access_explaining import access_log
from gateway.access_refused import AccessRefusedError
from gateway.acting import assurance_of
from gateway.emergencies import (
    EmergencyShown,
    NewEmergency,
    Review,
    emergencies_seen,
    end_emergency,
    open_in_emergency,
    review_emergency,
)
from gateway.grants_shown import GrantShown, grants_seen
from gateway.pages.proving import Proving
from gateway.phrases import details
from gateway.raw import BadFormError
from gateway.times import Show
from gateway.web import Viewer, Web
from runbooks.plan import Assurance

_VERDICTS = ("in-order", "misuse")


class AccessPages:
    """`/access`: what is open and unreviewed; `/cases/{number}/emergency`: how one is opened."""

    def __init__(self, web: Web, proving: Proving) -> None:
        self._web = web
        self._proving = proving

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/access", self.show, methods=["GET"]),
            Route("/access/{id:str}/end", self.end, methods=["POST"]),
            Route("/access/{id:str}/review", self.review, methods=["POST"]),
            Route("/cases/{number:str}/access", self.log, methods=["GET"]),
            Route("/cases/{number:str}/emergency", self.open, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What is asked for, granted, open in an emergency, or waits for its review."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        show = await web.show(viewer)
        seen = await emergencies_seen(web.doors, viewer)
        return web.page(
            "access.html",
            viewer=viewer,
            emergencies=[_line(each, show) for each in seen],
            grants=[grant_line(each, show) for each in await grants_seen(web.doors, viewer)],
        )

    async def log(self, request: Request) -> Response:
        """Who was let into the case, and who was not."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        number = request.path_params["number"]
        view = await overseen(web.doors, viewer, number)
        if view is None:
            return web.nothing_here(viewer)
        show = await web.show(viewer, case=view.line.case)
        entries = await web.doors.store.journal.entries(view.line.case, stream="door")
        said = {entry.sequence: entry for entry in entries}
        return web.page(
            "access_log.html",
            viewer=viewer,
            number=number,
            entries=[
                {
                    "at": show.at(said[int(str(line["sequence"]))].at),
                    "title": line["title"],
                    "details": details(said[int(str(line["sequence"]))].body, instant=show.written),
                }
                for line in reversed(await access_log(web.doors, view.line.case))
            ],
        )

    async def open(self, request: Request) -> Response:
        """The confirm screen, the page for the second factor, or the case itself."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        number = request.path_params["number"]
        action = f"/cases/{number}/emergency"
        reason = fields.get("reason", "")
        if await assurance_of(web.doors, viewer.session) is Assurance.L1:
            carried = [("reason", reason), ("step", "confirm")]
            return await self._proving.page(viewer, onward=action, carried=carried)
        if fields.get("step") != "open":
            return web.page(
                "emergency.html", viewer=viewer, number=number, reason=reason, action=action
            )
        try:
            await open_in_emergency(web.doors, viewer, number, NewEmergency(reason=reason))
        except AccessRefusedError as refused:
            return access_refused(web, refused, viewer)
        return RedirectResponse(f"/cases/{number}", status_code=303)

    async def end(self, request: Request) -> Response:
        """The viewer needs it no more."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        await web.form(request, viewer.token)
        try:
            await end_emergency(web.doors, viewer, request.path_params["id"])
        except AccessRefusedError as refused:
            return access_refused(web, refused, viewer)
        return RedirectResponse("/access", status_code=303)

    async def review(self, request: Request) -> Response:
        """Somebody else has looked at it."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        if fields.get("verdict") not in _VERDICTS:
            raise BadFormError("verdict")
        said = Review.model_validate({"verdict": fields["verdict"], "note": fields.get("note", "")})
        try:
            await review_emergency(web.doors, viewer, request.path_params["id"], said)
        except AccessRefusedError as refused:
            return access_refused(web, refused, viewer)
        return RedirectResponse("/access", status_code=303)


def access_refused(web: Web, refused: AccessRefusedError, viewer: Viewer) -> Response:
    """The page that says why nothing was done."""
    if refused.name == "not-found":
        return web.nothing_here(viewer)
    return web.problem(
        refused.wording,
        viewer=viewer,
        status=403,
        detail=refused.detail,
        onward="/access",
        onward_label="Who reads for a time",
    )


def _line(each: EmergencyShown, show: Show) -> dict[str, Any]:
    return {
        **each.model_dump(),
        "opened": show.at(each.opened_at),
        "ends": show.at(each.until),
        "due": show.at(each.review_by),
    }


def grant_line(each: GrantShown, show: Show) -> dict[str, Any]:
    """One request, as the pages write it."""
    return {
        **each.model_dump(),
        "answerable": each.answerable,
        "hours": each.minutes // 60 if each.minutes % 60 == 0 else None,
        "asked": show.at(each.asked_at),
        "expires": show.at(each.expires_at),
        "ends": show.at(each.until) if each.until is not None else "",
    }
