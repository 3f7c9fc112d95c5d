"""Notices that waited for company go out together; each of them ends on record by itself.

No worker and no Temporal is needed. What was answered, acknowledged or read meanwhile is left out
and says so; what has become grave goes at once and alone. A digest keeps its mail's id, so that
a process that dies after sending has it sent again as the same message.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from activities.at_door import somebody_at_door, unseen_since
from activities.documents import Documents
from activities.guarding import urgency_of
from activities.notify import Notifying
from activities.on_record import StoreLedger
from activities.outside import Outside
from activities.telling_people import TellingPeople
from activities.voices import Voice
from activities.ways import ways_to
from activities.wording import word_digest
from cases.bundling import overtaken
from cases.file import DUTY_MANAGER
from cases.ids import key_of
from cases.notice import NoticeEnd, NoticeOrder, Purpose
from cases.state import CasePicture
from gateway.doors import Doors
from gateway.pacing import keep_going
from integrations.errors import DirectoryError, PacedError, UnknownPersonError, VendorError
from integrations.ledger import speaking
from integrations.ports.directory import Person
from integrations.ports.ledger import Behalf
from integrations.ports.messaging import Message, message_id
from runbooks.plan import Severity
from store import DigestItem, Urgency, WaitingNotice
from store.digests import GRAVER, digest_key

log = structlog.get_logger(__name__)

KIND = "digest-dispatcher"
LOST = "notice-lost"
AT_DOOR = "ActAtDoor"
"""Why a notice waits on: somebody has said at the door that they have it."""
_AT_ONCE = 16
_FAR = timedelta(days=3650)
_LONGEST = 100
"""Notices in one mail; what is beyond goes with the next one."""
_PRUNE_EVERY = timedelta(days=1)
_FIRST_AGAIN, _LONGEST_AGAIN = timedelta(seconds=10), timedelta(minutes=5)
_DOUBLINGS = 6
GIVEN_UP_AFTER = timedelta(hours=1)
"""As long as a notice that goes by itself is tried."""


class DigestDispatcher:
    """Sends digests. Claims them by lease, so that several gateways share the work."""

    def __init__(self, doors: Doors, outside: Outside) -> None:
        self._doors = doors
        self._outside = outside
        self._people = TellingPeople(outside, Documents(outside.store))
        self._notifying = Notifying(outside)
        self._ledger = StoreLedger(doors.store)
        self._pruned: datetime | None = None

    async def run(self) -> None:
        """Digests are sent until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.digests_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What is due now has been tried once; how many notices have ended."""
        doors = self._doors
        at = await doors.clock.now()
        await self._forget(at)
        # Simulated cases live in times of their own, up to years ahead of the present.
        before = at + _FAR if doors.settings.demo else at
        due = await self._due(await doors.store.digests.due(before=before))
        groups: dict[tuple[str, str], list[WaitingNotice]] = {}
        for notice in due:
            alone = notice.severity in GRAVER and notice.digest is None
            name = notice.digest or (f"alone/{notice.key}" if alone else "")
            groups.setdefault((notice.recipient, name), []).append(notice)
        chosen = list(groups.items())[:_AT_ONCE]
        done = await asyncio.gather(
            *(self._group(recipient, name, some, at=at) for (recipient, name), some in chosen)
        )
        return sum(done)

    async def _forget(self, at: datetime) -> None:
        """A bucket that nobody has asked for a day is full, and need not be kept."""
        if self._pruned is None or not self._pruned <= at < self._pruned + _PRUNE_EVERY:
            self._pruned = at
            await self._doors.store.paces.prune(before=at - _PRUNE_EVERY)

    async def _due(self, notices: Sequence[WaitingNotice]) -> list[WaitingNotice]:
        """Those whose instant has come in their case's own time, or whose case has become grave."""
        return [
            each
            for each in notices
            if each.severity in GRAVER or each.next_at <= await self._doors.clock.now(each.case)
        ]

    async def _group(
        self, recipient: str, name: str, notices: list[WaitingNotice], *, at: datetime
    ) -> int:
        doors = self._doors
        if not name:
            # The first that must go takes along whatever else waits for the same person.
            waiting = await doors.store.digests.waiting(recipient=recipient)
            keys = {each.key for each in notices}
            notices = [
                each
                for each in waiting
                if each.key in keys or (each.digest is None and each.severity not in GRAVER)
            ]
        items = await doors.store.digests.claim(
            notices[:_LONGEST], owner=doors.id, at=at, lease=doors.settings.lease
        )
        left = [item for item in items if not await self._ended(item)]
        done = len(items) - len(left)
        had = [item for item in left if await self._had(item)]
        if had:
            # Recorded, and on its way to the case: its answer says whether they are still to hear.
            await self._later(had, error=AT_DOOR, wait=timedelta())
            left = [item for item in left if item not in had]
        if not left:
            return done
        try:
            person = await self._outside.directory.person(recipient)
        except UnknownPersonError:
            return done + await self._fell_back(left, why="nobody has this id any more")
        except DirectoryError as error:
            await self._later(left, error=type(error).__name__, wait=timedelta())
            return done
        return done + await self._send(left, person)

    async def _ended(self, item: DigestItem) -> bool:
        """Whether it need not be sent any more; then that is on record."""
        doors, case = self._doors, item.waiting.case
        at = await doors.clock.now(case)
        if item.read:
            await doors.store.digests.end(item, NoticeEnd.READ, at=at)
            return True
        view = await doors.store.views.get(case)
        if view is None:
            return False
        end = overtaken(CasePicture.of(view.state), item.order, at=at)
        if end is not None:
            await doors.store.digests.end(item, end[0], at=at, detail=end[1])
        return end is not None

    async def _had(self, item: DigestItem) -> bool:
        """Whether somebody at the door may have it, and the case's picture does not say so yet."""
        view = await self._doors.store.views.get(item.waiting.case)
        at = await self._doors.clock.now(item.waiting.case)
        seen = unseen_since(view.line.as_of if view is not None else at, at=at)
        return await somebody_at_door(self._doors.store, item.order, seen=seen)

    async def _send(self, items: list[DigestItem], person: Person) -> int:
        outside, digest = self._outside, items[0].waiting.digest or items[0].waiting.key
        message = await self._message(items, person, digest=digest)
        urgency = min([await self._urgency(item) for item in items])
        failures: list[VendorError] = []
        passed: list[str] = []
        behalf = Behalf(case=items[0].waiting.case, key=digest, attempt=items[0].waiting.attempts)
        ways = ways_to(person, outside.channels)
        for channel in ways:
            try:
                with speaking(self._ledger, behalf):
                    async with outside.passing(
                        channel.name,
                        urgency=urgency,
                        person=person.id,
                        last=channel is ways[-1],
                    ):
                        sent = await channel.messaging.send(message)
            except VendorError as error:
                failures.append(error)
                passed.append(f"not by {channel.name}: {type(error).__name__}")
                continue
            detail = "; ".join([*passed, sent.detail])
            return await self._told(
                items, channel.name, detail, message.message_id, self._people.voice_for(person)
            )
        retryable = [error for error in failures if error.retryable]
        # A limit is no failure: what it holds back is sent when it allows, however late.
        paced = any(isinstance(error, PacedError) for error in failures)
        begun = min(item.waiting.due_at for item in items)
        now = await self._doors.clock.now(items[0].waiting.case)
        if not retryable or (now >= begun + GIVEN_UP_AFTER and not paced):
            return await self._fell_back(items, why="; ".join(passed) or "no channel")
        waits = [error.retry_after for error in retryable if error.retry_after is not None]
        await self._later(
            items, error=type(retryable[0]).__name__, wait=min(waits, default=timedelta())
        )
        return 0

    async def _urgency(self, item: DigestItem) -> Urgency:
        """As urgent as its case is by now."""
        view = await self._doors.store.views.get(item.waiting.case)
        if view is None:
            return urgency_of(item.order)
        grave = item.order.model_copy(update={"severity": Severity(view.line.severity)})
        return urgency_of(grave)

    async def _message(self, items: list[DigestItem], person: Person, *, digest: str) -> Message:
        outside, first = self._outside, items[0]
        if len(items) == 1:
            alone = await self._people.message(first.order, person, instead_of=first.instead_of)
            if digest == digest_key(person.id, [first.waiting.key]):
                return alone
            # Others were in the digest before: should it have come, this is the same mail again.
            return alone.model_copy(update={"message_id": self._id(digest, person)})
        links = [(item.order, await self._people.link(item.order, person)) for item in items]
        voice = self._people.voice_for(person)
        wording = word_digest(links, voice)
        return Message(
            to=person.email,
            subject=wording.subject,
            text=wording.text,
            message_id=self._id(digest, person),
            reply_to=outside.reply_to,
            language=voice.locale,
        )

    def _id(self, digest: str, person: Person) -> str:
        return message_id(domain=self._outside.mail_domain, key=("digest", digest, person.id))

    async def _told(
        self, items: list[DigestItem], channel: str, detail: str, sent_id: str, voice: Voice
    ) -> int:
        doors = self._doors
        for item in items:
            await doors.store.digests.end(
                item,
                NoticeEnd.DELIVERED,
                at=await doors.clock.now(item.waiting.case),
                channel=channel,
                detail=detail,
                message_id=sent_id,
                locale=voice.locale,
                words=voice.words,
            )
        log.info("digest sent", count=len(items))
        return len(items)

    async def _later(self, items: list[DigestItem], *, error: str, wait: timedelta) -> None:
        log.warning("digest not sent", error=error)
        for item in items:
            doubled = _FIRST_AGAIN * 2 ** min(item.waiting.attempts - 1, _DOUBLINGS)
            at = await self._doors.clock.now(item.waiting.case)
            await self._doors.store.digests.later(
                item, error=error, next_at=at + max(wait, min(doubled, _LONGEST_AGAIN))
            )

    async def _fell_back(self, items: list[DigestItem], *, why: str) -> int:
        """The duty manager is told of each instead; where that fails too, the watch is."""
        doors = self._doors
        log.warning("digest fell back", count=len(items))
        for item in items:
            waiting = item.waiting
            at = await doors.clock.now(waiting.case)
            end = NoticeEnd.FELL_BACK
            if not await self._duty_manager(item, at=at):
                end = NoticeEnd.UNDELIVERED
                await doors.store.health.alarm(
                    kind=LOST,
                    key=f"{waiting.case}/{waiting.key}",
                    text=f"case {item.order.number}: {item.order.purpose.value} for "
                    f"{item.order.role} did not reach {waiting.recipient}",
                    mend="escalate doctor --live",
                    at=await doors.clock.now(),
                )
            await doors.store.digests.end(item, end, at=at, detail=why)
        return len(items)

    async def _duty_manager(self, item: DigestItem, *, at: datetime) -> bool:
        order = item.order
        told = NoticeOrder(
            key=key_of("fell-back", order.key, item.waiting.recipient),
            case=order.case,
            number=order.number,
            purpose=Purpose.BOUNCED,
            role=DUTY_MANAGER,
            except_people=tuple(sorted({*order.except_people, item.waiting.recipient})),
            stage_title=order.stage_title,
            severity=order.severity,
            step=order.purpose.value,
            at=at,
        )
        try:
            result = await self._notifying.notify(told)
        except Exception as error:  # noqa: BLE001 - whatever keeps the last resort from working, the watch must hear
            log.warning("duty manager not reached", error=type(error).__name__)
            return False
        return result.end not in (NoticeEnd.NOBODY, NoticeEnd.UNDELIVERED)
