"""People's own keys as JSON: the seam for the browser's ceremony, and for the command line.

GET  /api/passkeys                                → {mine, waiting}
POST /api/passkeys/options                        → {state, publicKey}
POST /api/passkeys {state, label, credential}     → the key, which waits
POST /api/passkeys/{id}/confirm                   → the key, which signs
POST /api/passkeys/{id}/revoke                    → the key, which signs nothing more
POST /api/cases/{number}/acts/options {body, binding, act_id, role?} → {statement, publicKey}
"""

from collections.abc import Awaitable

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.acts import BOUND_VERBS
from cases.personal import Signed
from cases.receipts import Reason
from gateway.acting import ACT_ID
from gateway.api import ActRequest, role_of
from gateway.bearer import logged_in, problem
from gateway.casework import find_case
from gateway.doors import Doors
from gateway.passkeys import (
    NewKey,
    PasskeyRefusedError,
    SeenKey,
    begin,
    confirm,
    enrol,
    revoke,
    rp_id_of,
    seen_by,
)
from gateway.personal import asked
from gateway.raw import read_body
from gateway.web import Viewer
from gateway.wording import NOT_FOUND, REASONS

_NEW, _ACT = TypeAdapter(NewKey), TypeAdapter(ActRequest)
_STATUS = {"no-such-passkey": 404, "passkey-known": 409, "passkey-unusable": 422}


class PasskeysApi:
    """Own keys, and what is signed with them."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        key = "/api/passkeys/{id:str}"
        return [
            Route("/api/passkeys", logged_in(doors, self.list), methods=["GET"]),
            Route("/api/passkeys", logged_in(doors, self.enrol), methods=["POST"]),
            Route("/api/passkeys/options", logged_in(doors, self.begin), methods=["POST"]),
            Route(f"{key}/confirm", logged_in(doors, self.confirm), methods=["POST"]),
            Route(f"{key}/revoke", logged_in(doors, self.revoke), methods=["POST"]),
            Route(
                "/api/cases/{number:str}/acts/options",
                logged_in(doors, self.statement),
                methods=["POST"],
            ),
        ]

    async def list(self, request: Request, viewer: Viewer) -> Response:
        """One's own, and those that wait for a second person."""
        del request
        mine, waiting = await seen_by(self._doors, viewer)
        return JSONResponse(
            {
                "mine": [key.model_dump(mode="json") for key in mine],
                "waiting": [key.model_dump(mode="json") for key in waiting],
            }
        )

    async def begin(self, request: Request, viewer: Viewer) -> Response:
        """What a browser makes a key with."""
        del request
        try:
            return JSONResponse(await begin(self._doors, viewer))
        except PasskeyRefusedError as refused:
            return _refused(refused)

    async def enrol(self, request: Request, viewer: Viewer) -> Response:
        """The key waits for a second person."""
        new = _NEW.validate_json(await self._body(request))
        return await _told(enrol(self._doors, viewer, new), status=201)

    async def confirm(self, request: Request, viewer: Viewer) -> Response:
        """The key signs from now on."""
        return await _told(confirm(self._doors, viewer, request.path_params["id"]))

    async def revoke(self, request: Request, viewer: Viewer) -> Response:
        """The key signs nothing more."""
        return await _told(revoke(self._doors, viewer, request.path_params["id"]))

    async def statement(self, request: Request, viewer: Viewer) -> Response:
        """What the person's authenticator signs for this act."""
        doors = self._doors
        number = request.path_params["number"]
        case = await find_case(doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        wanted = _ACT.validate_json(await self._body(request))
        bound = wanted.body.verb in BOUND_VERBS and wanted.binding is not None
        if not bound or wanted.acting_for or not ACT_ID.fullmatch(wanted.act_id):
            return problem(422, Reason.MALFORMED.value, REASONS[Reason.MALFORMED], "binding")
        signed = Signed(
            act=wanted.act_id,
            case=case.row.id,
            person=viewer.id,
            role=wanted.role or role_of(wanted, case, viewer),
            body=wanted.body,
            binding=wanted.binding,
        )
        content = await asked(doors, signed, rp_id=rp_id_of(doors))
        return JSONResponse({**content, "role": signed.role})

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


async def _told(work: Awaitable[SeenKey], *, status: int = 200) -> Response:
    try:
        key = await work
    except PasskeyRefusedError as refused:
        return _refused(refused)
    return JSONResponse(key.model_dump(mode="json"), status_code=status)


def _refused(refused: PasskeyRefusedError) -> Response:
    return problem(_STATUS.get(refused.name, 403), refused.name, refused.wording)
