"""What a Zendesk delivery says, as one typed value: for its event bodies and for our trigger body.

A Zendesk webhook carries either an event of Zendesk's (`zen:event-type:ticket.…`) or whatever a
trigger's own template says. The template we document, and the only one read here:

    {"escalate": "1",
     "event": "opened",
     "ticket": {"id": "{{ticket.id}}", "url": "{{ticket.link}}", "status": "{{ticket.status}}",
                "priority": "{{ticket.priority}}", "tags": "{{ticket.tags}}",
                "external_id": "{{ticket.external_id}}", "via": "{{ticket.via}}",
                "at": "{{ticket.updated_at_with_timestamp}}"},
     "actor": "{{current_user.id}}",
     "fields": {"kind": "{{ticket.ticket_field_360001}}"}}

with `"event": "changed"` in the trigger for updates. It holds no subject and no description on
purpose: the reported text stays in the ticket (I13). Names we do not know are kept in `unknown`,
with their values as far as these are words or numbers.
"""

import json
import re
from enum import StrEnum
from typing import Any

from pydantic import Field

from cases.values import Instant, Value
from integrations.errors import UnreadableBodyError
from integrations.wire import read_json
from integrations.zendesk_webhook import read_instant

_EVENT = re.compile(r"zen:event-type:ticket\.([a-z_]{1,64})")
_TICKET_ID = re.compile(r"[1-9][0-9]{0,17}")
_WORD = re.compile(r"[A-Za-z0-9:._+-]{0,64}", flags=re.ASCII)
_FIELD = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_LINE = 500
_MOST_TAGS = 200
_MOST_FIELDS = 100
_EVENT_NAMES = frozenset(
    {"account_id", "id", "subject", "time", "type", "zendesk_event_version", "detail", "event"}
)
_DETAIL_NAMES = frozenset(
    {"id", "status", "priority", "external_id", "tags", "actor_id", "via", "url"}
)
# Said by Zendesk's bodies, and text of the report or names of people: never kept (I13).
_REPORTED = frozenset({"subject", "description", "raw_subject"})
_TRIGGER_NAMES = frozenset({"escalate", "event", "ticket", "actor", "fields"})
_TRIGGER_TICKET = frozenset({"id", "url", "status", "priority", "tags", "external_id", "via", "at"})


class ZendeskNews(StrEnum):
    """What a delivery is about, as far as a case cares."""

    OPENED = "opened"
    COMMENTED = "commented"
    STATUS = "status"
    CHANGED = "changed"
    OTHER = "other"
    """Authentic and of no concern to a case: answered 200 and left alone."""


_NEWS = {
    "created": ZendeskNews.OPENED,
    "comment_added": ZendeskNews.COMMENTED,
    "status_changed": ZendeskNews.STATUS,
    "priority_changed": ZendeskNews.CHANGED,
    "tags_changed": ZendeskNews.CHANGED,
    "custom_field_changed": ZendeskNews.CHANGED,
    "agent_assignment_changed": ZendeskNews.CHANGED,
    "group_assignment_changed": ZendeskNews.CHANGED,
    "merged": ZendeskNews.CHANGED,
    "soft_deleted": ZendeskNews.CHANGED,
    "permanently_deleted": ZendeskNews.CHANGED,
}


class ZendeskEvent(Value):
    """A delivery's content. The ticket's text is not in it."""

    news: ZendeskNews
    type: str
    """The vendor's own name of the event, or `trigger`."""
    ticket_id: str | None
    """None only for `OTHER`."""
    account: str = ""
    at: Instant | None = None
    status: str = ""
    """Lower case, in the account's language when a trigger says it."""
    priority: str = ""
    tags: tuple[str, ...] = ()
    external_id: str = ""
    url: str = ""
    via: str = ""
    actor: str = ""
    """The id of who did it: our own API user's deliveries are echo."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Form fields that the trigger's template names."""
    unknown: dict[str, str] = Field(default_factory=dict)


def parse_zendesk(body: bytes) -> ZendeskEvent:
    """The event in an authentic body, or `UnreadableBodyError`, never another exception."""
    content = read_json(body)
    if "escalate" in content:
        return _trigger(content)
    if isinstance(content.get("type"), str) and isinstance(content.get("detail"), dict):
        return _event(content)
    raise UnreadableBodyError("the body is neither a Zendesk event nor our trigger's template")


def _event(content: dict[str, Any]) -> ZendeskEvent:
    kind = _line(content, "type")
    match = _EVENT.fullmatch(kind)
    news = _NEWS.get(match[1], ZendeskNews.OTHER) if match else ZendeskNews.OTHER
    account = _line(content, "account_id")
    if news is ZendeskNews.OTHER:
        return ZendeskEvent(news=news, type=kind, ticket_id=None, account=account)
    detail = content["detail"]
    via = detail.get("via")
    return ZendeskEvent(
        news=news,
        type=kind,
        ticket_id=_ticket_id(detail),
        account=account,
        at=_instant(content, "time"),
        status=_line(detail, "status").lower(),
        priority=_line(detail, "priority").lower(),
        tags=_tags(detail.get("tags")),
        external_id=_line(detail, "external_id"),
        url=_line(detail, "url"),
        via=_line(via if isinstance(via, dict) else {}, "channel"),
        actor=_line(detail, "actor_id"),
        unknown=_unknown(content, _EVENT_NAMES) | _unknown(detail, _DETAIL_NAMES | _REPORTED),
    )


def _trigger(content: dict[str, Any]) -> ZendeskEvent:
    if content["escalate"] not in ("1", 1):
        raise UnreadableBodyError("the trigger's template is of a version we do not know")
    ticket = content.get("ticket")
    if not isinstance(ticket, dict):
        raise UnreadableBodyError("the trigger's template names no ticket")
    event = _line(content, "event")
    if event not in {"opened", "changed"}:
        raise UnreadableBodyError("the trigger's event is neither opened nor changed")
    return ZendeskEvent(
        news=ZendeskNews(event),
        type="trigger",
        ticket_id=_ticket_id(ticket),
        at=_instant(ticket, "at"),
        status=_line(ticket, "status").lower(),
        priority=_line(ticket, "priority").lower(),
        tags=_tags(ticket.get("tags")),
        external_id=_line(ticket, "external_id"),
        url=_line(ticket, "url"),
        via=_line(ticket, "via"),
        actor=_line(content, "actor"),
        fields=_fields(content.get("fields")),
        unknown=_unknown(content, _TRIGGER_NAMES) | _unknown(ticket, _TRIGGER_TICKET | _REPORTED),
    )


def _line(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableBodyError(f"{name} is not text")
    text = str(value)
    if len(text) > _LONGEST_LINE:
        raise UnreadableBodyError(f"{name} is longer than {_LONGEST_LINE} characters")
    return text.strip()


def _ticket_id(source: dict[str, Any]) -> str:
    text = _line(source, "id")
    if not _TICKET_ID.fullmatch(text):
        raise UnreadableBodyError("the ticket's id is not a number")
    return text


def _instant(source: dict[str, Any], name: str) -> Instant | None:
    text = _line(source, name)
    if not text:
        return None
    at = read_instant(text)
    if at is None:
        raise UnreadableBodyError(f"{name} is not an instant")
    return at


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    # Events say a list; a template's placeholder says one text with blanks between.
    found = value.split() if isinstance(value, str) else value
    if (
        not isinstance(found, list)
        or len(found) > _MOST_TAGS
        or not all(isinstance(tag, str) and len(tag) <= _LONGEST_LINE for tag in found)
    ):
        raise UnreadableBodyError("the tags are not a list of words")
    return tuple(found)


def _fields(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_FIELDS:
        raise UnreadableBodyError("the fields are not a table")
    for name in value:
        if not _FIELD.fullmatch(name):
            raise UnreadableBodyError("a field's name is not lower-case words with - or _")
    return {name: _line(value, name) for name in value}


def _unknown(source: dict[str, Any], known: frozenset[str]) -> dict[str, str]:
    """What nobody asked for. Words and numbers are kept; of free text only that it was there."""
    return {
        name: _kept(value)
        for name, value in source.items()
        if name not in known and _FIELD.fullmatch(name)
    }


def _kept(value: Any) -> str:
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    # It may be the reported text or somebody's name: it stays in the ticket (I13).
    return "(left in the ticket)"
