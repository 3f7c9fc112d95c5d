"""ServiceNow over the Table API, as it is documented.

- It knows no idempotency key. An opening leaves `correlation_id`, searched for before anything is
  created.
- There is no conditional write: `sys_mod_count` says how often a record was changed. A change that
  came between our two looks shows in it, and ours is then looked at again.
- A business rule may refuse a change and still answer 200 with the record as it was: so every
  change is read out of the answer.
- Priority is reckoned from impact and urgency: these are written, and the reckoning is checked.
- Resolving demands a close code and close notes; a hold demands its reason.
"""

from collections.abc import Callable, Sequence

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
    link_key,
)
from integrations.servicenow_reading import PLAIN, PREFIX, VENDOR, Row, ServiceNowReading

__all__ = ["VENDOR", "ServiceNow"]

DISPLAY = "escalate"

_TRIES = 3


class ServiceNow(ServiceNowReading):
    """One table of one instance, written to as one account that is ours alone."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The record of this key exists, opened now or by an earlier try."""
        found = await self.find(draft.key)
        if found:
            return found[0]
        impact, urgency, _ = self._site.urgencies[draft.priority]
        fields = {
            "short_description": draft.subject,
            "description": draft.body,
            "correlation_id": PREFIX + fingerprint(draft.key),
            "correlation_display": DISPLAY,
            "impact": impact,
            "urgency": urgency,
        }
        if self._site.group:
            fields["assignment_group"] = self._site.group
        answer = await self._http.call(
            "open ticket", "POST", self._api(self._site.table), json_body=fields
        )
        row = self._result(answer)
        if row.get("correlation_id") != fields["correlation_id"]:
            raise answer.misanswered("created without the mark we look for it by")
        return self._ref(row)

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """A work note with this key stands on the record exactly once."""
        mark = marker(key)
        async for entry in self._journal(ticket.id):
            if mark in entry.get("value", ""):
                return Noted(reference=f"journal/{entry['sys_id']}", already=True)
        row = await self._patch(
            "comment", ticket, {"work_notes": f"{text}\n\n{markers([key, *also])}"}
        )
        # The answer never shows a journal's value: only a second look knows that it stands.
        async for entry in self._journal(ticket.id):
            if mark in entry.get("value", ""):
                return Noted(reference=f"journal/{entry['sys_id']}")
        raise ConflictError(
            f"the note does not stand on version {row.get('sys_mod_count', '?')}",
            vendor=VENDOR,
            operation="comment",
            mend="Nothing: it is tried again.",
        )

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The record has the state, as the answer shows; having had it already is success."""
        change = {"state": self._site.states[status]}
        if status is TicketStatus.SOLVED:
            change |= {
                "close_code": self._site.close_code,
                "close_notes": "The case has closed; see its page.",
            }
        elif status is TicketStatus.PENDING:
            change |= {"hold_reason": self._site.hold_reason}
        already = await self._bring(
            "set status",
            ticket,
            change,
            has=lambda row: self._site.meanings.get(row["state"]) is status,
        )
        return StatusSet(status=status, already=already)

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The instance reckons the priority from what was written; having had it is success."""
        impact, urgency, reckoned = self._site.urgencies[priority]
        already = await self._bring(
            "set priority",
            ticket,
            {"impact": impact, "urgency": urgency},
            has=lambda row: row.get("priority") == reckoned,
        )
        return PrioritySet(priority=priority, already=already)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The record leads there, once: the table has no links, so a work note says it."""
        return await self.comment(ticket, f"{link.title}: {link.url}", key=link_key(link.url))

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The record bears the mark of this opening again."""
        ours = PREFIX + fingerprint(key)
        await self._bring(
            "mark",
            ticket,
            {"correlation_id": ours, "correlation_display": DISPLAY},
            has=lambda row: row.get("correlation_id") == ours,
        )

    async def _bring(
        self,
        operation: str,
        ticket: TicketRef,
        change: dict[str, str],
        *,
        has: Callable[[Row], bool],
    ) -> bool:
        """The record has what was asked; whether it had it before."""
        for attempt in range(_TRIES):
            before = await self._existing(operation, ticket)
            if has(before):
                return attempt == 0
            after = await self._patch(operation, ticket, change)
            if has(after):
                return False
            if _changes(after) <= _changes(before) + 1:
                # Nobody else was there: a rule of the instance put it back, and will again.
                raise (await self._answered(operation, ticket)).misanswered(
                    f"the record does not take {', '.join(change)}"
                )
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation=operation,
            mend="Nothing: it is tried again.",
        )

    async def _existing(self, operation: str, ticket: TicketRef) -> Row:
        return self._result(await self._answered(operation, ticket))

    async def _patch(self, operation: str, ticket: TicketRef, change: dict[str, str]) -> Row:
        answer = await self._http.call(
            operation,
            "PATCH",
            self._api(self._site.table, ticket.id),
            json_body=change,
            params=PLAIN,
        )
        return self._result(answer)


def _changes(row: Row) -> int:
    count = row.get("sys_mod_count", "")
    return int(count) if count.isdigit() else 0
