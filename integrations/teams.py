"""Microsoft Teams by a Workflows webhook: a card with one button that opens our page.

- Accepted (202) is not delivered: there is no id, no edit and no delete. Who is asked is told
  another way as well, and a card says that it may be out of date.
- The address holds its own credential (`sig=`): it is a secret, and never logged or shown.
- A failure may come as 200 with a text that says so.
"""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from integrations._http import Answer, VendorHttp
from integrations.errors import RefusedError, ThrottledError, UnusableSecretError, VendorError
from integrations.ports.chat import Card
from integrations.ports.clock import Clock

VENDOR = "teams"
LARGEST = 28_000
"""Bytes of a whole message; Teams says about 28 KB."""
_HOSTS = (".logic.azure.com", ".environment.api.powerplatform.com")
_RETIRED = (".webhook.office.com", "outlook.office.com")
_SAYS_NO = re.compile(r"\b(error|failed|failure|exception)\b", re.IGNORECASE)
_STATUS = re.compile(r"\b(4\d\d|5\d\d)\b")
_TOO_OFTEN = "429"
_MARKUP = re.compile(r"([\\`*_\[\]<>#~|])")
_UNWRITTEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
_TITLE, _LINE = 300, 2000


class Teams:
    """Posts cards to the channels that own a Workflows webhook."""

    name = VENDOR

    def __init__(self, client: httpx.AsyncClient, *, clock: Clock) -> None:
        self._http = VendorHttp(client, vendor=VENDOR, clock=clock)

    async def post(self, card: Card, *, webhook: str) -> None:
        """The workflow took the card over."""
        body = json.dumps(message_of(card), ensure_ascii=False).encode()
        if len(body) > LARGEST:
            raise RefusedError(
                "the card is larger than Teams takes",
                vendor=VENDOR,
                operation="post card",
                mend="Shorten the runbook's question; people are told by mail.",
            )
        answer = await self._http.call(
            "post card",
            "POST",
            webhook,
            content=body,
            headers={"Content-Type": "application/json"},
        )
        failure = _failure_in(answer)
        if failure is not None:
            raise failure


def check_webhook(url: str) -> None:
    """Passes for an address of Teams' Workflows; UnusableSecretError says what is wrong."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host.endswith(_RETIRED):
        raise UnusableSecretError(
            "the address is an Office 365 connector, and those were retired in May 2026",
            mend="Make a Workflows webhook in the channel: docs/connect-teams.md.",
        )
    if parts.scheme != "https" or not host.endswith(_HOSTS):
        raise UnusableSecretError(
            "the address is not that of a Workflows webhook",
            mend="Copy the whole address from the workflow's trigger: docs/connect-teams.md.",
        )


def message_of(card: Card) -> dict[str, Any]:
    """The message a Workflows webhook takes: one Adaptive Card, one button that opens a page."""
    lines = [_text(line) for line in card.lines]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [_text(card.heading, weight="Bolder", size="Medium", limit=_TITLE), *lines],
        "actions": [{"type": "Action.OpenUrl", "title": card.link_label, "url": card.link}],
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": content,
            }
        ],
    }


def _text(text: str, *, limit: int = _LINE, **style: str) -> dict[str, Any]:
    # A TextBlock reads Markdown: a runbook's words must not become links or mentions.
    written = _UNWRITTEN.sub("", text[:limit])
    escaped = _MARKUP.sub(r"\\\1", written)
    return {"type": "TextBlock", "text": escaped or " ", "wrap": True, **style}


def _failure_in(answer: Answer) -> VendorError | None:
    """The failure that a text under 200 tells of."""
    if answer.status == httpx.codes.ACCEPTED:
        return None
    said = answer.body[:2000].decode("utf-8", "replace")
    if not _SAYS_NO.search(said):
        return None
    found = _STATUS.search(said)
    if found is not None and found[1] == _TOO_OFTEN:
        return ThrottledError(
            "answered 200, and that it was too often",
            vendor=VENDOR,
            operation="post card",
            retry_after=timedelta(seconds=10),
            mend="Nothing: people are told another way.",
        )
    return answer.misanswered("the answer says that it failed")
