"""Cards in a chat are closed everywhere once their question is over, also after an outage.

The case's own rows say what is over, so no case's history knows of it. A card whose posting nobody
heard of is looked for first: it may stand there without our knowing its id.
"""

from datetime import timedelta

import structlog

from activities.on_record import StoreLedger
from activities.room_words import closed_card, closed_thread
from activities.rooms import is_thread
from activities.voices import Voice
from cases.gate import RoundState
from cases.state import CasePicture
from gateway.doors import Doors
from gateway.pacing import keep_going
from integrations.errors import VendorError
from integrations.ledger import speaking
from integrations.ports.chat import Chat, Place
from integrations.ports.ledger import Behalf
from store import Became, OverPrompt
from store.prompts import NEVER_POSTED, UNSEEN

log = structlog.get_logger(__name__)

KIND = "prompt-closer"
UNDER_WAY = timedelta(seconds=60)
"""As long as a notice's attempt lasts: a card that is not there may still come for so long."""
_STRANGE_AFTER = 8


class PromptCloser:
    """Changes cards whose question is over. No lease: changing one twice says the same twice."""

    def __init__(self, doors: Doors, chat: Chat) -> None:
        self._doors = doors
        self._chat = chat
        self._ledger = StoreLedger(doors.store)

    async def run(self) -> None:
        """Cards are closed until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND, doors, due=doors.chat_due, every=doors.settings.dispatch_poll, work=self.once
        )

    async def once(self) -> int:
        """What is over and can be reached now says so; how many cards that were."""
        doors = self._doors
        closed = 0
        for over in await doors.store.prompts.over(
            chat=self._chat.name, at=await doors.clock.now()
        ):
            prompt = over.prompt
            behalf = Behalf(case=prompt.case, key=prompt.key, attempt=prompt.attempts + 1)
            try:
                with speaking(self._ledger, behalf):
                    closed += await self._close(over)
            except VendorError as error:
                await self._later(over, error)
        return closed

    async def _close(self, over: OverPrompt) -> int:
        doors, prompt = self._doors, over.prompt
        at = await doors.clock.now()
        place = Place(room=prompt.room, thread=prompt.thread)
        message = prompt.message or await self._chat.find(place=place, key=prompt.key)
        if message is None and prompt.became != UNSEEN:
            await doors.store.prompts.unseen(prompt, until=at + UNDER_WAY)
            return 1
        if message is None:
            await doors.store.prompts.closed(prompt.key, became=NEVER_POSTED, at=at)
            return 1
        became = await self._became(over)
        link = f"{doors.settings.public_url}/cases/{over.number}"
        # As it was posted: a card does not change its language when it closes.
        voice = Voice.of(prompt.locale)
        card = (
            closed_thread(over.number, voice, link=link)
            if is_thread(prompt)
            else closed_card(over.number, became, voice, at=at, link=link)
        )
        await self._chat.change(card, place=place, message=message)
        await doors.store.prompts.closed(prompt.key, became=became.value, at=at)
        await doors.store.health.clear(kind="card-open", key=prompt.key, at=at)
        return 1

    async def _became(self, over: OverPrompt) -> Became:
        # The row knows that the round is not open; the picture knows whether facts overtook it.
        prompt = over.prompt
        if over.became is not Became.DECIDED or prompt.round is None:
            return over.became
        view = await self._doors.store.views.get(prompt.case)
        if view is None:
            return over.became
        overtaken = any(
            (round_.gate, round_.number) == (prompt.stage, prompt.round)
            and round_.state is RoundState.SUPERSEDED
            for round_ in CasePicture.of(view.state).rounds
        )
        return Became.SUPERSEDED if overtaken else over.became

    async def _later(self, over: OverPrompt, error: VendorError) -> None:
        doors, prompt = self._doors, over.prompt
        at = await doors.clock.now()
        log.warning("card not closed", error=type(error).__name__)
        await doors.store.prompts.failed(prompt, at=at, wait=error.retry_after)
        if prompt.attempts + 1 == _STRANGE_AFTER:
            await doors.store.health.alarm(
                kind="card-open",
                key=prompt.key,
                text=f"a card of case {over.number} in {prompt.chat} cannot be closed",
                mend=error.mend,
                at=at,
            )
