"""The page on which people say that they are away, and who acts for them."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.absences import (
    AbsenceRefusedError,
    NewAbsence,
    absences_seen,
    end_absence,
    set_absence,
)
from gateway.raw import BadFormError
from gateway.times import Show
from gateway.web import Viewer, Web

PATH = "/away"


class AwayPages:
    """One page, and two forms on it."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.set, methods=["POST"]),
            Route(f"{PATH}/end", self.end, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The absences the viewer may know of, and a form for one's own."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        show = await web.show(viewer)
        people = await web.doors.directory.snapshot()
        return web.page(
            "away.html",
            viewer=viewer,
            absences=[
                {
                    **each.model_dump(),
                    "since": show.at(each.since),
                    "until": show.at(each.until),
                }
                for each in await absences_seen(web.doors, viewer)
            ],
            people=[(each.id, each.name) for each in people.people if each.id != viewer.id],
            roles=sorted(viewer.roles),
            as_of=show.clock(show.now),
        )

    async def set(self, request: Request) -> Response:
        """The viewer is away for that time."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        show = await web.show(viewer)
        role = fields.get("role", "")
        wanted = NewAbsence(
            since=_instant(fields, "since", show),
            until=_instant(fields, "until", show),
            delegate=fields.get("delegate") or None,
            roles=(role,) if role else (),
        )
        try:
            await set_absence(web.doors, viewer, wanted)
        except AbsenceRefusedError as refused:
            return self._refused(refused, viewer)
        return RedirectResponse(PATH, status_code=303)

    async def end(self, request: Request) -> Response:
        """The person is back."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        try:
            await end_absence(web.doors, viewer, fields.get("id", ""))
        except AbsenceRefusedError as refused:
            return self._refused(refused, viewer)
        return RedirectResponse(PATH, status_code=303)

    def _refused(self, refused: AbsenceRefusedError, viewer: Viewer) -> Response:
        return self._web.problem(
            refused.wording, viewer=viewer, status=422, onward=PATH, onward_label="Back"
        )


def _instant(fields: dict[str, str], name: str, show: Show) -> datetime:
    try:
        return show.read_local(fields.get(name, ""))
    except ValueError as error:
        raise BadFormError(name) from error
