"""A role is told in a room of a chat: one card for all who are asked, in the case's thread.

What is posted is written down before it is posted. So a retry finds what it posted before, and the
gateway closes every card once its question is over, without an event in the case's history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from activities.documents import Documents
from activities.guarding import Passing, unguarded, urgency_of
from activities.room_words import card_for, thread_card
from activities.voices import Locales, Voice
from cases.ids import key_of
from cases.notice import NoticeOrder, Purpose
from integrations.errors import UnavailableError
from integrations.markers import fingerprint
from integrations.ports.chat import Card, Chat, Place
from integrations.ports.directory import Person
from store import Prompt, Store

_ROUND = frozenset({Purpose.ASK, Purpose.ASK_AGAIN, Purpose.REMIND, Purpose.PAGE})
_STAGE = _ROUND | {Purpose.WORK, Purpose.RAISED}
_PATIENCE = timedelta(seconds=60)
"""After so long the notice that began to post a card is taken to be dead."""


@dataclass(frozen=True)
class Rooms:
    """Which room each role is told in."""

    chat: Chat
    default: str | None = None
    of_role: Mapping[str, str] = field(default_factory=dict)

    def room_of(self, role: str) -> str | None:
        """The role's own room, else the one for all."""
        return self.of_role.get(role) or self.default


class TellingRooms:
    """Posts cards, once each."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        store: Store,
        documents: Documents,
        public_url: str,
        locales: Locales,
        passing: Passing = unguarded,
    ) -> None:
        self._locales = locales
        self._passing = passing
        self._rooms = rooms
        self._store = store
        self._documents = documents
        self._public_url = public_url

    @property
    def name(self) -> str:
        """What the journal calls the chat."""
        return self._rooms.chat.name

    def voice_for(self, role: str) -> Voice:
        """How everybody in the role's room is told."""
        return self._locales.for_place(self.name, self._rooms.room_of(role) or "")

    async def tell(self, order: NoticeOrder, people: Sequence[Person]) -> dict[str, str]:
        """The card stands in the role's room; who of the people it names, and the card's key.

        Nobody is told there who has no id in the chat. A VendorError leaves the others to mail.
        """
        room = self._rooms.room_of(order.role)
        named = [person for person in people if person.slack is not None]
        if room is None or not named:
            return {}
        pathway = await self._documents.pathway(order)
        link = f"{self._public_url}/cases/{order.number}"
        voice = self.voice_for(order.role)
        thread = await self._ensure(
            self._row(order, room=room, key=_thread_key(order, room), asks=False),
            thread_card(order, pathway, voice, link=link),
            order=order,
        )
        key = fingerprint(key_of(order.key, room))
        card = card_for(
            order,
            pathway,
            voice,
            mention=tuple(sorted((person.slack or "").partition("/")[2] for person in named)),
            link=link,
            key=key,
        )
        row = self._row(order, room=room, key=key, asks=True, thread=thread)
        await self._ensure(row, card, order=order)
        return {person.id: key for person in named}

    async def _ensure(self, row: Prompt, card: Card, *, order: NoticeOrder) -> str:
        """The message that is the card; posted by one notice, looked for by every other."""
        prompts, chat = self._store.prompts, self._rooms.chat
        known, fresh = await prompts.begin(row)
        if known.message is not None:
            return known.message
        place = Place(room=row.room, thread=row.thread)
        async with self._passing(self.name, urgency=urgency_of(order), place=row.room):
            message = None if fresh else await chat.find(place=place, key=row.key)
            if message is None and self._is_mine(known, order):
                if known.begun_by != order.key:
                    await prompts.taken_over(known.key, by=order.key, at=order.at)
                message = await chat.post(card, place=place, key=row.key)
        if message is None:
            # Said outside: it is no failure of the chat.
            raise self._being_posted()
        await prompts.posted(row.key, message=message, thread=row.thread)
        return message

    @staticmethod
    def _is_mine(known: Prompt, order: NoticeOrder) -> bool:
        """Whether this notice may post it: it began to, or whoever did is taken to be dead."""
        return known.begun_by == order.key or order.at - known.begun_at >= _PATIENCE

    def _being_posted(self) -> UnavailableError:
        return UnavailableError(
            "another notice is posting this card",
            vendor=self.name,
            operation="post",
            retry_after=timedelta(seconds=2),
            mend="Nothing: it is looked for again in a moment.",
        )

    def _row(
        self, order: NoticeOrder, *, room: str, key: str, asks: bool, thread: str | None = None
    ) -> Prompt:
        voice = self.voice_for(order.role)
        tracked = asks and order.stage is not None and order.purpose in _STAGE
        round_ = order.round if tracked and order.purpose in _ROUND else None
        return Prompt(
            key=key,
            case=order.case,
            chat=self.name,
            room=room,
            thread=thread,
            stage=order.stage if tracked else None,
            round=round_,
            role=order.role,
            begun_by=order.key,
            begun_at=order.at,
            locale=voice.locale,
            words=voice.words,
        )


def _thread_key(order: NoticeOrder, room: str) -> str:
    return fingerprint(key_of("thread", order.case, room))


def is_thread(prompt: Prompt) -> bool:
    """Whether the card is the one that a case's thread begins with."""
    return prompt.key == fingerprint(key_of("thread", prompt.case, prompt.room))


__all__ = ["Rooms", "TellingRooms", "is_thread"]
