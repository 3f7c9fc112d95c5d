"""Every request at a webhook door is on record with its answer, whatever the door makes of it.

Who knocks with a wrong signature can do so a thousand times a second: of refusals a few a minute
are kept, and the rest is counted on the next one.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

import structlog
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from gateway.doors import Doors
from integrations.redaction import redacted_headers
from store import StoreUnavailable

log = structlog.get_logger(__name__)

Receive = Callable[[Request], Awaitable[Response]]

REFUSALS, SPAN = 30, timedelta(minutes=1)
"""How many refusals of a door are kept one by one, and within which time."""
SAID = ("case", "error", "event", "held", "ignored", "known")
"""What of an answer is kept: codes and numbers of ours, never what a person is shown."""
_MOST_SAID = 200


class ArrivalOutcome(StrEnum):
    """What a door made of a request."""

    TAKEN = "taken"
    HELD = "held"
    KNOWN = "known"
    IGNORED = "ignored"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    CONFLICT = "conflict"
    FAILED = "failed"


def on_record(doors: Doors, door: str, receive: Receive) -> Receive:
    """The door, with every request it answers in the ledger."""
    keeper = _Keeper(doors, door)

    async def received(request: Request) -> Response:
        came_at = await doors.clock.now()
        body = bytearray()
        limit = doors.settings.max_body_bytes

        async def heard() -> Message:
            message = await request.receive()
            if len(body) <= limit:
                body.extend(message.get("body", b""))
            return message

        try:
            response = await receive(Request(request.scope, heard))
        except StoreUnavailable:
            # Nothing can be written, and the sender is told to try again.
            raise
        except Exception:
            await keeper.keep(request, bytes(body), status=500, said={}, came_at=came_at)
            raise
        said = _said(response)
        await keeper.keep(
            request, bytes(body), status=response.status_code, said=said, came_at=came_at
        )
        return response

    return received


@dataclass
class _Keeper:
    """Writes a door's arrivals down, refusals at a measured pace."""

    doors: Doors
    door: str
    refused: list[datetime] = field(default_factory=list)
    left_out: int = 0

    async def keep(
        self,
        request: Request,
        body: bytes,
        *,
        status: int,
        said: Mapping[str, JsonValue],
        came_at: datetime,
    ) -> None:
        outcome = outcome_of(status, said)
        if outcome is ArrivalOutcome.REFUSED and not self._may_keep(came_at):
            self.left_out += 1
            return
        arrivals = self.doors.store.arrivals
        try:
            await arrivals.keep(
                door=self.door,
                case=await self._case(said),
                outcome=outcome.value,
                status=status,
                request={
                    "headers": dict(redacted_headers(request.headers)),
                    "bytes": len(body),
                    "digest": await arrivals.digest(body),
                },
                answer=dict(said),
                alike=self.left_out,
                came_at=came_at,
                answered_at=await self.doors.clock.now(),
            )
        except StoreUnavailable as error:
            # What the door did is done and answered: it is only missing here.
            log.warning("an arrival is not in the ledger", error=type(error).__name__)
            return
        self.left_out = 0

    def _may_keep(self, at: datetime) -> bool:
        self.refused = [each for each in self.refused if at - SPAN < each <= at]
        if len(self.refused) >= REFUSALS:
            return False
        self.refused.append(at)
        return True

    async def _case(self, said: Mapping[str, JsonValue]) -> str | None:
        number = said.get("case")
        if not isinstance(number, str):
            return None
        row = await self.doors.store.cases.by_number(number)
        return None if row is None else row.id


def outcome_of(status: int, said: Mapping[str, JsonValue]) -> ArrivalOutcome:
    """What the door made of it, by what it answered."""
    match status:
        case 401 | 403:
            return ArrivalOutcome.REFUSED
        case 409:
            return ArrivalOutcome.CONFLICT
        case 400 | 413 | 415 | 422:
            return ArrivalOutcome.UNREADABLE
        case _ if status >= HTTPStatus.MULTIPLE_CHOICES:
            return ArrivalOutcome.FAILED
    if "held" in said:
        return ArrivalOutcome.HELD
    if "ignored" in said:
        return ArrivalOutcome.IGNORED
    if "known" in said or ("case" in said and status == HTTPStatus.OK):
        return ArrivalOutcome.KNOWN
    return ArrivalOutcome.TAKEN


def _said(response: Response) -> dict[str, JsonValue]:
    """The codes and numbers of a JSON answer."""
    if response.media_type != "application/json":
        return {}
    content = json.loads(bytes(response.body))
    if not isinstance(content, dict):
        return {}
    return {
        name: value[:_MOST_SAID]
        for name in SAID
        if isinstance(value := content.get(name), str) and value
    }
