"""Jira Cloud over REST 3, as its interface is documented.

- It knows no idempotency key. An opening leaves a label, `escalate-<fingerprint>`, and the entity
  property `escalate.case`; the label is searched for before anything is created. The index lags
  behind: after a creation whose answer was lost the next try waits until it has caught up.
- Transitions have other ids in every workflow: they are chosen by the status they lead to. A ticket
  that is there already is success; one that somebody moved meanwhile is read again.
- A comment carries our mark in its text, looked for before posting; a remote link has a `globalId`,
  so that the same link is the same link.
- There is no conditional write: every change is read again.
- 429 says why in `RateLimit-Reason` and for how long in `Retry-After`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from integrations.errors import ConflictError, OutcomeUnknownError, RefusedError
from integrations.jira_adf import document, text_of
from integrations.jira_reading import VENDOR, JiraReading
from integrations.jira_site import LABEL
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

__all__ = ["VENDOR", "Jira"]

PROPERTY = "escalate.case"
INDEX_LAG = timedelta(seconds=60)
"""How long search may not show what was created: a second creation must not come sooner."""

_TRIES = 3


class Jira(JiraReading):
    """One Jira site, written to as one account that is ours alone."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The ticket of this key exists, opened now or by an earlier try."""
        found = await self.find(draft.key)
        if found:
            return found[0]
        try:
            answer = await self._http.call(
                "open ticket", "POST", self._api("issue"), json_body=self._new(draft)
            )
        except OutcomeUnknownError as error:
            raise after_the_index(error) from error
        created = answer.object()
        if not str(created.get("id", "")).isdigit() or not created.get("key"):
            raise answer.misanswered("created, but no issue id came back")
        return self._ref(created)

    async def comment(
        self, ticket: TicketRef, text: str, *, key: str, also: Sequence[str] = ()
    ) -> Noted:
        """An internal note with this key stands on the ticket exactly once."""
        mark = marker(key)
        async for known in self._comments(ticket.id):
            if mark in text_of(known.get("body")):
                return Noted(reference=f"comment/{known['id']}", already=True)
        id_ = await self._say(ticket, f"{text}\n{markers([key, *also])}")
        return Noted(reference=f"comment/{id_}")

    async def set_status(self, ticket: TicketRef, status: TicketStatus, *, key: str) -> StatusSet:
        """The ticket has the status, as a second look shows; having had it already is success.

        A workflow that has no word for waiting is left as it is: that is no failure of the ticket.
        """
        for attempt in range(_TRIES):
            if self._words.means(await self._status(ticket)) is status:
                return StatusSet(status=status, already=attempt == 0)
            chosen = self._words.choose(await self._transitions(ticket), status)
            if chosen is None and status is TicketStatus.PENDING:
                return StatusSet(status=status, already=True)
            if chosen is None:
                raise _refused(
                    "no transition leads to the status",
                    mend="Let our account make the transition, or name the status in the settings.",
                )
            try:
                await self._http.call(
                    "set status",
                    "POST",
                    self._api("issue", ticket.id, "transitions"),
                    json_body=_transition(chosen),
                )
            except RefusedError as error:
                # Somebody moved it between the two looks: then this transition is no more.
                if error.status != 400 or chosen["id"] in {  # noqa: PLR2004 - the vendor's status
                    each["id"] for each in await self._transitions(ticket)
                }:
                    raise
                continue
            except ConflictError:
                continue
            if self._words.means(await self._status(ticket)) is status:
                return StatusSet(status=status)
            # A rule of the site, or somebody, moved it on: look again before giving up.
        raise ConflictError(
            "others keep changing the ticket",
            vendor=VENDOR,
            operation="set status",
            mend="Nothing: it is tried again.",
        )

    async def set_priority(
        self, ticket: TicketRef, priority: TicketPriority, *, key: str
    ) -> PrioritySet:
        """The ticket has the priority; having had it already is success."""
        wanted = self._words.priorities[priority]
        if await self._priority(ticket) == wanted:
            return PrioritySet(priority=priority, already=True)
        answer = await self._http.call(
            "set priority",
            "PUT",
            self._api("issue", ticket.id),
            json_body={"fields": {"priority": {"name": wanted}}},
        )
        if await self._priority(ticket) != wanted:
            raise answer.misanswered(f"the ticket does not take the priority {wanted!r}")
        return PrioritySet(priority=priority)

    async def link(self, ticket: TicketRef, link: TicketLink) -> Noted:
        """The ticket leads there, once: the vendor knows the link by its global id."""
        answer = await self._http.call(
            "link",
            "POST",
            self._api("issue", ticket.id, "remotelink"),
            json_body={
                # The address is not part of it: a link that moves stays the same link.
                "globalId": f"{LABEL}={fingerprint(link.title)}",
                "application": {"type": "org.escalate", "name": "escalate"},
                "relationship": "is worked on in",
                "object": {"url": link.url, "title": link.title},
            },
        )
        return Noted(
            reference=f"remotelink/{answer.object().get('id', '')}",
            already=answer.status == 200,  # noqa: PLR2004 - 201 is a new one
        )

    async def remark(self, ticket: TicketRef, *, key: str) -> None:
        """The ticket bears the mark of this opening again."""
        await self._http.call(
            "mark",
            "PUT",
            self._api("issue", ticket.id),
            json_body={"update": {"labels": [{"add": label} for label in _labels(key)]}},
        )
        await self._http.call(
            "mark",
            "PUT",
            self._api("issue", ticket.id, "properties", PROPERTY),
            json_body={"mark": fingerprint(key)},
        )

    def _new(self, draft: TicketDraft) -> dict[str, Any]:
        return {
            "fields": {
                "project": {"key": draft.queue},
                "issuetype": {"name": self._site.issue_type},
                "summary": draft.subject,
                "description": document(draft.body),
                "labels": _labels(draft.key),
                "priority": {"name": self._words.priorities[draft.priority]},
            },
            "properties": [{"key": PROPERTY, "value": {"mark": fingerprint(draft.key)}}],
        }

    async def _say(self, ticket: TicketRef, text: str) -> str:
        answer = await self._http.call(
            "comment",
            "POST",
            self._api("issue", ticket.id, "comment"),
            json_body={"body": document(text)},
        )
        id_ = str(answer.object().get("id", ""))
        if not id_:
            raise answer.misanswered("commented, but no comment came back")
        return id_

    async def _status(self, ticket: TicketRef) -> dict[str, Any]:
        answer = await self._http.call(
            "read ticket", "GET", self._api("issue", ticket.id), params={"fields": "status"}
        )
        status: dict[str, Any] = self._checked(answer)["fields"]["status"]
        return status

    async def _priority(self, ticket: TicketRef) -> str:
        answer = await self._http.call(
            "read ticket", "GET", self._api("issue", ticket.id), params={"fields": "priority"}
        )
        fields = answer.object().get("fields", {})
        return str((fields.get("priority") or {}).get("name", ""))

    async def _transitions(self, ticket: TicketRef) -> list[dict[str, Any]]:
        answer = await self._http.call(
            "read transitions",
            "GET",
            self._api("issue", ticket.id, "transitions"),
            params={"expand": "transitions.fields"},
        )
        found = answer.object().get("transitions", [])
        return [each for each in found if isinstance(each.get("to"), dict)]


def _labels(key: str) -> list[str]:
    return [LABEL, f"{LABEL}-{fingerprint(key)}"]


def _transition(chosen: dict[str, Any]) -> dict[str, Any]:
    """The request for it: a resolution where the screen demands one, and nothing else is filled."""
    body: dict[str, Any] = {"transition": {"id": chosen["id"]}}
    fields = chosen.get("fields") or {}
    needed = [
        name
        for name, field in fields.items()
        if field.get("required") and not field.get("hasDefaultValue")
    ]
    others = sorted(set(needed) - {"resolution"})
    if others:
        raise _refused(
            f"the transition asks for {', '.join(others)}",
            mend="Make the transition by hand, or let the workflow not ask our account for these.",
        )
    if "resolution" in needed:
        allowed = [str(each.get("name")) for each in fields["resolution"].get("allowedValues", [])]
        name = "Done" if "Done" in allowed or not allowed else allowed[0]
        body["fields"] = {"resolution": {"name": name}}
    return body


def _refused(message: str, *, mend: str) -> RefusedError:
    return RefusedError(message, vendor=VENDOR, operation="set status", mend=mend)


def after_the_index(error: OutcomeUnknownError) -> OutcomeUnknownError:
    """The same failure, with a wait after which search shows what may have been created."""
    return OutcomeUnknownError(
        "sent, but no answer came",
        vendor=VENDOR,
        operation="open ticket",
        status=error.status,
        retry_after=max(error.retry_after or timedelta(), INDEX_LAG),
        mend="It is looked for before it is tried again, as soon as search shows new issues.",
    )
