"""A stateful Jira Cloud: it judges requests by Atlassian's published schemas, not by our models.

Request bodies are checked against Jira's OpenAPI (`jira_requests.json`) and documents against the
schema of its document format (`jira_adf_schema.json`); what neither says (known fields, workflows,
label syntax) is checked here. Search lags behind by `lag`, as the vendor's does.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.jira_webhook import IDENTIFIER, sign_jira
from tests.fakes.clock import FixedClock
from tests.fakes.schema_check import problems
from tests.fakes.transport import LossyTransport

EMAIL, TOKEN = "robot@example.test", "a-token"
ACCOUNT, PERSON, CUSTOMER = "5b10ac8d82e05b22cc7d4ef5", "5b10a2844c20165700ede21g", "qm:customer"
SECRET = "a jira webhook secret"

Json = dict[str, Any]

_HERE = Path(__file__).parent
_REQUESTS = json.loads((_HERE / "jira_requests.json").read_bytes())
_ADF = json.loads((_HERE / "jira_adf_schema.json").read_bytes())
_ADF.pop("from")

STATUSES: dict[str, str] = {
    "To Do": "new",
    "In Progress": "indeterminate",
    "Waiting for customer": "indeterminate",
    "Done": "done",
}
_FIELDS = {"project", "issuetype", "summary", "description", "labels", "priority", "resolution"}
_PRIORITIES = {"Highest", "High", "Medium", "Low", "Lowest"}
_TERM = re.compile(
    r'labels = "(?P<label>[^"]+)"|description ~ "(?P<word>\w+)"|updated >= "-(?P<ago>\d+)m"'
    r"|project IN \((?P<projects>[^)]*)\)"
)


class FakeJira:
    """One site with one project and one service desk; its clock ticks with every change."""

    url = "https://example.atlassian.test"

    def __init__(self, clock: FixedClock | None = None, *, lag: timedelta = timedelta(0)) -> None:
        self.clock = clock or FixedClock()
        self.lag = lag
        self.projects = {"OPS", "RISK"}
        self.issues: dict[str, Json] = {}
        self.statuses = dict(STATUSES)
        self.asks_for: dict[str, Json] = {}
        """Fields that every transition's screen demands."""
        self.frozen: set[str] = set()
        """Fields that our account's edits do not change, and that nothing is said of."""
        self.rule: Callable[[str], None] | None = None
        """What the site does by itself after each change of ours."""
        self.webhooks: list[tuple[dict[str, str], bytes]] = []
        """What the site would deliver, in the order things happened."""
        self._failures: list[Response] = []
        self._before_write: Callable[[], None] | None = None
        self._next = 10_000
        api, desk = "/rest/api/3", "/rest/servicedeskapi"
        one = f"{api}/issue/{{id}}"
        self.app = Starlette(
            routes=[
                self._route(f"{api}/myself", self._me),
                self._route(f"{api}/search/jql", self._search, "POST"),
                self._route(f"{api}/issue", self._create, "POST"),
                self._route(one, self._show),
                self._route(one, self._edit, "PUT"),
                self._route(f"{one}/transitions", self._list_transitions),
                self._route(f"{one}/transitions", self._transition, "POST"),
                self._route(f"{one}/comment", self._list_comments),
                self._route(f"{one}/comment", self._comment, "POST"),
                self._route(f"{one}/changelog", self._changelog),
                self._route(f"{one}/remotelink", self._list_links),
                self._route(f"{one}/remotelink", self._link, "POST"),
                self._route(f"{one}/properties/{{name}}", self._property, "PUT"),
                self._route(f"{desk}/request", self._request, "POST"),
                self._route(f"{desk}/request/{{id}}/comment", self._note, "POST"),
                self._route(f"{desk}/request/{{id}}/approval", self._list_approvals),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    # What a test does to it.

    def throttle_next(self, *, seconds: int, as_date: bool = False, why: str = "burst") -> None:
        """The next request meets 429."""
        until = format_datetime(self.clock.at + timedelta(seconds=seconds), usegmt=True)
        headers = {
            "Retry-After": until if as_date else str(seconds),
            "RateLimit-Reason": f"jira-{why}-based",
        }
        self._failures.append(JSONResponse({"errorMessages": ["Rate limit"]}, 429, headers))

    def fail_next(self, status: int) -> None:
        """The next request meets this status, in HTML."""
        self._failures.append(Response("<h1>sorry</h1>", status, media_type="text/html"))

    def race_next_write(self, rival: Callable[[], None]) -> None:
        """Somebody else does this just before the next write is looked at."""
        self._before_write = rival

    def someone_opens(self, *, project: str = "OPS", labels: list[str] | None = None) -> str:
        """A person opens an issue in Jira's own pages."""
        fields = {"project": {"key": project}, "labels": labels or [], "summary": "words"}
        return self._open(fields, author=PERSON)

    def someone_moves(self, id_: str, status: str, *, author: str = PERSON) -> None:
        """A person moves the issue on the board."""
        self._change(id_, "status", status, author=author)

    def someone_sets(self, id_: str, field: str, value: Any, *, author: str = PERSON) -> None:
        """A person edits a field."""
        self._change(id_, field, value, author=author)

    def someone_comments(self, id_: str, text: str, *, public: bool = False) -> None:
        """A person, or a customer, writes a comment."""
        body = {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }
        self._say(id_, body, author=CUSTOMER if public else PERSON, public=public)

    def someone_deletes(self, id_: str) -> None:
        """A person deletes the issue."""
        issue = self.issues.pop(id_)
        self._hook("jira:issue_deleted", issue, author=PERSON)

    def someone_clones(self, id_: str) -> str:
        """A person clones the issue, labels and all."""
        fields = {**self.issues[id_]["fields"], "priority": None}
        return self._open({**fields, "project": fields["project"]}, author=PERSON)

    def deliver(self) -> list[tuple[dict[str, str], bytes]]:
        """The webhooks that wait, and none afterwards."""
        waiting, self.webhooks = self.webhooks, []
        return waiting

    # What it answers.

    def _route(self, path: str, handler: Any, method: str = "GET") -> Route:
        async def guarded(request: Request) -> Response:
            pair = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {pair}":
                return _error(401, "Client must be authenticated to access this resource.")
            if self._failures:
                return self._failures.pop(0)
            if method != "GET" and self._before_write is not None and "search" not in path:
                rival, self._before_write = self._before_write, None
                rival()
            id_ = request.path_params.get("id")
            if id_ is not None and self._find(id_) is None:
                return _error(404, "Issue does not exist or you do not have permission to see it.")
            answer: Response = await handler(request)
            return answer

        return Route(path, guarded, methods=[method])

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"accountId": ACCOUNT, "emailAddress": EMAIL})

    async def _search(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        if set(asked) - {"jql", "fields", "maxResults", "nextPageToken", "expand"}:
            return _error(400, "Invalid request payload.")
        jql, _, order = asked["jql"].partition(" ORDER BY ")
        rest = _TERM.sub("", jql).replace("(", "").replace(")", "")
        if set(rest.split()) - {"AND", "OR"}:
            return _error(400, f"Error in the JQL Query: {rest.strip()[:40]}")
        found = [issue for issue in self.issues.values() if self._matches(issue, jql)]
        found.sort(key=lambda each: int(each["id"]), reverse="DESC" in order)
        # Two a page, so that every client has to follow the token.
        start = int(asked.get("nextPageToken", "0"))
        page = found[start : start + 2]
        more = start + 2 < len(found)
        issues = [self._shown(each, set(asked.get("fields", []))) for each in page]
        content: Json = {"issues": issues, "isLast": not more}
        return JSONResponse(content | ({"nextPageToken": str(start + 2)} if more else {}))

    async def _create(self, request: Request) -> Response:
        body = json.loads(await request.body())
        wrong = _broken("POST /issue", body) + self._invalid(body.get("fields", {}))
        for name in ("project", "issuetype", "summary"):
            if name not in body.get("fields", {}):
                wrong.append(f"{name}: is required")
        if wrong:
            return _error(400, *wrong)
        id_ = self._open(body["fields"], author=ACCOUNT, properties=body.get("properties", []))
        issue = self.issues[id_]
        return JSONResponse({"id": id_, "key": issue["key"], "self": self._self(id_)}, 201)

    async def _show(self, request: Request) -> Response:
        wanted = set(request.query_params.get("fields", "").split(",")) - {""}
        return JSONResponse(self._shown(self._of(request), wanted))

    async def _edit(self, request: Request) -> Response:
        body = json.loads(await request.body())
        wrong = _broken("PUT /issue/{key}", body) + self._invalid(body.get("fields", {}))
        wrong += [f"{name}: cannot be set" for name in set(body.get("update", {})) - {"labels"}]
        if wrong:
            return _error(400, *wrong)
        issue = self._of(request)
        for name, value in body.get("fields", {}).items():
            self._change(
                issue["id"], name, value["name"] if name == "priority" else value, author=ACCOUNT
            )
        for step in body.get("update", {}).get("labels", []):
            labels = [*issue["fields"]["labels"], *([step["add"]] if "add" in step else [])]
            self._change(issue["id"], "labels", sorted(set(labels)), author=ACCOUNT)
        return Response(status_code=204)

    async def _list_transitions(self, request: Request) -> Response:
        return JSONResponse({"transitions": self._transitions(self._of(request))})

    async def _transition(self, request: Request) -> Response:
        body = json.loads(await request.body())
        wrong = _broken("POST /issue/{key}/transitions", body)
        if wrong:
            return _error(400, *wrong)
        issue = self._of(request)
        id_ = body.get("transition", {}).get("id")
        chosen = next((t for t in self._transitions(issue) if t["id"] == id_), None)
        if chosen is None:
            return _error(400, "It seems that you have tried to perform an illegal workflow step.")
        for name, field in chosen["fields"].items():
            if field["required"] and name not in body.get("fields", {}):
                return _error(400, f"{name}: is required")
        self._change(issue["id"], "status", chosen["to"]["name"], author=ACCOUNT)
        return Response(status_code=204)

    async def _list_comments(self, request: Request) -> Response:
        return _page(request, self._of(request)["comments"], "comments")

    async def _comment(self, request: Request) -> Response:
        body = json.loads(await request.body())
        wrong = _broken("POST /issue/{key}/comment", body) + _no_document(body.get("body"))
        if wrong:
            return _error(400, *wrong)
        return JSONResponse(self._say(self._of(request)["id"], body["body"], author=ACCOUNT), 201)

    async def _changelog(self, request: Request) -> Response:
        return _page(request, self._of(request)["changes"], "values")

    async def _list_links(self, request: Request) -> Response:
        return JSONResponse(list(self._of(request)["links"].values()))

    async def _link(self, request: Request) -> Response:
        body = json.loads(await request.body())
        wrong = _broken("POST /issue/{key}/remotelink", body)
        if wrong:
            return _error(400, *wrong)
        links = self._of(request)["links"]
        known = body.get("globalId") in links
        id_ = links[body["globalId"]]["id"] if known else self._id()
        links[body.get("globalId", str(id_))] = {**body, "id": id_}
        return JSONResponse({"id": id_, "self": f"{self.url}/link/{id_}"}, 200 if known else 201)

    async def _property(self, request: Request) -> Response:
        properties = self._of(request)["properties"]
        name = request.path_params["name"]
        known = name in properties
        properties[name] = json.loads(await request.body())
        return Response(status_code=200 if known else 201)

    async def _request(self, request: Request) -> Response:
        body = json.loads(await request.body())
        values = body.get("requestFieldValues", {})
        allowed = {"serviceDeskId", "requestTypeId", "requestFieldValues", "raiseOnBehalfOf"}
        if set(body) - allowed or set(values) - {"summary", "description"}:
            return _error(400, "The request type does not have these fields.")
        if body.get("serviceDeskId") != "3" or not isinstance(values.get("description"), str):
            return _error(400, "The Service Desk you are trying to view does not exist.")
        fields = {"project": {"key": "RISK"}, "description": values["description"]}
        id_ = self._open({**fields, "summary": values["summary"]}, author=ACCOUNT)
        self.issues[id_]["approvals"] = []
        return JSONResponse({"issueId": id_, "issueKey": self.issues[id_]["key"]}, 201)

    async def _note(self, request: Request) -> Response:
        body = json.loads(await request.body())
        if set(body) - {"body", "public"} or not isinstance(body.get("body"), str):
            return _error(400, "The comment is not one.")
        public = bool(body.get("public", True))
        said = self._say(self._of(request)["id"], body["body"], author=ACCOUNT, public=public)
        return JSONResponse({"id": said["id"], "body": body["body"], "public": public}, 201)

    async def _list_approvals(self, request: Request) -> Response:
        approvals = self._of(request)["approvals"]
        if approvals is None:
            return _error(404, "The request does not exist.")
        start = int(request.query_params.get("start", "0"))
        page = approvals[start : start + 1]
        last = start + 1 >= len(approvals)
        return JSONResponse({"values": page, "start": start, "limit": 1, "isLastPage": last})

    # Its state.

    def approve(self, id_: str, verdict: str) -> None:
        """The vendor's own approval record says so."""
        self.issues[id_]["approvals"].append(
            {"id": str(self._id()), "finalDecision": verdict, "canAnswerApproval": False}
        )

    def _of(self, request: Request) -> Json:
        issue = self._find(request.path_params["id"])
        assert issue is not None
        return issue

    def _find(self, id_: str) -> Json | None:
        by_key = (each for each in self.issues.values() if each["key"] == id_)
        return self.issues.get(id_) or next(by_key, None)

    def _matches(self, issue: Json, jql: str) -> bool:
        if self.clock.at - issue["at"] < self.lag:
            # Not in the index yet, or in it as it was.
            return False
        parts = list(_TERM.finditer(jql))
        answers = [self._holds(issue, part) for part in parts]
        return any(answers) if " OR " in jql else all(answers)

    def _holds(self, issue: Json, term: re.Match[str]) -> bool:
        fields = issue["fields"]
        if term["label"]:
            return term["label"] in fields["labels"]
        if term["word"]:
            return term["word"] in str(fields.get("description"))
        if term["ago"]:
            return bool(issue["at"] >= self.clock.at - timedelta(minutes=int(term["ago"])))
        return fields["project"]["key"] in term["projects"].replace('"', "").split(", ")

    def _invalid(self, fields: Json) -> list[str]:
        wrong = [f"{name}: cannot be set" for name in set(fields) - _FIELDS]
        if "project" in fields and fields["project"].get("key") not in self.projects:
            wrong.append("project: valid project is required")
        if fields.get("description") is not None:
            wrong += _no_document(fields["description"])
        if any(" " in label or len(label) > 255 for label in fields.get("labels", [])):
            wrong.append("labels: The label can't contain spaces.")
        if fields.get("priority") and fields["priority"].get("name") not in _PRIORITIES:
            wrong.append("priority: The priority selected is invalid.")
        if len(fields.get("summary", "")) > 255 or "\n" in fields.get("summary", ""):
            wrong.append("summary: too long, or of several lines")
        return wrong

    def _transitions(self, issue: Json) -> list[Json]:
        # Ids differ by where the issue is: no client may know them by heart.
        offset = 10 * list(self.statuses).index(issue["fields"]["status"])
        return [
            {
                "id": str(offset + index),
                "name": f"Move to {name}",
                "to": self._status(name),
                "fields": dict(self.asks_for),
            }
            for index, name in enumerate(self.statuses)
            if name != issue["fields"]["status"]
        ]

    def _status(self, name: str) -> Json:
        return {"name": name, "statusCategory": {"key": self.statuses[name]}}

    def _shown(self, issue: Json, wanted: set[str]) -> Json:
        fields = {
            **issue["fields"],
            "status": self._status(issue["fields"]["status"]),
            "created": _stamp(issue["created"]),
            "updated": _stamp(issue["at"]),
        }
        if fields.get("priority"):
            fields["priority"] = {"name": fields["priority"]}
        if wanted and "*all" not in wanted:
            fields = {name: value for name, value in fields.items() if name in wanted}
        shown = {"id": issue["id"], "key": issue["key"], "self": self._self(issue["id"])}
        return {**shown, "fields": fields}

    def _self(self, id_: str) -> str:
        return f"{self.url}/rest/api/3/issue/{id_}"

    def _tick(self) -> datetime:
        self.clock.move(timedelta(seconds=1))
        return self.clock.at

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _open(self, fields: Json, *, author: str, properties: list[Json] | None = None) -> str:
        at, id_ = self._tick(), str(self._id())
        project = fields["project"]["key"]
        priority = fields.get("priority") or {"name": "Medium"}
        self.issues[id_] = {
            "id": id_,
            "key": f"{project}-{len(self.issues) + 1}",
            "created": at,
            "at": at,
            "fields": {
                "project": {"key": project},
                "summary": fields.get("summary", ""),
                "description": fields.get("description"),
                "labels": list(fields.get("labels", [])),
                "priority": priority["name"],
                "status": next(iter(self.statuses)),
            },
            "properties": {each["key"]: each["value"] for each in properties or []},
            "comments": [],
            "changes": [],
            "links": {},
            "approvals": None,
        }
        self._hook("jira:issue_created", self.issues[id_], author=author)
        return id_

    def _change(self, id_: str, field: str, value: Any, *, author: str) -> None:
        issue = self.issues[id_]
        was = issue["fields"].get(field)
        if was == value or (author == ACCOUNT and field in self.frozen):
            return
        issue["fields"][field] = value
        issue["at"] = self._tick()
        items = [{"field": field, "fromString": str(was), "toString": str(value)}]
        entry = {
            "id": str(self._id()),
            "author": {"accountId": author},
            "created": _stamp(issue["at"]),
            "items": items,
        }
        issue["changes"].append(entry)
        log = {"id": entry["id"], "items": items}
        self._hook("jira:issue_updated", issue, author=author, changelog=log)
        if author == ACCOUNT and self.rule is not None:
            self.rule(id_)

    def _say(self, id_: str, body: Any, *, author: str, public: bool = False) -> Json:
        issue = self.issues[id_]
        issue["at"] = self._tick()
        comment = {
            "id": str(self._id()),
            "body": body,
            "author": {"accountId": author},
            "created": _stamp(issue["at"]),
            "jsdPublic": public,
        }
        issue["comments"].append(comment)
        self._hook("comment_created", issue, author=author, comment=comment)
        return comment

    def _hook(self, event: str, issue: Json, *, author: str, **more: Json) -> None:
        content = {
            "timestamp": int(self.clock.at.timestamp() * 1000),
            "webhookEvent": event,
            "user": {"accountId": author, "displayName": "somebody"},
            "issue": self._shown(issue, set()),
            **more,
        }
        body = json.dumps(content).encode()
        headers = sign_jira(SECRET, body=body)
        self.webhooks.append(({**headers, IDENTIFIER: f"hook-{self._id()}"}, body))


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _broken(request: str, body: Json) -> list[str]:
    return problems(body, _REQUESTS["requests"][request], root=_REQUESTS)


def _no_document(value: Any) -> list[str]:
    found = problems(value, {"$ref": _ADF["$ref"]}, root=_ADF)
    return [f"body: is not an Atlassian document ({found[0]})"] if found else []


def _page(request: Request, items: list[Json], name: str) -> Response:
    start = int(request.query_params.get("startAt", "0"))
    # Three a page at most, so that a test of two pages need not write a hundred comments.
    size = min(int(request.query_params.get("maxResults", "50")), 3)
    content: Json = {"startAt": start, "maxResults": size, "total": len(items)}
    return JSONResponse({**content, name: items[start : start + size]})


def _error(status: int, *messages: str) -> JSONResponse:
    return JSONResponse({"errorMessages": list(messages), "errors": {}}, status)
