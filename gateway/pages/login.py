"""Log-in, second factor, log-out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.logins import LogIns, TooManyLogInsError, WrongLogInError
from gateway.times import span
from gateway.web import Web, local_path
from gateway.wording import TOO_MANY_LOGINS, WRONG_LOGIN

_NOT_CARRIED = frozenset({"code", "next", "csrf"})


class LoginPages:
    """The door to the doors."""

    def __init__(self, web: Web, logins: LogIns) -> None:
        self._web = web
        self._logins = logins

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/login", self.show, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/step-up", self.show_step_up, methods=["GET"]),
            Route("/step-up", self.step_up, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form; nothing else, also for somebody who is logged in."""
        return self._web.login(request, onward=local_path(request.query_params.get("next", "/")))

    async def log_in(self, request: Request) -> Response:
        """A session, and back to where the person wanted to go."""
        web = self._web
        fields = await web.form(request, request.cookies.get(web.visit_cookie, ""))
        person = fields.get("person", "")[:64]
        onward = local_path(fields.get("next", "/"))
        try:
            new = await self._logins.log_in(
                person, fields.get("password", ""), fields.get("code", "")
            )
        except WrongLogInError:
            return web.login(request, onward=onward, status=401, problem=WRONG_LOGIN, person=person)
        except TooManyLogInsError:
            return web.login(
                request, onward=onward, status=429, problem=TOO_MANY_LOGINS, person=person
            )
        response = RedirectResponse(onward, status_code=303)
        web.set_cookie(response, web.session_cookie, new.token)
        response.delete_cookie(web.visit_cookie, path="/", secure=web.doors.settings.https)
        return response

    async def show_step_up(self, request: Request) -> Response:
        """The form for the code."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        onward = local_path(request.query_params.get("next", "/"))
        return self._web.page(
            "step_up.html",
            viewer=viewer,
            next=onward,
            carried=[],
            problem=None,
            window=span(self._web.doors.settings.step_up_window),
        )

    async def step_up(self, request: Request) -> Response:
        """L2 for a while; what was written before goes on to its confirm screen."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        onward = local_path(fields.get("next", "/"))
        carried = [(name, value) for name, value in fields.items() if name not in _NOT_CARRIED]
        try:
            await self._logins.step_up(viewer.token, viewer.id, fields.get("code", ""))
        except (WrongLogInError, TooManyLogInsError) as error:
            many = isinstance(error, TooManyLogInsError)
            return web.page(
                "step_up.html",
                viewer=viewer,
                status=429 if many else 401,
                next=onward,
                carried=carried,
                problem=TOO_MANY_LOGINS if many else WRONG_LOGIN,
                window=span(web.doors.settings.step_up_window),
            )
        # 307 keeps method and fields: the person does not write anything twice. It leads to a
        # confirm screen only, which records nothing.
        confirm = fields.get("step") == "confirm"
        return RedirectResponse(onward, status_code=307 if confirm else 303)

    async def log_out(self, request: Request) -> Response:
        """No session any more."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is not None:
            await web.form(request, viewer.token)
            await web.doors.store.sessions.revoke(viewer.token, at=await web.doors.clock.now())
        response = RedirectResponse("/login", status_code=303)
        response.delete_cookie(web.session_cookie, path="/", secure=web.doors.settings.https)
        return response
