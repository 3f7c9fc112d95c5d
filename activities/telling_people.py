"""One person is told: in the role's room or on their channels, in order, and it is on record."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from temporalio import activity

from activities.at_door import check_door
from activities.bundling import Bundling
from activities.documents import Documents
from activities.failing import as_application_error
from activities.guarding import urgency_of
from activities.outside import Channel, Outside
from activities.rooms import TellingRooms
from activities.voices import Voice
from activities.ways import ways_to
from activities.wording import word
from cases.bundling import may_wait
from cases.ids import key_of
from cases.notice import (
    PAGES,
    NoticeEnd,
    NoticeOrder,
    Purpose,
    RecipientOutcome,
)
from integrations.errors import PacedError, VendorError
from integrations.ports.directory import Person
from integrations.ports.ledger import CallOutcome
from integrations.ports.messaging import Message, Sent, message_id
from store import CallFilter, CallRow, NoticeRow

ROUND_PURPOSES = frozenset({Purpose.ASK, Purpose.ASK_AGAIN, Purpose.REMIND, Purpose.PAGE})
"""Notices about a round: they carry a link to it."""

_PERHAPS_SENT = (CallOutcome.ANSWERED, CallOutcome.UNDER_WAY, CallOutcome.UNKNOWN)
TRIES = 3
"""How often a step of an escalation policy is tried before the next one comes instead."""


class TellingPeople:
    """Tells one person, once; `room` tells the roles that have one."""

    def __init__(
        self, outside: Outside, documents: Documents, *, room: TellingRooms | None = None
    ) -> None:
        self._outside = outside
        self._documents = documents
        self._room = room
        self._bundling = Bundling(outside)

    async def tell(
        self,
        order: NoticeOrder,
        person: Person,
        *,
        in_room: Mapping[str, str] = MappingProxyType({}),
        way: int | None = None,
        instead_of: Person | None = None,
        passed: Sequence[str] = (),
    ) -> RecipientOutcome:
        """What became of the notice for the person; `in_room` has those the role's room reached.

        `way` skips that many of their channels; `passed` says which ways were tried before, and
        why they did not lead there.
        """
        notices = self._outside.store.notices
        known = await notices.sent(order.key, recipient=person.id)
        if known is not None:
            return RecipientOutcome(
                person=person.id, channel=known.channel, end=known.end, detail=known.detail
            )
        about = _about(order)
        if about is not None and await notices.told(order.case, recipient=person.id, about=about):
            return await self._record(
                order, person, channel="none", end=NoticeEnd.ALREADY_TOLD, detail="", about=None
            )
        in_a_room = person.id in in_room and order.purpose not in PAGES
        if self._room is not None and in_a_room and not await self._has_mail(order, person):
            return await self._record(
                order,
                person,
                channel=self._room.name,
                end=NoticeEnd.DELIVERED,
                detail="in the role's room",
                sent_id=in_room[person.id],
                about=about,
                voice=self._room.voice_for(order.role),
            )
        in_company = self._bundling.leaves_at(order, person)
        if in_company is not None:
            return await self._bundling.put(
                order,
                person,
                due_at=in_company,
                about=about,
                detail="with the digest",
                instead_of=instead_of.name if instead_of is not None else "",
            )
        message = await self.message(
            order, person, instead_of=instead_of.name if instead_of is not None else ""
        )
        failures: list[tuple[str, VendorError]] = []
        tried = order.of_step.way if order.of_step is not None else 0
        tried = tried if way is None else way
        ways = ways_to(person, self._outside.channels)[tried:]
        for channel in ways:
            try:
                sent = await self._send(channel, message, order, person, last=channel is ways[-1])
            except VendorError as error:
                failures.append((channel.name, error))
                continue
            return await self._record(
                order,
                person,
                channel=channel.name,
                end=NoticeEnd.DELIVERED,
                detail="; ".join([*passed, *map(_said, failures), sent.detail]),
                sent_id=message.message_id,
                about=about,
                voice=self.voice_for(person),
            )
        paced = next((error for _, error in failures if isinstance(error, PacedError)), None)
        if paced is not None and may_wait(order):
            # A limit drops nothing: what can wait goes in company as soon as it allows.
            return await self._bundling.put(
                order,
                person,
                due_at=order.at + (paced.retry_after or timedelta()),
                about=about,
                detail="; ".join([*passed, *map(_said, failures), "with the digest"]),
                instead_of=instead_of.name if instead_of is not None else "",
            )
        retryable = next((error for _, error in failures if error.retryable), None)
        onward = order.of_step is not None and order.of_step.onward
        if retryable is not None and not (onward and activity.info().attempt >= TRIES):
            raise as_application_error(retryable)
        detail = ", ".join(type(error).__name__ for _, error in failures) or "no channel"
        return await self._record(
            order, person, channel="none", end=NoticeEnd.FELL_BACK, detail=detail
        )

    async def _has_mail(self, order: NoticeOrder, person: Person) -> bool:
        """Whether an earlier try, which died before it could say so, may have sent the message.

        The room was out then. Sent again under the same id it is the same message, and on record.
        """
        if not activity.in_activity() or activity.info().attempt == 1:
            return False
        sent = self._id(order, person)
        return any(
            call.outcome in _PERHAPS_SENT and sent in _headers(call)
            for call in await self._outside.store.calls.list(CallFilter(key=order.key))
        )

    def _id(self, order: NoticeOrder, person: Person) -> str:
        return message_id(domain=self._outside.mail_domain, key=(order.key, person.id))

    async def _send(
        self, channel: Channel, message: Message, order: NoticeOrder, person: Person, *, last: bool
    ) -> Sent:
        await check_door(self._outside.store, order)
        async with self._outside.passing(
            channel.name, urgency=urgency_of(order), person=person.id, last=last
        ):
            return await channel.messaging.send(message)

    async def message(self, order: NoticeOrder, person: Person, *, instead_of: str = "") -> Message:
        """The notice as a message of its own; `instead_of` is the name of who is away."""
        outside, voice = self._outside, self.voice_for(person)
        link = await self.link(order, person)
        own = await self._documents.text(order, voice, link=link)
        wording = word(order, voice, link=link, own=own, instead_of=instead_of)
        thread = message_id(domain=outside.mail_domain, key=("thread", order.case, person.id))
        return Message(
            to=person.email,
            subject=wording.subject,
            text=wording.text,
            message_id=self._id(order, person),
            in_reply_to=thread,
            references=(thread,),
            reply_to=outside.reply_to,
            case_number=order.number,
            language=voice.locale,
        )

    def voice_for(self, person: Person) -> Voice:
        """How the person is told."""
        return self._outside.locales.for_person(person, zone=self._outside.zone)

    async def link(self, order: NoticeOrder, person: Person) -> str:
        """Where the person finds what the notice is about; it does nothing by itself."""
        outside = self._outside
        asks = order.purpose in ROUND_PURPOSES
        if not asks or order.round is None or order.stage is None:
            return f"{outside.public_url}/cases/{order.number}"
        token = await outside.store.locators.mint(
            person=person.id,
            case=order.case,
            gate=order.stage,
            round=order.round,
            at=order.at,
            expires_at=order.at + outside.link_life,
        )
        return f"{outside.public_url}/a/{token}"

    async def _record(
        self,
        order: NoticeOrder,
        person: Person,
        *,
        channel: str,
        end: NoticeEnd,
        detail: str,
        sent_id: str | None = None,
        about: str | None = None,
        voice: Voice | None = None,
    ) -> RecipientOutcome:
        row = await self._outside.store.notices.record(
            NoticeRow(
                key=order.key,
                recipient=person.id,
                case=order.case,
                purpose=order.purpose,
                role=order.role,
                channel=channel,
                end=end,
                message_id=sent_id,
                detail=detail,
                # The notice's own instant: an activity does not read the clock (I16).
                at=order.at,
                about=about,
                locale=voice.locale if voice is not None else "",
                words=voice.words if voice is not None else "",
            )
        )
        return RecipientOutcome(
            person=person.id, channel=row.channel, end=row.end, detail=row.detail
        )


def _headers(call: CallRow) -> Collection[object]:
    """What stood in the headers of a call, without their names."""
    headers = call.request.get("headers")
    return headers.values() if isinstance(headers, dict) else ()


def _said(failure: tuple[str, VendorError]) -> str:
    """Why a way did not lead there, as the record has it."""
    return f"not by {failure[0]}: {type(failure[1]).__name__}"


def _about(order: NoticeOrder) -> str | None:
    """What a question of a round asks, whichever role it is put to: a round is one revision."""
    if order.round is None or order.stage is None or order.purpose not in ROUND_PURPOSES:
        return None
    return key_of(order.case, order.stage, str(order.round), order.purpose.value, order.step)
