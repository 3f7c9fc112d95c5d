"""The same doors for the command line: JSON in, JSON out, a bearer token instead of a cookie.

POST /api/login    {person, password, totp?}        → {token, person, assurance, expires_at}
POST /api/step-up  {totp}                           → {assurance}
POST /api/logout                                    → {}
GET  /api/inbox                                     → {mine, others, as_of}
GET  /api/cases?status=open|held|closed|all         → {cases, as_of}
GET  /api/cases/{number}                            → {state, allowed, waiting, pending, as_of …}
GET  /api/cases/{number}/timeline                   → {entries}
POST /api/cases/{number}/acts {body, role?, binding?, act_id, personal?} → {act_id, receipt, says …}
POST /api/reports  (gateway.standard_body)          → {case}
"""

import json
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.acts import BOUND_VERBS, ActBody
from cases.envelope import Door, RoundBinding
from cases.obligations.answers import roles_of
from cases.permissions import Allowed
from cases.receipts import Reason
from cases.report import Source
from cases.state import picture
from cases.values import Inbound
from gateway.acting import ActIdTakenError, ActRefusedError, act
from gateway.bearer import logged_in, problem
from gateway.case_api import clock_readings
from gateway.casework import OpenCase, find_case, read_by
from gateway.doors import Doors
from gateway.drafts import reports_told
from gateway.forms import binding_of
from gateway.intake import Ignored, take_in
from gateway.linked import links_of
from gateway.log_in_words import NO_PASSWORDS, PROVE_AT_PROVIDER
from gateway.logins import LogIns, NoPasswordsError, TooManyLogInsError, WrongLogInError
from gateway.pages.acts import STATUS
from gateway.pages.case import timeline_of
from gateway.pages.inbox import listing, owed_by
from gateway.pages.owed import owed_in
from gateway.personal import Proof
from gateway.raw import read_body
from gateway.shadows import comparison_told
from gateway.suppressing import Held
from gateway.web import Viewer
from gateway.wording import (
    BAD_FORM,
    LOG_MEND,
    NOT_FOUND,
    PAGE_OUTDATED,
    REASONS,
    TOO_MANY_LOGINS,
    WRONG_LOGIN,
    Wording,
    of_receipt,
    recorded,
)
from integrations.errors import UnreadableBodyError
from integrations.wire import read_json
from store import DeliveryConflict

_DOORS = {"cli": Door.CLI, "api": Door.API}


class LogInRequest(Inbound):
    """Proof of a person."""

    person: str
    password: str
    totp: str = ""


class StepUpRequest(Inbound):
    """A fresh second factor."""

    totp: str


class ActRequest(Inbound):
    """An act, and the round it was shown."""

    body: ActBody
    act_id: str
    role: str = ""
    """Empty: the role in which the person may do this now."""
    binding: RoundBinding | None = None
    door: str = "cli"
    acting_for: str = ""
    """The person in whose place it is done, by their delegate."""
    personal: Proof | None = None
    """The person's own signature, over the statement of `POST …/acts/options`."""


_LOG_IN = TypeAdapter(LogInRequest)
_STEP_UP = TypeAdapter(StepUpRequest)
_ACT = TypeAdapter(ActRequest)


class Api:
    """The addresses under `/api/`."""

    def __init__(self, doors: Doors, logins: LogIns) -> None:
        self._doors = doors
        self._logins = logins

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/api/login", self.log_in, methods=["POST"]),
            Route("/api/step-up", logged_in(self._doors, self.step_up), methods=["POST"]),
            Route("/api/logout", logged_in(self._doors, self.log_out), methods=["POST"]),
            Route("/api/inbox", logged_in(self._doors, self.inbox), methods=["GET"]),
            Route("/api/cases", logged_in(self._doors, self.cases), methods=["GET"]),
            Route("/api/cases/{number:str}", logged_in(self._doors, self.case), methods=["GET"]),
            Route(
                "/api/cases/{number:str}/timeline",
                logged_in(self._doors, self.timeline),
                methods=["GET"],
            ),
            Route(
                "/api/cases/{number:str}/acts", logged_in(self._doors, self.act), methods=["POST"]
            ),
            Route("/api/reports", logged_in(self._doors, self.report), methods=["POST"]),
        ]

    async def log_in(self, request: Request) -> Response:
        """A bearer token: a session like any other."""
        asked = _LOG_IN.validate_json(await self._body(request))
        try:
            new = await self._logins.log_in(asked.person, asked.password, asked.totp, door="cli")
        except NoPasswordsError:
            return problem(403, "no-passwords", NO_PASSWORDS)
        except WrongLogInError:
            return problem(401, "wrong-log-in", WRONG_LOGIN)
        except TooManyLogInsError:
            return problem(429, "too-many-log-ins", TOO_MANY_LOGINS)
        return JSONResponse({"token": new.token, **_session(new.session.model_dump(mode="json"))})

    async def step_up(self, request: Request, viewer: Viewer) -> Response:
        """L2 for a while."""
        asked = _STEP_UP.validate_json(await self._body(request))
        try:
            await self._logins.step_up(viewer.token, viewer.id, asked.totp)
        except NoPasswordsError:
            return problem(403, "prove-at-provider", PROVE_AT_PROVIDER)
        except WrongLogInError:
            return problem(401, "wrong-log-in", WRONG_LOGIN)
        except TooManyLogInsError:
            return problem(429, "too-many-log-ins", TOO_MANY_LOGINS)
        return JSONResponse({"assurance": "L2"})

    async def log_out(self, request: Request, viewer: Viewer) -> Response:
        """The token is worth nothing any more."""
        await self._doors.store.sessions.revoke(viewer.token, at=await self._doors.clock.now())
        return JSONResponse({})

    async def inbox(self, request: Request, viewer: Viewer) -> Response:
        """What waits on me, and what waits on others."""
        mine, others = await owed_by(self._doors, viewer)
        return JSONResponse(
            {
                "person": viewer.id,
                "mine": [item.model_dump(mode="json") for item in mine],
                "others": [item.model_dump(mode="json") for item in others],
                "as_of": (await self._doors.clock.now()).isoformat(),
            }
        )

    async def cases(self, request: Request, viewer: Viewer) -> Response:
        """The cases the person may see."""
        listed = await listing(self._doors, viewer, request.query_params.get("status", "open"))
        return JSONResponse(
            {
                "cases": [
                    line.model_dump(mode="json", exclude={"waiting_on"}) for line in listed.lines
                ],
                "apart": [each.model_dump(mode="json") for each in listed.apart],
                "as_of": (await self._doors.clock.now()).isoformat(),
            }
        )

    async def case(self, request: Request, viewer: Viewer) -> Response:
        """One case as the person may see it, with what they may do."""
        case = await self._find(request, viewer)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        await read_by(self._doors, case, viewer.id)
        pending = await self._doors.store.acts.pending(case.row.id)
        return JSONResponse(
            {
                "number": case.row.number,
                "case": case.row.id,
                "title": case.pathway.title,
                "shadow": case.state.shadow,
                "comparison": await comparison_told(self._doors, case),
                "next_step": case.next_step(),
                "waiting": [item.model_dump(mode="json") for item in case.waiting()],
                "allowed": [_allowed(item, case) for item in case.allowed()],
                "pending": [row.model_dump(mode="json") for row in pending],
                "owed": [line.model_dump(mode="json") for line in await owed_in(self._doors, case)],
                "links": [
                    asdict(link)
                    for link in await links_of(
                        self._doors, case.state, person=viewer.id, roles=viewer.roles
                    )
                ],
                "reports": reports_told(self._doors, case),
                "state": picture(case.state),
                "clocks": clock_readings(case),
                "sequence": case.sequence,
                "as_of": case.as_of.isoformat(),
                "now": case.now.isoformat(),
            }
        )

    async def timeline(self, request: Request, viewer: Viewer) -> Response:
        """Every stream, in order."""
        case = await self._find(request, viewer)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        await read_by(self._doors, case, viewer.id)
        entries = await timeline_of(self._doors, case)
        return JSONResponse(
            {"entries": [{**entry, "at": entry["at"].isoformat()} for entry in entries]}
        )

    async def act(self, request: Request, viewer: Viewer) -> Response:
        """The same path as every page's act."""
        case = await self._find(request, viewer)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        asked = _ACT.validate_json(await self._body(request))
        if asked.body.verb in BOUND_VERBS and asked.binding is None:
            return problem(422, Reason.MALFORMED.value, REASONS[Reason.MALFORMED], "binding")
        try:
            answered = await act(
                self._doors,
                session=viewer.session,
                case=case.row,
                body=asked.body,
                role=asked.role or role_of(asked, case, viewer),
                binding=asked.binding,
                door=_DOORS.get(asked.door, Door.API),
                act_id=asked.act_id,
                acting_for=asked.acting_for,
                proof=asked.personal,
            )
        except ActRefusedError as refused:
            return problem(403, refused.reason.value, REASONS[refused.reason], refused.detail)
        except ActIdTakenError:
            return problem(409, "page-outdated", PAGE_OUTDATED)
        receipt = answered.receipt
        first = receipt.first if receipt is not None and receipt.first is not None else receipt
        waits = answered.waits_for_log
        told = Wording(recorded(waits_for_log=waits), LOG_MEND if waits else "")
        wording = of_receipt(first) if first is not None else told
        return JSONResponse(
            {
                "act_id": answered.act_id,
                "case": answered.number,
                "signed_at": answered.signed_at.isoformat(),
                "receipt": first.model_dump(mode="json") if first is not None else None,
                "outcome": first.outcome.value if first is not None else "recorded",
                "waits_for_log": waits,
                "says": wording.says,
                "mend": wording.mend,
            },
            status_code=STATUS[first.outcome] if first is not None else 202,
        )

    async def report(self, request: Request, viewer: Viewer) -> Response:
        """A report by a logged-in person opens a case, or reaches the one it belongs to."""
        body = await self._body(request)
        name = read_json(body).get("id")
        result = await take_in(
            self._doors,
            source=Source.CLI,
            instance="cli",
            key=f"api:{viewer.id}:{str(name)[:200]}",
            body=body,
        )
        match result:
            case Ignored():
                return JSONResponse({"ignored": result.why})
            case Held():
                return JSONResponse({"held": result.rule, "until": result.until}, status_code=202)
            case DeliveryConflict():
                return JSONResponse(
                    {"error": "this id was used before for another report"}, status_code=409
                )
            case _:
                return JSONResponse(
                    {"case": result.number}, status_code=200 if result.known else 202
                )

    async def _find(self, request: Request, viewer: Viewer) -> OpenCase | None:
        number = request.path_params["number"]
        return await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


def bad_request(error: ValidationError | UnreadableBodyError) -> JSONResponse:
    """A body that is not what was agreed; only places are named, never values (I13)."""
    if isinstance(error, UnreadableBodyError):
        return problem(400, "bad-form", BAD_FORM, str(error))
    where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:5])
    return problem(422, "bad-form", BAD_FORM, where)


def _session(session: dict[str, Any]) -> dict[str, Any]:
    return {name: session[name] for name in ("person", "assurance", "expires_at")}


def _allowed(item: Allowed, case: OpenCase) -> dict[str, Any]:
    binding = binding_of(item, case)
    return {
        **item.model_dump(mode="json"),
        "binding": json.loads(binding) if binding else None,
    }


def role_of(asked: ActRequest, case: OpenCase, viewer: Viewer) -> str:
    """The role in which the person may do this now."""
    owed = getattr(asked.body, "obligation", None)
    plan = case.pathway.owed_plan(owed) if owed is not None else None
    mine = [role for role in roles_of(plan) if role in viewer.roles] if plan is not None else []
    if mine:
        return mine[0]
    for item in case.allowed():
        meant = item.verb == asked.body.verb and (item.acting_for or "") == asked.acting_for
        if meant and all(
            getattr(item, name) in (None, getattr(asked.body, name, getattr(item, name)))
            for name in ("gate", "task", "effect", "request")
        ):
            return item.role
    # Not allowed in any role: the workflow says why, in whichever of their roles comes first.
    return next(iter(sorted(viewer.roles)), "")
