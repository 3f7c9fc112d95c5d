"""`/passkeys`: one's own keys, and for who runs cases those that wait for a second person."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.passkeys import PasskeyRefusedError, confirm, revoke, seen_by
from gateway.web import Web


class PasskeyPages:
    """Looks at keys, confirms them, revokes them; a key is made where scripts run."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/passkeys", self.show, methods=["GET"]),
            Route("/passkeys/confirm", self.confirm, methods=["POST"]),
            Route("/passkeys/revoke", self.revoke, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Every key, and how it stands."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        mine, waiting = await seen_by(web.doors, viewer)
        return web.page(
            "passkeys.html",
            viewer=viewer,
            mine=mine,
            waiting=waiting,
            done="It is done." if request.query_params.get("done") else "",
        )

    async def confirm(self, request: Request) -> Response:
        """A second person says that the key is its owner's."""
        return await self._do(request, confirming=True)

    async def revoke(self, request: Request) -> Response:
        """The key signs nothing more."""
        return await self._do(request, confirming=False)

    async def _do(self, request: Request, *, confirming: bool) -> Response:
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        work = confirm if confirming else revoke
        try:
            await work(web.doors, viewer, fields.get("id", ""))
        except PasskeyRefusedError as refused:
            return web.problem(
                refused.wording,
                viewer=viewer,
                status=403,
                onward="/passkeys",
                onward_label="Your own keys",
            )
        return RedirectResponse("/passkeys?done=1", status_code=303)
