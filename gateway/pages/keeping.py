"""The page of legal holds, erasures and retention, and what is left of an erased case."""

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cases.envelope import Door
from cases.house_acts import (
    AgreeToErase,
    AgreeToLift,
    CustodyEvent,
    Erase,
    HouseRefusal,
    HouseRefusedError,
    KeepLegalHold,
    LegalBasis,
    LiftLegalHold,
    SetLegalHold,
    WithdrawErasure,
)
from gateway.casework import find_case
from gateway.custody import CustodyAsked, record_custody
from gateway.erasing import (
    agree_to_erase,
    ask_to_erase,
    erasures_seen,
    sees_erasures,
    withdraw_erasure,
)
from gateway.holding import agree_to_lift, ask_to_lift, holds_seen, keep_hold, set_hold
from gateway.keeping_words import KEEPERS, STATUS
from gateway.left import left_of, outside_of
from gateway.logins import LogIns, NoPasswordsError, TooManyLogInsError, WrongLogInError
from gateway.raw import BadFormError
from gateway.retention import cases_due
from gateway.times import Show
from gateway.web import Viewer, Web, viewer_of
from gateway.wording import TOO_MANY_LOGINS, WRONG_LOGIN, Wording
from store import CaseRow

PATH = "/keeping"


class KeepingPages:
    """One page, and one address for its forms."""

    def __init__(self, web: Web, logins: LogIns) -> None:
        self._web = web
        self._logins = logins

    def routes(self) -> list[Route]:
        """The pages of this module."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.act, methods=["POST"]),
            Route("/cases/{number:str}/custody", self.custody, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What stands, what is asked for, whose time is over; nothing here for anybody else."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        doors = web.doors
        if not sees_erasures(doors, viewer.roles):
            return web.nothing_here(viewer)
        show = await web.show(viewer)
        return web.page(
            "keeping.html",
            viewer=viewer,
            holds=[_instants(h.model_dump(), show) for h in await holds_seen(doors, viewer)],
            erasures=[
                _instants(row.model_dump(), show)
                for row in await erasures_seen(doors, viewer, open_=True)
            ],
            due=[
                {
                    "number": each.number,
                    "runbook": each.runbook,
                    "ended": show.at(each.ended_at),
                    "over": ", ".join(c.data for c in each.classes if c.over),
                    "proposed": each.proposed,
                    "against": [block.why.value for block in each.against],
                }
                for each in await cases_due(doors, at=show.now)
            ],
            table=doors.settings.retention.reference,
            note=doors.settings.retention.table.note,
            bases=[(basis.value, basis.value.replace("-", " ")) for basis in LegalBasis],
            puts=doors.settings.keepers.holder(viewer.roles) is not None,
            erases=doors.settings.keepers.role_for(viewer.roles) is not None,
            act_id=lambda: str(uuid.uuid4()),
            as_of=show.clock(show.now),
        )

    async def act(self, request: Request) -> Response:
        """One of the page's forms."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        try:
            viewer = await self._proved(viewer, fields)
            await self._do(viewer, fields, await web.show(viewer))
        except HouseRefusedError as no:
            return self._refused(viewer, KEEPERS[no.reason], STATUS.get(no.reason, 409), no.detail)
        except (WrongLogInError, NoPasswordsError):
            return self._refused(viewer, WRONG_LOGIN, 403)
        except TooManyLogInsError:
            return self._refused(viewer, TOO_MANY_LOGINS, 429)
        return RedirectResponse(PATH, status_code=303)

    async def custody(self, request: Request) -> Response:
        """What was done with an item of evidence, out of the case's page."""
        web = self._web
        viewer = await web.viewer(request)
        if viewer is None:
            return web.to_login(request)
        fields = await web.form(request, viewer.token)
        number = request.path_params["number"]
        case = await find_case(web.doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return web.nothing_here(viewer)
        try:
            asked = CustodyAsked(
                item=fields.get("item", ""),
                event=CustodyEvent(fields.get("event", "")),
                why=fields.get("why", ""),
                kept_at=fields.get("kept_at", ""),
                to=fields.get("to", ""),
                found=fields.get("found") or None,
            )
        except ValueError as error:
            raise BadFormError("event") from error
        try:
            await record_custody(
                web.doors, viewer, case, asked, door=Door.WEB, act_id=fields.get("act_id", "")
            )
        except HouseRefusedError as no:
            status = STATUS.get(no.reason, 409)
            return self._refused(
                viewer, KEEPERS[no.reason], status, no.detail, back=f"/cases/{number}"
            )
        return RedirectResponse(f"/cases/{number}#effects", status_code=303)

    async def _do(self, viewer: Viewer, fields: dict[str, str], show: Show) -> None:
        doors = self._web.doors
        what, id_ = fields.get("what", ""), fields.get("id", "")
        reason, act_id = fields.get("reason", ""), fields.get("act_id", "")
        options: dict[str, Any] = {"door": Door.WEB, "act_id": act_id}
        try:
            if what == "hold":
                case = await self._case(fields["number"]) if fields.get("number") else None
                hold = SetLegalHold(
                    hold=act_id,
                    subject=fields.get("subject", ""),
                    reason=reason,
                    matter=fields.get("matter", ""),
                    review_at=show.read_local(fields.get("review_at", "")),
                )
                await set_hold(doors, viewer, case, hold, **options)
            elif what == "keep":
                review_at = show.read_local(fields.get("review_at", ""))
                kept = KeepLegalHold(hold=id_, reason=reason, review_at=review_at)
                await keep_hold(doors, viewer, kept, **options)
            elif what == "lift":
                await ask_to_lift(doors, viewer, LiftLegalHold(hold=id_, reason=reason), **options)
            elif what == "agree-to-lift":
                agreed = AgreeToLift(hold=id_, reason=reason)
                await agree_to_lift(doors, viewer, agreed, **options)
            elif what == "erase":
                erase = Erase(basis=LegalBasis(fields.get("basis", "")), reason=reason)
                case = await self._case(fields.get("number", ""))
                await ask_to_erase(doors, viewer, case, erase, **options)
            elif what == "agree":
                body = AgreeToErase(erasure=id_, reason=reason)
                await agree_to_erase(doors, viewer, body, **options)
            elif what == "withdraw":
                withdrawn = WithdrawErasure(erasure=id_, reason=reason)
                await withdraw_erasure(doors, viewer, withdrawn, **options)
            else:
                raise BadFormError("what")
        except ValueError as error:
            raise BadFormError(what) from error

    async def _case(self, number: str) -> CaseRow:
        case = await self._web.doors.store.cases.by_number(number.strip())
        if case is None:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        return case

    async def _proved(self, viewer: Viewer, fields: dict[str, str]) -> Viewer:
        """The viewer, with the second factor that came with the form."""
        code = fields.get("code", "").strip()
        if not code:
            return viewer
        await self._logins.step_up(viewer.token, viewer.id, code)
        return await viewer_of(self._web.doors, viewer.token) or viewer

    def _refused(
        self, viewer: Viewer, wording: Wording, status: int, detail: str = "", *, back: str = PATH
    ) -> Response:
        return self._web.problem(
            wording, viewer=viewer, status=status, detail=detail, onward=back, onward_label="Back"
        )


async def erased_page(web: Web, viewer: Viewer, case: CaseRow) -> Response:
    """What is left of an erased case, for whoever keeps records."""
    show = await web.show(viewer)
    left = await left_of(web.doors, case)
    return web.page(
        "erased.html",
        viewer=viewer,
        number=case.number,
        runbook=case.runbook or "",
        erased=[show.at(at) for at in left.erased_at],
        lines=left.lines,
        erasures=[
            _instants(row.model_dump(), show)
            for row in await erasures_seen(web.doors, viewer, case=case)
        ],
        outside=await outside_of(web.doors, case),
        as_of=show.clock(show.now),
    )


_INSTANTS = ("set_at", "review_at", "lift_at", "asked_at", "agreed_at", "due_at", "settled_at")


def _instants(fields: dict[str, Any], show: Show) -> dict[str, Any]:
    shown = {name: show.at(fields[name]) for name in _INSTANTS if fields.get(name) is not None}
    return {**fields, **shown}
