"""A Request Tracker that keeps what a case writes to it; everything else is tried on a real one.

What its REST2 answers to finding, opening, reading, changing and commenting, as seen on 5.0.3.
"""

import re
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.transport import LossyTransport

Json = dict[str, Any]


class FakeRequestTracker:
    """One queue's tickets, with every word they were sent."""

    url = "https://rt.example.test"

    def __init__(self) -> None:
        self.tickets: dict[str, Json] = {}
        self.history: dict[str, list[Json]] = {}
        base = "/REST/2.0/ticket"
        self.app = Starlette(
            routes=[
                Route("/REST/2.0/tickets", self._find),
                Route(base, self._open, methods=["POST"]),
                Route(f"{base}/{{id}}", self._show),
                Route(f"{base}/{{id}}", self._change, methods=["PUT"]),
                Route(f"{base}/{{id}}/history", self._transactions),
                Route(f"{base}/{{id}}/comment", self._comment, methods=["POST"]),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    async def _find(self, request: Request) -> Response:
        wanted = re.fullmatch(r"RefersTo = '(.*)'", request.query_params["query"])
        assert wanted is not None
        found = [id_ for id_, ticket in self.tickets.items() if wanted[1] in ticket["RefersTo"]]
        return JSONResponse({"items": [{"id": id_} for id_ in found], "next_page": None})

    async def _open(self, request: Request) -> Response:
        sent = await request.json()
        id_ = str(len(self.tickets) + 1)
        self.tickets[id_] = {**sent, "id": id_, "Status": "new", "RefersTo": [sent["RefersTo"]]}
        self.history[id_] = [{"id": f"{id_}01", "Type": "Create", "Data": sent["Subject"]}]
        return JSONResponse({"id": id_}, 201)

    async def _show(self, request: Request) -> Response:
        ticket = self.tickets[request.path_params["id"]]
        links = [{"ref": "refers-to", "_url": url} for url in ticket["RefersTo"]]
        return JSONResponse({**ticket, "_hyperlinks": links}, headers={"ETag": '"1"'})

    async def _change(self, request: Request) -> Response:
        ticket, sent = self.tickets[request.path_params["id"]], await request.json()
        ticket["RefersTo"] += sent.pop("AddRefersTo", [])
        ticket.update(sent)
        return JSONResponse(["changed"])

    async def _transactions(self, request: Request) -> Response:
        return JSONResponse({"items": self.history[request.path_params["id"]], "next_page": None})

    async def _comment(self, request: Request) -> Response:
        id_, sent = request.path_params["id"], await request.json()
        entries = self.history[id_]
        number = f"{id_}{len(entries) + 1:02}"
        entries.append(
            {"id": number, "Type": "Comment", "Data": sent["Subject"], "Content": sent["Content"]}
        )
        return JSONResponse(
            ["Comments added"], 201, {"Location": f"{self.url}/REST/2.0/transaction/{number}"}
        )
