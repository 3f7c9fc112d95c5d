"""Cards and forms in Slack's Block Kit, within its published limits.

Whatever is not a constant of ours goes into `plain_text`: in `mrkdwn` a title could name a channel,
mention everybody or carry a link. The only mrkdwn is the line of mentions, made of checked ids.
"""

from typing import Any

from integrations.ports.chat import Button, ButtonStyle, Card

SECTION, HEADER, LABEL, TITLE = 3000, 150, 75, 24
_BUTTON_URL = 3000
_MENTIONS = 50
PREFIX = "escalate."
OPEN = f"{PREFIX}open"
CARD = f"{PREFIX}card"

Block = dict[str, Any]


def cut(text: str, limit: int) -> str:
    """The text within the limit; what is missing shows."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(text: str, limit: int = SECTION) -> Block:
    """Text that is shown as it is written."""
    return {"type": "plain_text", "text": cut(text, limit) or " ", "emoji": False}


def fallback(card: Card) -> str:
    """What notifications and screen readers say; `&`, `<` and `>` are Slack's to escape."""
    text = card.heading
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, escaped)
    return cut(text, SECTION)


def blocks_of(card: Card) -> list[Block]:
    """The card's blocks."""
    blocks: list[Block] = [{"type": "header", "text": plain(card.heading, HEADER)}]
    if card.lines:
        blocks.append({"type": "section", "text": plain("\n".join(card.lines))})
    if card.mention:
        asked = " ".join(f"<@{member}>" for member in card.mention[:_MENTIONS])
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": asked}]})
    elements = [_button(button) for button in card.buttons]
    elements.append(
        {
            "type": "button",
            "action_id": OPEN,
            "text": plain(card.link_label, LABEL),
            "url": card.link[:_BUTTON_URL],
        }
    )
    blocks.append({"type": "actions", "block_id": CARD, "elements": elements})
    return blocks


def form(
    *,
    callback: str,
    title: str,
    submit: str,
    lines: tuple[str, ...],
    private: str,
    asks: str,
    optional: bool,
) -> Block:
    """A modal that asks for one text; only the person who pressed the button sees it."""
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": private,
        "title": plain(title, TITLE),
        "submit": plain(submit, TITLE),
        "close": plain("Cancel", TITLE),
        "blocks": [
            *({"type": "section", "text": plain(line)} for line in lines if line),
            {
                "type": "input",
                "block_id": "reason",
                "optional": optional,
                "label": plain(asks, LABEL),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "text",
                    "multiline": True,
                    "max_length": SECTION,
                },
            },
        ],
    }


def notice(title: str, *lines: str) -> Block:
    """A modal that only says something."""
    return {
        "type": "modal",
        "title": plain(title, TITLE),
        "close": plain("Close", TITLE),
        "blocks": [{"type": "section", "text": plain(line)} for line in lines if line],
    }


def _button(button: Button) -> Block:
    made: Block = {
        "type": "button",
        "action_id": f"{PREFIX}{button.action}",
        "text": plain(button.label, LABEL),
        "value": button.value,
    }
    if button.style is not ButtonStyle.PLAIN:
        made["style"] = button.style.value
    return made


__all__ = ["CARD", "OPEN", "PREFIX", "blocks_of", "fallback", "form", "notice"]
