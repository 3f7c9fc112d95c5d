"""The demo's own page: every message that went out, and a button that skips ten minutes."""

import re
from datetime import timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from store import CaseFilter
from workers.house import House
from workers.virtual_clock import VirtualClock

LINK = re.compile(r"https?://\S+")
GAP = re.compile(r"\n\s*\n\s*\n")
OPEN = ("open", "held")
TEN_MINUTES = timedelta(minutes=10)


class DemoPages:
    """Routes the demo adds to the gateway; they exist in no other mode."""

    def __init__(self, house: House, clock: VirtualClock, people: list[tuple[str, str]]) -> None:
        self._house = house
        self._clock = clock
        self._people = people
        self._page = Environment(
            loader=PackageLoader("cli.demo"), autoescape=True, undefined=StrictUndefined
        ).get_template("outbox.html")

    def routes(self) -> list[Route]:
        """The outbox, as a page and as JSON, and the button."""
        return [
            Route("/demo", self.outbox, methods=["GET"]),
            Route("/demo/outbox.json", self.outbox_json, methods=["GET"]),
            Route("/demo/skip", self.skip, methods=["POST"]),
        ]

    async def outbox(self, request: Request) -> Response:
        """Every message, newest first."""
        del request
        mails = await self._mails(to=None, case=None)
        page = self._page.render(mails=list(reversed(mails))[:300], people=self._people)
        return HTMLResponse(page)

    async def outbox_json(self, request: Request) -> Response:
        """The messages to one address, about one case, oldest first."""
        query = request.query_params
        return JSONResponse(await self._mails(to=query.get("to"), case=query.get("case")))

    async def skip(self, request: Request) -> Response:
        """Every open case has lived through ten minutes."""
        del request
        lines = await self._house.store.views.list(CaseFilter(status=OPEN))
        await self._clock.forward_all([line.case for line in lines], TEN_MINUTES)
        return RedirectResponse("/demo", status_code=303)

    async def _mails(self, *, to: str | None, case: str | None) -> list[dict[str, Any]]:
        row = await self._house.store.cases.by_number(case) if case else None
        if case and row is None:
            return []
        kept = await self._house.store.messages.list(
            to=to, case=row.id if row is not None else None, limit=5000
        )
        shown: list[dict[str, Any]] = []
        for message in kept:
            body: Any = message.body
            mail: Any = body.get("message", body)
            text = str(mail.get("text", ""))
            shown.append(
                {
                    "to": message.to,
                    "at": f"{message.at:%Y-%m-%d %H:%M:%S}Z",
                    "subject": str(mail.get("subject", "Ticket note")),
                    "text": GAP.sub("\n\n", LINK.sub("", text)).strip(),
                    "links": LINK.findall(text),
                }
            )
        return shown
