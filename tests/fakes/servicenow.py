"""A stateful ServiceNow: the Table API with its quirks, judged by its documented rules.

Values are strings; a query term of an unknown or unreadable field is ignored; unreadable fields are
left out; a business rule may refuse a change and answer 200; 200 may carry an error inside.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.clock import FixedClock
from tests.fakes.transport import LossyTransport

USER, PASSWORD = "escalate.robot", "a-password"
PERSON = "beth.anglin"
GROUP = "287ebd7da9fe198100f92cc8d1d2154e"

Row = dict[str, str]

_STATES = {"1", "2", "3", "6", "7", "8"}
_WRITABLE = {
    "short_description", "description", "correlation_id", "correlation_display", "impact",
    "urgency", "state", "close_code", "close_notes", "hold_reason", "assignment_group",
    "work_notes", "comments",
}  # fmt: skip
_TABLES: dict[str, set[str]] = {
    "incident": (_WRITABLE - {"work_notes", "comments"})
    | {
        "sys_id", "number", "priority", "sys_created_on", "sys_created_by", "sys_updated_on",
        "sys_updated_by", "sys_mod_count",
    },
    "sys_journal_field": {
        "sys_id", "element_id", "element", "value", "sys_created_on", "sys_created_by",
    },
    "sysapproval_approver": {"sys_id", "sysapproval", "state", "comments", "sys_created_on"},
}  # fmt: skip
_PRIORITY = {
    ("1", "1"): "1", ("1", "2"): "2", ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "2"): "4", ("1", "3"): "3", ("3", "1"): "3", ("3", "3"): "5",
}  # fmt: skip
_TERM = re.compile(r"([a-z_]+)(>=|=)(.*)")


class FakeServiceNow:
    """One instance; its clock ticks with every change."""

    url = "https://dev12345.service-now.test"

    def __init__(self, clock: FixedClock | None = None) -> None:
        self.clock = clock or FixedClock()
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in _TABLES}
        self.hidden: set[str] = set()
        """Fields that our account may not read: left out, and ignored in queries."""
        self.rule: Callable[[str], None] | None = None
        """What the instance does by itself after each change of ours."""
        self._failures: list[Response] = []
        self._aborts = 0
        self._before_write: Callable[[], None] | None = None
        self._next = 0
        base = "/api/now/table/{table}"
        self.app = Starlette(
            routes=[
                Route(base, self._guard(self._list), methods=["GET"]),
                Route(base, self._guard(self._create), methods=["POST"]),
                Route(f"{base}/{{id}}", self._guard(self._show), methods=["GET"]),
                Route(f"{base}/{{id}}", self._guard(self._patch), methods=["PATCH"]),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    # What a test does to it.

    @property
    def records(self) -> dict[str, Row]:
        """The incidents."""
        return self.tables["incident"]

    def notes(self, id_: str) -> list[str]:
        """The journal of one record."""
        entries = self.tables["sys_journal_field"].values()
        return [entry["value"] for entry in entries if entry["element_id"] == id_]

    def throttle_next(self, *, seconds: int, as_date: bool = False) -> None:
        """The next request meets 429."""
        until = format_datetime(self.clock.at + timedelta(seconds=seconds), usegmt=True)
        headers = {"Retry-After": until if as_date else str(seconds)}
        self._failures.append(_error(429, "Rate limit exceeded", headers=headers))

    def fail_next(self, status: int) -> None:
        """The next request meets this status."""
        self._failures.append(_error(status, "sorry"))

    def fail_inside_next(self) -> None:
        """The next request meets 200 with an error inside."""
        self._failures.append(_error(200, "Transaction cancelled: maximum execution time exceeded"))

    def abort_next(self) -> None:
        """A business rule refuses the next change and says nothing of it."""
        self._aborts += 1

    def race_next_write(self, rival: Callable[[], None]) -> None:
        """Somebody else does this just before the next write is looked at."""
        self._before_write = rival

    def someone_opens(self, *, group: str = GROUP, correlation: str = "") -> str:
        """A person opens an incident."""
        fields = {"short_description": "words", "correlation_id": correlation}
        return self._open({**fields, "assignment_group": group}, author=PERSON)["sys_id"]

    def someone_sets(self, id_: str, *, author: str = PERSON, **change: str) -> None:
        """A person edits the record."""
        self._apply(id_, dict(change), author=author)

    def someone_deletes(self, id_: str) -> None:
        """A person deletes the record."""
        del self.records[id_]

    def approve(self, id_: str, state: str) -> None:
        """The vendor's own approval record says so."""
        self._insert(
            "sysapproval_approver",
            {"sysapproval": id_, "state": state, "sys_created_on": self._tick()},
        )

    # What it answers.

    def _guard(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Response:
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return _error(401, "User Not Authenticated")
            if self._failures:
                return self._failures.pop(0)
            if request.path_params["table"] not in _TABLES:
                return _error(400, "Invalid table")
            id_ = request.path_params.get("id")
            if id_ is not None and id_ not in self.tables[request.path_params["table"]]:
                return _error(404, "No Record found")
            if request.method != "GET" and self._before_write is not None:
                rival, self._before_write = self._before_write, None
                rival()
            answer: Response = await handler(request)
            return answer

        return guarded

    async def _list(self, request: Request) -> Response:
        table = request.path_params["table"]
        rows = list(self.tables[table].values())
        for term in request.query_params.get("sysparm_query", "").split("^"):
            if term.startswith("ORDERBY"):
                down = term.startswith("ORDERBYDESC")
                field = term.removeprefix("ORDERBYDESC").removeprefix("ORDERBY")
                rows.sort(key=lambda row, name=field: row.get(name, ""), reverse=down)  # type: ignore[misc]
                continue
            found = _TERM.fullmatch(term)
            if found is None or found[1] not in _TABLES[table] - self.hidden:
                # As the vendor does: the term is dropped and everything comes back.
                continue
            name, operator, value = found.groups()
            rows = [
                row
                for row in rows
                if (row.get(name, "") == value if operator == "=" else row.get(name, "") >= value)
            ]
        start = int(request.query_params.get("sysparm_offset", "0"))
        # Two a page at most, so that every client has to follow the link.
        size = min(int(request.query_params.get("sysparm_limit", "10000")), 2)
        more = start + size < len(rows)
        headers = {"X-Total-Count": str(len(rows))}
        if more:
            headers["Link"] = f'<{self.url}/next?sysparm_offset={start + size}>;rel="next"'
        shown = [self._shown(request, row) for row in rows[start : start + size]]
        return JSONResponse({"result": shown}, headers=headers)

    async def _create(self, request: Request) -> Response:
        fields = json.loads(await request.body())
        wrong = _wrong(fields)
        if wrong:
            return _error(400, wrong)
        row = self._open(fields, author=USER)
        return JSONResponse({"result": self._shown(request, row)}, 201)

    async def _show(self, request: Request) -> Response:
        row = self.tables[request.path_params["table"]][request.path_params["id"]]
        return JSONResponse({"result": self._shown(request, row)})

    async def _patch(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        change = json.loads(await request.body())
        wrong = _wrong(change)
        if wrong:
            return _error(400, wrong)
        if change.get("state") == "6" and not (
            change.get("close_code") and change.get("close_notes")
        ):
            return _error(403, "Data Policy Exception: Close code and notes are mandatory")
        if change.get("state") == "3" and not change.get("hold_reason"):
            return _error(403, "Data Policy Exception: On hold reason is mandatory")
        if self._aborts:
            self._aborts -= 1
        else:
            self._apply(id_, change, author=USER)
        return JSONResponse({"result": self._shown(request, self.records[id_])})

    # Its state.

    def _shown(self, request: Request, row: Row) -> Row:
        wanted = request.query_params.get("sysparm_fields", "")
        names = set(wanted.split(",")) if wanted else set(row)
        return {name: row.get(name, "") for name in sorted(names - self.hidden)}

    def _tick(self) -> str:
        self.clock.move(timedelta(seconds=1))
        return _stamp(self.clock.at)

    def _insert(self, table: str, row: Row) -> Row:
        self._next += 1
        id_ = f"{self._next:032x}"
        self.tables[table][id_] = {**row, "sys_id": id_}
        return self.tables[table][id_]

    def _open(self, fields: Row, *, author: str) -> Row:
        now = self._tick()
        row = self._insert(
            "incident",
            {
                "state": "1",
                "impact": "3",
                "urgency": "3",
                "assignment_group": "",
                "correlation_id": "",
                "correlation_display": "",
                **fields,
                "number": f"INC{len(self.records) + 1:07}",
                "sys_created_on": now,
                "sys_created_by": author,
                "sys_updated_on": now,
                "sys_updated_by": author,
                "sys_mod_count": "0",
            },
        )
        row["priority"] = _PRIORITY[(row["impact"], row["urgency"])]
        return row

    def _apply(self, id_: str, change: Row, *, author: str) -> None:
        now, row = self._tick(), self.records[id_]
        for element in ("work_notes", "comments"):
            if text := change.pop(element, ""):
                self._insert(
                    "sys_journal_field",
                    {
                        "element_id": id_,
                        "element": element,
                        "value": text,
                        "sys_created_on": now,
                        "sys_created_by": author,
                    },
                )
        row.update(change)
        row["priority"] = _PRIORITY[(row["impact"], row["urgency"])]
        row["sys_updated_on"], row["sys_updated_by"] = now, author
        row["sys_mod_count"] = str(int(row["sys_mod_count"]) + 1)
        if author == USER and self.rule is not None:
            self.rule(id_)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _wrong(fields: dict[str, Any]) -> str:
    for name, value in fields.items():
        if not isinstance(value, str):
            return f"{name} is not a string"
        if name not in _WRITABLE:
            return f"{name} cannot be written"
    if fields.get("state", "1") not in _STATES:
        return "the state is none"
    if {fields.get("impact", "1"), fields.get("urgency", "1")} - {"1", "2", "3"}:
        return "impact and urgency are 1 to 3"
    return ""


def _error(status: int, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"error": {"message": message, "detail": ""}, "status": "failure"}
    return JSONResponse(body, status, headers)
