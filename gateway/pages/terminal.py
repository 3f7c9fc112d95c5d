"""The page on which a person lets a terminal act as them."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.acting import assurance_of
from gateway.terminals import LIFETIME, allow, well_asked
from gateway.times import span
from gateway.web import Viewer, Web
from runbooks.plan import Assurance

_PATH = "/login/terminal/{level:str}/{challenge:str}/{state:str}/{port:str}"
FRESH = "l2"
_LEVELS = ("l1", FRESH)


class TerminalPages:
    """`/login/terminal/…`: the GET asks, the POST allows."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The page of this module."""
        return [
            Route(_PATH, self.show, methods=["GET"]),
            Route(_PATH, self.allow, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Who asks for what; before that the log-in, and a fresh second factor where asked for."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        missing = await self._missing(request, viewer)
        if missing is not None:
            return missing
        return self._web.page(
            "terminal.html",
            viewer=viewer,
            action=request.url.path,
            port=request.path_params["port"] != "0",
        )

    async def allow(self, request: Request) -> Response:
        """The code, on its way to the terminal."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        await web.form(request, viewer.token)
        missing = await self._missing(request, viewer)
        if missing is not None:
            return missing
        asked = request.path_params
        code = await allow(web.doors, viewer, challenge=asked["challenge"])
        url = None
        if asked["port"] != "0":
            url = f"http://127.0.0.1:{int(asked['port'])}/?code={code}&state={asked['state']}"
        return web.page(
            "terminal_code.html", viewer=viewer, url=url, code=code, lifetime=span(LIFETIME)
        )

    async def _missing(self, request: Request, viewer: Viewer) -> Response | None:
        asked = request.path_params
        right = asked["level"] in _LEVELS and well_asked(
            asked["challenge"], asked["state"], asked["port"]
        )
        if not right:
            return self._web.nothing_here(viewer)
        if asked["level"] != FRESH:
            return None
        if await assurance_of(self._web.doors, viewer.session) is not Assurance.L1:
            return None
        return RedirectResponse(f"/step-up?next={request.url.path}", status_code=303)
