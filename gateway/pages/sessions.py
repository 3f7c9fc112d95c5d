"""Which log-ins of a person hold, and the end of those that should not."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cases.journal import Entry
from gateway.doors import Doors
from gateway.phrases import title, words
from gateway.sight import ALWAYS
from gateway.times import Show
from gateway.web import Viewer, Web
from runbooks.plan import Assurance
from store import Session

ALL = "all"
_NEWEST = 20
_DOORS = {"page": "A browser", "cli": "A terminal", "codec": "Temporal's pages"}


class SessionPages:
    """`/sessions`: one's own; `/sessions/{person}`: somebody's, for who runs cases."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/sessions", self.show, methods=["GET"]),
            Route("/sessions", self.end, methods=["POST"]),
            Route("/sessions/{person:str}", self.show, methods=["GET"]),
            Route("/sessions/{person:str}", self.end, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The log-ins that hold, and what was recorded of the earlier ones."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        person = request.path_params.get("person", viewer.id)
        if not may_end(viewer, person):
            return web.nothing_here(viewer)
        show = await web.show(viewer)
        held = await web.doors.store.sessions.of_person(person, at=show.now)
        record = await web.doors.store.door_record.entries(person=person)
        return web.page(
            "sessions.html",
            viewer=viewer,
            person=person,
            mine=person == viewer.id,
            action=request.url.path,
            done="It has ended." if request.query_params.get("ended") else "",
            provider=web.provider,
            sessions=[_line(each, viewer, show) for each in held],
            record=[_recorded(entry, show) for entry in reversed(record[-_NEWEST:])],
        )

    async def end(self, request: Request) -> Response:
        """One, or all of them but the one that asks, are over at once."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        person = request.path_params.get("person", viewer.id)
        if not may_end(viewer, person):
            return web.nothing_here(viewer)
        await end_sessions(web.doors, viewer, person=person, session=fields.get("session", ""))
        return RedirectResponse(f"{request.url.path}?ended=1", status_code=303)


def may_end(viewer: Viewer, person: str) -> bool:
    """One's own, and for who runs cases anybody's: it protects, and gives nobody anything."""
    return person == viewer.id or bool(viewer.roles & ALWAYS)


async def end_sessions(doors: Doors, viewer: Viewer, *, person: str, session: str) -> list[str]:
    """The ids of the person's sessions that ended; with `all` the one that asks goes on."""
    at = await doors.clock.now()
    sessions = doors.store.sessions
    if session == ALL:
        return await sessions.revoke_person(person, at=at, by=viewer.id, keep=viewer.token)
    return await sessions.revoke_one(person, session, at=at, by=viewer.id)


def _line(session: Session, viewer: Viewer, show: Show) -> dict[str, Any]:
    proof = "Proved by log-in."
    if session.assurance is not Assurance.L1 and session.stepped_up_at is not None:
        proof = f"Second factor given {show.text(session.stepped_up_at)}."
    return {
        "id": session.id,
        "title": _DOORS.get(session.door, session.door),
        "this": session.id == viewer.session.id,
        "since": show.at(session.created_at),
        "until": show.at(session.expires_at),
        "proof": proof,
    }


def _recorded(entry: Entry, show: Show) -> str:
    parts = [str(entry.body[name]) for name in ("session", "door", "by") if name in entry.body]
    if "why" in entry.body:
        parts.append(words(str(entry.body["why"])))
    return f"{show.text(entry.at)}: {title(entry.kind)} ({', '.join(parts)})"
