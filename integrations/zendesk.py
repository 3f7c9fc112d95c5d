"""Zendesk tickets, as its API is documented.

- Openings carry the vendor's `Idempotency-Key`, which is kept for hours only; so the key's
  fingerprint is the ticket's `external_id` too, and is looked for before a ticket is opened.
- Notes are internal (`public: false`) and end in our mark, looked for before posting.
- A change of status says which version of the ticket it saw (`safe_update`, `updated_stamp`): 409
  when somebody was faster. `closed` counts as solved and cannot be changed.
- Thirty updates in ten minutes is the limit for one ticket: callers gather their notes.
- 429 may come as plain text, and its Retry-After in both forms.
"""

from collections.abc import Callable, Sequence
from typing import Any

from integrations.errors import ConflictError, RefusedError
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
    link_key,
)
from integrations.zendesk_reading import DONE, PREFIX, VENDOR, ZendeskReading

__all__ = ["VENDOR", "Zendesk"]

_TRIES = 3


class Zendesk(ZendeskReading):
    """One Zendesk account, written to as one agent that is ours alone."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        ours = PREFIX + fingerprint(draft.key)
        ticket: dict[str, Any] = {
            "subject": draft.subject,
            "comment": {"body": draft.body, "public": False},
            "priority": draft.priority.value,
            "external_id": ours,
            "tags": ["escalate"],
        }
        if self._groups:
            ticket["group_id"] = self._group(draft.queue)
        found = await self.find(draft.key)
        if found:
            return found[0]
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

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        mark = marker(key)
        pages = self._pages(
            "read comments", self._api("tickets", ticket.id, "comments"), "comments"
        )
        async for note in pages:
            if mark in str(note.get("body", "")):
                return Noted(reference=f"comment/{note['id']}", already=True)
        body = f"{text}\n\n{markers([key, *also])}"
        answer = await self._http.call(
            "comment",
            "PUT",
            self._api("tickets", ticket.id),
            json_body={"ticket": {"comment": {"body": body, "public": False}}},
        )
        audit = answer.object().get("audit", {}).get("id")
        if audit is None:
            raise answer.misanswered("commented, but no audit came back")
        return Noted(reference=f"audit/{audit}")

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status, as a second look shows; having had it already is success."""
        already = await self._bring(
            ticket,
            "set status",
            {"status": status.value},
            has=lambda shown: _has(shown, status),
        )
        return StatusSet(status=status, already=already)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The ticket has the priority; having had it already is success."""
        already = await self._bring(
            ticket,
            "set priority",
            {"priority": priority.value},
            has=lambda shown: shown.get("priority") == priority.value,
        )
        return PrioritySet(priority=priority, already=already)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The ticket leads there, once: Zendesk has no links, so a note says it."""
        return await self.comment(ticket, f"{link.title}: {link.url}", key=link_key(link.url))

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The ticket bears the mark of this opening again."""
        ours = PREFIX + fingerprint(key)
        await self._bring(
            ticket,
            "mark",
            {"external_id": ours},
            has=lambda shown: shown.get("external_id") == ours,
        )

    async def _bring(
        self,
        ticket: TicketRef,
        operation: str,
        change: dict[str, Any],
        *,
        has: Callable[[dict[str, Any]], bool],
    ) -> bool:
        """The ticket has what was asked, as a second look shows; whether it had it before."""
        url = self._api("tickets", ticket.id)
        for attempt in range(_TRIES):
            before = (await self._http.call("read ticket", "GET", url)).object().get("ticket", {})
            if has(before):
                return attempt == 0
            guarded = {
                **change,
                "safe_update": True,
                "updated_stamp": before.get("updated_at"),
            }
            try:
                await self._http.call(operation, "PUT", url, json_body={"ticket": guarded})
            except ConflictError:
                continue
            after = await self._http.call("read ticket", "GET", url)
            if has(after.object().get("ticket", {})):
                return False
            raise after.misanswered("the ticket does not take the change")
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation=operation,
            mend="Nothing: it is tried again.",
        )

    def _group(self, queue: str) -> int:
        if queue not in self._groups:
            raise RefusedError(
                "no group belongs to this queue",
                vendor=VENDOR,
                operation="open ticket",
                mend="Name the queue's group in the Zendesk settings.",
            )
        return self._groups[queue]


def _has(ticket: dict[str, Any], status: TicketStatus) -> bool:
    found = ticket.get("status")
    return found in DONE if status is TicketStatus.SOLVED else found == status.value
