"""What all pages share: who is looking, what may be posted, and how a page is written.

Why the session cookie is `SameSite=Lax` and not `Strict`: approvers come from links in mail. With
`Strict` the browser would send no cookie on that first, cross-site GET and every approver would be
asked to log in again. A GET changes nothing here (I6), so `Lax` gives nothing away; every POST
needs the synchroniser token of the session besides, and must come from our own origin.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.doors import Doors
from gateway.phrases import words
from gateway.raw import BadFormError, read_form
from gateway.times import Show, zone_of
from gateway.wording import FOREIGN_ORIGIN, NOT_FOUND, PAGE_OUTDATED, Wording
from integrations.ports.directory import Person
from store import Session

_LOCAL = re.compile(r"/(?!/)[A-Za-z0-9/_.~-]{0,255}")


class ForeignOriginError(Exception):
    """The POST did not come from our own pages."""


class OutdatedPageError(Exception):
    """The POST carries no valid token of this session."""


@dataclass(frozen=True)
class Viewer:
    """The person in front of the page."""

    token: str
    session: Session
    person: Person

    @property
    def id(self) -> str:
        """The person's id in the directory."""
        return self.person.id

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person.name

    @property
    def roles(self) -> frozenset[str]:
        """The roles they hold now."""
        return frozenset(self.person.roles)


def csrf_of(token: str) -> str:
    """The synchroniser token that belongs to a session or visit token."""
    return hmac.new(token.encode(), b"escalate csrf 1", hashlib.sha256).hexdigest()


def local_path(text: str) -> str:
    """The path if it is one of ours; the inbox for anything else."""
    return text if _LOCAL.fullmatch(text) else "/"


@cache
def _templates() -> Environment:
    """Compiled once, however many gateways a process has."""
    templates = Environment(
        loader=PackageLoader("gateway"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["words"] = words
    return templates


class Web:
    """Pages of one gateway."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        prefix = "__Host-" if doors.settings.https else ""
        self.session_cookie = f"{prefix}escalate-session"
        self.visit_cookie = f"{prefix}escalate-visit"
        self.provider = doors.provider.name if doors.provider is not None else ""

    async def viewer(self, request: Request) -> Viewer | None:
        """Who is logged in; None when nobody is, or the directory does not know them any more."""
        token = request.cookies.get(self.session_cookie, "")
        return await viewer_of(self.doors, token)

    async def show(self, viewer: Viewer | None, *, case: str | None = None) -> Show:
        """How instants are written for the reader, at this moment of the case."""
        own = viewer.person.time_zone if viewer is not None else ""
        return Show(
            zone=zone_of(own, self.doors.settings.time_zone), now=await self.doors.clock.now(case)
        )

    async def form(self, request: Request, token: str) -> dict[str, str]:
        """The posted fields, once the POST is proved to come from our own page."""
        self.check_origin(request)
        fields = await read_form(request, limit=self.doors.settings.max_body_bytes)
        given = fields.pop("csrf", "")
        if not token or not hmac.compare_digest(given.encode(), csrf_of(token).encode()):
            raise OutdatedPageError
        return fields

    def check_origin(self, request: Request) -> None:
        """Passes for a request that a page of ours made.

        Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with our own forms, so
        null alone proves nothing either way; `Sec-Fetch-Site` does, where the browser sends it.
        """
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            raise ForeignOriginError
        if origin not in (None, "null", self.doors.settings.origin):
            raise ForeignOriginError

    def page(
        self,
        name: str,
        *,
        viewer: Viewer | None,
        status: int = 200,
        csrf: str | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The page, written; a name the template uses and nobody gave is an error."""
        settings = self.doors.settings
        template = _templates().get_template(name)
        html = template.render(
            viewer=viewer,
            csrf=csrf if csrf is not None else (csrf_of(viewer.token) if viewer else ""),
            demo=settings.demo,
            keeper=viewer is not None and settings.keepers.knows(viewer.roles),
            phone=settings.incident_manager_phone,
            **values,
        )
        return HTMLResponse(html, status_code=status)

    def problem(
        self,
        wording: Wording,
        *,
        viewer: Viewer | None,
        status: int,
        heading: str = "Nothing was done",
        detail: str = "",
        onward: str = "/",
        onward_label: str = "Inbox",
        emergency: str = "",
        ask: str = "",
    ) -> HTMLResponse:
        """A page that says why there is nothing else, and what to do.

        `emergency` is the number under which somebody who may is offered an emergency opening,
        `ask` the one they can ask to read, both whether or not there is such a case.
        """
        return self.page(
            "problem.html",
            viewer=viewer,
            status=status,
            heading=heading,
            wording=wording,
            detail=detail,
            onward=onward,
            onward_label=onward_label,
            emergency=emergency,
            ask=ask,
            longest=int(self.doors.settings.grant_longest.total_seconds() // 3600),
        )

    def nothing_here(
        self, viewer: Viewer | None, *, emergency: str = "", ask: str = ""
    ) -> HTMLResponse:
        """The same words whether a thing does not exist or is not for this person."""
        return self.problem(
            NOT_FOUND,
            viewer=viewer,
            status=404,
            heading="Nothing here",
            emergency=emergency,
            ask=ask,
        )

    def outdated(self, viewer: Viewer | None) -> HTMLResponse:
        """The answer to a POST without a valid token."""
        return self.problem(PAGE_OUTDATED, viewer=viewer, status=403)

    def foreign(self) -> HTMLResponse:
        """The answer to a POST from elsewhere; it says nothing of who is logged in."""
        return self.problem(FOREIGN_ORIGIN, viewer=None, status=403)

    def login(
        self,
        request: Request,
        *,
        onward: str,
        status: int = 200,
        problem: Wording | None = None,
        person: str = "",
        out: bool = False,
        out_url: str | None = None,
    ) -> Response:
        """The log-in page, with a visit cookie its form is bound to."""
        visit = request.cookies.get(self.visit_cookie) or secrets.token_urlsafe(32)
        response = self.page(
            "login.html",
            viewer=None,
            status=status,
            csrf=csrf_of(visit),
            next=onward,
            problem=problem,
            person=person,
            provider=self.provider,
            passwords=self.doors.settings.passwords,
            out=out,
            out_url=out_url,
        )
        self.set_cookie(response, self.visit_cookie, visit)
        return response

    def to_login(self, request: Request) -> Response:
        """A redirection to the log-in page and back to where the person wanted to go."""
        return RedirectResponse(f"/login?next={local_path(request.url.path)}", status_code=303)

    def set_cookie(self, response: Response, name: str, value: str) -> None:
        """The cookie, closed to scripts and to other sites' POSTs."""
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            secure=self.doors.settings.https,
            samesite="lax",
        )


async def viewer_of(doors: Doors, token: str) -> Viewer | None:
    """The person of a session token; None when it is not valid or the person is gone."""
    if not token or len(token) > 200 or not token.isascii():  # noqa: PLR2004 - a token has 43 characters
        return None
    session = await doors.store.sessions.find(token, at=await doors.clock.now())
    # A token of the codec server reads payloads, and is nobody anywhere else.
    if session is None or session.door == "codec":
        return None
    person = (await doors.directory.snapshot()).find(session.person)
    return None if person is None else Viewer(token=token, session=session, person=person)


__all__ = [
    "BadFormError",
    "ForeignOriginError",
    "OutdatedPageError",
    "Viewer",
    "Web",
    "csrf_of",
    "local_path",
    "viewer_of",
]
