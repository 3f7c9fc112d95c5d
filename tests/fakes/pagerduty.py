"""A stateful PagerDuty: it judges requests by its published Events API v2 and REST rules.

What stands here of an event is what PagerDuty's OpenAPI document of the Events API asks for, and
its pages on deduplication and limits; it is not made from our client's models.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.clock import FixedClock
from tests.fakes.transport import LossyTransport

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
OWN_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOKEN = "y_NbAkKc66ryYTWUXYEu"
SECRET = "a secret of a webhook subscription"

_ACTIONS = {"trigger", "acknowledge", "resolve"}
_SEVERITIES = {"critical", "warning", "error", "info"}
_TOP = {
    "payload",
    "routing_key",
    "event_action",
    "dedup_key",
    "client",
    "client_url",
    "links",
    "images",
}
_PAYLOAD = {
    "summary",
    "source",
    "severity",
    "timestamp",
    "component",
    "group",
    "class",
    "custom_details",
}
_LONGEST_SUMMARY, _LONGEST_KEY, _LARGEST = 1024, 255, 512 * 1024
_A_MINUTE = 120

Json = dict[str, Any]


class FakePagerDuty:
    """One account: services by integration key, schedules by id, one webhook subscription."""

    events_url = "https://events.pagerduty.test/v2/enqueue"
    api_url = "https://api.pagerduty.test"

    def __init__(self, clock: FixedClock | None = None, *, keys: tuple[str, ...] = (KEY,)) -> None:
        self.clock = clock or FixedClock()
        self.keys = set(keys)
        self.events: list[Json] = []
        """Every event that was accepted."""
        self.alerts: dict[tuple[str, str], Json] = {}
        """By integration key and dedup key: the newest alert."""
        self.opened = 0
        self.shifts: dict[str, list[tuple[datetime, datetime, str, str]]] = {}
        """By schedule: from, until, user id, e-mail."""
        self._failures: list[Callable[[], Response]] = []
        self._taken: dict[str, list[datetime]] = {}
        self._said = 0
        self.app = Starlette(
            routes=[
                Route("/v2/enqueue", self._enqueue, methods=["POST"]),
                Route("/abilities", self._read(self._abilities)),
                Route("/schedules/{id}/users", self._read(self._on_call)),
                Route("/schedules/{id}", self._read(self._schedule)),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    # What a test does to it.

    def throttle_next(self, *, seconds: int, as_date: bool = False, times: int = 1) -> None:
        """The next requests meet 429."""
        until = format_datetime(self.clock.at + timedelta(seconds=seconds), usegmt=True)
        headers = {"Retry-After": until if as_date else str(seconds)}
        self._failures += [lambda: PlainTextResponse("", 429, headers)] * times

    def fail_next(self, status: int, *, times: int = 1) -> None:
        """The next requests meet this status."""
        self._failures += [lambda: Response("<h1>sorry</h1>", status)] * times

    def misanswer_next(self, body: Json) -> None:
        """The next request is answered 202 with this."""
        self._failures.append(lambda: JSONResponse(body, 202))

    def on_call(
        self, schedule: str, user: str, *, since: datetime, until: datetime, email: str = ""
    ) -> None:
        """The user has that shift."""
        self.shifts.setdefault(schedule, []).append((since, until, user, email))

    def status(self, dedup_key: str, *, key: str = KEY) -> str:
        """How the newest alert of that key stands."""
        return str(self.alerts[key, dedup_key]["status"])

    def said(
        self, kind: str, dedup_key: str, *, user: str | None = "PLH1HKV", **event: Any
    ) -> tuple[bytes, dict[str, str]]:
        """The webhook PagerDuty delivers when somebody did something there: body and headers."""
        self._said += 1
        alert = next((a for (_, k), a in self.alerts.items() if k == dedup_key), {"id": "Q0"})
        agent = None
        if user is not None:
            agent = {
                "html_url": f"https://acme.pagerduty.test/users/{user}",
                "id": user,
                "self": f"{self.api_url}/users/{user}",
                "summary": "Tenex Engineer",
                "type": "user_reference",
            }
        said = {
            "event": {
                "id": f"01FEVENT{self._said:04d}",
                "event_type": kind,
                "resource_type": "incident",
                "occurred_at": self.clock.at.isoformat(),
                "agent": agent,
                "client": None,
                "data": {
                    "id": alert["id"],
                    "type": "incident",
                    "number": 1234,
                    "status": kind.partition(".")[2],
                    "incident_key": dedup_key,
                    "title": "A little bump in the road",
                    "service": {"id": "PF9KMXH", "type": "service_reference"},
                    "assignees": [],
                    "urgency": "high",
                },
                **event,
            }
        }
        body = json.dumps(said).encode()
        return body, signed(body)

    # What it answers.

    async def _enqueue(self, request: Request) -> Response:
        if self._failures:
            return self._failures.pop(0)()
        raw = await request.body()
        problems = _problems(raw)
        if problems:
            return JSONResponse(
                {
                    "status": "invalid event",
                    "message": "Event object is invalid",
                    "errors": problems,
                },
                400,
            )
        event = json.loads(raw)
        key = event["routing_key"]
        if key not in self.keys:
            return JSONResponse(
                {
                    "status": "invalid event",
                    "message": "Event object is invalid",
                    "errors": ["Invalid routing key"],
                },
                400,
            )
        recent = [t for t in self._taken.get(key, []) if t > self.clock.at - timedelta(minutes=1)]
        if len(recent) >= _A_MINUTE:
            return PlainTextResponse("", 429)
        self._taken[key] = [*recent, self.clock.at]
        self.events.append(event)
        dedup_key = event.get("dedup_key") or hashlib.sha256(raw).hexdigest()[:32]
        self._apply(event, key, dedup_key)
        return JSONResponse(
            {"status": "success", "message": "Event processed", "dedup_key": dedup_key}, 202
        )

    def _apply(self, event: Json, key: str, dedup_key: str) -> None:
        alert = self.alerts.get((key, dedup_key))
        alive = alert is not None and alert["status"] != "resolved"
        match event["event_action"]:
            case "trigger" if not alive:
                self.opened += 1
                self.alerts[key, dedup_key] = {
                    "id": f"Q{self.opened}",
                    "status": "triggered",
                    "payload": event["payload"],
                }
            case "acknowledge" if alive and alert is not None:
                alert["status"] = "acknowledged"
            case "resolve" if alive and alert is not None:
                alert["status"] = "resolved"

    def _read(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Response:
            if self._failures:
                return self._failures.pop(0)()
            accept = request.headers.get("accept", "")
            if request.headers.get("authorization") != f"Token token={TOKEN}":
                return JSONResponse({"error": {"message": "Unauthorized", "code": 2006}}, 401)
            if not accept.startswith("application/vnd.pagerduty+json"):
                return JSONResponse({"error": {"message": "Not acceptable", "code": 2001}}, 406)
            answer: Response = await handler(request)
            return answer

        return guarded

    async def _abilities(self, request: Request) -> Response:
        return JSONResponse({"abilities": ["teams", "event_rules"]})

    async def _schedule(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        if id_ not in self.shifts:
            return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, 404)
        return JSONResponse({"schedule": {"id": id_, "type": "schedule"}})

    async def _on_call(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        if id_ not in self.shifts:
            return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, 404)
        try:
            since = datetime.fromisoformat(request.query_params["since"]).astimezone(UTC)
            until = datetime.fromisoformat(request.query_params["until"]).astimezone(UTC)
        except (KeyError, ValueError):
            return JSONResponse({"error": {"message": "Invalid Input Provided", "code": 2001}}, 400)
        if until <= since:
            return JSONResponse({"error": {"message": "Invalid Input Provided", "code": 2001}}, 400)
        users = [
            {"id": user, "type": "user", "name": "Somebody", "email": email}
            for start, end, user, email in self.shifts[id_]
            if start < until and end > since
        ]
        return JSONResponse({"users": users})


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The header PagerDuty signs a webhook with."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={mac}", "Content-Type": "application/json"}


def _problems(raw: bytes) -> list[str]:
    if len(raw) > _LARGEST:
        return ["Event is too large"]
    try:
        event = json.loads(raw)
    except ValueError:
        return ["JSON parse error"]
    if not isinstance(event, dict):
        return ["Event is not an object"]
    return [*_problems_of_event(event), *_problems_of_links(event.get("links", []))]


def _problems_of_event(event: Json) -> list[str]:
    action, dedup_key = event.get("event_action"), event.get("dedup_key")
    found = [f"'{name}' is unknown" for name in set(event) - _TOP]
    found += [
        f"'{name}' is missing or blank"
        for name in ("routing_key", "event_action")
        if not isinstance(event.get(name), str) or not event[name]
    ]
    if len(str(event.get("routing_key", ""))) != len(KEY):
        found.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if action not in _ACTIONS:
        found.append("'event_action' is invalid (should be one of trigger, acknowledge, resolve)")
    if action != "trigger" and not dedup_key:
        found.append("'dedup_key' is missing or blank")
    if dedup_key is not None and not (
        isinstance(dedup_key, str) and len(dedup_key) <= _LONGEST_KEY
    ):
        found.append("'dedup_key' is too long")
    if action == "trigger":
        found += _problems_of_payload(event.get("payload"))
    return found


def _problems_of_links(links: Any) -> list[str]:
    fit = isinstance(links, list) and all(
        isinstance(link, dict) and str(link.get("href", "")).startswith("http") for link in links
    )
    return [] if fit else ["'links' needs an href"]


def _problems_of_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    found = [f"'payload.{name}' is unknown" for name in set(payload) - _PAYLOAD]
    found += [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not isinstance(payload.get(name), str) or not payload[name]
    ]
    if len(str(payload.get("summary", ""))) > _LONGEST_SUMMARY:
        found.append("'payload.summary' is too long")
    if payload.get("severity") not in _SEVERITIES:
        found.append("'payload.severity' is invalid")
    if "timestamp" in payload:
        try:
            if datetime.fromisoformat(payload["timestamp"]).tzinfo is None:
                found.append("'payload.timestamp' has no zone")
        except (TypeError, ValueError):
            found.append("'payload.timestamp' is no instant")
    if not isinstance(payload.get("custom_details", {}), dict):
        found.append("'payload.custom_details' is no object")
    return found
