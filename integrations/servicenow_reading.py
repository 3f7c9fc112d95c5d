"""What a ServiceNow table shows over the Table API: records, their journals, who changed them.

- Every value is a string; an empty one is `""`; instants are UTC without a zone.
- A query term whose field does not exist is silently ignored and everything comes back: so every
  row is checked against what was asked, and a row that does not fit is an error of the settings.
- Fields that our account may not read are left out, silently: a record without its number is
  not taken for one.
- 200 may carry an error inside.
"""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from integrations._http import Answer, VendorHttp
from integrations.errors import MisansweredError, RefusedError
from integrations.markers import fingerprint, marks_in
from integrations.ports.clock import Clock
from integrations.ports.ticketing import (
    Approval,
    Marked,
    NewTicket,
    SeenTicket,
    TicketChange,
    TicketRef,
)
from integrations.servicenow_site import ServiceNowSite

VENDOR = "servicenow"
PREFIX = "escalate:"

Row = dict[str, str]

PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
"""Values as they are stored, not as they are read aloud."""

_PAGE = 100
_FIELDS = (
    "sys_id,number,state,priority,correlation_id,correlation_display,assignment_group,"
    "sys_created_on,sys_created_by,sys_updated_on,sys_updated_by,sys_mod_count"
)
# The query is read in the account's own time zone; none is further from UTC than this.
_ANY_ZONE = timedelta(hours=26)
_KINDS = {"work_notes": "comment", "comments": "reply"}


class ServiceNowReading:
    """One table of one instance, as one account that is ours alone; what can be read of it."""

    def __init__(self, client: httpx.AsyncClient, site: ServiceNowSite, *, clock: Clock) -> None:
        self._site = site
        self._base = site.url.rstrip("/")
        self.instance = site.instance or urlsplit(site.url).netloc
        if site.token is not None:
            authorization = f"Bearer {site.token}"
        else:
            pair = f"{site.user}:{site.password}".encode()
            authorization = "Basic " + base64.b64encode(pair).decode()
        self._http = VendorHttp(
            client,
            vendor=VENDOR,
            clock=clock,
            headers={"Authorization": authorization, "Accept": "application/json"},
        )

    async def look(self, ticket: TicketRef) -> SeenTicket | None:
        """The record as it is now; None where the table shows none of that id."""
        row = await self._row(ticket.id)
        if row is None:
            return None
        notes = [
            mark
            async for entry in self._journal(ticket.id)
            for mark in marks_in(entry.get("value", ""))
        ]
        return SeenTicket(
            ticket=self._ref(row),
            status=self._site.meanings.get(row["state"]),
            word=self._site.word(row["state"]),
            priority=self._site.priority(row.get("priority", "")),
            queue=row.get("assignment_group", ""),
            marks=tuple(_marks(row)),
            notes=tuple(notes),
            approvals=await self._approvals(ticket.id),
            version=row.get("sys_mod_count", ""),
        )

    async def find(self, key: str) -> list[TicketRef]:
        """Every record that bears the mark of this opening, the oldest first."""
        ours = PREFIX + fingerprint(key)
        rows = self._rows(
            "look for the ticket",
            self._site.table,
            f"correlation_id={ours}^ORDERBYsys_created_on",
            fits=lambda row: row.get("correlation_id") == ours,
        )
        return [self._ref(row) async for row in rows]

    async def marked_since(self, instant: datetime) -> list[Marked]:
        """Every record that bears a mark of ours and changed since the instant."""
        since = instant.replace(microsecond=0)
        return [
            Marked(ticket=self._ref(row), mark=mark, at=_at(row["sys_updated_on"]))
            async for row in self._updated(since)
            for mark in _marks(row)
        ]

    async def changed_since(self, instant: datetime) -> list[NewTicket | TicketChange]:
        """What others did in the watched group since the instant (inclusive), oldest first."""
        since = instant.replace(microsecond=0)
        news: list[NewTicket | TicketChange] = []
        async for row in self._updated(since):
            created = _at(row["sys_created_on"])
            if created >= since and not _marks(row):
                news.append(self._new_ticket(row, created))
            news += await self._changes(row, since=since, created=created)
        return sorted(news, key=lambda each: (each.at, each.delivery))

    async def _updated(self, since: datetime) -> AsyncIterator[Row]:
        earliest = (since - _ANY_ZONE).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        group = f"^assignment_group={self._site.group}" if self._site.group else ""
        rows = self._rows(
            "look for changes",
            self._site.table,
            f"sys_updated_on>={earliest}{group}^ORDERBYDESCsys_updated_on",
            fits=lambda row: not group or row.get("assignment_group") == self._site.group,
        )
        async for row in rows:
            if _at(row["sys_updated_on"]) < since:
                return
            yield row

    async def _changes(self, row: Row, *, since: datetime, created: datetime) -> list[TicketChange]:
        found: list[TicketChange] = []
        async for entry in self._journal(row["sys_id"]):
            at = _at(entry["sys_created_on"])
            # Our own notes are known by their mark: a person may share our account for a while.
            if at < since or marks_in(entry.get("value", "")):
                continue
            kind = _KINDS.get(entry.get("element", ""), "comment")
            found.append(
                self._change(row, at, kind, entry["sys_id"], entry.get("sys_created_by", ""))
            )
        by, at = row.get("sys_updated_by", ""), _at(row["sys_updated_on"])
        if by != self._site.user and at > created and all(each.at != at for each in found):
            found.append(self._change(row, at, "status", row.get("sys_mod_count", "0"), by))
        return found

    def _change(self, row: Row, at: datetime, kind: str, id_: str, actor: str) -> TicketChange:
        return TicketChange(
            ticket=self._ref(row),
            at=at,
            delivery=f"{VENDOR}/{self.instance}/{row['sys_id']}/{kind}-{id_}",
            kind=kind,
            actor=actor,
            status=self._site.word(row["state"]),
            priority=row.get("priority") or None,
        )

    def _new_ticket(self, row: Row, created: datetime) -> NewTicket:
        return NewTicket(
            ticket=self._ref(row),
            at=created,
            delivery=f"{VENDOR}/{self.instance}/{row['sys_id']}/new",
            queue=row.get("assignment_group", ""),
            status=self._site.word(row["state"]),
        )

    async def _approvals(self, id_: str) -> tuple[Approval, ...]:
        rows = self._rows(
            "read approvals",
            "sysapproval_approver",
            f"sysapproval={id_}^ORDERBYsys_created_on",
            fields="sys_id,sysapproval,state",
            fits=lambda row: row.get("sysapproval") == id_,
        )
        return tuple(
            [Approval(id=row["sys_id"], verdict=row.get("state", "")) async for row in rows]
        )

    async def _journal(self, id_: str) -> AsyncIterator[Row]:
        rows = self._rows(
            "read notes",
            "sys_journal_field",
            f"element_id={id_}^ORDERBYsys_created_on",
            fields="sys_id,element_id,element,value,sys_created_on,sys_created_by",
            fits=lambda row: row.get("element_id") == id_,
        )
        async for row in rows:
            yield row

    async def _row(self, id_: str) -> Row | None:
        ticket = TicketRef(system=VENDOR, instance=self.instance, id=id_)
        try:
            return self._result(await self._answered("read ticket", ticket))
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    async def _answered(self, operation: str, ticket: TicketRef) -> Answer:
        return await self._http.call(
            operation,
            "GET",
            self._api(self._site.table, ticket.id),
            params={"sysparm_fields": _FIELDS, **PLAIN},
        )

    async def _rows(
        self,
        operation: str,
        table: str,
        query: str,
        *,
        fits: Callable[[Row], bool],
        fields: str = _FIELDS,
    ) -> AsyncIterator[Row]:
        start = 0
        while True:
            answer = await self._http.call(
                operation,
                "GET",
                self._api(table),
                params={
                    "sysparm_query": query,
                    "sysparm_fields": fields,
                    "sysparm_limit": str(_PAGE),
                    "sysparm_offset": str(start),
                    **PLAIN,
                },
            )
            rows = _inside(answer).get("result", [])
            for row in rows:
                if not row.get("sys_id") or not fits(row):
                    raise _ignored(operation)
                yield row
            start += len(rows)
            if 'rel="next"' not in answer.headers.get("Link", "") or not rows:
                return

    def _result(self, answer: Answer) -> Row:
        row = _inside(answer).get("result")
        if not isinstance(row, dict) or not row.get("sys_id") or not row.get("state"):
            raise answer.misanswered("the record came back without its id or state")
        return row

    def _api(self, table: str, *parts: str) -> str:
        return "/".join(
            [self._base, "api/now/table", table, *(quote(part, safe="") for part in parts)]
        )

    def _ref(self, row: Row) -> TicketRef:
        return TicketRef(
            system=VENDOR,
            instance=self.instance,
            id=row["sys_id"],
            url=f"{self._base}/{self._site.table}.do?sys_id={row['sys_id']}",
        )


def _inside(answer: Answer) -> dict[str, Any]:
    """The answer's content; an error inside a 200 is the refusal it means."""
    content = answer.object()
    if "error" in content or content.get("status") == "failure":
        raise answer.misanswered("it says 200 with an error inside")
    return content


def _ignored(operation: str) -> MisansweredError:
    return MisansweredError(
        "rows came back that were not asked for: a term of the query is ignored",
        vendor=VENDOR,
        operation=operation,
        mend="Let our account read the field, and set glide.invalid_query.returns_no_rows there.",
    )


def _marks(row: Row) -> list[str]:
    known = row.get("correlation_id", "")
    return [known.removeprefix(PREFIX)] if known.startswith(PREFIX) else []


def _at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
