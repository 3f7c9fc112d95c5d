"""What a Jira delivery says, as one typed value: its issue, what happened to it, and who did it.

Summary, description and comments are not in it: the reported text stays in the issue (I13). Form
fields come by their id, `customfield_10042`, as far as the settings name them.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from cases.values import Instant, Value
from integrations.errors import UnreadableBodyError
from integrations.jira_adf import text_of
from integrations.jira_site import LABEL
from integrations.markers import is_ours
from integrations.wire import read_json

_ID = re.compile(r"[1-9][0-9]{0,17}", flags=re.ASCII)
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,80}-[1-9][0-9]{0,11}", flags=re.ASCII)
_LONGEST_LINE = 500
_MOST_LABELS = 200
_LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class JiraNews(StrEnum):
    """What a delivery is about, as far as a case cares."""

    OPENED = "opened"
    COMMENT = "comment"
    REPLY = "reply"
    STATUS = "status"
    PRIORITY = "priority"
    OWNER = "owner"
    DELETED = "deleted"
    CHANGED = "other"
    NOTHING = "nothing"
    """Authentic and of no concern to a case: answered 200 and left alone."""


_FIELDS = {
    "status": JiraNews.STATUS,
    "priority": JiraNews.PRIORITY,
    "assignee": JiraNews.OWNER,
}


class JiraEvent(Value):
    """A delivery's content. The issue's text is not in it."""

    news: JiraNews
    type: str
    """The vendor's own name of the event."""
    id: str = ""
    """The issue's id; empty only where there is no news."""
    key: str = ""
    site: str = ""
    """Where the issue is, as far as its own address says."""
    at: Instant | None = None
    status: str = ""
    priority: str = ""
    project: str = ""
    labels: tuple[str, ...] = ()
    actor: str = ""
    """The account id of who did it."""
    marked: bool = False
    """It is our own note, whoever's account it was written by; or an issue that a case opened."""
    fields: dict[str, str] = Field(default_factory=dict)


def parse_jira(body: bytes, *, form: Mapping[str, str] | None = None) -> JiraEvent:
    """The event in an authentic body, or `UnreadableBodyError`; `form` names fields of interest."""
    content = read_json(body)
    kind = _line(content, "webhookEvent")
    if not kind:
        raise UnreadableBodyError("the body names no event of Jira's")
    news = _news(content, kind)
    if news is JiraNews.NOTHING:
        return JiraEvent(news=news, type=kind)
    issue = _table(content, "issue")
    fields = _table(issue, "fields")
    labels = _labels(fields.get("labels"))
    comment = _table(content, "comment")
    id_, key = _line(issue, "id"), _line(issue, "key")
    if not _ID.fullmatch(id_) or not _KEY.fullmatch(key):
        raise UnreadableBodyError("the issue has no id or no key")
    return JiraEvent(
        news=news,
        type=kind,
        id=id_,
        key=key,
        site=_line(issue, "self").partition("/rest/")[0],
        at=_instant(content),
        status=_line(_table(fields, "status"), "name"),
        priority=_line(_table(fields, "priority"), "name"),
        project=_line(_table(fields, "project"), "key"),
        labels=labels,
        actor=_line(_table(content, "user") or _table(comment, "author"), "accountId"),
        marked=is_ours(text_of(comment.get("body")))
        or (news is JiraNews.OPENED and LABEL in labels),
        fields=_form(fields, form or {}),
    )


def _news(content: dict[str, Any], kind: str) -> JiraNews:
    match kind:
        case "jira:issue_created":
            return JiraNews.OPENED
        case "jira:issue_deleted":
            return JiraNews.DELETED
        case "comment_created":
            public = _table(content, "comment").get("jsdPublic")
            return JiraNews.REPLY if public is True else JiraNews.COMMENT
        case "jira:issue_updated":
            return _change(content)
        case _:
            return JiraNews.NOTHING


def _change(content: dict[str, Any]) -> JiraNews:
    items = _table(content, "changelog").get("items")
    if items is None:
        # A comment tells of itself by `comment_created`; this is its shadow.
        return JiraNews.NOTHING
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableBodyError("the changelog is not a list")
    changed = {_line(item, "field") for item in items}
    return next((news for name, news in _FIELDS.items() if name in changed), JiraNews.CHANGED)


def _table(source: dict[str, Any], name: str) -> dict[str, Any]:
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableBodyError(f"{name} is not a table")
    return value


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


def _labels(value: Any) -> tuple[str, ...]:
    found = value if value is not None else []
    if (
        not isinstance(found, list)
        or len(found) > _MOST_LABELS
        or not all(isinstance(label, str) and len(label) <= _LONGEST_LINE for label in found)
    ):
        raise UnreadableBodyError("the labels are not a list of words")
    return tuple(found)


def _instant(content: dict[str, Any]) -> Instant | None:
    value = content.get("timestamp")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST:
        raise UnreadableBodyError("the timestamp is not one")
    return datetime.fromtimestamp(value / 1000, tz=UTC)


def _form(fields: dict[str, Any], form: Mapping[str, str]) -> dict[str, str]:
    """Chosen values only: what a person typed into a field of prose is not routed by."""
    found: dict[str, str] = {}
    for id_, name in form.items():
        value = fields.get(id_)
        if isinstance(value, dict):
            value = value.get("value", value.get("name"))
        if isinstance(value, str | int) and not isinstance(value, bool):
            found[name] = str(value)[:_LONGEST_LINE]
    return found
