"""Request Tracker 5 over REST2, as its stock installation is: no custom fields, no plug-ins.

What it does that one would not guess (each seen on a real 5.0.3):

- It knows no idempotency key. An opening leaves a link, `RefersTo urn:escalate:<fingerprint>`,
  found by exact search; unlike a mark in the subject it survives renaming, and unlike a custom
  field it needs no administrator. (A try whose answer was lost is found by the next; two tries
  must not overlap, so an activity's time-out is longer than the client's.)
- A note's Subject becomes the `Data` of its transaction: there the mark stands, readable in the
  history without fetching a single text.
- `PUT {"Status": "bogus"}` answers 200 with a sentence: so every change is read again.
- A search reads instants in the account's own time zone and understands no zone suffix
  (`…T23:00:00Z` silently matches everything, `… UTC` nothing): so the search asks for a day more
  than needed, newest first, and the answers' own UTC instants decide.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
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
    TicketPriority,
    TicketRef,
    TicketStatus,
)

VENDOR = "request-tracker"

STOCK_STATUSES: Mapping[TicketStatus, str] = {
    TicketStatus.OPEN: "open",
    TicketStatus.PENDING: "stalled",
    TicketStatus.SOLVED: "resolved",
}

_PRIORITIES = {
    TicketPriority.URGENT: 100,
    TicketPriority.HIGH: 75,
    TicketPriority.NORMAL: 50,
    TicketPriority.LOW: 0,
}
_KINDS = {
    "Comment": "comment",
    "Correspond": "reply",
    "Status": "status",
    "Set": "other",
    **dict.fromkeys(("Take", "Give", "Steal", "SetWatcher"), "owner"),
}
_NOTES = frozenset({"Comment", "Correspond"})
_PAGE = "100"
_LINK = "urn:escalate:"
# No account's time zone is further from UTC than this.
_ANY_ZONE = timedelta(hours=26)
_TRIES = 3


class RequestTracker:
    """One Request Tracker, as one account that is ours alone."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        user: str,
        clock: Clock,
        password: str | None = None,
        token: str | None = None,
        queues: Sequence[str] = (),
        statuses: Mapping[TicketStatus, str] = STOCK_STATUSES,
        instance: str | None = None,
    ) -> None:
        self._base = url.rstrip("/")
        self._user = user
        self._queues = tuple(queues)
        self._statuses = statuses
        self.instance = instance or urlsplit(url).netloc
        if token is not None:
            authorization = f"token {token}"
        else:
            pair = f"{user}:{password or ''}".encode()
            authorization = "Basic " + base64.b64encode(pair).decode()
        self._http = VendorHttp(
            client, vendor=VENDOR, clock=clock, headers={"Authorization": authorization}
        )

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        link = _LINK + fingerprint(draft.key)
        found = await self._http.call(
            "look for the ticket",
            "GET",
            self._api("tickets"),
            params={"query": f"RefersTo = '{link}'"},
        )
        ids = sorted(int(item["id"]) for item in found.object().get("items", []))
        if ids:
            return self._ref(str(ids[0]))
        answer = await self._http.call(
            "open ticket",
            "POST",
            self._api("ticket"),
            json_body={
                "Queue": draft.queue,
                "Subject": draft.subject,
                "Content": draft.body,
                "ContentType": "text/plain",
                "Priority": _PRIORITIES[draft.priority],
                "RefersTo": link,
            },
        )
        opened = str(answer.object().get("id", ""))
        if not opened.isdigit():
            raise answer.misanswered("created, but no ticket id came back")
        return self._ref(opened)

    async def comment(self, ticket: TicketRef, text: str, *, key: str) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        mark = marker(key)
        async for entry in self._history(ticket.id):
            if entry.get("Type") in _NOTES and mark in str(entry.get("Data", "")):
                return Noted(reference=f"transaction/{entry['id']}", already=True)
        answer = await self._http.call(
            "comment",
            "POST",
            self._api("ticket", ticket.id, "comment"),
            json_body={
                "Content": text,
                "ContentType": "text/plain",
                "Subject": f"Case note {mark}",
            },
        )
        transaction = answer.headers.get("Location", "").rpartition("/")[2]
        if not transaction.isdigit():
            raise answer.misanswered("commented, but no transaction came back")
        return Noted(reference=f"transaction/{transaction}")

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status, as a second look shows; having had it already is success."""
        wanted = self._statuses[status]
        url = self._api("ticket", ticket.id)
        for attempt in range(_TRIES):
            before = await self._http.call("read ticket", "GET", url)
            if before.object().get("Status") == wanted:
                return StatusSet(status=status, already=attempt == 0)
            try:
                await self._http.call(
                    "set status",
                    "PUT",
                    url,
                    json_body={"Status": wanted},
                    headers={"If-Match": before.headers.get("ETag", "*")},
                )
            except ConflictError:
                # Request Tracker's own mail records move the ETag just after a note.
                continue
            after = await self._http.call("read ticket", "GET", url)
            if after.object().get("Status") == wanted:
                return StatusSet(status=status)
            raise after.misanswered(f"the ticket does not take the status {wanted!r}")
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation="set status",
            mend="Nothing: it is tried again.",
        )

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did in the watched queues since the instant (inclusive), oldest first."""
        since = instant.replace(microsecond=0)
        news: list[NewTicket | TicketChange] = []
        async for item in self._updated(since):
            created = datetime.fromisoformat(item["Created"])
            if created >= since and not await self._opened_by_us(item):
                news.append(self._new_ticket(item, created))
            news.extend(await self._changes(item, since))
        return sorted(news, key=lambda n: (n.at, n.delivery))

    async def _updated(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        queues = " OR ".join(f"Queue = '{_quoted(queue)}'" for queue in self._queues)
        earliest = (since - _ANY_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        query = f"LastUpdated >= '{earliest}'" + (f" AND ({queues})" if queues else "")
        parameters = {
            "query": query,
            "orderby": "LastUpdated",
            "order": "DESC",
            "fields": "Subject,Status,Created,LastUpdated,Creator,Queue",
            "fields[Queue]": "Name",
        }
        # Newest first: what moves while we read moves to a page already read, so nothing is missed.
        seen: set[str] = set()
        async for item in self._pages("look for changes", self._api("tickets"), parameters):
            if datetime.fromisoformat(item["LastUpdated"]) < since:
                return
            if item["id"] not in seen:
                seen.add(item["id"])
                yield item

    async def _opened_by_us(self, item: dict[str, Any]) -> bool:
        if item.get("Creator", {}).get("id") != self._user:
            return False
        answer = await self._http.call("read ticket", "GET", self._api("ticket", item["id"]))
        return any(
            link.get("ref") == "refers-to" and str(link.get("_url", "")).startswith(_LINK)
            for link in answer.object().get("_hyperlinks", [])
        )

    async def _changes(self, item: dict[str, Any], since: datetime) -> list[TicketChange]:
        changes: list[TicketChange] = []
        async for entry in self._history(item["id"]):
            kind = _KINDS.get(entry.get("Type", ""))
            at = datetime.fromisoformat(entry["Created"])
            actor = str(entry.get("Creator", {}).get("id", ""))
            if kind is None or at < since or self._is_echo(entry, actor):
                continue
            changes.append(
                TicketChange(
                    ticket=self._ref(item["id"]),
                    at=at,
                    delivery=f"{VENDOR}/{self.instance}/{item['id']}/{entry['id']}",
                    kind=kind,
                    actor=actor,
                    status=item.get("Status"),
                )
            )
        return changes

    def _is_echo(self, entry: dict[str, Any], actor: str) -> bool:
        # A note of ours carries our mark; anything else of ours is known by our account.
        if entry["Type"] in _NOTES:
            return is_ours(str(entry.get("Data", "")))
        return actor in {self._user, "RT_System"}

    def _new_ticket(self, item: dict[str, Any], created: datetime) -> NewTicket:
        return NewTicket(
            ticket=self._ref(item["id"]),
            at=created,
            delivery=f"{VENDOR}/{self.instance}/{item['id']}/new",
            queue=str(item.get("Queue", {}).get("Name", "")),
            status=str(item.get("Status", "")),
        )

    async def _history(self, ticket: str) -> AsyncIterator[dict[str, Any]]:
        url = self._api("ticket", ticket, "history")
        async for entry in self._pages(
            "read history", url, {"fields": "Type,Creator,Created,Data"}
        ):
            yield entry

    async def _pages(
        self, operation: str, url: str, parameters: dict[str, str]
    ) -> AsyncIterator[dict[str, Any]]:
        page = 1
        while True:
            answer = await self._http.call(
                operation, "GET", url, params={**parameters, "per_page": _PAGE, "page": str(page)}
            )
            content = answer.object()
            for item in content.get("items", []):
                yield item
            # `pages` may be null when rights filter the rows; `next_page` is always right.
            if not content.get("next_page"):
                return
            page += 1

    def _api(self, *parts: str) -> str:
        return "/".join([self._base, "REST/2.0", *(quote(part, safe="") for part in parts)])

    def _ref(self, ticket: str) -> TicketRef:
        return TicketRef(
            system=VENDOR,
            instance=self.instance,
            id=ticket,
            url=f"{self._base}/Ticket/Display.html?id={ticket}",
        )


def _quoted(name: str) -> str:
    if "'" in name or "\\" in name:
        raise RefusedError(
            "a queue's name holds a quote",
            vendor=VENDOR,
            operation="look for changes",
            mend="Rename the queue, or watch another: such names cannot be searched for safely.",
        )
    return name
