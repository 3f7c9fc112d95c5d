"""What a Jira Cloud site shows: issues, their comments, links and what others did to them.

- Issues are known by their id: a key changes when an issue moves to another project.
- Search is eventually consistent, so what it does not find may still be there; every row it does
  find is checked against what was asked.
- JQL reads instants in the account's own time zone; so it is asked for the last so many minutes,
  and the answers' own instants decide.
"""

import base64
import math
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from integrations._http import Answer, VendorHttp
from integrations.errors import RefusedError
from integrations.jira_adf import text_of
from integrations.jira_site import LABEL, JiraSite
from integrations.markers import fingerprint, is_ours, marks_in
from integrations.ports.clock import Clock
from integrations.ports.ticketing import (
    Approval,
    Marked,
    NewTicket,
    SeenTicket,
    TicketChange,
    TicketRef,
)

VENDOR = "jira"

_PAGE = 50
_KINDS = {"status": "status", "priority": "priority", "assignee": "owner"}
_FIELDS = ["status", "priority", "labels", "project", "created", "updated", "description"]


class JiraReading:
    """One Jira site, as one account that is ours alone; what can be read of it."""

    def __init__(self, client: httpx.AsyncClient, site: JiraSite, *, clock: Clock) -> None:
        self._site = site
        self._base = site.url.rstrip("/")
        self._people = (site.people or site.url).rstrip("/")
        self._clock = clock
        self._words = site.words
        self._me: str | None = None
        self.instance = site.instance or urlsplit(self._people).netloc
        if site.email is None:
            authorization = f"Bearer {site.token}"
        else:
            pair = f"{site.email}:{site.token}".encode()
            authorization = "Basic " + base64.b64encode(pair).decode()
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            headers={"Authorization": authorization, "Accept": "application/json"},
        )

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it is now; None where the site shows none of that name."""
        issue = await self._issue(ticket.id)
        if issue is None:
            return None
        fields = issue["fields"]
        links = await self._http.call(
            "read links", "GET", self._api("issue", ticket.id, "remotelink")
        )
        notes = [
            mark
            async for comment in self._comments(ticket.id)
            for mark in marks_in(text_of(comment.get("body")))
        ]
        priority = str((fields.get("priority") or {}).get("name", ""))
        return SeenTicket(
            ticket=self._ref(issue),
            status=self._words.means(fields["status"]),
            word=str(fields["status"].get("name", "")),
            priority=self._words.priority(priority),
            queue=str(fields["project"]["key"]),
            marks=tuple(_marks(fields)),
            notes=tuple(notes),
            links=tuple(str(each.get("object", {}).get("url", "")) for each in links.json()),
            approvals=await self._approvals(issue),
            version=str(fields.get("updated", "")),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """Every ticket that bears the mark of this opening, the oldest first."""
        mark = fingerprint(key)
        rows = [
            issue
            async for issue in self._search("look for the ticket", self._marked_by(mark))
            if mark in _marks(issue["fields"])
        ]
        return [self._ref(issue) for issue in sorted(rows, key=lambda row: int(row["id"]))]

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every ticket that bears a mark of ours and changed since the instant."""
        jql = f'labels = "{LABEL}" AND {await self._lately(instant)}'
        return [
            Marked(ticket=self._ref(issue), mark=mark, at=_at(issue["fields"]["updated"]))
            async for issue in self._search("look for our tickets", jql)
            if _at(issue["fields"]["updated"]) >= instant
            for mark in _marks(issue["fields"])
        ]

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did in the watched projects since the instant (inclusive), oldest first."""
        since = instant.replace(microsecond=0)
        places = ", ".join(f'"{_quoted(project)}"' for project in self._site.projects)
        jql = await self._lately(since) + (f" AND project IN ({places})" if places else "")
        me = await self.own_id()
        news: list[NewTicket | TicketChange] = []
        async for issue in self._search("look for changes", f"{jql} ORDER BY updated DESC"):
            fields = issue["fields"]
            if _at(fields["updated"]) < since:
                continue
            created = _at(fields["created"])
            if created >= since and LABEL not in (fields.get("labels") or []):
                news.append(self._new_ticket(issue, created))
            news += await self._changes(issue, since=since, me=me)
        return sorted(news, key=lambda each: (each.at, each.delivery))

    async def own_id(self) -> str:
        """The account id we act as."""
        if self._me is None:
            answer = await self._http.call("ask who we are", "GET", self._api("myself"))
            self._me = str(answer.object()["accountId"])
        return self._me

    async def _approvals(self, issue: dict[str, Any]) -> tuple[Approval, ...]:
        """None: a site without service management keeps no approvals."""
        del issue
        return ()

    def _marked_by(self, mark: str) -> str:
        return f'labels = "{LABEL}-{mark}" ORDER BY created ASC'

    async def _issue(self, id_: str) -> dict[str, Any] | None:
        try:
            answer = await self._http.call(
                "read ticket",
                "GET",
                self._api("issue", id_),
                params={"fields": ",".join(_FIELDS)},
            )
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return self._checked(answer)

    def _checked(self, answer: Answer) -> dict[str, Any]:
        issue = answer.object()
        if not str(issue.get("id", "")).isdigit() or "status" not in issue.get("fields", {}):
            raise answer.misanswered("the issue has no id or status")
        return issue

    async def _lately(self, instant: datetime) -> str:
        ago = await self._clock.now() - instant
        return f'updated >= "-{max(math.ceil(ago.total_seconds() / 60), 0) + 1}m"'

    async def _search(self, operation: str, jql: str) -> AsyncIterator[dict[str, Any]]:
        asked: dict[str, Any] = {"jql": jql, "fields": _FIELDS, "maxResults": _PAGE}
        while True:
            answer = await self._http.call(
                operation, "POST", self._api("search", "jql"), json_body=asked
            )
            content = answer.object()
            for issue in content.get("issues", []):
                yield issue
            token = content.get("nextPageToken")
            if content.get("isLast", True) or not token:
                return
            asked = {**asked, "nextPageToken": token}

    async def _pages(self, operation: str, url: str, name: str) -> AsyncIterator[dict[str, Any]]:
        start = 0
        while True:
            answer = await self._http.call(
                operation, "GET", url, params={"startAt": str(start), "maxResults": str(_PAGE)}
            )
            content = answer.object()
            items = content.get(name, [])
            for item in items:
                yield item
            start += len(items)
            if not items or start >= int(content.get("total", 0)):
                return

    async def _comments(self, id_: str) -> AsyncIterator[dict[str, Any]]:
        url = self._api("issue", id_, "comment")
        async for comment in self._pages("read comments", url, "comments"):
            yield comment

    async def _changes(
        self, issue: dict[str, Any], *, since: datetime, me: str
    ) -> list[TicketChange]:
        found: list[TicketChange] = []
        url = self._api("issue", issue["id"], "changelog")
        async for entry in self._pages("read changes", url, "values"):
            actor = str(entry.get("author", {}).get("accountId", ""))
            fields = {str(item.get("field", "")) for item in entry.get("items", [])}
            kind = next((kind for name, kind in _KINDS.items() if name in fields), "other")
            if actor != me and _at(entry["created"]) >= since:
                found.append(self._change(issue, entry, kind=kind, actor=actor))
        async for comment in self._comments(issue["id"]):
            actor = str(comment.get("author", {}).get("accountId", ""))
            if is_ours(text_of(comment.get("body"))) or _at(comment["created"]) < since:
                continue
            kind = "reply" if comment.get("jsdPublic") else "comment"
            found.append(self._change(issue, comment, kind=kind, actor=actor))
        return found

    def _change(
        self, issue: dict[str, Any], entry: dict[str, Any], *, kind: str, actor: str
    ) -> TicketChange:
        fields = issue["fields"]
        return TicketChange(
            ticket=self._ref(issue),
            at=_at(entry["created"]),
            delivery=f"{VENDOR}/{self.instance}/{issue['id']}/{kind}-{entry['id']}",
            kind=kind,
            actor=actor,
            status=str(fields["status"].get("name", "")),
            priority=str((fields.get("priority") or {}).get("name", "")) or None,
        )

    def _new_ticket(self, issue: dict[str, Any], created: datetime) -> NewTicket:
        fields = issue["fields"]
        return NewTicket(
            ticket=self._ref(issue),
            at=created,
            delivery=f"{VENDOR}/{self.instance}/{issue['id']}/new",
            queue=str(fields["project"]["key"]),
            status=str(fields["status"].get("name", "")),
            tags=tuple(fields.get("labels") or ()),
        )

    def _api(self, *parts: str) -> str:
        return self._path("rest/api/3", *parts)

    def _path(self, root: str, *parts: str) -> str:
        return "/".join([self._base, root, *(quote(part, safe="") for part in parts)])

    def _ref(self, issue: dict[str, Any]) -> TicketRef:
        return TicketRef(
            system=VENDOR,
            instance=self.instance,
            id=str(issue["id"]),
            url=f"{self._people}/browse/{issue['key']}",
        )


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _marks(fields: dict[str, Any]) -> list[str]:
    """The openings an issue says it comes from: by its labels, or, in a request, by its words."""
    labels = [str(label) for label in fields.get("labels") or []]
    by_label = [
        label.removeprefix(f"{LABEL}-") for label in labels if label.startswith(f"{LABEL}-")
    ]
    by_word = marks_in(text_of(fields.get("description")))
    return list(dict.fromkeys([*by_label, *by_word]))


def _quoted(name: str) -> str:
    if '"' in name or "\\" in name:
        raise RefusedError(
            "a project's name holds a quote",
            vendor=VENDOR,
            operation="look for changes",
            mend="Name the project by its key: such names cannot be searched for safely.",
        )
    return name
