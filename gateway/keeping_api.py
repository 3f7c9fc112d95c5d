"""Erasures, legal holds, custody and retention, as JSON.

GET  /api/legal-holds?all=1                                     → {holds}
POST /api/legal-holds {case?|subject?, reason, matter, review_at, act_id} → the hold
POST /api/legal-holds/{id}/keep|lift|agree {reason, review_at?, act_id}   → the hold
GET  /api/erasures?all=1                                        → {erasures}
POST /api/erasures/{id}/agree|withdraw {reason, act_id}         → the erasure
GET  /api/cases/{number}/erasure                → {erased, erasures, holds, against, outside, left}
POST /api/cases/{number}/erasure {basis, reason, act_id}        → the erasure
GET  /api/cases/{number}/custody                                → {items}
POST /api/cases/{number}/custody {item, event, why, …, act_id}  → the item
GET  /api/retention                                             → the table
GET  /api/retention/due?all=1                                   → {cases}
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.acts import Digest
from cases.custody import CustodyChain
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
    Why,
    WithdrawErasure,
)
from cases.values import Inbound, Instant, Line, Prose
from gateway.bearer import logged_in, problem
from gateway.casework import find_case
from gateway.custody import CustodyAsked, custody_of, record_custody
from gateway.doors import Doors
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
from gateway.raw import read_body
from gateway.retention import cases_due
from gateway.web import Viewer
from store import CaseRow


class HoldRequest(Inbound):
    """A hold that is to stand."""

    case: Line = ""
    subject: Line = ""
    reason: Why
    matter: Line
    review_at: Instant
    act_id: str


class HoldAgain(Inbound):
    """Something about a hold that stands."""

    reason: Prose = ""
    review_at: Instant | None = None
    act_id: str


class EraseRequest(Inbound):
    """Content that is to go."""

    basis: LegalBasis
    reason: Why
    act_id: str


class ErasureAgain(Inbound):
    """Something about an erasure that is open."""

    reason: Prose = ""
    act_id: str


class CustodyRequest(Inbound):
    """What was done with an item of evidence."""

    item: Line
    event: CustodyEvent
    why: Why
    kept_at: Line = ""
    to: Line = ""
    found: Digest | None = None
    act_id: str


class KeepingApi:
    """The addresses of this module."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            self._route("/api/legal-holds", self.holds, "GET"),
            self._route("/api/legal-holds", self.set_hold, "POST"),
            self._route("/api/legal-holds/{id:str}/{what:str}", self.change_hold, "POST"),
            self._route("/api/erasures", self.erasures, "GET"),
            self._route("/api/erasures/{id:str}/{what:str}", self.change_erasure, "POST"),
            self._route("/api/cases/{number:str}/erasure", self.erasure, "GET"),
            self._route("/api/cases/{number:str}/erasure", self.ask, "POST"),
            self._route("/api/cases/{number:str}/custody", self.custody, "GET"),
            self._route("/api/cases/{number:str}/custody", self.record, "POST"),
            self._route("/api/retention", self.retention, "GET"),
            self._route("/api/retention/due", self.due, "GET"),
        ]

    async def holds(self, request: Request, viewer: Viewer) -> Response:
        """The holds that stand, or all."""
        self._keeper(viewer)
        every = bool(request.query_params.get("all"))
        seen = await holds_seen(self._doors, viewer, standing=not every)
        return JSONResponse({"holds": [hold.model_dump(mode="json") for hold in seen]})

    async def set_hold(self, request: Request, viewer: Viewer) -> Response:
        """A hold stands."""
        asked = HoldRequest.model_validate_json(await self._body(request))
        case = await self._named(asked.case) if asked.case else None
        body = SetLegalHold(
            hold=asked.act_id,
            subject=asked.subject,
            reason=asked.reason,
            matter=asked.matter,
            review_at=asked.review_at,
        )
        row = await set_hold(
            self._doors, viewer, case, body, door=_door(request), act_id=asked.act_id
        )
        return await self._hold(viewer, row.id, status=201)

    async def change_hold(self, request: Request, viewer: Viewer) -> Response:
        """It is kept, or is to be lifted, or is lifted."""
        asked = HoldAgain.model_validate_json(await self._body(request))
        id_, what = request.path_params["id"], request.path_params["what"]
        options: dict[str, Any] = {"door": _door(request), "act_id": asked.act_id}
        if what == "keep" and asked.review_at is not None:
            kept = KeepLegalHold(hold=id_, reason=asked.reason, review_at=asked.review_at)
            await keep_hold(self._doors, viewer, kept, **options)
        elif what == "lift":
            lifted = LiftLegalHold(hold=id_, reason=asked.reason)
            await ask_to_lift(self._doors, viewer, lifted, **options)
        elif what == "agree":
            agreed = AgreeToLift(hold=id_, reason=asked.reason)
            await agree_to_lift(self._doors, viewer, agreed, **options)
        else:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        return await self._hold(viewer, id_)

    async def erasures(self, request: Request, viewer: Viewer) -> Response:
        """The erasures that are open, or all."""
        self._keeper(viewer)
        every = bool(request.query_params.get("all"))
        seen = await erasures_seen(self._doors, viewer, open_=not every)
        return JSONResponse({"erasures": [row.model_dump(mode="json") for row in seen]})

    async def change_erasure(self, request: Request, viewer: Viewer) -> Response:
        """A second person agrees, or it does not happen."""
        asked = ErasureAgain.model_validate_json(await self._body(request))
        id_, what = request.path_params["id"], request.path_params["what"]
        options: dict[str, Any] = {"door": _door(request), "act_id": asked.act_id}
        if what == "agree":
            agreed = AgreeToErase(erasure=id_, reason=asked.reason)
            row = await agree_to_erase(self._doors, viewer, agreed, **options)
        elif what == "withdraw":
            withdrawn = WithdrawErasure(erasure=id_, reason=asked.reason)
            row = await withdraw_erasure(self._doors, viewer, withdrawn, **options)
        else:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        case = await self._doors.store.cases.get(row.case)
        return await self._shown(viewer, case, row.id)

    async def erasure(self, request: Request, viewer: Viewer) -> Response:
        """What is known about erasing the case, and what is left of it if it was."""
        doors = self._doors
        case = await self._seen(viewer, request.path_params["number"])
        left = await left_of(doors, case) if case.erased else None
        seen = await erasures_seen(doors, viewer, case=case)
        holds = await holds_seen(doors, viewer, case=case, standing=False)
        against = await doors.store.shredding.against(case.id)
        return JSONResponse(
            {
                "number": case.number,
                "erased": bool(case.erased),
                "erasures": [row.model_dump(mode="json") for row in seen],
                "holds": [hold.model_dump(mode="json") for hold in holds],
                "against": [each.model_dump(mode="json") for each in against],
                "outside": (await outside_of(doors, case)).model_dump(mode="json"),
                "left": left.model_dump(mode="json") if left is not None else None,
            }
        )

    async def ask(self, request: Request, viewer: Viewer) -> Response:
        """One person asks for the case's content to be erased."""
        asked = EraseRequest.model_validate_json(await self._body(request))
        case = await self._named(request.path_params["number"])
        row = await ask_to_erase(
            self._doors,
            viewer,
            case,
            Erase(basis=asked.basis, reason=asked.reason),
            door=_door(request),
            act_id=asked.act_id,
        )
        return await self._shown(viewer, case, row.id, status=201)

    async def custody(self, request: Request, viewer: Viewer) -> Response:
        """Every item of evidence with its chain."""
        case = await find_case(
            self._doors, request.path_params["number"], person=viewer.id, roles=viewer.roles
        )
        if case is None:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        items = await custody_of(self._doors, case)
        return JSONResponse({"number": case.row.number, "items": [chain_told(i) for i in items]})

    async def record(self, request: Request, viewer: Viewer) -> Response:
        """Something was done with an item."""
        asked = CustodyRequest.model_validate_json(await self._body(request))
        case = await find_case(
            self._doors, request.path_params["number"], person=viewer.id, roles=viewer.roles
        )
        if case is None:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        said = CustodyAsked.model_validate(asked.model_dump(exclude={"act_id"}))
        chain = await record_custody(
            self._doors, viewer, case, said, door=_door(request), act_id=asked.act_id
        )
        return JSONResponse(chain_told(chain), status_code=201)

    async def retention(self, request: Request, viewer: Viewer) -> Response:
        """The table that holds here."""
        del request, viewer
        retention = self._doors.settings.retention
        written = retention.table.model_dump(mode="json", by_alias=True)
        return JSONResponse({**written, "digest": retention.digest})

    async def due(self, request: Request, viewer: Viewer) -> Response:
        """Whose time is over."""
        self._keeper(viewer)
        every = bool(request.query_params.get("all"))
        found = await cases_due(self._doors, at=await self._doors.clock.now(), every=every)
        return JSONResponse({"cases": [case.model_dump(mode="json") for case in found]})

    def _route(self, path: str, handle: Any, method: str) -> Route:
        async def refusing(request: Request, viewer: Viewer) -> Response:
            try:
                answer: Response = await handle(request, viewer)
            except HouseRefusedError as no:
                status = STATUS.get(no.reason, 409)
                return problem(status, no.reason.value, KEEPERS[no.reason], no.detail)
            return answer

        return Route(path, logged_in(self._doors, refusing), methods=[method])

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)

    def _keeper(self, viewer: Viewer) -> None:
        if not sees_erasures(self._doors, viewer.roles):
            raise HouseRefusedError(HouseRefusal.ROLE)

    async def _named(self, number: str) -> CaseRow:
        case = await self._doors.store.cases.by_number(number)
        if case is None:
            raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        return case

    async def _seen(self, viewer: Viewer, number: str) -> CaseRow:
        """The case, for who keeps records and for who may see the case."""
        case = await self._named(number)
        if not sees_erasures(self._doors, viewer.roles):
            seen = await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)
            if seen is None:
                raise HouseRefusedError(HouseRefusal.NOT_SEEN)
        return case

    async def _hold(self, viewer: Viewer, id_: str, *, status: int = 200) -> Response:
        every = await holds_seen(self._doors, viewer, standing=False)
        shown = next(hold for hold in every if hold.id == id_)
        return JSONResponse(shown.model_dump(mode="json"), status_code=status)

    async def _shown(
        self, viewer: Viewer, case: CaseRow, id_: str, *, status: int = 200
    ) -> Response:
        seen = await erasures_seen(self._doors, viewer, case=case)
        shown = next(row for row in seen if row.id == id_)
        return JSONResponse(shown.model_dump(mode="json"), status_code=status)


def chain_told(chain: CustodyChain) -> dict[str, Any]:
    """An item with its chain."""
    return {
        **chain.model_dump(mode="json"),
        "kept_at": chain.kept_at,
        "holder": chain.holder,
        "disposed": chain.disposed,
        "intact": chain.intact,
    }


def _door(request: Request) -> Door:
    return Door.CLI if request.query_params.get("door") == "cli" else Door.API
