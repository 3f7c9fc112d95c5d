"""Asking to read a case for a time, and answering that: forms that post to here."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.access_refused import AccessRefusedError
from gateway.grant_words import Answer, NewGrant
from gateway.grants import ask_access
from gateway.grants_api import ANSWERS
from gateway.pages.access import access_refused
from gateway.raw import BadFormError
from gateway.web import Viewer, Web

_HOUR = 60
_Words = TypeVar("_Words", NewGrant, Answer)


class GrantPages:
    """`/cases/{number}/ask`, and `/access/requests/{id}/…`; `/access` shows them."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route("/cases/{number:str}/ask", self.ask, methods=["POST"]),
            Route("/access/requests/{id:str}/{answer:str}", self.answer, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """The viewer asks to read a case: whether there is one is not said."""
        number = request.path_params["number"]

        async def asked(viewer: Viewer, wanted: NewGrant) -> None:
            await ask_access(self._web.doors, viewer, number, wanted)

        return await self._sent(request, NewGrant, asked)

    async def answer(self, request: Request) -> Response:
        """Whoever has the case grants, refuses or revokes; whoever holds a grant gives it back."""
        answer = ANSWERS.get(request.path_params["answer"])
        if answer is None:
            return await self._sent(request, Answer, None)

        async def answered(viewer: Viewer, said: Answer) -> None:
            await answer(self._web.doors, viewer, request.path_params["id"], said)

        return await self._sent(request, Answer, answered)

    async def _sent(
        self,
        request: Request,
        words: type[_Words],
        act: Callable[[Viewer, _Words], Awaitable[None]] | None,
    ) -> Response:
        """What the form says is done, and `/access` shows it; without an act nothing is here."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        if act is None:
            return web.nothing_here(viewer)
        try:
            said = words(reason=fields.get("reason", ""), minutes=_minutes(fields))
        except ValidationError:
            raise BadFormError("hours") from None
        try:
            await act(viewer, said)
        except AccessRefusedError as refused:
            return access_refused(web, refused, viewer)
        return RedirectResponse("/access", status_code=303)


def _minutes(fields: dict[str, str]) -> int | None:
    hours = fields.get("hours", "").strip()
    if not hours:
        return None
    if not hours.isascii() or not hours.isdigit():
        raise BadFormError("hours")
    return int(hours) * _HOUR
