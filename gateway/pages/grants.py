"""Asking to read a case for a time, and answering that: forms that post to here."""

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
from gateway.web import Web

_HOUR = 60


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
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        try:
            wanted = NewGrant(reason=fields.get("reason", ""), minutes=_minutes(fields))
        except ValidationError:
            raise BadFormError("hours") from None
        try:
            await ask_access(web.doors, viewer, request.path_params["number"], wanted)
        except AccessRefusedError as refused:
            return access_refused(web, refused, viewer)
        return RedirectResponse("/access", status_code=303)

    async def answer(self, request: Request) -> Response:
        """Whoever has the case grants, refuses or revokes; whoever holds a grant gives it back."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        answer = ANSWERS.get(request.path_params["answer"])
        if answer is None:
            return web.nothing_here(viewer)
        try:
            said = Answer(reason=fields.get("reason", ""), minutes=_minutes(fields))
        except ValidationError:
            raise BadFormError("hours") from None
        try:
            await answer(web.doors, viewer, request.path_params["id"], said)
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
