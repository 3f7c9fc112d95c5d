"""What a Zendesk account shows: tickets, their notes and audits, what others did to them.

- A merged ticket is closed, tagged `closed_by_merge`, and says in a comment into which one.
- The incremental export refuses a start within the last minute.
"""

import base64
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from integrations._http import VendorHttp
from integrations.errors import RefusedError
from integrations.markers import fingerprint, is_ours, marks_in
from integrations.ports.clock import Clock
from integrations.ports.ticketing import (
    Marked,
    NewTicket,
    SeenTicket,
    TicketChange,
    TicketPriority,
    TicketRef,
    TicketStatus,
)

VENDOR = "zendesk"

PREFIX = "escalate:"
_PAGE = "100"
_EXPORT_DELAY = timedelta(seconds=61)
DONE = frozenset({"solved", "closed"})
_STATUSES = {
    **dict.fromkeys(("new", "open"), TicketStatus.OPEN),
    **dict.fromkeys(("pending", "hold"), TicketStatus.PENDING),
    **dict.fromkeys(DONE, TicketStatus.SOLVED),
}
_PRIORITIES = {priority.value: priority for priority in TicketPriority}
# Zendesk tags what it merges, and says in a comment into which.
_MERGED = "closed_by_merge"
_INTO = re.compile(r"merged into request #([1-9][0-9]{0,17})", flags=re.ASCII)


class ZendeskReading:
    """One Zendesk account, as one agent that is ours alone; what can be read of it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        email: str,
        token: str,
        clock: Clock,
        groups: Mapping[str, int] | None = None,
        form_fields: Mapping[int, str] | None = None,
        instance: str | None = None,
    ) -> None:
        self._base = url.rstrip("/")
        self._clock = clock
        self._groups = dict(groups or {})
        self._form_fields = dict(form_fields or {})
        self._me: int | None = None
        self.instance = instance or urlsplit(url).netloc
        pair = base64.b64encode(f"{email}/token:{token}".encode()).decode()
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            headers={"Authorization": f"Basic {pair}", "Accept": "application/json"},
        )

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it is now; None where the account shows none of that name."""
        try:
            answer = await self._http.call("read ticket", "GET", self._api("tickets", ticket.id))
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        shown = answer.object().get("ticket", {})
        merged = _MERGED in (shown.get("tags") or [])
        notes, into = await self._notes(ticket.id)
        return SeenTicket(
            ticket=self._ref(into) if merged and into else self._ref(ticket.id),
            status=_STATUSES.get(str(shown.get("status"))),
            word=str(shown.get("status", "")),
            priority=_PRIORITIES.get(str(shown.get("priority"))),
            queue=self._queue(shown),
            marks=tuple(_marks(shown)),
            notes=tuple(notes),
            merged=merged,
            deleted=shown.get("status") == "deleted",
            version=str(shown.get("updated_at", "")),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """Every ticket that bears the mark of this opening, the oldest first."""
        ours = PREFIX + fingerprint(key)
        found = await self._http.call(
            "look for the ticket", "GET", self._api("tickets"), params={"external_id": ours}
        )
        rows = [row for row in found.object().get("tickets", []) if row.get("external_id") == ours]
        return [self._ref(str(id_)) for id_ in sorted(int(row["id"]) for row in rows)]

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every ticket that bears a mark of ours and changed since the instant."""
        return [
            Marked(
                ticket=self._ref(str(row["id"])),
                mark=mark,
                at=datetime.fromisoformat(row["updated_at"]),
            )
            async for row in self._export(instant.replace(microsecond=0))
            for mark in _marks(row)
        ]

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did since the instant (inclusive), oldest first."""
        since = instant.replace(microsecond=0)
        me = await self._own_id()
        news: dict[str, NewTicket | TicketChange] = {}
        async for ticket in self._export(since):
            created = datetime.fromisoformat(ticket["created_at"])
            ours = str(ticket.get("external_id") or "").startswith(PREFIX)
            if created >= since and not ours:
                new = self._new_ticket(ticket, created)
                news[new.delivery] = new
            for change in await self._changes(ticket, since=since, me=me, opened=created):
                news[change.delivery] = change
        return sorted(news.values(), key=lambda n: (n.at, n.delivery))

    async def _export(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        start = min(since, await self._clock.now() - _EXPORT_DELAY)
        parameters = {"start_time": str(int(start.timestamp())), "per_page": _PAGE}
        while True:
            answer = await self._http.call(
                "look for changes",
                "GET",
                self._api("incremental", "tickets", "cursor"),
                params=parameters,
            )
            content = answer.object()
            for ticket in content.get("tickets", []):
                changed = datetime.fromisoformat(ticket["updated_at"])
                if changed >= since and ticket.get("status") != "deleted":
                    yield ticket
            if content.get("end_of_stream", True):
                return
            parameters = {"cursor": str(content["after_cursor"]), "per_page": _PAGE}

    async def _changes(
        self, ticket: dict[str, Any], *, since: datetime, me: int, opened: datetime
    ) -> list[TicketChange]:
        url = self._api("tickets", str(ticket["id"]), "audits")
        changes: list[TicketChange] = []
        async for audit in self._pages("read audits", url, "audits"):
            at = datetime.fromisoformat(audit["created_at"])
            events = audit.get("events", [])
            kind = _kind(events)
            creation = any(event.get("type") == "Create" for event in events)
            if kind is None or creation or at < since or _is_echo(audit, me):
                continue
            changes.append(
                TicketChange(
                    ticket=self._ref(str(ticket["id"])),
                    at=at,
                    delivery=f"{VENDOR}/{self.instance}/{ticket['id']}/{audit['id']}",
                    kind=kind,
                    actor=str(audit.get("author_id", "")),
                    status=ticket.get("status"),
                    priority=ticket.get("priority"),
                )
            )
        return changes

    def _new_ticket(self, ticket: dict[str, Any], created: datetime) -> NewTicket:
        names = {group: name for name, group in self._groups.items()}
        fields = {
            self._form_fields[field["id"]]: str(field["value"])
            for field in ticket.get("custom_fields", [])
            if field.get("id") in self._form_fields and field.get("value") is not None
        }
        return NewTicket(
            ticket=self._ref(str(ticket["id"])),
            at=created,
            delivery=f"{VENDOR}/{self.instance}/{ticket['id']}/new",
            queue=names.get(ticket.get("group_id", 0), ""),
            status=str(ticket.get("status", "")),
            tags=tuple(ticket.get("tags", [])),
            fields=fields,
        )

    async def _own_id(self) -> int:
        if self._me is None:
            answer = await self._http.call("ask who we are", "GET", self._api("users", "me"))
            self._me = int(answer.object()["user"]["id"])
        return self._me

    async def _pages(self, operation: str, url: str, name: str) -> AsyncIterator[dict[str, Any]]:
        parameters = {"page[size]": _PAGE}
        while True:
            answer = await self._http.call(operation, "GET", url, params=parameters)
            content = answer.object()
            for item in content.get(name, []):
                yield item
            meta = content.get("meta", {})
            if not meta.get("has_more"):
                return
            parameters = {"page[size]": _PAGE, "page[after]": str(meta["after_cursor"])}

    async def _notes(self, id_: str) -> tuple[list[str], str]:
        """The marks of our notes, and the ticket that this one was merged into."""
        marks: list[str] = []
        into = ""
        pages = self._pages("read comments", self._api("tickets", id_, "comments"), "comments")
        async for note in pages:
            body = str(note.get("body", ""))
            marks += marks_in(body)
            found = _INTO.search(body)
            into = found[1] if found is not None else into
        return marks, into

    def _queue(self, shown: dict[str, Any]) -> str:
        names = {group: name for name, group in self._groups.items()}
        return names.get(shown.get("group_id", 0), str(shown.get("group_id") or ""))

    def _api(self, *parts: str) -> str:
        return "/".join([self._base, "api/v2", *(quote(part, safe="") for part in parts)])

    def _ref(self, ticket: str) -> TicketRef:
        return TicketRef(
            system=VENDOR,
            instance=self.instance,
            id=ticket,
            url=f"{self._base}/agent/tickets/{ticket}",
        )


def _marks(ticket: dict[str, Any]) -> list[str]:
    known = str(ticket.get("external_id") or "")
    return [known.removeprefix(PREFIX)] if known.startswith(PREFIX) else []


def _kind(events: list[dict[str, Any]]) -> str | None:
    for event in events:
        if event.get("type") == "Comment":
            return "reply" if event.get("public") else "comment"
    changed = {event.get("field_name") for event in events if event.get("type") == "Change"}
    for field, kind in (("status", "status"), ("priority", "priority"), ("assignee_id", "owner")):
        if field in changed:
            return kind
    return "other" if changed else None


def _is_echo(audit: dict[str, Any], me: int) -> bool:
    notes = [e for e in audit.get("events", []) if e.get("type") == "Comment"]
    if notes:
        return any(is_ours(str(note.get("body", ""))) for note in notes)
    return audit.get("author_id") == me
