"""Slack's door: raw bytes are proved, the press is on record, and Slack has its answer in time.

A button in a room can be pressed by everybody there, and Slack waits three seconds. So who pressed
is looked up by their Slack id in the directory, asked after at Slack (guests and other workspaces
are refused), and what they may do is judged here, by the same rules as on our pages.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.on_record import StoreLedger
from activities.room_words import ACKNOWLEDGE, APPROVE, MORE, REJECT
from cases.acts import Verdict
from cases.envelope import Door
from gateway.arriving import on_record
from gateway.doors import Doors, SlackDoorParts
from gateway.raw import BodyTooLargeError, read_body
from gateway.slack_acts import SlackActs
from gateway.wording import (
    SLACK_CARD_UNKNOWN,
    SLACK_OUTSIDER,
    SLACK_STRANGER,
    SLACK_UNCHECKED,
    STORE_DOWN,
    Wording,
)
from integrations.errors import UnreadableBodyError, VendorError, WebhookRefusedError
from integrations.ledger import speaking
from integrations.ports.directory import Person
from integrations.ports.ledger import Behalf
from integrations.slack import VENDOR, Member
from integrations.slack_blocks import OPEN, PREFIX, notice
from integrations.slack_interaction import Click, Form, SlackVerifier, read_interaction
from integrations.wire import RawHeaders
from store import Click as Recorded
from store import Prompt, StoreUnavailable

log = structlog.get_logger(__name__)

_PATIENCE = 1.2
"""Seconds for one question to Slack: two of them and our own work fit into its three."""
_KNOWN_FOR = timedelta(seconds=60)
_MOST_KNOWN = 1000
_VERDICTS = {
    f"{PREFIX}{APPROVE}": Verdict.APPROVE,
    f"{PREFIX}{REJECT}": Verdict.REJECT,
    f"{PREFIX}{MORE}": Verdict.MORE_INFORMATION,
}
DOOR = Door.SLACK


@dataclass(eq=False)
class _Refused(Exception):
    """Who pressed is nobody we know, or nobody who may act from there."""

    wording: Wording


class SlackDoor:
    """Takes presses and forms of our own cards."""

    def __init__(self, doors: Doors, parts: SlackDoorParts) -> None:
        self._doors = doors
        self._parts = parts
        self._slack = parts.slack
        self._verifier = SlackVerifier(parts.secrets)
        self._acts = SlackActs(doors, parts.slack)
        self._ledger = StoreLedger(doors.store)
        self._members: dict[str, tuple[datetime, Member]] = {}

    def routes(self) -> list[Route]:
        """The one address that the app's interactivity is sent to."""
        kept = on_record(self._doors, "slack", self.receive)
        return [Route("/webhooks/slack", kept, methods=["POST"], name="webhook-slack")]

    async def receive(self, request: Request) -> Response:
        """401 not proved, 400 not readable; else 200, and what the person sees."""
        doors = self._doors
        try:
            body = await read_body(request, limit=doors.settings.max_body_bytes)
        except BodyTooLargeError:
            return JSONResponse({"error": "too-large"}, status_code=413)
        headers: RawHeaders = list(request.headers.raw)
        now = await doors.clock.now()
        try:
            self._verifier.verify(headers, body, now=now)
            interaction = read_interaction(body)
        except WebhookRefusedError as refused:
            content = {"error": refused.reason.value, "mend": refused.mend}
            return JSONResponse(content, status_code=401)
        except UnreadableBodyError as error:
            return JSONResponse({"error": str(error), "mend": error.mend}, status_code=400)
        match interaction:
            case Click():
                return await self._click(interaction, at=now)
            case Form():
                return await self._form(interaction, at=now)
            case _:
                return Response(status_code=200)

    async def _click(self, click: Click, *, at: datetime) -> Response:
        # A button with an address still tells us: the browser opens it, we only say yes.
        if click.action == OPEN or not click.action.startswith(PREFIX):
            return Response(status_code=200)
        new = await self._record(
            click.key, click.team, click.user, what=click.action.removeprefix(PREFIX), at=at
        )
        if not new:
            return Response(status_code=200)
        prompts = self._doors.store.prompts
        card = await prompts.at(chat=VENDOR, room=click.room, message=click.message)
        behalf = _behalf(card, key=click.key)
        with speaking(self._ledger, behalf):
            try:
                person = await self._who(click.team, click.user, at=at)
            except _Refused as refused:
                said: Wording | None = refused.wording
                await prompts.came_of(click.key, "refused: may not act here", case=behalf.case)
            else:
                said = await self._pressed(click, card, person)
        if said is None or not click.answer_at:
            return Response(status_code=200)
        whisper = BackgroundTask(self._whisper, said, click, behalf)
        return Response(status_code=200, background=whisper)

    async def _pressed(self, click: Click, prompt: Prompt | None, person: Person) -> Wording | None:
        """What the person is told in the room; None where a form says it."""
        store = self._doors.store
        if prompt is None or prompt.key != click.value:
            await store.prompts.came_of(click.key, "refused: no card of ours")
            return SLACK_CARD_UNKNOWN
        verdict = _VERDICTS.get(click.action)
        if verdict is not None:
            result = await self._acts.ask(
                prompt, person=person, verdict=verdict, trigger=click.trigger, patience=_PATIENCE
            )
        elif click.action == f"{PREFIX}{ACKNOWLEDGE}":
            result = await self._acts.acknowledge(prompt, person=person, key=click.key)
        else:
            return SLACK_CARD_UNKNOWN
        await store.prompts.came_of(click.key, result.came_of, case=prompt.case)
        return result.said

    async def _form(self, form: Form, *, at: datetime) -> Response:
        try:
            with speaking(self._ledger, _behalf(await self._acts.card(form), key=form.key)):
                person = await self._who(form.team, form.user, at=at)
            await self._record(form.key, form.team, form.user, what="form", at=at)
            result = await self._acts.decide(form, person=person)
            await self._doors.store.prompts.came_of(form.key, result.came_of, case=result.case)
        except _Refused as refused:
            return _says(refused.wording)
        except StoreUnavailable as error:
            log.warning("the store cannot be used", error=error.what)
            return _errors(f"{STORE_DOWN.says} {STORE_DOWN.mend}")
        if result.field is not None:
            return _errors(result.field)
        return _says(result.said or SLACK_CARD_UNKNOWN, title=result.title)

    async def _record(self, key: str, team: str, user: str, *, what: str, at: datetime) -> bool:
        snapshot = await self._doors.directory.snapshot()
        person = snapshot.in_slack(f"{team}/{user}")
        return await self._doors.store.prompts.clicked(
            Recorded(
                key=key,
                chat=VENDOR,
                member=f"{team}/{user}"[:80],
                person=person.id if person is not None else None,
                what=what[:60],
                came_of="",
                received_at=at,
            )
        )

    async def _who(self, team: str, user: str, *, at: datetime) -> Person:
        """The person of the directory who pressed; `_Refused` when there is none who may."""
        if team != self._parts.team:
            raise _Refused(SLACK_OUTSIDER)
        person = (await self._doors.directory.snapshot()).in_slack(f"{team}/{user}")
        if person is None:
            raise _Refused(SLACK_STRANGER)
        try:
            async with asyncio.timeout(_PATIENCE):
                member = await self._member(user, at=at)
        except (VendorError, TimeoutError) as error:
            log.warning("member not looked up", error=type(error).__name__)
            raise _Refused(SLACK_UNCHECKED) from None
        if member.outsider or not member.active or (member.team, member.id) != (team, user):
            raise _Refused(SLACK_OUTSIDER)
        return person

    async def _member(self, user: str, *, at: datetime) -> Member:
        known = self._members.get(user)
        if known is not None and known[0] <= at < known[0] + _KNOWN_FOR:
            return known[1]
        member = await self._slack.member(user)
        if len(self._members) >= _MOST_KNOWN:
            self._members.clear()
        self._members[user] = (at, member)
        return member

    async def _whisper(self, said: Wording, click: Click, behalf: Behalf) -> None:
        # The answer has left by now, and with it the block that spoke for the press.
        try:
            with speaking(self._ledger, behalf):
                await self._slack.whisper(f"{said.says} {said.mend}", address=click.answer_at)
        except VendorError as error:
            # Nothing was done that the person does not know of: the card says the rest.
            log.warning("whisper failed", error=type(error).__name__)


def _behalf(card: Prompt | None, *, key: str) -> Behalf:
    return Behalf(case=card.case if card is not None else None, key=key)


def _says(wording: Wording, *, title: str = "Nothing was done") -> JSONResponse:
    view: dict[str, Any] = notice(title, wording.says, wording.mend)
    return JSONResponse({"response_action": "update", "view": view})


def _errors(text: str) -> JSONResponse:
    return JSONResponse({"response_action": "errors", "errors": {"reason": text[:500]}})
