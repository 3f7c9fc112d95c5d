"""A role, or one person, is told; what became of it is on record for each recipient (I10)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import structlog
from temporalio import activity

from activities.absent import known_absences
from activities.announcing import Announcing
from activities.documents import Documents
from activities.failing import as_application_error, told_to_temporal
from activities.hours import awake_now
from activities.on_call import Chosen, on_call
from activities.on_record import speaking_for
from activities.outside import Outside
from activities.paging import PagingOut
from activities.rooms import TellingRooms
from activities.ways import ways_to
from activities.wording import word
from cases.file import DUTY_MANAGER
from cases.ids import key_of
from cases.notice import (
    PAGES,
    NoticeEnd,
    NoticeOrder,
    NoticeResult,
    Purpose,
    RecipientOutcome,
    StepNotice,
)
from integrations.covering import Reached, reached
from integrations.errors import ThrottledError, UnknownPersonError, VendorError
from integrations.ports.directory import DirectorySnapshot, Person
from integrations.ports.messaging import Message, message_id
from store import NoticeRow
from workflows.effects import NOTIFY

log = structlog.get_logger(__name__)

LINK_LIFE = timedelta(days=7)
"""A locator is no authority; it may live as long as a long gate, and dies with its round."""

ROUND_PURPOSES = frozenset({Purpose.ASK, Purpose.ASK_AGAIN, Purpose.REMIND, Purpose.PAGE})
_THROTTLED_TRIES = 4
"""So often a busy room is waited for; then people are told by the other channels."""


TRIES = 3
"""How often a step of an escalation policy is tried before the next one comes instead."""


class Notifying:
    """Tells people through the channels, in order."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._documents = Documents(outside.store)
        self._rooms = None
        if outside.rooms is not None:
            self._rooms = TellingRooms(
                outside.rooms,
                store=outside.store,
                documents=self._documents,
                public_url=outside.public_url,
            )
        self._announcing = None
        if outside.announcements is not None:
            self._announcing = Announcing(
                outside.announcements, store=outside.store, public_url=outside.public_url
            )
        self._paging = PagingOut(outside)

    @activity.defn(name=NOTIFY.name)
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """Everybody meant has been told once, or the fallback has, or it is known that nobody was.

        The people are chosen now, from the directory as it is now: a reminder reaches who holds
        the role by then.
        """
        with told_to_temporal(), speaking_for(self._outside.store, order):
            if await self._overtaken(order):
                return NoticeResult(end=NoticeEnd.SUPERSEDED)
            snapshot = await self._outside.directory.snapshot()
            part = order.of_step
            if part is not None and part.unread_of:
                return await self._again(order, part)
            chosen = await self._chosen(order, snapshot)
            there = await self._there(order, snapshot, chosen.people)
            now, later = awake_now(order, [each.person for each in there], zone=self._outside.zone)
            if later is not None and not now:
                return NoticeResult(end=NoticeEnd.HELD, later=later, on_call=chosen.notes)
            rung = order
            if part is not None and part.on_call:
                rung = order.model_copy(update={"role": part.on_call})
            paged = await self._paging.page(rung)
            if self._announcing is not None:
                pathway = await self._documents.pathway(order)
                await self._announcing.announce(order, pathway)
            in_room = await self._in_rooms(order, now)
            outcomes = [
                await self._tell(order, each.person, in_room=in_room, instead_of=each.instead_of)
                for each in there
                if each.person in now
            ]
            end = NoticeEnd.FELL_BACK if chosen.instead else NoticeEnd.DELIVERED
            if _any_delivered([*paged, *outcomes]) and not _any_delivered(outcomes) and later:
                end = NoticeEnd.DELIVERED
            elif part is not None and part.onward and not _any_delivered([*paged, *outcomes]):
                # Another step follows: it reaches others, and comes at once.
                end = NoticeEnd.PASSED_ON
            elif not _any_delivered(outcomes):
                end = NoticeEnd.FELL_BACK
                fallback = [
                    person
                    for person in snapshot.holders(DUTY_MANAGER)
                    if all(outcome.person != person.id for outcome in outcomes)
                ]
                outcomes += [await self._tell(order, person) for person in fallback]
                # A pager that took the page over has somebody to ring, whoever that is.
                if not _any_delivered([*paged, *outcomes]):
                    end = NoticeEnd.NOBODY
            outcomes = [*paged, *outcomes]
        return NoticeResult(
            end=end,
            recipients=tuple(outcomes),
            later=later,
            directory_digest=snapshot.digest,
            directory_as_of=snapshot.as_of,
            on_call=chosen.notes,
        )

    async def _chosen(self, order: NoticeOrder, snapshot: DirectorySnapshot) -> Chosen:
        """Who is told: the one it is assigned to, who is on call, or everybody of the role."""
        part = order.of_step
        if part is not None and part.on_call:
            return await self._of_team(order, part.on_call, snapshot)
        if order.person is None or order.person in order.except_people:
            by_rota = await on_call(self._outside.on_call, order, snapshot)
            if by_rota is not None:
                return by_rota
        return Chosen(await self._people(order, snapshot.holders(order.role)))

    async def _of_team(self, order: NoticeOrder, team: str, snapshot: DirectorySnapshot) -> Chosen:
        """Who is on call for the team, or who is of it; where nobody is, the step's other role."""
        asked = order.model_copy(update={"role": team})
        found = await on_call(self._outside.on_call, asked, snapshot)
        if found is None:
            found = Chosen(await self._people(asked, snapshot.holders(team)))
        if found.people:
            return found
        others = await self._people(order, snapshot.holders(order.role))
        return Chosen(others, found.notes, instead=bool(others))

    async def _again(self, order: NoticeOrder, part: StepNotice) -> NoticeResult:
        """Who has not read the earlier notice has been told on their next channel."""
        rows = await self._outside.store.notices.by_key(part.unread_of)
        unread = [r for r in rows if r.end is NoticeEnd.DELIVERED and r.read_at is None]
        if not unread:
            return NoticeResult(end=NoticeEnd.READ)
        outcomes: list[RecipientOutcome] = []
        for row in unread:
            try:
                person = await self._outside.directory.person(row.recipient)
            except UnknownPersonError:
                continue
            # Whoever was told in a room has had none of their channels yet.
            in_room = self._rooms is not None and row.channel == self._rooms.name
            way = part.way - in_room
            if len(ways_to(person, self._outside.channels)) > way:
                outcomes.append(await self._tell(order, person, way=way))
        reached = _any_delivered(outcomes)
        return NoticeResult(
            end=NoticeEnd.DELIVERED if reached else NoticeEnd.UNREAD, recipients=tuple(outcomes)
        )

    async def _overtaken(self, order: NoticeOrder) -> bool:
        if order.round is None or order.stage is None or order.purpose not in ROUND_PURPOSES:
            return False
        round_ = await self._outside.store.rounds.get(
            order.case, gate=order.stage, round=order.round
        )
        # A round the store does not know yet has just been opened: the journal is on its way.
        return round_ is not None and not round_.open

    async def _people(self, order: NoticeOrder, holders: tuple[Person, ...]) -> list[Person]:
        if order.person is not None and order.person not in order.except_people:
            try:
                return [await self._outside.directory.person(order.person)]
            except UnknownPersonError:
                # Assigned to somebody who has left: the role is told instead.
                pass
        return [person for person in holders if person.id not in order.except_people]

    async def _there(
        self, order: NoticeOrder, snapshot: DirectorySnapshot, people: list[Person]
    ) -> list[Reached]:
        """Those of them who are not away, and whoever acts in the place of the others."""
        absences = await known_absences(self._outside.store, snapshot, at=order.at)
        if not any(each.holds(order.at) for each in absences):
            return [Reached(person) for person in people]
        view = await self._outside.store.views.get(order.case)
        told = reached(
            people,
            snapshot,
            absences,
            role=order.role,
            at=order.at,
            runbook=view.line.runbook if view is not None else "",
        )
        return [each for each in told if each.person.id not in order.except_people]

    async def _in_rooms(self, order: NoticeOrder, people: Sequence[Person]) -> dict[str, str]:
        """Who is told in a room of the chat; nobody where there is none, or it fails."""
        if self._rooms is None:
            return {}
        try:
            return await self._rooms.tell(order, people)
        except VendorError as error:
            if isinstance(error, ThrottledError) and _tries() < _THROTTLED_TRIES:
                raise as_application_error(error) from error
            # The channels are next: their outcome is the notice's, and it is on record.
            log.warning("room not told", error=type(error).__name__, mend=error.mend)
            return {}

    async def _tell(
        self,
        order: NoticeOrder,
        person: Person,
        *,
        in_room: Mapping[str, str] = MappingProxyType({}),
        way: int | None = None,
        instead_of: Person | None = None,
    ) -> RecipientOutcome:
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
        if self._rooms is not None and person.id in in_room and order.purpose not in PAGES:
            return await self._record(
                order,
                person,
                channel=self._rooms.name,
                end=NoticeEnd.DELIVERED,
                detail="in the role's room",
                sent_id=in_room[person.id],
                about=about,
            )
        message = await self._message(order, person, instead_of=instead_of)
        failures: list[VendorError] = []
        tried = order.of_step.way if order.of_step is not None else 0
        tried = tried if way is None else way
        for channel in ways_to(person, self._outside.channels)[tried:]:
            try:
                sent = await channel.messaging.send(message)
            except VendorError as error:
                failures.append(error)
                continue
            return await self._record(
                order,
                person,
                channel=channel.name,
                end=NoticeEnd.DELIVERED,
                detail=sent.detail,
                sent_id=message.message_id,
                about=about,
            )
        retryable = next((error for error in failures if error.retryable), None)
        onward = order.of_step is not None and order.of_step.onward
        if retryable is not None and not (onward and activity.info().attempt >= TRIES):
            raise as_application_error(retryable)
        detail = ", ".join(type(error).__name__ for error in failures) or "no channel"
        return await self._record(
            order, person, channel="none", end=NoticeEnd.FELL_BACK, detail=detail
        )

    async def _message(
        self, order: NoticeOrder, person: Person, *, instead_of: Person | None
    ) -> Message:
        outside = self._outside
        link = f"{outside.public_url}/cases/{order.number}"
        asks = order.purpose in ROUND_PURPOSES
        if asks and order.round is not None and order.stage is not None:
            token = await outside.store.locators.mint(
                person=person.id,
                case=order.case,
                gate=order.stage,
                round=order.round,
                at=order.at,
                expires_at=order.at + LINK_LIFE,
            )
            link = f"{outside.public_url}/a/{token}"
        own = await self._documents.text(order, link=link)
        wording = word(
            order,
            person,
            link=link,
            zone=outside.zone,
            own=own,
            instead_of=instead_of.name if instead_of is not None else "",
        )
        thread = message_id(domain=outside.mail_domain, key=("thread", order.case, person.id))
        return Message(
            to=person.email,
            subject=wording.subject,
            text=wording.text,
            message_id=message_id(domain=outside.mail_domain, key=(order.key, person.id)),
            in_reply_to=thread,
            references=(thread,),
            reply_to=outside.reply_to,
            case_number=order.number,
        )

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
            )
        )
        return RecipientOutcome(
            person=person.id, channel=row.channel, end=row.end, detail=row.detail
        )


def _tries() -> int:
    """How often this notice has been tried; outside a worker nothing tries again."""
    return activity.info().attempt if activity.in_activity() else _THROTTLED_TRIES


def _any_delivered(outcomes: list[RecipientOutcome]) -> bool:
    reached = (NoticeEnd.DELIVERED, NoticeEnd.ALREADY_TOLD)
    return any(outcome.end in reached for outcome in outcomes)


def _about(order: NoticeOrder) -> str | None:
    """What a question of a round asks, whichever role it is put to: a round is one revision."""
    if order.round is None or order.stage is None or order.purpose not in ROUND_PURPOSES:
        return None
    return key_of(order.case, order.stage, str(order.round), order.purpose.value, order.step)
