"""Webhooks: raw bytes are verified, stored, and answered; a case starts afterwards (design §3.1).

What a sender hears: 202 new or held back, 200 known or of no concern, 400 not readable, 401 not
proved, 409 a known id with other bytes, 413 too large, 503 not stored, try again.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.report import Source
from gateway.arriving import on_record
from gateway.doors import Doors
from gateway.intake import Ignored, instance_of, take_in
from gateway.raw import BodyTooLargeError, read_body
from gateway.suppressing import Held
from integrations.errors import UnreadableBodyError, WebhookRefusedError
from integrations.jira_webhook import JiraVerifier
from integrations.standard_webhooks import StandardVerifier
from integrations.wire import RawHeaders
from integrations.zendesk_webhook import ZendeskVerifier
from store import DeliveryConflict


def webhook_routes(doors: Doors) -> list[Route]:
    """The webhook doors; one without a secret does not exist."""
    settings = doors.settings
    routes: list[Route] = []
    if settings.zendesk_secrets:
        zendesk = ZendeskVerifier(
            settings.zendesk_secrets, max_age=settings.webhook_max_age, demo=settings.demo
        )
        routes.append(_route(doors, "zendesk", Source.ZENDESK, zendesk))
    if settings.jira_secrets:
        routes.append(_route(doors, "jira", Source.JIRA, JiraVerifier(settings.jira_secrets)))
    if settings.standard_secrets:
        standard = StandardVerifier(settings.standard_secrets, tolerance=settings.webhook_max_age)
        routes.append(_route(doors, "standard", Source.STANDARD, standard))
    return routes


def _route(
    doors: Doors,
    name: str,
    source: Source,
    verifier: ZendeskVerifier | JiraVerifier | StandardVerifier,
) -> Route:
    async def receive(request: Request) -> Response:
        try:
            body = await read_body(request, limit=doors.settings.max_body_bytes)
        except BodyTooLargeError:
            return _answer(413, error="too-large")
        headers: RawHeaders = list(request.headers.raw)
        try:
            proved = verifier.verify(headers, body, now=await doors.clock.now())
            result = await take_in(
                doors,
                source=source,
                instance=instance_of(doors, source),
                key=f"{name}:{proved.id}",
                body=body,
            )
        except WebhookRefusedError as refused:
            return _answer(401, error=refused.reason.value, mend=refused.mend)
        except UnreadableBodyError as unreadable:
            return _answer(400, error=str(unreadable), mend=unreadable.mend)
        match result:
            case Ignored():
                return _answer(200, ignored=result.why)
            case Held():
                return _answer(202, held=result.rule, until=result.until)
            case DeliveryConflict():
                return _answer(409, error="this id was delivered before with another body")
            case _:
                return _answer(200 if result.known else 202, case=result.number)

    kept = on_record(doors, name, receive)
    return Route(f"/webhooks/{name}", kept, methods=["POST"], name=f"webhook-{name}")


def _answer(status: int, **content: str) -> JSONResponse:
    return JSONResponse(content, status_code=status)
