"""A Workflows webhook of Microsoft Teams: it judges messages by the published rules.

What a card is, Microsoft's own models of it say (`microsoft-teams-cards`): they take it, and know
every key in it. What Workflows shows of it is less, and stands here.
"""

import json
from typing import Any

import httpx
from microsoft_teams import cards
from microsoft_teams.cards import AdaptiveCard
from pydantic import BaseModel, ValidationError

URL = "https://prod-01.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?sig=s3"
_LARGEST = 28 * 1024
_ELEMENTS = {"TextBlock"}
_ACTIONS = {"Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"}


class FakeTeams:
    """Keeps the cards it took; 202 is all it ever says of them."""

    def __init__(self) -> None:
        self.cards: list[dict[str, Any]] = []
        self.asked: list[httpx.URL] = []
        self._answers: list[httpx.Response] = []

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this webhook."""
        return httpx.AsyncClient(transport=self.transport())

    def transport(self) -> httpx.MockTransport:
        """A way to it without a network."""
        return httpx.MockTransport(self._take)

    def answer_next(self, status: int, text: str = "", **headers: str) -> None:
        """The next message has this answer."""
        self._answers.append(httpx.Response(status, text=text, headers=headers))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if self._answers:
            return self._answers.pop(0)
        if len(request.content) > _LARGEST:
            return httpx.Response(413, text="Request Entity too large")
        message = json.loads(request.content)
        if message.get("type") != "message" or len(message["attachments"]) != 1:
            return httpx.Response(400, text="Bad payload received")
        (attachment,) = message["attachments"]
        card = attachment["content"]
        well = (
            attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
            and card["type"] == "AdaptiveCard"
            and card["version"] in ("1.4", "1.5")
            and all(element["type"] in _ELEMENTS for element in card["body"])
            and all(action["type"] in _ACTIONS for action in card["actions"])
            and all(action["url"].startswith("https://") for action in card["actions"])
            and is_a_card(card)
        )
        if not well:
            return httpx.Response(400, text="Bad payload received")
        self.cards.append(card)
        return httpx.Response(202)


def is_a_card(card: dict[str, Any]) -> bool:
    """Whether Microsoft's models take it, and know every key in it: they keep what they do not."""
    parts: list[tuple[type[BaseModel], Any]] = [
        (AdaptiveCard, {name: said for name, said in card.items() if name != "$schema"})
    ]
    for part in (*card["body"], *card["actions"]):
        kind = _KINDS.get(part.get("type"))
        if kind is None:
            return False
        parts.append((kind, part))
    try:
        return not any(kind.model_validate(part).model_extra for kind, part in parts)
    except ValidationError:
        return False


_KINDS: dict[Any, type[BaseModel]] = {
    kind.model_fields["type"].default: kind
    for kind in vars(cards).values()
    if isinstance(kind, type) and issubclass(kind, BaseModel) and "type" in kind.model_fields
}
"""Every element and action there is; a card holds them as what all have in common."""
