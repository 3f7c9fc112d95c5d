"""Request Tracker 5 over REST2, as its stock installation is: no custom fields, no plug-ins.

What it does that one would not guess (each seen on a real 5.0.3):

- It knows no idempotency key. An opening leaves a link, `RefersTo urn:escalate:<fingerprint>`,
  found by exact search; unlike a mark in the subject it survives renaming, and unlike a custom
  field it needs no administrator. (A try whose answer was lost is found by the next; two tries
  must not overlap, so an activity's time-out is longer than the client's.)
- A note's Subject becomes the `Data` of its transaction: there the mark stands, readable in the
  history without fetching a single text.
- `PUT {"Status": "bogus"}` answers 200 with a sentence: so every change is read again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from integrations.errors import ConflictError
from integrations.markers import fingerprint, marker, markers
from integrations.ports.ticketing import (
    Noted,
    PrioritySet,
    StatusSet,
    TicketDraft,
    TicketLink,
    TicketPriority,
    TicketRef,
    TicketStatus,
)
from integrations.request_tracker_reading import (
    LINK,
    NOTES,
    PRIORITIES,
    STOCK_STATUSES,
    VENDOR,
    RequestTrackerReading,
)

__all__ = ["STOCK_STATUSES", "VENDOR", "RequestTracker"]

_TRIES = 3


class RequestTracker(RequestTrackerReading):
    """One Request Tracker, written to as one account that is ours alone."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        found = await self.find(draft.key)
        if found:
            return found[0]
        answer = await self._http.call(
            "open ticket",
            "POST",
            self._api("ticket"),
            json_body={
                "Queue": draft.queue,
                "Subject": draft.subject,
                "Content": draft.body,
                "ContentType": "text/plain",
                "Priority": PRIORITIES[draft.priority],
                "RefersTo": LINK + fingerprint(draft.key),
            },
        )
        opened = str(answer.object().get("id", ""))
        if not opened.isdigit():
            raise answer.misanswered("created, but no ticket id came back")
        return self._ref(opened)

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        mark = marker(key)
        async for entry in self._history(ticket.id):
            if entry.get("Type") in NOTES and mark in str(entry.get("Data", "")):
                return Noted(reference=f"transaction/{entry['id']}", already=True)
        answer = await self._http.call(
            "comment",
            "POST",
            self._api("ticket", ticket.id, "comment"),
            json_body={
                "Content": text,
                "ContentType": "text/plain",
                "Subject": f"Case note {markers([key, *also])}",
            },
        )
        transaction = answer.headers.get("Location", "").rpartition("/")[2]
        if not transaction.isdigit():
            raise answer.misanswered("commented, but no transaction came back")
        return Noted(reference=f"transaction/{transaction}")

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status, as a second look shows; having had it already is success."""
        wanted = self._statuses[status]
        already = await self._bring(
            ticket, {"Status": wanted}, has=lambda shown: shown.get("Status") == wanted
        )
        return StatusSet(status=status, already=already)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The ticket has the priority, as a second look shows; having had it is success."""
        wanted = PRIORITIES[priority]
        already = await self._bring(
            ticket,
            {"Priority": wanted},
            has=lambda shown: str(shown.get("Priority")) == str(wanted),
        )
        return PrioritySet(priority=priority, already=already)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The ticket refers to the address, once: adding a link that is there changes nothing."""
        already = await self._refers_to(ticket, link.url)
        return Noted(reference=link.url, already=already)

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The ticket bears the mark of this opening again."""
        await self._refers_to(ticket, LINK + fingerprint(key))

    async def _refers_to(self, ticket: TicketRef, url: str) -> bool:
        return await self._bring(
            ticket,
            {"AddRefersTo": [url]},
            has=lambda shown: any(
                link.get("ref") == "refers-to" and link.get("_url") == url
                for link in shown.get("_hyperlinks", [])
            ),
        )

    async def _bring(
        self,
        ticket: TicketRef,
        change: dict[str, Any],
        *,
        has: Callable[[dict[str, Any]], bool],
    ) -> bool:
        """The ticket has what was asked, as a second look shows; whether it had it before."""
        url = self._api("ticket", ticket.id)
        for attempt in range(_TRIES):
            before = await self._http.call("read ticket", "GET", url)
            if has(before.object()):
                return attempt == 0
            try:
                await self._http.call(
                    "change the ticket",
                    "PUT",
                    url,
                    json_body=change,
                    headers={"If-Match": before.headers.get("ETag", "*")},
                )
            except ConflictError:
                # Request Tracker's own mail records move the ETag just after a note.
                continue
            after = await self._http.call("read ticket", "GET", url)
            if has(after.object()):
                return False
            raise after.misanswered(f"the ticket does not take the change of {', '.join(change)}")
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation="change the ticket",
            mend="Nothing: it is tried again.",
        )
