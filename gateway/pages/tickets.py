"""The page of tickets that differ from their cases, and the way to leave one so."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.accepting import NONE, accept, differing
from gateway.sight import ALWAYS
from gateway.web import Web

PATH = "/tickets"
_LONGEST = 500


class TicketPages:
    """One page, and one form on it."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.drift, methods=["GET"]),
            Route(f"{PATH}/accept", self.accept, methods=["POST"]),
        ]

    async def drift(self, request: Request) -> Response:
        """What differs, for the incident and the duty manager; nothing here for anybody else."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        if not viewer.roles & ALWAYS:
            return self._web.nothing_here(viewer)
        show = await self._web.show(viewer)
        rows = await differing(self._web.doors)
        return self._web.page(
            "tickets.html",
            viewer=viewer,
            rows=[
                {**row.model_dump(), "number": row.number or NONE, "since": show.at(row.found_at)}
                for row in rows
            ],
            as_of=show.clock(show.now),
        )

    async def accept(self, request: Request) -> Response:
        """The difference stays as it is, in the viewer's name."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        fields = await self._web.form(request, viewer.token)
        reason = fields.get("reason", "").strip()[:_LONGEST]
        if not viewer.roles & ALWAYS or not reason:
            return self._web.nothing_here(viewer)
        await accept(
            self._web.doors,
            viewer,
            number=fields.get("case", ""),
            kind=fields.get("kind", ""),
            subject=fields.get("subject", ""),
            reason=reason,
        )
        return RedirectResponse(PATH, status_code=303)
