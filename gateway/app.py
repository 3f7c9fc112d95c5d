"""The gateway as one web application."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from cases.receipts import Reason
from gateway.absences_api import AbsencesApi
from gateway.access_api import AccessApi
from gateway.api import Api, bad_request
from gateway.bearer import problem
from gateway.bulk_api import BulkApi
from gateway.case_api import CaseApi
from gateway.codec_server import CodecServer
from gateway.comments import CommentsApi
from gateway.deliveries_api import DeliveriesApi
from gateway.doors import Doors
from gateway.drafts import DraftPages
from gateway.foreign_posts import FOREIGN, OUTDATED, refused_on_record
from gateway.grants_api import GrantsApi
from gateway.headers import Headers
from gateway.health import HealthPages
from gateway.keeping_api import KeepingApi
from gateway.log_glass_api import LogGlassApi
from gateway.log_in_api import LogInApi
from gateway.log_in_words import IDENTITY, PROVIDER_DOWN
from gateway.log_pages import LogPages
from gateway.logins import LogIns
from gateway.messages import MessagesApi
from gateway.migrations_api import MigrationsApi
from gateway.on_call import OnCallPages
from gateway.pagerduty_door import pagerduty_routes
from gateway.pages.access import AccessPages
from gateway.pages.acts import ActPages
from gateway.pages.away import AwayPages
from gateway.pages.bulk import BulkPages
from gateway.pages.case import CasePages
from gateway.pages.decision import DecisionPages
from gateway.pages.deliveries import DeliveryPages
from gateway.pages.grants import GrantPages
from gateway.pages.inbox import InboxPages
from gateway.pages.keeping import KeepingPages
from gateway.pages.log_glass import LogGlassPages
from gateway.pages.login import LoginPages
from gateway.pages.passkeys import PasskeyPages
from gateway.pages.proving import Proving
from gateway.pages.sessions import SessionPages
from gateway.pages.suppressed import SuppressedPages
from gateway.pages.terminal import TerminalPages
from gateway.pages.tickets import TicketPages
from gateway.passkeys_api import PasskeysApi
from gateway.provider_logins import ProviderLogIns
from gateway.raw import BadFormError, BodyTooLargeError
from gateway.releases_api import ReleasesApi
from gateway.rules_api import RulesApi
from gateway.shadow_api import ShadowApi
from gateway.slack_door import SlackDoor
from gateway.subscriptions_api import SubscriptionsApi
from gateway.suppressed_api import SuppressedApi
from gateway.tickets_api import TicketsApi
from gateway.web import ForeignOriginError, OutdatedPageError, Web
from gateway.webhooks import webhook_routes
from gateway.wording import BAD_FORM, NOT_FOUND, REASONS, STORE_DOWN, TOO_LARGE, Wording
from integrations.errors import (
    DirectoryError,
    IdentityError,
    IdentityReason,
    UnreadableBodyError,
    VendorError,
)
from store import ContentErased, StoreUnavailable

log = structlog.get_logger(__name__)

_STATIC = Path(__file__).with_name("static")
_RETRY_AFTER = {"Retry-After": "5"}
_UNEXPECTED = Wording(
    "Something went wrong here, and it was logged.",
    "Open the case to see whether your act was recorded. Try again, or call the incident manager.",
)


def build_app(
    doors: Doors,
    tasks: Mapping[str, asyncio.Task[None]] | None = None,
    *,
    extra: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application; `tasks` are the dispatchers that run beside it, for `/readyz`.

    `extra` are routes of whoever runs it: the demo has a page of its own.
    """
    web = Web(doors)
    logins = LogIns(doors)
    provider = ProviderLogIns(doors, doors.provider) if doors.provider is not None else None
    proving = Proving(web, provider)
    acts = ActPages(web, proving)
    errors = _Errors(web)
    return Starlette(
        routes=[
            *webhook_routes(doors),
            *(SlackDoor(doors, doors.slack).routes() if doors.slack is not None else ()),
            *pagerduty_routes(doors),
            *Api(doors, logins).routes(),
            *CaseApi(doors).routes(),
            *CommentsApi(doors).routes(),
            *MessagesApi(doors).routes(),
            *MigrationsApi(doors).routes(),
            *PasskeysApi(doors).routes(),
            *AbsencesApi(doors).routes(),
            *AccessApi(doors).routes(),
            *GrantsApi(doors).routes(),
            *BulkApi(doors).routes(),
            *KeepingApi(doors).routes(),
            *ReleasesApi(doors).routes(),
            *RulesApi(doors).routes(),
            *ShadowApi(doors).routes(),
            *DeliveriesApi(doors).routes(),
            *SubscriptionsApi(doors).routes(),
            *SuppressedApi(doors).routes(),
            *TicketsApi(doors).routes(),
            *(CodecServer(doors, doors.codec).routes() if doors.codec is not None else ()),
            *HealthPages(doors, tasks if tasks is not None else {}).routes(),
            *LogPages(doors.store).routes(),
            *LogGlassApi(doors).routes(),
            *LogInApi(doors, provider).routes(),
            *LoginPages(web, logins, provider, proving).routes(),
            *SessionPages(web).routes(),
            *PasskeyPages(web).routes(),
            *TerminalPages(web).routes(),
            *InboxPages(web).routes(),
            *AwayPages(web).routes(),
            *AccessPages(web, proving).routes(),
            *GrantPages(web).routes(),
            *BulkPages(web).routes(),
            *LogGlassPages(web).routes(),
            *OnCallPages(web).routes(),
            *KeepingPages(web, logins).routes(),
            *SuppressedPages(web).routes(),
            *TicketPages(web).routes(),
            *DeliveryPages(web).routes(),
            *CasePages(web, acts).routes(),
            *DraftPages(web).routes(),
            *DecisionPages(web, acts).routes(),
            *extra,
            Mount("/static", StaticFiles(directory=_STATIC), name="static"),
        ],
        middleware=[Middleware(Headers, https=doors.settings.https)],
        exception_handlers={
            StoreUnavailable: errors.store_down,
            ContentErased: errors.erased,
            DirectoryError: errors.directory_down,
            IdentityError: errors.not_logged_in,
            VendorError: errors.provider_down,
            BodyTooLargeError: errors.too_large,
            BadFormError: errors.bad_form,
            ValidationError: errors.not_as_agreed,
            UnreadableBodyError: errors.not_as_agreed,
            ForeignOriginError: errors.foreign,
            OutdatedPageError: errors.outdated,
            HTTPException: errors.http,
            Exception: errors.unexpected,
        },
    )


class _Errors:
    """Every way a request can fail, as a page or as JSON, with what to do (I17)."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def store_down(self, request: Request, error: Exception) -> Response:
        log.warning("the store cannot be used", error=type(error).__name__)
        response = self._say(request, 503, "store-down", STORE_DOWN)
        response.headers.update(_RETRY_AFTER)
        return response

    async def erased(self, request: Request, error: Exception) -> Response:
        return self._say(request, 410, "erased", REASONS[Reason.ERASED])

    async def directory_down(self, request: Request, error: Exception) -> Response:
        mend = error.mend if isinstance(error, DirectoryError) else ""
        log.error("the directory cannot be used", error=type(error).__name__)
        wording = Wording("The directory of people cannot be read, so nobody can act.", mend)
        response = self._say(request, 503, "directory-down", wording)
        response.headers.update(_RETRY_AFTER)
        return response

    async def not_logged_in(self, request: Request, error: Exception) -> Response:
        reason = (
            error.reason if isinstance(error, IdentityError) else IdentityReason.PROVIDER_UNUSABLE
        )
        log.warning("a log-in was refused", reason=reason.value)
        wording = IDENTITY[reason]
        status = 503 if reason is IdentityReason.PROVIDER_UNUSABLE else 403
        if _wants_json(request):
            return problem(status, reason.value, wording)
        return self._web.problem(
            wording,
            viewer=None,
            status=status,
            heading="You are not logged in",
            detail=f"Name of the problem: {reason.value}",
            onward="/login",
            onward_label="Log in",
        )

    async def provider_down(self, request: Request, error: Exception) -> Response:
        # Of vendors only the log-in provider is asked while somebody waits for a page.
        log.warning("the log-in provider cannot be used", error=type(error).__name__)
        response = self._say(request, 503, "provider-down", PROVIDER_DOWN)
        response.headers.update(_RETRY_AFTER)
        return response

    async def too_large(self, request: Request, error: Exception) -> Response:
        return self._say(request, 413, "too-large", TOO_LARGE)

    async def bad_form(self, request: Request, error: Exception) -> Response:
        return self._say(request, 422, "bad-form", BAD_FORM)

    async def not_as_agreed(self, request: Request, error: Exception) -> Response:
        if isinstance(error, ValidationError | UnreadableBodyError) and _wants_json(request):
            return bad_request(error)
        return self._say(request, 422, "bad-form", BAD_FORM)

    async def foreign(self, request: Request, error: Exception) -> Response:
        await refused_on_record(self._web, request, why=FOREIGN)
        return self._web.foreign()

    async def outdated(self, request: Request, error: Exception) -> Response:
        await refused_on_record(self._web, request, why=OUTDATED)
        return self._web.outdated(None)

    async def http(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        headers = error.headers if isinstance(error, HTTPException) else None
        response = self._say(request, status, "not-found", NOT_FOUND)
        response.headers.update(headers or {})
        return response

    async def unexpected(self, request: Request, error: Exception) -> Response:
        # The kind only: a message or a trace may hold what somebody wrote.
        log.error("a request failed", route=request.url.path[:3], error=type(error).__name__)
        return self._say(request, 500, "unexpected", _UNEXPECTED)

    def _say(self, request: Request, status: int, error: str, wording: Wording) -> Response:
        if _wants_json(request):
            return problem(status, error, wording)
        return self._web.problem(wording, viewer=None, status=status)


def _wants_json(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/codec/", "/webhooks/"))
