"""Log-ins for the command line and for the provider itself.

GET  /api/login                                     → {passwords, provider}
POST /api/login/code {code, verifier}               → {token, person, assurance, expires_at}
POST /api/login/device                              → {handle, user_code, url, every, expires_at}
POST /api/login/device/token {handle}               → {token, …}, or 202 {pending, slow_down}
GET  /api/sessions?person=                          → {person, sessions, record}
POST /api/sessions/end {session, person?}           → {ended}
POST /api/sessions/forget {person}                  → {person, ended}
POST /login/back-channel (a form: logout_token)     → 200, 400 (OpenID Connect Back-Channel Logout)
"""

import structlog
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.journal import Kind
from cases.values import Inbound
from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.device_logins import DeviceLogIns
from gateway.doors import Doors
from gateway.log_in_words import CODE_UNKNOWN, IDENTITY, NO_PROVIDER, NO_SUCH_SESSION
from gateway.pages.sessions import ALL, end_sessions, may_end
from gateway.provider_logins import ProviderLogIns
from gateway.raw import read_body, read_form
from gateway.sight import ALWAYS
from gateway.terminals import CodeUnknownError, enter
from gateway.web import Viewer
from integrations.errors import IdentityError, IdentityReason
from store import NewSession

log = structlog.get_logger(__name__)


class CodeRequest(Inbound):
    """What a terminal has: the code it was given and the secret it kept."""

    code: str
    verifier: str


class DeviceRequest(Inbound):
    """Which log-in on another device is asked about."""

    handle: str


class EndRequest(Inbound):
    """Which session is to end: its id, or `all`."""

    session: str
    person: str = ""


class ForgetRequest(Inbound):
    """Who is to be bound to another account of the provider."""

    person: str


_CODE = TypeAdapter(CodeRequest)
_DEVICE = TypeAdapter(DeviceRequest)
_END = TypeAdapter(EndRequest)
_FORGET = TypeAdapter(ForgetRequest)


class LogInApi:
    """The addresses of log-ins."""

    def __init__(self, doors: Doors, provider: ProviderLogIns | None) -> None:
        self._doors = doors
        self._provider = provider
        self._devices = DeviceLogIns(doors, provider) if provider is not None else None

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/login", self.ways, methods=["GET"]),
            Route("/api/login/code", self.code, methods=["POST"]),
            Route("/api/login/device", self.begin_device, methods=["POST"]),
            Route("/api/login/device/token", self.device, methods=["POST"]),
            Route("/api/sessions", logged_in(doors, self.sessions), methods=["GET"]),
            Route("/api/sessions/end", logged_in(doors, self.end), methods=["POST"]),
            Route("/api/sessions/forget", logged_in(doors, self.forget), methods=["POST"]),
            Route("/login/back-channel", self.logged_out, methods=["POST"]),
        ]

    async def ways(self, request: Request) -> Response:
        """What people can log in with here."""
        provider = self._provider
        return JSONResponse(
            {
                "passwords": self._doors.settings.passwords,
                "provider": provider.name if provider is not None else None,
            }
        )

    async def code(self, request: Request) -> Response:
        """A bearer token for the terminal that asked."""
        asked = _CODE.validate_json(await self._body(request))
        try:
            new = await enter(self._doors, code=asked.code, verifier=asked.verifier)
        except CodeUnknownError:
            return problem(401, "code-unknown", CODE_UNKNOWN)
        return _entered(new)

    async def begin_device(self, request: Request) -> Response:
        """What the person types at the provider, on any device."""
        begun = await self._devices.begin() if self._devices is not None else None
        if begun is None:
            return problem(404, "no-provider", NO_PROVIDER)
        return JSONResponse(begun)

    async def device(self, request: Request) -> Response:
        """The token, once the person has finished there."""
        asked = _DEVICE.validate_json(await self._body(request))
        if self._devices is None:
            return problem(404, "no-provider", NO_PROVIDER)
        result = await self._devices.ask(asked.handle)
        if isinstance(result, NewSession):
            return _entered(result)
        return JSONResponse({"pending": True, "slow_down": result.slow_down}, status_code=202)

    async def sessions(self, request: Request, viewer: Viewer) -> Response:
        """The log-ins that hold, and what is on record of them."""
        person = request.query_params.get("person") or viewer.id
        if not may_end(viewer, person):
            return problem(403, "not-for-you", NOT_FOR_YOU)
        held = await self._doors.store.sessions.of_person(person, at=await self._doors.clock.now())
        record = await self._doors.store.door_record.entries(person=person)
        return JSONResponse(
            {
                "person": person,
                "sessions": [
                    {
                        **each.model_dump(mode="json", exclude={"csrf", "account", "person"}),
                        "this": each.id == viewer.session.id,
                        "provider": each.account is not None,
                    }
                    for each in held
                ],
                "record": [
                    entry.model_dump(mode="json", include={"sequence", "at", "kind", "body"})
                    for entry in record
                ],
            }
        )

    async def end(self, request: Request, viewer: Viewer) -> Response:
        """The sessions are over at once."""
        asked = _END.validate_json(await self._body(request))
        person = asked.person or viewer.id
        if not may_end(viewer, person):
            return problem(403, "not-for-you", NOT_FOR_YOU)
        ended = await end_sessions(self._doors, viewer, person=person, session=asked.session)
        if not ended and asked.session != ALL:
            return problem(404, "no-such-session", NO_SUCH_SESSION)
        return JSONResponse({"person": person, "ended": ended})

    async def forget(self, request: Request, viewer: Viewer) -> Response:
        """The person's log-ins are over, and their name is free for another account."""
        asked = _FORGET.validate_json(await self._body(request))
        # Never for oneself: whoever holds somebody's session must not make their name free.
        if not viewer.roles & ALWAYS or asked.person == viewer.id:
            return problem(403, "not-for-you", NOT_FOR_YOU)
        ended = await end_sessions(self._doors, viewer, person=asked.person, session=ALL)
        if not await self._doors.store.claimed.forget(asked.person):
            return problem(404, "person-unknown", IDENTITY[IdentityReason.PERSON_UNKNOWN])
        await self._doors.store.door_record.append(
            Kind.DOOR_SESSION_FORGOTTEN,
            person=asked.person,
            at=await self._doors.clock.now(),
            by=viewer.id,
        )
        return JSONResponse({"person": asked.person, "ended": ended})

    async def logged_out(self, request: Request) -> Response:
        """The provider ends its session, and so ours; no page of ours is asked."""
        if self._provider is None:
            return Response(status_code=404)
        fields = await read_form(request, limit=self._doors.settings.max_body_bytes)
        try:
            ended = await self._provider.logged_out(fields.get("logout_token", ""))
        except IdentityError as error:
            log.warning("a log-out was not believed", reason=error.reason.value)
            return JSONResponse({"error": "invalid_request"}, status_code=400)
        log.info("the provider ended log-ins", count=len(ended))
        return Response(status_code=200)

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, limit=self._doors.settings.max_body_bytes)


def _entered(new: NewSession) -> JSONResponse:
    session = new.session.model_dump(mode="json", include={"person", "assurance", "expires_at"})
    return JSONResponse({"token": new.token, **session})
