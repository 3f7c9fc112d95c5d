"""The page of what rules hold back: each rule with what it hides, and the way out of it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.sight import ALWAYS
from gateway.suppression_rules import Standing, hidden_by, rules_seen
from gateway.web import Web
from store import UnknownRow

PATH = "/suppressed"
STANDINGS = {
    Standing.HOLDS: "holds reports back",
    Standing.NOT_YET: "has not begun",
    Standing.OVER: "is over",
    Standing.GONE: "has gone from the routing table",
}


class SuppressedPages:
    """One page, and one button on it."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.rules, methods=["GET"]),
            Route(f"{PATH}/release", self.release, methods=["POST"]),
        ]

    async def rules(self, request: Request) -> Response:
        """Every rule the viewer answers for; nothing here for anybody else."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        rules = await rules_seen(self._web.doors, viewer)
        if rules is None:
            return self._web.nothing_here(viewer)
        show = await self._web.show(viewer)
        hidden = await hidden_by(self._web.doors, rules)
        return self._web.page(
            "suppressed.html",
            viewer=viewer,
            rules=[
                {
                    **rule.model_dump(),
                    "says": STANDINGS[rule.standing],
                    "newest": show.at(rule.newest),
                    "hidden": [
                        {"key": each.key, "source": each.source, "at": show.at(each.received_at)}
                        for each in hidden
                        if each.rule == rule.rule
                    ],
                }
                for rule in rules
            ],
            releases=bool(viewer.roles & ALWAYS),
            as_of=show.clock(show.now),
        )

    async def release(self, request: Request) -> Response:
        """The report opens its case in the viewer's name, and its page is shown."""
        viewer = await self._web.viewer(request)
        if viewer is None:
            return self._web.to_login(request)
        fields = await self._web.form(request, viewer.token)
        if not viewer.roles & ALWAYS:
            return self._web.nothing_here(viewer)
        doors = self._web.doors
        try:
            opened = await doors.store.suppression.release(
                fields.get("key", ""), by=viewer.id, at=await doors.clock.now()
            )
        except UnknownRow:
            return self._web.nothing_here(viewer)
        doors.deliveries_due.set()
        return RedirectResponse(f"/cases/{opened.number}", status_code=303)
