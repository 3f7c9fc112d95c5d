"""Jira Service Management: requests of a desk, notes its customers do not see, approval records.

A request is opened through the desk's own interface, which takes no labels: the mark stands in its
description until the label is there. An approval of the vendor's can be answered by the calling
user only, for themself: it is read as a hint, and never answered here.
"""

from typing import Any

import httpx

from integrations.errors import OutcomeUnknownError, RefusedError
from integrations.jira import Jira, after_the_index
from integrations.jira_site import LABEL
from integrations.markers import marker
from integrations.ports.ticketing import Approval, TicketDraft, TicketRef

_DESK = "rest/servicedeskapi"


class JiraService(Jira):
    """One service desk of a Jira site; the draft's queue is its project, for reading."""

    async def open_ticket(self, draft: TicketDraft) -> TicketRef:
        """The request of this key exists and is marked, opened now or by an earlier try."""
        found = await self.find(draft.key)
        if found:
            await self.remark(found[0], key=draft.key)
            return found[0]
        try:
            answer = await self._http.call(
                "open ticket",
                "POST",
                self._path(_DESK, "request"),
                json_body={
                    "serviceDeskId": self._site.desk,
                    "requestTypeId": self._site.request_type,
                    "requestFieldValues": {
                        "summary": draft.subject,
                        "description": f"{draft.body}\n{marker(draft.key)}",
                    },
                },
            )
        except OutcomeUnknownError as error:
            raise after_the_index(error) from error
        created = answer.object()
        id_, key = str(created.get("issueId", "")), str(created.get("issueKey", ""))
        if not id_.isdigit() or not key:
            raise answer.misanswered("created, but no request came back")
        ticket = self._ref({"id": id_, "key": key})
        await self.remark(ticket, key=draft.key)
        await self.set_priority(ticket, draft.priority, key=draft.key)
        return ticket

    def _marked_by(self, mark: str) -> str:
        return f'(labels = "{LABEL}-{mark}" OR description ~ "{mark}") ORDER BY created ASC'

    async def _say(self, ticket: TicketRef, text: str) -> str:
        answer = await self._http.call(
            "comment",
            "POST",
            self._path(_DESK, "request", ticket.id, "comment"),
            json_body={"body": text, "public": False},
        )
        said = answer.object()
        if said.get("public") is not False or not said.get("id"):
            raise answer.misanswered("the note is not internal, or did not come back")
        return str(said["id"])

    async def _approvals(self, issue: dict[str, Any]) -> tuple[Approval, ...]:
        found: list[Approval] = []
        start = 0
        while True:
            try:
                answer = await self._http.call(
                    "read approvals",
                    "GET",
                    self._path(_DESK, "request", str(issue["id"]), "approval"),
                    params={"start": str(start), "limit": "50"},
                )
            except RefusedError as error:
                # An issue of the project that is no request has no approvals.
                if error.status == httpx.codes.NOT_FOUND:
                    return ()
                raise
            content = answer.object()
            values = content.get("values", [])
            found += [
                Approval(id=str(each["id"]), verdict=str(each.get("finalDecision", "")))
                for each in values
            ]
            start += len(values)
            if content.get("isLastPage", True) or not values:
                return tuple(found)
