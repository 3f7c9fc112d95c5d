"""A role, or one person, is told; what became of it is on record for each recipient (I10)."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio import activity

from activities.announcing import Announcing
from activities.at_door import HeldUpError, check_door
from activities.documents import Documents
from activities.failing import as_application_error, told_to_temporal
from activities.guarding import urgency_of
from activities.hours import awake_now
from activities.on_record import speaking_for
from activities.outside import Outside
from activities.paging import PagingOut
from activities.recipients import Recipients
from activities.rooms import TellingRooms
from activities.telling_people import ROUND_PURPOSES, TellingPeople
from activities.ways import ways_to
from cases.file import DUTY_MANAGER
from cases.notice import (
    NoticeEnd,
    NoticeOrder,
    NoticeResult,
    RecipientOutcome,
    StepNotice,
)
from integrations.errors import ThrottledError, UnknownPersonError, VendorError
from integrations.ports.directory import Person
from store import Urgency
from workflows.effects import NOTIFY

log = structlog.get_logger(__name__)

_THROTTLED_TRIES = 4
"""So often a busy room is waited for; then people are told by the other channels."""


_URGENT_TRIES = 2
_MOMENT = timedelta(seconds=5)
_NOW = (NoticeEnd.DELIVERED, NoticeEnd.ALREADY_TOLD)


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
                locales=outside.locales,
                passing=outside.passing,
            )
        self._announcing = None
        if outside.announcements is not None:
            self._announcing = Announcing(
                outside.announcements,
                store=outside.store,
                public_url=outside.public_url,
                locales=outside.locales,
                passing=outside.passing,
            )
        self._paging = PagingOut(outside, self._documents)
        self._recipients = Recipients(outside)
        self._people = TellingPeople(outside, self._documents, room=self._rooms)

    @activity.defn(name=NOTIFY.name)
    async def notify(self, order: NoticeOrder) -> NoticeResult:
        """Everybody meant has been told once, or the fallback has, or it is known that nobody was.

        The people are chosen now, from the directory as it is now: a reminder reaches who holds
        the role by then.
        """
        try:
            return await self._notify(order)
        except HeldUpError as held_up:
            return held_up.result

    async def _notify(self, order: NoticeOrder) -> NoticeResult:
        with told_to_temporal(), speaking_for(self._outside.store, order):
            if await self._overtaken(order):
                return NoticeResult(end=NoticeEnd.SUPERSEDED)
            snapshot = await self._outside.directory.snapshot()
            part = order.of_step
            if part is not None and part.unread_of:
                return await self._again(order, part)
            chosen = await self._recipients.chosen(order, snapshot)
            there = await self._recipients.there(order, snapshot, chosen.people)
            now, later = awake_now(order, [each.person for each in there], zone=self._outside.zone)
            if later is not None and not now:
                return NoticeResult(end=NoticeEnd.HELD, later=later, on_call=chosen.notes)
            rung = order
            if part is not None and part.on_call:
                rung = order.model_copy(update={"role": part.on_call})
            await check_door(self._outside.store, order)
            paged = await self._paging.page(rung)
            if self._announcing is not None:
                pathway = await self._documents.pathway(order)
                await check_door(self._outside.store, order)
                await self._announcing.announce(order, pathway)
            in_room, passed = await self._in_rooms(order, now)
            outcomes = [
                await self._people.tell(
                    order,
                    each.person,
                    in_room=in_room,
                    instead_of=each.instead_of,
                    passed=passed,
                )
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
                outcomes += [await self._people.tell(order, person) for person in fallback]
                # A pager that took the page over has somebody to ring, whoever that is.
                if not _any_delivered([*paged, *outcomes]):
                    end = NoticeEnd.NOBODY
            if end is NoticeEnd.DELIVERED and not _any_now([*paged, *outcomes]):
                end = NoticeEnd.BUNDLED
            outcomes = [*paged, *outcomes]
        return NoticeResult(
            end=end,
            recipients=tuple(outcomes),
            later=later,
            directory_digest=snapshot.digest,
            directory_as_of=snapshot.as_of,
            on_call=chosen.notes,
        )

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
                outcomes.append(await self._people.tell(order, person, way=way))
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

    async def _in_rooms(
        self, order: NoticeOrder, people: Sequence[Person]
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """Who is told in a room of the chat; nobody where there is none, or it fails, and why."""
        if self._rooms is None:
            return {}, ()
        await check_door(self._outside.store, order)
        try:
            return await self._rooms.tell(order, people), ()
        except VendorError as error:
            if isinstance(error, ThrottledError) and _waits(order, error):
                raise as_application_error(error) from error
            # The channels are next: their outcome is the notice's, and it is on record.
            log.warning("room not told", error=type(error).__name__)
            return {}, (f"not by {self._rooms.name}: {type(error).__name__}",)


def _waits(order: NoticeOrder, error: ThrottledError) -> bool:
    """Whether a busy room is waited for; what is urgent waits once, and for seconds only."""
    if urgency_of(order) is not Urgency.FIRST:
        return _tries() < _THROTTLED_TRIES
    moment = error.retry_after is None or error.retry_after <= _MOMENT
    return moment and _tries() < _URGENT_TRIES


def _tries() -> int:
    """How often this notice has been tried; outside a worker nothing tries again."""
    return activity.info().attempt if activity.in_activity() else _THROTTLED_TRIES


def _any_delivered(outcomes: list[RecipientOutcome]) -> bool:
    """Whether somebody has been told, or will be: a digest is a promise that is kept on record."""
    return any(outcome.end in (*_NOW, NoticeEnd.BUNDLED) for outcome in outcomes)


def _any_now(outcomes: list[RecipientOutcome]) -> bool:
    return any(outcome.end in _NOW for outcome in outcomes)
