"""What a Request Tracker 5 shows over REST 2: tickets, their history, what others did to them.

- A search reads instants in the account's own time zone and understands no zone suffix
  (`…T23:00:00Z` silently matches everything, `… UTC` nothing): so the search asks for a day more
  than needed, newest first, and the answers' own UTC instants decide.
- A ticket that was merged answers under its old number as the one it was merged into.
- A deleted ticket is still shown when it is named, and found by no search.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
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

VENDOR = "request-tracker"

STOCK_STATUSES: Mapping[TicketStatus, str] = {
    TicketStatus.OPEN: "open",
    TicketStatus.PENDING: "stalled",
    TicketStatus.SOLVED: "resolved",
}
PRIORITIES = {
    TicketPriority.URGENT: 100,
    TicketPriority.HIGH: 75,
    TicketPriority.NORMAL: 50,
    TicketPriority.LOW: 0,
}
LINK = "urn:escalate:"

_KINDS = {
    "Comment": "comment",
    "Correspond": "reply",
    "Status": "status",
    "Set": "other",
    **dict.fromkeys(("Take", "Give", "Steal", "SetWatcher"), "owner"),
}
NOTES = frozenset({"Comment", "Correspond"})
_ALSO = {"new": TicketStatus.OPEN, "rejected": TicketStatus.SOLVED}
"""Words of the stock lifecycle that a case never sets."""
_DELETED = "deleted"
_PAGE = "100"
# No account's time zone is further from UTC than this.
_ANY_ZONE = timedelta(hours=26)


class RequestTrackerReading:
    """One Request Tracker, as one account that is ours alone; what can be read of it."""

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

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The ticket as it is now; None where the tracker shows none of that number."""
        try:
            answer = await self._http.call(
                "read ticket",
                "GET",
                self._api("ticket", ticket.id),
                params={"fields[Queue]": "Name"},
            )
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        shown = answer.object()
        now, word = str(shown.get("id", "")), str(shown.get("Status", ""))
        if not now.isdigit():
            raise answer.misanswered("the ticket has no number")
        links = _links(shown)
        notes = [
            mark
            async for entry in self._history(now)
            if entry.get("Type") in NOTES
            for mark in marks_in(str(entry.get("Data", "")))
        ]
        return SeenTicket(
            ticket=self._ref(now),
            status=self._means(word),
            word=word,
            priority=_priority(shown.get("Priority")),
            queue=str(shown.get("Queue", {}).get("Name", "")),
            marks=tuple(link.removeprefix(LINK) for link in links if link.startswith(LINK)),
            notes=tuple(notes),
            links=tuple(link for link in links if not link.startswith(LINK)),
            merged=now != ticket.id,
            deleted=word == _DELETED,
            version=answer.headers.get("ETag", ""),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """Every ticket that bears the mark of this opening, the oldest first."""
        found = await self._http.call(
            "look for the ticket",
            "GET",
            self._api("tickets"),
            params={"query": f"RefersTo = '{LINK}{fingerprint(key)}'"},
        )
        ids = sorted(int(item["id"]) for item in found.object().get("items", []))
        return [self._ref(str(id_)) for id_ in ids]

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every ticket that bears a mark of ours and changed since the instant."""
        found: list[Marked] = []
        async for item in self._updated(instant.replace(microsecond=0)):
            if item.get("Creator", {}).get("id") != self._user:
                continue
            answer = await self._http.call("read ticket", "GET", self._api("ticket", item["id"]))
            at = datetime.fromisoformat(item["LastUpdated"])
            found += [
                Marked(ticket=self._ref(item["id"]), mark=link.removeprefix(LINK), at=at)
                for link in _links(answer.object())
                if link.startswith(LINK)
            ]
        return found

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
            "fields": "Subject,Status,Priority,Created,LastUpdated,Creator,Queue",
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
        return any(link.startswith(LINK) for link in _links(answer.object()))

    async def _changes(self, item: dict[str, Any], since: datetime) -> list[TicketChange]:
        changes: list[TicketChange] = []
        async for entry in self._history(item["id"]):
            kind = _kind(entry)
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
                    priority=str(item.get("Priority", "")) or None,
                )
            )
        return changes

    def _means(self, word: str) -> TicketStatus | None:
        known = {theirs: ours for ours, theirs in self._statuses.items()}
        return known.get(word) or _ALSO.get(word)

    def _is_echo(self, entry: dict[str, Any], actor: str) -> bool:
        # A note of ours carries our mark; anything else of ours is known by our account.
        if entry["Type"] in NOTES:
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
            "read history", url, {"fields": "Type,Creator,Created,Data,Field"}
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


def _kind(entry: dict[str, Any]) -> str | None:
    if entry.get("Type") == "Set" and entry.get("Field") == "Priority":
        return "priority"
    if entry.get("Type") == "AddLink" and entry.get("Field") == "MergedInto":
        return "merged"
    return _KINDS.get(entry.get("Type", ""))


def _links(shown: dict[str, Any]) -> list[str]:
    return [
        str(link.get("_url", ""))
        for link in shown.get("_hyperlinks", [])
        if link.get("ref") == "refers-to"
    ]


def _priority(value: object) -> TicketPriority | None:
    text = str(value)
    known = {str(theirs): ours for ours, theirs in PRIORITIES.items()}
    return known.get(text)


def _quoted(name: str) -> str:
    if "'" in name or "\\" in name:
        raise RefusedError(
            "a queue's name holds a quote",
            vendor=VENDOR,
            operation="look for changes",
            mend="Rename the queue, or watch another: such names cannot be searched for safely.",
        )
    return name
