"""PagerDuty's webhooks: verified, stored under the event's id, answered; acted on afterwards.

PagerDuty waits five seconds, and disables a subscription for a day after three answers of 4xx. So
an authentic delivery is never answered with 4xx: what cannot be read, what came before and what
is about no page of ours is 200. 401 not proved, 413 too large, 503 not stored: deliver it again.
"""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.arriving import on_record
from gateway.doors import Doors
from gateway.raw import BodyTooLargeError, read_body
from integrations.errors import UnreadableBodyError, WebhookRefusedError
from integrations.pagerduty_webhook import PagerDutyVerifier, read_event
from integrations.wire import RawHeaders
from store import PagerEvent

log = structlog.get_logger(__name__)


def pagerduty_routes(doors: Doors) -> list[Route]:
    """The door, where it has a secret; without one it does not exist."""
    settings = doors.settings
    if not settings.pagerduty_secrets:
        return []
    verifier = PagerDutyVerifier(settings.pagerduty_secrets, demo=settings.demo)

    async def receive(request: Request) -> Response:
        try:
            body = await read_body(request, limit=settings.max_body_bytes)
        except BodyTooLargeError:
            return _answer(413, error="too-large")
        headers: RawHeaders = list(request.headers.raw)
        now = await doors.clock.now()
        try:
            proved = verifier.verify(headers, body, now=now)
        except WebhookRefusedError as refused:
            return _answer(401, error=refused.reason.value, mend=refused.mend)
        try:
            event = read_event(body)
        except UnreadableBodyError as unreadable:
            log.warning("an event of the pager cannot be read", error=type(unreadable).__name__)
            return _answer(200, ignored=str(unreadable))
        if event is None:
            return _answer(200, ignored="no event")
        heard = PagerEvent(
            id=event.id,
            body_digest=proved.digest,
            kind=event.kind,
            incident=event.incident,
            page=event.key,
            who=event.person,
            received_at=now,
        )
        kept, new = await doors.store.pages.heard(heard)
        if new:
            doors.pages_due.set()
            return _answer(202, event=event.id)
        if kept.body_digest != proved.digest:
            log.warning("the pager used an event's id twice, for different bodies")
            return _answer(200, ignored="this id was delivered before with another body")
        return _answer(200, known=event.id)

    kept = on_record(doors, "pagerduty", receive)
    return [Route("/webhooks/pagerduty", kept, methods=["POST"], name="webhook-pagerduty")]


def _answer(status: int, **content: str) -> JSONResponse:
    return JSONResponse(content, status_code=status)
