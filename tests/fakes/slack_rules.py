"""Slack's published limits of Block Kit, as a server judges them."""

from typing import Any

Json = dict[str, Any]
_LIMITS = {"message": 50, "modal": 100}
_KNOWN = {"header", "section", "context", "actions", "input", "divider"}
_STYLES = {"primary", "danger"}


class BrokenRule(Exception):
    """Slack answers `ok: false` with this error."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def check_blocks(blocks: list[Json], *, surface: str) -> None:
    """Passes for what Slack takes."""
    _rule(len(blocks) <= _LIMITS[surface])
    names = [block["block_id"] for block in blocks if "block_id" in block]
    _rule(len(names) == len(set(names)) and all(len(name) <= 255 for name in names))
    actions: list[str] = []
    for block in blocks:
        _rule(block.get("type") in _KNOWN)
        match block["type"]:
            case "header":
                _text(block["text"], 150, kinds=("plain_text",))
            case "section":
                _text(block["text"], 3000)
            case "context":
                _rule(1 <= len(block["elements"]) <= 10)
                for element in block["elements"]:
                    _text(element, 3000)
            case "actions":
                _rule(1 <= len(block["elements"]) <= 25)
                for element in block["elements"]:
                    _button(element)
                    actions.append(element["action_id"])
            case "input":
                _rule(surface == "modal")
                _text(block["label"], 2000, kinds=("plain_text",))
                element = block["element"]
                _rule(element["type"] == "plain_text_input")
                _rule(len(element["action_id"]) <= 255)
                _rule(1 <= element.get("max_length", 1) <= 3000)
    _rule(len(actions) == len(set(actions)))


def check_view(view: Json) -> None:
    """Passes for a modal that Slack opens."""
    _rule(view.get("type") == "modal")
    for name in ("title", "submit", "close"):
        if name in view:
            _text(view[name], 24, kinds=("plain_text",))
    _rule("title" in view)
    _rule(len(view.get("private_metadata", "")) <= 3000)
    _rule(len(view.get("callback_id", "")) <= 255)
    check_blocks(view["blocks"], surface="modal")
    if any(block["type"] == "input" for block in view["blocks"]):
        _rule("submit" in view)


def _button(element: Json) -> None:
    _rule(element["type"] == "button" and 1 <= len(element["action_id"]) <= 255)
    _text(element["text"], 75, kinds=("plain_text",))
    _rule(len(element.get("value", "")) <= 2000 and len(element.get("url", "")) <= 3000)
    _rule(element.get("style", "primary") in _STYLES)


def _text(text: Json, limit: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> None:
    _rule(text["type"] in kinds)
    _rule(1 <= len(text["text"]) <= limit)
    _rule(text["type"] == "plain_text" or "emoji" not in text)


def _rule(holds: bool) -> None:  # noqa: FBT001 - reads as the rule it states
    if not holds:
        raise BrokenRule("invalid_blocks")
