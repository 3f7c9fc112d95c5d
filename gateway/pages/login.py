"""Log-in, second factor, log-out; at the provider where one is connected."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.log_in_words import NO_PASSWORDS, NO_PROVIDER
from gateway.logins import LogIns, NoPasswordsError, TooManyLogInsError, WrongLogInError
from gateway.pages.proving import Proving
from gateway.provider_logins import Finished, ProviderLogIns
from gateway.web import Viewer, Web, local_path
from gateway.wording import TOO_MANY_LOGINS, WRONG_LOGIN
from integrations.errors import IntegrationError

CALLBACK = "/login/callback"

_NOT_CARRIED = frozenset({"code", "next", "csrf"})
_LONGEST_ANSWER = 4096


class LoginPages:
    """The door to the doors."""

    def __init__(
        self, web: Web, logins: LogIns, provider: ProviderLogIns | None, proving: Proving
    ) -> None:
        self._web = web
        self._logins = logins
        self._provider = provider
        self._proving = proving

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/login", self.show, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/login/provider", self.to_provider, methods=["GET"]),
            Route(CALLBACK, self.back, methods=["GET"]),
            Route("/step-up", self.show_step_up, methods=["GET"]),
            Route("/step-up", self.step_up, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What to log in with; nothing else, also for somebody who is logged in."""
        out = request.query_params.get("out") == "1"
        return self._web.login(
            request,
            onward=local_path(request.query_params.get("next", "/")),
            out=out,
            out_url=await self._out_url() if out else None,
        )

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
        except NoPasswordsError:
            return web.login(request, onward=onward, status=403, problem=NO_PASSWORDS)
        except WrongLogInError:
            return web.login(request, onward=onward, status=401, problem=WRONG_LOGIN, person=person)
        except TooManyLogInsError:
            return web.login(
                request, onward=onward, status=429, problem=TOO_MANY_LOGINS, person=person
            )
        await self._end_former(request)
        return self._entered(onward, new.token)

    async def to_provider(self, request: Request) -> Response:
        """To the provider; the way back is bound to this browser."""
        web = self._web
        onward = local_path(request.query_params.get("next", "/"))
        if self._provider is None:
            return web.login(request, onward=onward, status=404, problem=NO_PROVIDER)
        visit = request.cookies.get(web.visit_cookie) or secrets.token_urlsafe(32)
        url = await self._provider.begin(visit, onward=onward)
        response = RedirectResponse(url, status_code=303)
        web.set_cookie(response, web.visit_cookie, visit)
        return response

    async def back(self, request: Request) -> Response:
        """Back from the provider: logged in, or proved again."""
        web = self._web
        provider = self._provider
        if provider is None:
            return web.nothing_here(None)
        said = {
            name: request.query_params.get(name, "")[:_LONGEST_ANSWER]
            for name in ("state", "code", "iss", "error")
        }
        viewer = await web.viewer(request)
        finished = await provider.finish(
            visit=request.cookies.get(web.visit_cookie, ""),
            session=viewer.token if viewer is not None else "",
            state=said["state"],
            code=said["code"],
            issuer=said["iss"] or None,
            error=said["error"],
        )
        if finished.step_up and viewer is not None:
            await provider.prove(finished, token=viewer.token, person=viewer.id)
            return self._proved(finished, viewer)
        new = await provider.open(finished, instead_of=request.cookies.get(web.session_cookie, ""))
        return self._entered(finished.begun.onward, new.token)

    async def show_step_up(self, request: Request) -> Response:
        """The form for the code, or the way to the provider."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        onward = local_path(request.query_params.get("next", "/"))
        return await self._proving.page(viewer, onward=onward)

    async def step_up(self, request: Request) -> Response:
        """L2 for a while; what was written before goes on to its confirm screen."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        onward = local_path(fields.get("next", "/"))
        carried = [(name, value) for name, value in fields.items() if name not in _NOT_CARRIED]
        problem, status = None, 200
        try:
            await self._logins.step_up(viewer.token, viewer.id, fields.get("code", ""))
        except NoPasswordsError:
            problem, status = NO_PASSWORDS, 403
        except WrongLogInError:
            problem, status = WRONG_LOGIN, 401
        except TooManyLogInsError:
            problem, status = TOO_MANY_LOGINS, 429
        if problem is not None:
            return await self._proving.page(
                viewer, onward=onward, carried=carried, status=status, problem=problem
            )
        # 307 keeps method and fields: the person does not write anything twice. It leads to a
        # confirm screen only, which records nothing.
        confirm = fields.get("step") == "confirm"
        return RedirectResponse(onward, status_code=307 if confirm else 303)

    async def log_out(self, request: Request) -> Response:
        """No session any more."""
        web = self._web
        viewer = await web.viewer(request)
        provider = False
        if viewer is not None:
            await web.form(request, viewer.token)
            await web.doors.store.sessions.revoke(viewer.token, at=await web.doors.clock.now())
            provider = viewer.session.account is not None
        response = RedirectResponse("/login?out=1" if provider else "/login", status_code=303)
        response.delete_cookie(web.session_cookie, path="/", secure=web.doors.settings.https)
        return response

    def _proved(self, finished: Finished, viewer: Viewer) -> Response:
        onward, carried = finished.begun.onward, finished.begun.carried
        if not carried:
            return RedirectResponse(onward, status_code=303)
        # A GET came back, and only a POST may carry what was written: one more button.
        return self._web.page("proved.html", viewer=viewer, action=onward, carried=carried)

    def _entered(self, onward: str, token: str) -> Response:
        web = self._web
        response = RedirectResponse(onward, status_code=303)
        web.set_cookie(response, web.session_cookie, token)
        response.delete_cookie(web.visit_cookie, path="/", secure=web.doors.settings.https)
        return response

    async def _end_former(self, request: Request) -> None:
        web = self._web
        former = request.cookies.get(web.session_cookie, "")
        if former:
            at = await web.doors.clock.now()
            await web.doors.store.sessions.revoke(former, at=at, why="logged-in-again")

    async def _out_url(self) -> str | None:
        if self._provider is None:
            return None
        try:
            return await self._provider.log_out_url()
        except IntegrationError:
            # Whoever is logged out here must see it, also while the provider is away.
            return None
