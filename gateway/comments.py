"""What people said about a case: the words kept at the door, and shown to whom they are for.

GET  /api/cases/{number}/comments                   → {comments: [{id, by, role, at, text …}]}
"""

import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.acts import ActBody
from cases.comments import Comment, Said
from gateway.bearer import logged_in, problem
from gateway.casework import OpenCase, find_case
from gateway.doors import Doors
from gateway.web import Viewer
from gateway.wording import NOT_FOUND
from store import CaseRow

_SALT = 32


@dataclass(frozen=True)
class CommentShown:
    """One comment; `text` is None for whoever it is not for."""

    id: str
    by: str
    role: str
    at: datetime
    restricted_to: tuple[str, ...]
    privileged: bool
    text: str | None


def may_read(comment: Said, *, person: str, roles: Collection[str]) -> bool:
    """Whether the words are for the person: the one place that says so.

    Nobody reads a restricted comment for running the case, or for being on duty.
    """
    named = comment.restricted_to
    return not named or person == comment.by or any(role in named for role in roles)


async def comments_of(doors: Doors, case: OpenCase) -> list[CommentShown]:
    """Every comment of the case, the words of those that are for the person among it."""
    if not case.state.comments:
        return []
    words = await doors.store.comments.of_case(case.row.id)
    return [
        CommentShown(
            id=each.id,
            by=each.by,
            role=each.role,
            at=each.at,
            restricted_to=each.restricted_to,
            privileged=each.privileged,
            text=words[each.digest].text
            if each.digest in words and may_read(each, person=case.person, roles=case.roles)
            else None,
        )
        for each in case.state.comments
    ]


async def words_kept(doors: Doors, case: CaseRow, body: ActBody, *, at: datetime) -> ActBody:
    """The act as it is signed: the words stay here, it has their digest; others are as they were.

    Called last before an act is signed: the words of one that is refused are not kept.
    """
    if not isinstance(body, Comment):
        return body
    salt = secrets.token_bytes(_SALT)
    digest = await doors.store.comments.keep(case.id, body.text, salt=salt, at=at)
    return body.model_copy(update={"text": "", "digest": digest})


class CommentsApi:
    """The address under which a case's comments are read."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def routes(self) -> list[Route]:
        """Every address."""
        path = "/api/cases/{number:str}/comments"
        return [Route(path, logged_in(self._doors, self.of), methods=["GET"])]

    async def of(self, request: Request, viewer: Viewer) -> Response:
        """The case's comments."""
        number = request.path_params["number"]
        case = await find_case(self._doors, number, person=viewer.id, roles=viewer.roles)
        if case is None:
            return problem(404, "not-found", NOT_FOUND)
        shown = [
            {**asdict(each), "at": each.at.isoformat()}
            for each in await comments_of(self._doors, case)
        ]
        return JSONResponse({"comments": shown})
