"""Who calls the API: a session like any other, carried as a bearer token instead of a cookie."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.doors import Doors
from gateway.web import Viewer, viewer_of
from gateway.wording import Wording

Handle = Callable[[Request, Viewer], Awaitable[Response]]

NOT_LOGGED_IN = Wording("You are not logged in.", "escalate login")
NOT_FOR_YOU = Wording(
    "This is for other roles than yours.", "Ask an incident manager who may do it."
)


def logged_in(doors: Doors, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, answered only to somebody the directory knows at this moment."""

    async def guarded(request: Request) -> Response:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        viewer = await viewer_of(doors, token) if kind.lower() == "bearer" else None
        if viewer is None:
            return problem(401, "wrong-log-in", NOT_LOGGED_IN)
        return await handle(request, viewer)

    return guarded


def problem(status: int, error: str, wording: Wording, detail: str = "") -> JSONResponse:
    """Why not, and what to do."""
    content = {"error": error, "says": wording.says, "mend": wording.mend}
    return JSONResponse({**content, "detail": detail} if detail else content, status_code=status)
