"""Zendesk tickets, as its API is documented.

- Openings carry the vendor's `Idempotency-Key`, which is kept for hours only; so the key's
  fingerprint is the ticket's `external_id` too, and is looked for before a ticket is opened.
- Notes are internal (`public: false`) and end in our mark, looked for before posting.
- A change of status says which version of the ticket it saw (`safe_update`, `updated_stamp`): 409
  when somebody was faster. `closed` counts as solved and cannot be changed.
- Thirty updates in ten minutes is the limit for one ticket: callers gather their notes.
- 429 may come as plain text, and its Retry-After in both forms.
"""

import base64
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from integrations._http import VendorHttp
from integrations.errors import ConflictError, RefusedError
from integrations.markers import fingerprint, is_ours, marker
from integrations.ports.clock import Clock
from integrations.ports.ticketing import (
    NewTicket,
    Noted,
    StatusSet,
    TicketChange,
    TicketDraft,
    TicketRef,
    TicketStatus,
)

VENDOR = "zendesk"

_PREFIX = "escalate:"
_PAGE = "100"
_TRIES = 3
# The incremental export refuses a start within the last minute.
_EXPORT_DELAY = timedelta(seconds=61)
_DONE = frozenset({"solved", "closed"})


class Zendesk:
    """One Zendesk account, as one agent that is ours alone."""

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

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        ours = _PREFIX + fingerprint(draft.key)
        ticket: dict[str, Any] = {
            "subject": draft.subject,
            "comment": {"body": draft.body, "public": False},
            "priority": draft.priority.value,
            "external_id": ours,
            "tags": ["escalate"],
        }
        if self._groups:
            ticket["group_id"] = self._group(draft.queue)
        found = await self._http.call(
            "look for the ticket", "GET", self._api("tickets"), params={"external_id": ours}
        )
        ids = sorted(int(item["id"]) for item in found.object().get("tickets", []))
        if ids:
            return self._ref(str(ids[0]))
        answer = await self._http.call(
            "open ticket",
            "POST",
            self._api("tickets"),
            json_body={"ticket": ticket},
            headers={"Idempotency-Key": fingerprint(draft.key)},
        )
        opened = str(answer.object().get("ticket", {}).get("id", ""))
        if not opened.isdigit():
            raise answer.misanswered("created, but no ticket id came back")
        return self._ref(opened)

    async def comment(self, ticket: TicketRef, text: str, *, key: str) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        mark = marker(key)
        pages = self._pages(
            "read comments", self._api("tickets", ticket.id, "comments"), "comments"
        )
        async for note in pages:
            if mark in str(note.get("body", "")):
                return Noted(reference=f"comment/{note['id']}", already=True)
        answer = await self._http.call(
            "comment",
            "PUT",
            self._api("tickets", ticket.id),
            json_body={"ticket": {"comment": {"body": f"{text}\n\n{mark}", "public": False}}},
        )
        audit = answer.object().get("audit", {}).get("id")
        if audit is None:
            raise answer.misanswered("commented, but no audit came back")
        return Noted(reference=f"audit/{audit}")

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status, as a second look shows; having had it already is success."""
        url = self._api("tickets", ticket.id)
        for attempt in range(_TRIES):
            before = (await self._http.call("read ticket", "GET", url)).object().get("ticket", {})
            if _has(before, status):
                return StatusSet(status=status, already=attempt == 0)
            change = {
                "status": status.value,
                "safe_update": True,
                "updated_stamp": before.get("updated_at"),
            }
            try:
                await self._http.call("set status", "PUT", url, json_body={"ticket": change})
            except ConflictError:
                continue
            after = await self._http.call("read ticket", "GET", url)
            if _has(after.object().get("ticket", {}), status):
                return StatusSet(status=status)
            raise after.misanswered(f"the ticket does not take the status {status.value!r}")
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation="set status",
            mend="Nothing: it is tried again.",
        )

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did since the instant (inclusive), oldest first."""
        since = instant.replace(microsecond=0)
        me = await self._own_id()
        news: dict[str, NewTicket | TicketChange] = {}
        async for ticket in self._export(since):
            created = datetime.fromisoformat(ticket["created_at"])
            ours = str(ticket.get("external_id") or "").startswith(_PREFIX)
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

    def _group(self, queue: str) -> int:
        if queue not in self._groups:
            raise RefusedError(
                "no group belongs to this queue",
                vendor=VENDOR,
                operation="open ticket",
                mend="Name the queue's group in the Zendesk settings.",
            )
        return self._groups[queue]

    def _api(self, *parts: str) -> str:
        return "/".join([self._base, "api/v2", *(quote(part, safe="") for part in parts)])

    def _ref(self, ticket: str) -> TicketRef:
        return TicketRef(
            system=VENDOR,
            instance=self.instance,
            id=ticket,
            url=f"{self._base}/agent/tickets/{ticket}",
        )


def _has(ticket: dict[str, Any], status: TicketStatus) -> bool:
    found = ticket.get("status")
    return found in _DONE if status is TicketStatus.SOLVED else found == status.value


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
