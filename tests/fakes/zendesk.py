"""A stateful Zendesk: it judges requests by Zendesk's documented rules, not by our models."""

import base64
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

EMAIL, TOKEN, AGENT = "robot@example.test", "a-token", 900

_STATUSES = {"new", "open", "pending", "hold", "solved", "closed"}
_PRIORITIES = {"urgent", "high", "normal", "low"}
_WRITABLE = {
    "subject",
    "comment",
    "requester",
    "priority",
    "status",
    "type",
    "tags",
    "external_id",
    "custom_fields",
    "group_id",
    "assignee_id",
    "safe_update",
    "updated_stamp",
}
_CHANGED = (
    "subject",
    "status",
    "priority",
    "tags",
    "group_id",
    "assignee_id",
    "external_id",
)
_UPDATES, _WINDOW = 30, timedelta(minutes=10)

Json = dict[str, Any]


class FakeZendesk:
    """One account. Its own clock ticks a second with every change."""

    url = "https://example.zendesk.test"

    def __init__(self, clock: FixedClock | None = None) -> None:
        self.clock = clock or FixedClock()
        self.tickets: dict[int, Json] = {}
        self.comments: dict[int, list[Json]] = {}
        self.audits: dict[int, list[Json]] = {}
        self._keys: dict[str, tuple[bytes, Json]] = {}
        self._updates: dict[int, list[datetime]] = {}
        self._failures: list[Response] = []
        self._before_update: Callable[[], None] | None = None
        self._next = 1000
        base = "/api/v2"
        self.app = Starlette(
            routes=[
                Route(f"{base}/users/me", self._guard(self._me)),
                Route(f"{base}/tickets", self._guard(self._list), methods=["GET"]),
                Route(f"{base}/tickets", self._guard(self._create), methods=["POST"]),
                Route(f"{base}/incremental/tickets/cursor", self._guard(self._incremental)),
                Route(f"{base}/tickets/{{id:int}}", self._guard(self._show), methods=["GET"]),
                Route(f"{base}/tickets/{{id:int}}", self._guard(self._update), methods=["PUT"]),
                Route(f"{base}/tickets/{{id:int}}/tags", self._guard(self._tag), methods=["PUT"]),
                Route(f"{base}/tickets/{{id:int}}/comments", self._guard(self._comments)),
                Route(f"{base}/tickets/{{id:int}}/audits", self._guard(self._audits)),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    # What a test does to it.

    def throttle_next(self, *, seconds: int, as_date: bool = False) -> None:
        """The next request meets 429, in plain text."""
        until = format_datetime(self.clock.at + timedelta(seconds=seconds), usegmt=True)
        value = until if as_date else str(seconds)
        self._failures.append(
            PlainTextResponse(
                "Number of allowed API requests exceeded", 429, {"Retry-After": value}
            )
        )

    def fail_next(self, status: int) -> None:
        """The next request meets this status, in HTML."""
        self._failures.append(Response("<h1>sorry</h1>", status, media_type="text/html"))

    def race_next_update(self, rival: Callable[[], None]) -> None:
        """Somebody else does this just before the next update is looked at."""
        self._before_update = rival

    def someone_opens(self, **ticket: Any) -> int:
        """A person opens a ticket in Zendesk's own pages."""
        return self._open({"subject": "s", "comment": {"body": "b"}, **ticket}, author=7)

    def someone_changes(self, id_: int, *, author: int = 7, **change: Any) -> None:
        """A person changes a ticket in Zendesk's own pages."""
        self._apply(id_, change, author=author)

    # What it answers.

    def _guard(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Response:
            pair = base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return JSONResponse({"error": "Couldn't authenticate you"}, 401)
            if self._failures:
                return self._failures.pop(0)
            id_ = request.path_params.get("id")
            if id_ is not None and id_ not in self.tickets:
                return JSONResponse({"error": "RecordNotFound", "description": "Not found"}, 404)
            answer: Response = await handler(request)
            return answer

        return guarded

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"user": {"id": AGENT, "email": EMAIL}})

    async def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("external_id")
        found = [t for t in self.tickets.values() if wanted in (None, t["external_id"])]
        return JSONResponse({"tickets": found, "count": len(found)})

    async def _create(self, request: Request) -> Response:
        body = await request.body()
        key = request.headers.get("idempotency-key")
        if key is not None and key in self._keys:
            known, answer = self._keys[key]
            if known != body:
                return JSONResponse({"error": "IdempotentRequestError"}, 400)
            return JSONResponse(answer, 201, {"x-idempotency-lookup": "hit"})
        ticket = json.loads(body)["ticket"]
        details = _invalid(ticket)
        if "comment" not in ticket:
            details["comment"] = [{"description": "Comment: cannot be blank"}]
        if details:
            return _record_invalid(details)
        id_ = self._open(ticket, author=AGENT)
        answer = {"ticket": self.tickets[id_], "audit": self.audits[id_][-1]}
        if key is not None:
            self._keys[key] = (body, json.loads(json.dumps(answer)))
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"})

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"ticket": self.tickets[request.path_params["id"]]})

    async def _update(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        if self._before_update is not None:
            rival, self._before_update = self._before_update, None
            rival()
        recent = [at for at in self._updates.get(id_, []) if at > self.clock.at - _WINDOW]
        if len(recent) >= _UPDATES:
            wait = int((recent[0] + _WINDOW - self.clock.at).total_seconds()) + 1
            return PlainTextResponse("Too many updates", 429, {"Retry-After": str(wait)})
        change = json.loads(await request.body())["ticket"]
        ticket = self.tickets[id_]
        if ticket["status"] == "closed":
            return _record_invalid({"status": [{"description": "closed prevents ticket update"}]})
        if str(change.get("safe_update", "")).lower() == "true" and (
            change.get("updated_stamp") != ticket["updated_at"]
        ):
            return JSONResponse({"error": "UpdateConflict"}, 409)
        details = _invalid(change)
        if details:
            return _record_invalid(details)
        self._updates[id_] = [*recent, self.clock.at]
        self._apply(id_, change, author=AGENT)
        return JSONResponse({"ticket": ticket, "audit": self.audits[id_][-1]})

    async def _tag(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        added = json.loads(await request.body())["tags"]
        tags = sorted({*self.tickets[id_]["tags"], *added})
        self._apply(id_, {"tags": tags}, author=AGENT)
        return JSONResponse({"tags": tags})

    async def _comments(self, request: Request) -> Response:
        return _page(request, self.comments[request.path_params["id"]], "comments")

    async def _audits(self, request: Request) -> Response:
        return _page(request, self.audits[request.path_params["id"]], "audits")

    async def _incremental(self, request: Request) -> Response:
        start = int(request.query_params.get("start_time", "0"))
        cursor = request.query_params.get("cursor")
        if cursor is None and start > self.clock.at.timestamp() - 60:
            details = {"start_time": [{"description": "Too recent"}]}
            return _record_invalid(details)
        offset = int(cursor or "0")
        found = sorted(
            (t for t in self.tickets.values() if cursor or _at(t["updated_at"]) >= start),
            key=lambda t: (t["updated_at"], t["id"]),
        )
        # One a page, so that every client has to follow the cursor.
        page = found[offset : offset + 1]
        return JSONResponse(
            {
                "tickets": page,
                "after_cursor": str(offset + 1),
                "end_of_stream": offset + 1 >= len(found),
            }
        )

    # Its state.

    def _tick(self) -> str:
        self.clock.move(timedelta(seconds=1))
        return self.clock.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _open(self, ticket: Json, *, author: int) -> int:
        now, id_ = self._tick(), len(self.tickets) + 1
        self.tickets[id_] = {
            "id": id_,
            "subject": ticket.get("subject"),
            "status": ticket.get("status", "new"),
            "priority": ticket.get("priority"),
            "tags": list(ticket.get("tags", [])),
            "external_id": ticket.get("external_id"),
            "group_id": ticket.get("group_id"),
            "custom_fields": ticket.get("custom_fields", []),
            "created_at": now,
            "updated_at": now,
        }
        self.comments[id_], self.audits[id_] = [], []
        note = self._note(id_, ticket["comment"], author, now)
        events = [{"type": "Create", "field_name": "status", "value": "new"}, note]
        self._audit(id_, events, author, now)
        return id_

    def _apply(self, id_: int, change: Json, *, author: int) -> None:
        now, ticket = self._tick(), self.tickets[id_]
        events: list[Json] = []
        for name in _CHANGED:
            if name in change and change[name] != ticket.get(name):
                ticket[name] = change[name]
                events.append({"type": "Change", "field_name": name, "value": change[name]})
        if "comment" in change:
            events.append(self._note(id_, change["comment"], author, now))
        ticket["updated_at"] = now
        self._audit(id_, events, author, now)

    def _note(self, id_: int, comment: Json, author: int, now: str) -> Json:
        note = {
            "id": self._id(),
            "type": "Comment",
            "body": comment["body"],
            "public": comment.get("public", True),
            "author_id": author,
            "created_at": now,
        }
        self.comments[id_].append(note)
        return note

    def _audit(self, id_: int, events: list[Json], author: int, now: str) -> None:
        audit = {"id": self._id(), "author_id": author, "created_at": now, "events": events}
        self.audits[id_].append(audit)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _page(request: Request, items: list[Json], name: str) -> Response:
    size = int(request.query_params.get("page[size]", "100"))
    if size > 100:
        return JSONResponse({"error": "InvalidPaginationParameter"}, 400)
    # Ten a page at most, so that a test of two pages need not write a hundred notes.
    size, start = min(size, 10), int(request.query_params.get("page[after]", "0"))
    more = start + size < len(items)
    meta = {"has_more": more, "after_cursor": str(start + size) if more else None}
    return JSONResponse({name: items[start : start + size], "meta": meta})


def _invalid(ticket: Json) -> Json:
    details: Json = {}
    for name in ticket.keys() - _WRITABLE:
        details[name] = [{"description": "is not a ticket field"}]
    if ticket.get("status", "open") not in _STATUSES:
        details["status"] = [{"description": "Status: is invalid"}]
    if ticket.get("priority", "low") not in _PRIORITIES:
        details["priority"] = [{"description": "Priority: is invalid"}]
    tags = ticket.get("tags", [])
    if not isinstance(tags, list) or any(" " in tag for tag in tags):
        details["tags"] = [{"description": "Tags: are invalid"}]
    if "comment" in ticket and not (ticket["comment"].get("body") or "").strip():
        details["comment"] = [{"description": "Comment: cannot be blank"}]
    return details


def _record_invalid(details: Json) -> Response:
    body = {"error": "RecordInvalid", "description": "Record validation errors"}
    return JSONResponse({**body, "details": details}, 422)
