"""Who was told of a case and how that ended, what they pressed in chats, and what came by mail.

What somebody wrote in a mail is for those who run the case, and for its writer: it may hold a view
on a gate whose votes are hidden, and nobody has judged who else may read it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.bearer import NOT_FOR_YOU, logged_in, problem
from gateway.casework import OpenCase, find_case
from gateway.doors import Doors
from gateway.sight import ALWAYS
from gateway.web import Viewer
from gateway.wording import NOT_FOUND


@dataclass(frozen=True)
class MailShown:
    """A mail that came in; `text` is None for a reader it is not for."""

    at: datetime
    kind: str
    who: str
    proved: bool
    text: str | None


@dataclass(frozen=True)
class CardShown:
    """A card in a room."""

    at: datetime
    chat: str
    room: str
    role: str
    stage: str
    state: str
    locale: str = ""
    words: str = ""


@dataclass(frozen=True)
class PressShown:
    """A button that was pressed; which one of several verdicts is not shown."""

    at: datetime
    chat: str
    who: str
    what: str
    came_of: str


@dataclass(frozen=True)
class NoticeShown:
    """What became of a notice for one person, and which ways did not lead to them."""

    at: datetime
    person: str
    role: str
    purpose: str
    channel: str
    end: str
    detail: str
    locale: str = ""
    """In which locale they were told."""
    words: str = ""
    """By which catalogue of words."""
    due_at: datetime | None = None
    """While it waits for company: when it goes at the latest."""


@dataclass(frozen=True)
class MessagesShown:
    """Everything of a case that was told, went through chats, or came by mail."""

    notices: list[NoticeShown]
    mails: list[MailShown]
    cards: list[CardShown]
    presses: list[PressShown]


async def messages_of(doors: Doors, case: OpenCase) -> MessagesShown:
    """What the person in front of the case may see of its chats and mails."""
    store, row = doors.store, case.row
    runs_it = bool(case.roles & ALWAYS)
    mails = [
        MailShown(
            at=each.mail.received_at,
            kind=each.mail.kind,
            who=each.mail.person or "somebody the directory does not know",
            proved=each.mail.proved,
            text=each.text if runs_it or each.mail.person == case.person else None,
        )
        for each in await store.incoming.by_case(row.id)
    ]
    cards = [
        CardShown(
            at=each.begun_at,
            chat=each.chat,
            room=each.room,
            role=each.role,
            stage=each.stage or "",
            state=(each.became if each.closed_at is not None else None)
            or ("open" if each.message else "being posted"),
            locale=each.locale,
            words=each.words,
        )
        for each in await store.prompts.by_case(row.id)
    ]
    presses = [
        PressShown(
            at=each.received_at,
            chat=each.chat,
            who=each.person or each.member,
            what=each.what.partition("-")[0],
            came_of=each.came_of,
        )
        for each in await store.prompts.clicks_of(row.id)
    ]
    waiting = {
        (each.key, each.recipient): each.due_at for each in await store.digests.waiting(case=row.id)
    }
    notices = [
        NoticeShown(
            at=each.at,
            person=each.recipient,
            role=each.role,
            purpose=each.purpose.value,
            channel=each.channel,
            end=each.end.value,
            detail=each.detail,
            locale=each.locale,
            words=each.words,
            due_at=waiting.get((each.key, each.recipient)),
        )
        for each in await store.notices.by_case(row.id)
    ]
    return MessagesShown(notices=notices, mails=mails, cards=cards, presses=presses)


class MessagesApi:
    """GET /api/cases/{number}/messages → {notices, mails, cards, presses}; /api/mails → {mails}."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        doors = self._doors
        return [
            Route("/api/cases/{number:str}/messages", logged_in(doors, self.of), methods=["GET"]),
            Route("/api/mails", logged_in(doors, self.mails), methods=["GET"]),
        ]

    async def of(self, request: Request, viewer: Viewer) -> Response:
        """The case's chats and mails."""
        number = request.path_params["number"]
        case = await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        shown = asdict(await messages_of(self._doors, case))
        return JSONResponse({name: [_plain(each) for each in part] for name, part in shown.items()})

    async def mails(self, _request: Request, viewer: Viewer) -> Response:
        """What came in last, dropped mails with their reason; no word of any of them."""
        if not viewer.roles & ALWAYS:
            return problem(403, "role", NOT_FOR_YOU)
        recent = await self._doors.store.incoming.recent()
        return JSONResponse({"mails": [each.model_dump(mode="json") for each in recent]})


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in part.items()
    }
