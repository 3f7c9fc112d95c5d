"""A POST that no page of ours made changes nothing, and is on record where it is known whose (I8).

Whoever lured a person's browser into it is not known; whose log-in came with it, and which case was
meant, is. Without a log-in nothing could have been done, and there is nobody to name.
"""

import hashlib
from datetime import timedelta

from starlette.requests import Request

from cases.journal import Kind
from gateway.doors import Doors
from gateway.web import Web
from store import CaseRow

FOREIGN, OUTDATED = "foreign-origin", "page-outdated"
_HOUR = timedelta(hours=1)


async def refused_on_record(web: Web, request: Request, *, why: str) -> None:
    """The doors' stream of the case has the refusal: once a person, case, reason and hour.

    A page elsewhere can make a browser post all day; the stream must not grow by it.
    """
    viewer = await web.viewer(request)
    case = await _meant(web.doors, request) if viewer is not None else None
    if viewer is None or case is None:
        return
    at = await web.doors.clock.now()
    nonce = hashlib.sha256(f"{viewer.id}/{case.id}/{why}/{at:%Y-%m-%dT%H}".encode()).hexdigest()
    spend = web.doors.store.sessions.spend
    if await spend(nonce, kind="foreign-post", expires_at=at + _HOUR):
        await web.doors.store.journal.append_door(
            case.id,
            Kind.DOOR_ACT_REFUSED,
            at=await web.doors.clock.now(case.id),
            who=viewer.id,
            what="act",
            why=why,
        )


async def _meant(doors: Doors, request: Request) -> CaseRow | None:
    """The case whose page or link was posted to; None where there is none, or none any more."""
    case: CaseRow | None = None
    if number := request.path_params.get("number"):
        case = await doors.store.cases.by_number(str(number))
    elif token := request.path_params.get("token"):
        link = await doors.store.locators.find(str(token), at=await doors.clock.now())
        case = await doors.store.cases.get(link.case) if link is not None else None
    return None if case is None or case.erased else case
