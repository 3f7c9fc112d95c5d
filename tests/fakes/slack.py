"""A stateful Slack: it judges requests by Slack's documented rules, not by our models."""

import json
import secrets
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from integrations.ports.clock import Clock
from tests.fakes.clock import FixedClock
from tests.fakes.slack_rules import BrokenRule, check_blocks, check_view
from tests.fakes.transport import LossyTransport

TOKEN = "xoxb-a-token"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TEAM = "T0TEAM01"
ROOM, LEGAL_ROOM = "C0ALL001", "C0LEGAL1"
_TRIGGER = timedelta(seconds=3)
_BURST = 3
"""Slack allows short bursts above one message a second and channel."""
_ANSWERS, _ANSWERS_FOR = 5, timedelta(minutes=30)

Json = dict[str, Any]


class FakeSlack:
    """One workspace, its channels, and what its members see."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or FixedClock()
        self.rooms: dict[str, list[Json]] = {ROOM: [], LEGAL_ROOM: []}
        self.members: dict[str, Json] = {}
        self.views: list[tuple[str, Json]] = []
        """Who was shown which form."""
        self.whispers: list[Json] = []
        self.calls: list[str] = []
        self._failures: dict[str, list[Response | str]] = defaultdict(list)
        self._triggers: dict[str, tuple[str, datetime]] = {}
        self._answers: dict[str, tuple[str, datetime, int]] = {}
        self._posted: dict[str, list[datetime]] = defaultdict(list)
        self._stamp = 1_700_000_000_000000
        methods = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "users.info": self._user,
            "views.open": self._open,
        }
        self.app = Starlette(
            routes=[
                *(
                    Route(f"/api/{name}", self._method(name, answer), methods=["GET", "POST"])
                    for name, answer in methods.items()
                ),
                Route("/actions/{token}", self._answered, methods=["POST"]),
            ]
        )
        self.transport = LossyTransport(httpx.ASGITransport(app=self.app))

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this Slack and nothing else."""
        return httpx.AsyncClient(transport=self.transport)

    def join(self, user: str, **marks: bool) -> None:
        """The member is in the workspace; `is_restricted=True` makes a guest."""
        self.members[user] = {"id": user, "team_id": TEAM, "deleted": False, **marks}

    def forget(self) -> None:
        """As on its first day, but for its members."""
        for room in self.rooms.values():
            room.clear()
        for seen in (self.views, self.whispers, self.calls):
            seen.clear()
        self._failures.clear()
        self._posted.clear()

    def fail_next(self, method: str, answer: Response | str) -> None:
        """The next call of the method has this answer, or this error under 200."""
        self._failures[method].append(answer)

    def cards(self, room: str = ROOM) -> list[Json]:
        """The messages in the room's threads, without those the threads begin with."""
        return [message for message in self.rooms[room] if "thread_ts" in message]

    def says(self, message: Json) -> str:
        """Everything that can be read of a message."""
        return json.dumps(message["blocks"], ensure_ascii=False)

    def actions(self, message: Json) -> list[str]:
        """The action ids of a message's buttons."""
        return [
            element["action_id"]
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
        ]

    async def press(
        self,
        message: Json,
        action: str,
        *,
        user: str,
        team: str = TEAM,
        room: str = ROOM,
        delay: timedelta = timedelta(0),
        forged: str = "",
    ) -> tuple[bytes, dict[str, str]]:
        """What Slack posts when the member presses the button; `delay` ages the trigger.

        `forged` is the value of a button that the card does not have.
        """
        now = await self.clock.now()
        trigger, hook = secrets.token_hex(8), secrets.token_hex(8)
        self._triggers[trigger] = (user, now - delay)
        self._answers[hook] = (user, now, 0)
        pressed = {"text": {"type": "plain_text", "text": "forged"}, "value": forged}
        if not forged:
            pressed = next(
                element
                for block in message["blocks"]
                if block["type"] == "actions"
                for element in block["elements"]
                if element["action_id"] == action
            )
        self._stamp += 1
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "someone", "team_id": team},
            "api_app_id": "A0APP",
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": room,
                "is_ephemeral": False,
            },
            "trigger_id": trigger,
            "team": {"id": TEAM, "domain": "example"},
            "channel": {"id": room, "name": "room"},
            "response_url": f"https://hooks.slack.com/actions/{hook}",
            "actions": [
                {
                    "type": "button",
                    "action_id": action,
                    "block_id": "x",
                    "text": pressed["text"],
                    "value": pressed.get("value", ""),
                    "action_ts": f"{self._stamp / 1e6:.6f}",
                }
            ],
        }
        return self.sign(payload, at=now)

    async def submit(
        self,
        view: Json,
        *,
        user: str,
        text: str | None,
        team: str = TEAM,
        id: str = "V1",  # noqa: A002
    ) -> tuple[bytes, dict[str, str]]:
        """What Slack posts when the member sends the form."""
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM, "domain": "example"},
            "user": {"id": user, "username": "someone", "team_id": team},
            "trigger_id": secrets.token_hex(8),
            "view": {
                **view,
                "hash": "1.abc",
                "state": {
                    "values": {"reason": {"text": {"type": "plain_text_input", "value": text}}}
                },
            },
            "response_urls": [],
        }
        return self.sign(payload, at=await self.clock.now())

    def sign(self, payload: Json, *, at: datetime) -> tuple[bytes, dict[str, str]]:
        """Body and headers as Slack sends them, signed by Slack's own library."""
        body = urlencode({"payload": json.dumps(payload)})
        seconds = str(int(at.timestamp()))
        signature = SignatureVerifier(SECRET).generate_signature(timestamp=seconds, body=body)
        assert signature is not None
        return body.encode(), {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": seconds,
            "X-Slack-Signature": signature,
        }

    def _method(self, name: str, answer: Callable[[Json], Any]) -> Any:
        async def called(request: Request) -> Response:
            self.calls.append(name)
            if self._failures[name]:
                failure = self._failures[name].pop(0)
                return _not_ok(failure) if isinstance(failure, str) else failure
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return _not_ok("invalid_auth")
            if request.method == "POST":
                if request.headers.get("content-type") != "application/json; charset=utf-8":
                    return _not_ok("invalid_post_type")
                given: Json = await request.json()
            else:
                given = dict(request.query_params)
            try:
                said: Json | Response = await answer(given)
            except BrokenRule as broken:
                return _not_ok(broken.error)
            return said if isinstance(said, Response) else JSONResponse({"ok": True, **said})

        return called

    async def _auth_test(self, given: Json) -> Json:
        return {"team_id": TEAM, "team": "Example", "user_id": "U0ROBOT", "bot_id": "B0ROBOT"}

    async def _post(self, given: Json) -> Json | Response:
        room = self.rooms.get(given.get("channel", ""))
        if room is None:
            raise BrokenRule("channel_not_found")
        if not given.get("text") and not given.get("blocks"):
            raise BrokenRule("no_text")
        check_blocks(given.get("blocks", []), surface="message")
        thread = given.get("thread_ts")
        if thread is not None and all(message["ts"] != thread for message in room):
            raise BrokenRule("thread_not_found")
        now = await self.clock.now()
        recent = [at for at in self._posted[given["channel"]] if now - at < timedelta(seconds=1)]
        if len(recent) >= _BURST:
            return JSONResponse(
                {"ok": False, "error": "ratelimited"}, status_code=429, headers={"Retry-After": "1"}
            )
        self._posted[given["channel"]] = [*recent, now]
        self._stamp += 1_000_000
        message = {**given, "ts": f"{self._stamp / 1e6:.6f}"}
        if thread is None:
            message.pop("thread_ts", None)
        room.append(message)
        return {"channel": given["channel"], "ts": message["ts"], "message": message}

    async def _update(self, given: Json) -> Json:
        room = self.rooms.get(given.get("channel", ""))
        if room is None:
            raise BrokenRule("channel_not_found")
        message = next((each for each in room if each["ts"] == given.get("ts")), None)
        if message is None:
            raise BrokenRule("message_not_found")
        if "blocks" in given:
            check_blocks(given["blocks"], surface="message")
            message["blocks"] = given["blocks"]
        message["text"] = given.get("text", message["text"])
        return {"channel": given["channel"], "ts": given["ts"], "text": message["text"]}

    async def _history(self, given: Json) -> Json:
        found = [each for each in self._room(given) if "thread_ts" not in each]
        return self._page(found[::-1], given)

    async def _replies(self, given: Json) -> Json:
        ts = given.get("ts")
        found = [each for each in self._room(given) if ts in (each["ts"], each.get("thread_ts"))]
        if not found:
            raise BrokenRule("thread_not_found")
        return self._page(found, given)

    def _room(self, given: Json) -> list[Json]:
        room = self.rooms.get(given.get("channel", ""))
        if room is None:
            raise BrokenRule("channel_not_found")
        return room

    def _page(self, found: list[Json], given: Json) -> Json:
        limit, start = int(given.get("limit", "100")), int(given.get("cursor", "0"))
        shown = found[start : start + limit]
        if given.get("include_all_metadata") != "true":
            shown = [{k: v for k, v in each.items() if k != "metadata"} for each in shown]
        onward = str(start + limit) if start + limit < len(found) else ""
        return {"messages": shown, "response_metadata": {"next_cursor": onward}}

    async def _user(self, given: Json) -> Json:
        member = self.members.get(given.get("user", ""))
        if member is None:
            raise BrokenRule("user_not_found")
        return {"user": member}

    async def _open(self, given: Json) -> Json:
        user, at = self._triggers.pop(given.get("trigger_id", ""), ("", None))
        if at is None:
            raise BrokenRule("invalid_trigger_id")
        if await self.clock.now() - at > _TRIGGER:
            raise BrokenRule("expired_trigger_id")
        check_view(given["view"])
        view = {**given["view"], "id": f"V{secrets.token_hex(5).upper()}"}
        self.views.append((user, view))
        return {"view": view}

    async def _answered(self, request: Request) -> Response:
        hook = request.path_params["token"]
        user, at, used = self._answers.get(hook, ("", None, 0))
        if at is None or await self.clock.now() - at > _ANSWERS_FOR or used >= _ANSWERS:
            return PlainTextResponse("used_url", status_code=404)
        self._answers[hook] = (user, at, used + 1)
        self.whispers.append({**await request.json(), "user": user})
        return PlainTextResponse("ok")


def _not_ok(error: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error": error})
