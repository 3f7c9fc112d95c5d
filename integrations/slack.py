"""Slack's Web API: cards in rooms, forms for one person, and who a member is.

- Slack answers 200 also when it refuses: `{"ok": false, "error": "…"}`. Each error has a meaning.
- It knows no idempotency key. A card carries our mark as message metadata, and is looked for under
  its mark before it is posted again. `internal_error` and `fatal_error` may have posted it.
- About one message a second and room; more is answered 429 with Retry-After.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from cases.values import Value
from integrations._http import Answer, VendorHttp
from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.markers import fingerprint
from integrations.ports.chat import Card, Place
from integrations.ports.clock import Clock
from integrations.slack_blocks import Block, blocks_of, fallback

VENDOR = "slack"
API = "https://slack.com/api"
EVENT = "escalate_card"
_ANSWERS = "hooks.slack.com"
_PAGE, _MOST_PAGES = 200, 10
_LOOK_BACK = timedelta(hours=24)
_BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_DOWN = frozenset({"request_timeout", "service_unavailable", "team_added_to_org"})
_PERHAPS = frozenset({"internal_error", "fatal_error"})
_GONE = frozenset({"message_not_found", "channel_not_found", "is_archived"})
_LOCKED_OUT = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
    | {"missing_scope", "ekm_access_denied", "access_denied", "org_login_required"}
)
_NOT_THERE = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
_CHARSET = "application/json; charset=utf-8"


class Member(Value):
    """A member of the workspace, as Slack knows them now."""

    id: str
    team: str
    active: bool
    outsider: bool
    """A guest, somebody of another workspace (Slack Connect), or a program."""


class Identity(Value):
    """Who our token is."""

    team: str
    team_name: str
    user: str


class Slack:
    """One workspace, by the token of our app."""

    name = VENDOR

    def __init__(
        self, client: httpx.AsyncClient, *, token: str, clock: Clock, api: str = API
    ) -> None:
        self._api = api.rstrip("/")
        self._clock = clock
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            headers={"Authorization": f"Bearer {token}"},
        )
        self._hooks = VendorHttp(client, vendor=VENDOR, clock=clock)

    async def who_am_i(self) -> Identity:
        """The workspace and user the token belongs to."""
        said = await self._ask("auth.test", {})
        return Identity(
            team=str(said.get("team_id", "")),
            team_name=str(said.get("team", "")),
            user=str(said.get("user_id", "")),
        )

    async def post(self, card: Card, *, place: Place, key: str) -> str:
        """The card stands in the room, under the key's mark."""
        body: dict[str, Any] = {
            "channel": place.room,
            "text": fallback(card),
            "blocks": blocks_of(card),
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT, "event_payload": {"key": fingerprint(key)}},
        }
        if place.thread is not None:
            body["thread_ts"] = place.thread
        said = await self._tell("chat.postMessage", body)
        return str(said["ts"])

    async def find(self, *, place: Place, key: str) -> str | None:
        """The message under the key's mark, posted within the last day."""
        oldest = await self._clock.now() - _LOOK_BACK
        parameters = {
            "channel": place.room,
            "limit": str(_PAGE),
            "include_all_metadata": "true",
            "oldest": f"{oldest.timestamp():.6f}",
        }
        method = "conversations.history"
        if place.thread is not None:
            method = "conversations.replies"
            parameters["ts"] = place.thread
        wanted = fingerprint(key)
        for _ in range(_MOST_PAGES):
            said = await self._ask(method, parameters)
            for message in said.get("messages", []):
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") != EVENT:
                    continue
                if (metadata.get("event_payload") or {}).get("key") == wanted:
                    return str(message["ts"])
            cursor = (said.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            parameters["cursor"] = str(cursor)
        return None

    async def change(self, card: Card, *, place: Place, message: str) -> None:
        """The message reads as the card; one that is gone with its room asks nobody any more."""
        body = {
            "channel": place.room,
            "ts": message,
            "text": fallback(card),
            "blocks": blocks_of(card),
        }
        await self._tell("chat.update", body, well=_GONE)

    async def show(self, view: Block, *, trigger: str) -> None:
        """The person who pressed a button less than three seconds ago sees the form."""
        await self._tell("views.open", {"trigger_id": trigger, "view": view})

    async def member(self, user: str) -> Member:
        """What Slack says of the member now."""
        said = await self._ask("users.info", {"user": user})
        who = said.get("user") or {}
        outsider = any(
            bool(who.get(mark))
            for mark in ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot")
        )
        return Member(
            id=str(who.get("id", "")),
            team=str(who.get("team_id", "")),
            active=not who.get("deleted", False),
            outsider=outsider,
        )

    async def whisper(self, text: str, *, address: str) -> None:
        """Only the person who pressed the button reads this, where they pressed it."""
        parts = urlsplit(address)
        if parts.scheme != "https" or parts.netloc != _ANSWERS:
            raise RefusedError(
                "the address to answer at is not Slack's",
                vendor=VENDOR,
                operation="whisper",
                mend="Nothing: an address from elsewhere is never called.",
            )
        body = {"response_type": "ephemeral", "replace_original": False, "text": text}
        await self._hooks.call("whisper", "POST", address, json_body=body)

    async def _ask(self, method: str, parameters: dict[str, str]) -> dict[str, Any]:
        answer = await self._http.call(
            method, "GET", f"{self._api}/{method}", params=parameters or None
        )
        return self._understood(answer, method, posts=False)

    async def _tell(
        self, method: str, body: dict[str, Any], *, well: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        answer = await self._http.call(
            method,
            "POST",
            f"{self._api}/{method}",
            json_body=body,
            headers={"Content-Type": _CHARSET},
        )
        return self._understood(answer, method, posts=True, well=well)

    def _understood(
        self, answer: Answer, method: str, *, posts: bool, well: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        said = answer.object()
        if said.get("ok") is True:
            return said
        error = str(said.get("error", "unknown"))
        if error in well:
            return said
        raise _meaning(error, method, posts=posts)


def _meaning(error: str, method: str, *, posts: bool) -> VendorError:
    """What an error of Slack's means for what we asked."""
    kind: type[VendorError] = RefusedError
    wait: timedelta | None = None
    mend = "The message itself is refused: report it to the engineers; people are told by mail."
    if error in _BUSY:
        kind, mend, wait = ThrottledError, "Nothing: it is tried again.", timedelta(seconds=5)
    elif error in _PERHAPS and posts:
        kind, mend = OutcomeUnknownError, "Nothing: it is looked for before it is posted again."
    elif error in _DOWN or error in _PERHAPS:
        kind, mend = UnavailableError, "Look at status.slack.com; it is tried again."
    elif error in _LOCKED_OUT:
        mend = "Install the app again and set ESCALATE_SLACK__TOKEN: `escalate doctor --live`."
    elif error in _NOT_THERE:
        mend = "Invite the app to the channel, or name another one: docs/connect-slack.md."
    # Slack's error words are a closed vocabulary of lower-case names, never what was sent.
    shown = error if error.isascii() and error.replace("_", "").isalnum() else "unknown"
    return kind(
        f"answered {shown[:40]}", vendor=VENDOR, operation=method, mend=mend, retry_after=wait
    )
