"""The page behind a link in a mail: a locator, never an authority (design §3.8, I6)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cases.envelope import Door
from cases.gate import RoundState
from gateway.casework import OpenCase, open_case, read_by
from gateway.confirming import shown_round
from gateway.form_content import Surroundings
from gateway.forms import forms_of
from gateway.gate_words import difference, outcome_of
from gateway.pages.acts import ActPages
from gateway.web import Viewer, Web
from gateway.wording import (
    LINK_DECIDED,
    LINK_EXPIRED,
    LINK_NOT_YOURS,
    LINK_SUPERSEDED,
    LINK_UNKNOWN,
    Wording,
)
from store import Locator, LocatorState, UnknownRow

_ON_THIS_PAGE = (
    *("decide", "withdraw", "revoke", "break-glass", "finish"),
    *("acknowledge", "complete", "memo", "reply", "receipt"),
)
_GONE: dict[LocatorState, tuple[int, Wording]] = {
    LocatorState.EXPIRED: (410, LINK_EXPIRED),
    LocatorState.SUPERSEDED: (409, LINK_SUPERSEDED),
    LocatorState.DECIDED: (409, LINK_DECIDED),
}


class DecisionPages:
    """`/a/{token}`: the GET shows, to the named person only; the POST decides."""

    def __init__(self, web: Web, acts: ActPages) -> None:
        self._web = web
        self._acts = acts

    def routes(self) -> list[Route]:
        """The page of this module; any path under `/a/` is one, so that junk is answered alike."""
        return [
            Route("/a/{token:path}", self.show, methods=["GET"]),
            Route("/a/{token:path}", self.decide, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The question and all it rests on; before log-in, nothing of the case."""
        web = self._web
        token = request.path_params["token"]
        locator = await self._find(token)
        if locator is None:
            return self._unknown()
        viewer = await web.viewer(request)
        if viewer is None:
            return web.login(request, onward=f"/a/{token}")
        case = await self._case(locator, viewer)
        if isinstance(case, Response):
            return case
        await read_by(web.doors, case, viewer.id)
        return await self._page(locator, case, viewer, token)

    async def decide(self, request: Request) -> Response:
        """The confirm screen, then the act."""
        web = self._web
        token = request.path_params["token"]
        viewer = await web.viewer(request)
        if viewer is None:
            web.check_origin(request)
            return self._unknown() if await self._find(token) is None else web.outdated(None)
        fields = await web.form(request, viewer.token)
        locator = await self._find(token)
        if locator is None:
            return self._unknown()
        # A second POST of the same act must see its first receipt, although the link died of it.
        known = fields.get("step") == "act" and await self._recorded(fields.get("act_id", ""))
        case = await self._case(locator, viewer, whatever_its_state=bool(known))
        if isinstance(case, Response):
            return case
        return await self._acts.take(
            fields, viewer=viewer, case=case, door=Door.LINK, action=f"/a/{token}"
        )

    async def _find(self, token: str) -> Locator | None:
        doors = self._web.doors
        found = await doors.store.locators.find(token, at=await doors.clock.now())
        if found is None:
            return None
        # Expiry is judged by the case's own time, which in a simulation is another one (I16).
        return await doors.store.locators.find(token, at=await doors.clock.now(found.case))

    async def _recorded(self, act_id: str) -> bool:
        try:
            await self._web.doors.store.acts.receipt(act_id)
        except UnknownRow:
            return False
        return True

    async def _case(
        self, locator: Locator, viewer: Viewer, *, whatever_its_state: bool = False
    ) -> OpenCase | Response:
        web = self._web
        if viewer.id != locator.person:
            return web.problem(LINK_NOT_YOURS, viewer=viewer, status=404, heading="Not your link")
        view = await web.doors.store.views.get(locator.case)
        case = None
        if view is not None:
            case = await open_case(web.doors, view, person=viewer.id, roles=viewer.roles)
        if case is None:
            return web.nothing_here(viewer)
        became = _became(locator, case)
        if became in _GONE and not whatever_its_state:
            status, wording = _GONE[became]
            return web.problem(
                wording,
                viewer=viewer,
                status=status,
                detail=await self._since(became, locator, case, viewer),
                onward=f"/cases/{case.row.number}",
                onward_label="Open the case",
            )
        return case

    async def _since(
        self, became: LocatorState, locator: Locator, case: OpenCase, viewer: Viewer
    ) -> str:
        """What changed since the question was asked, or what came of it."""
        gate = locator.gate or ""
        if became is LocatorState.SUPERSEDED:
            changed = difference(case, gate)
            return f"What changed: {changed}" if changed else ""
        if became is LocatorState.DECIDED and locator.round is not None:
            show = await self._web.show(viewer, case=case.row.id)
            return outcome_of(case, gate, locator.round, show)
        return ""

    async def _page(self, locator: Locator, case: OpenCase, viewer: Viewer, token: str) -> Response:
        web = self._web
        show = await web.show(viewer, case=case.row.id)
        gate = locator.gate or case.state.stage or ""
        round_ = shown_round(case, gate, show)
        people = await web.doors.directory.snapshot()
        forms = [
            form
            for form in forms_of(case, Surroundings(people=people, runbooks=()))
            if form.verb in _ON_THIS_PAGE and _here(form.binding, gate)
        ]
        return web.page(
            "decision.html",
            viewer=viewer,
            number=case.row.number,
            severity=case.state.severity.current.value,
            shadow=case.state.shadow,
            round=round_,
            next_step=case.next_step(),
            forms=forms,
            action=f"/a/{token}",
            why_not=case.next_step(),
            as_of=show.clock(case.as_of),
        )

    def _unknown(self) -> Response:
        return self._web.problem(LINK_UNKNOWN, viewer=None, status=404, heading="Nothing here")


def _here(binding: str, gate: str) -> bool:
    # Acts at another gate's round do not belong on the page of this one.
    return not binding or f'"gate":"{gate}"' in binding


def _became(locator: Locator, case: OpenCase) -> LocatorState:
    """What became of the link's question; new facts overtake it also before it is asked anew."""
    overtaken = any(
        (round_.gate, round_.number) == (locator.gate, locator.round)
        and round_.state is RoundState.SUPERSEDED
        for round_ in case.state.rounds
    )
    return LocatorState.SUPERSEDED if overtaken else locator.state
