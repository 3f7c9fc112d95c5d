"""Emergency openings are told of, end by themselves, and are asked after when nobody reviews them.

An opening is over at its instant whether or not this runs: doors compare instants. What is done
here is the telling, and the record that it is over.
"""

from datetime import datetime

import structlog

from activities.on_record import StoreLedger
from activities.outside import Outside
from cases.file import INCIDENT_MANAGER
from cases.ids import key_of
from cases.state import CasePicture
from gateway.doors import Doors
from gateway.emergencies import DPO
from gateway.pacing import keep_going
from integrations.errors import DirectoryError, VendorError
from integrations.ledger import speaking
from integrations.ports.directory import DirectorySnapshot, Person
from integrations.ports.ledger import Behalf
from integrations.ports.messaging import Message, message_id
from store import UNTOLD, WINDOW, Emergency

log = structlog.get_logger(__name__)

KIND = "emergency-dispatcher"


class EmergencyDispatcher:
    """Looks after every opening that is not over, told of and reviewed."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._ledger = StoreLedger(doors.store)

    async def run(self) -> None:
        """Openings are looked after until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.emergencies_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What is due now has been done; how much that was."""
        doors = self._doors
        done = await doors.store.looks.close_windows(before=await doors.clock.now() - WINDOW)
        for row in await doors.store.emergencies.unfinished():
            at = await doors.clock.now(row.case)
            if row.told_at is None:
                await self._tell(row, at=at)
                done += 1
            if row.ended_at is None and at >= row.until:
                await doors.store.emergencies.end(row.id, how="time-ran-out", at=at)
                done += 1
            if row.reviewed_at is None and row.overdue_at is None and at >= row.review_by:
                number = (await doors.store.cases.get(row.case)).number
                await doors.store.emergencies.overdue(row.id, number=number, at=at)
                done += 1
        return done

    async def _tell(self, row: Emergency, *, at: datetime) -> None:
        """Case owner and data protection know of it, or the watch tells the duty manager."""
        doors = self._doors
        number = (await doors.store.cases.get(row.case)).number
        people = await self._to_be_told(row)
        reached = 0
        if doors.outside is not None:
            for person in people:
                reached += await self._reach(doors.outside, person, row, number=number)
        if not reached:
            await doors.store.health.alarm(
                kind=UNTOLD,
                key=row.id,
                text=f"case {number} was opened in an emergency, and nobody could be told",
                mend=f"tell its owner and data protection, then `escalate access review {row.id}`",
                at=at,
            )
        await doors.store.emergencies.told(row.id, at=at)
        log.info("emergency told", number=number, count=reached)

    async def _to_be_told(self, row: Emergency) -> list[Person]:
        try:
            known = await self._doors.directory.snapshot()
        except DirectoryError as error:
            log.warning("nobody can be looked up", error=type(error).__name__)
            return []
        found = {person.id: person for person in known.holders(DPO)}
        found |= {person.id: person for person in await self._owners(row, known)}
        found.pop(row.person, None)
        return [found[name] for name in sorted(found)]

    async def _owners(self, row: Emergency, known: DirectorySnapshot) -> list[Person]:
        """Who has the case: by name where somebody does, else who runs cases."""
        view = await self._doors.store.views.get(row.case)
        if view is None:
            return list(known.holders(INCIDENT_MANAGER))
        state = CasePicture.of(view.state)
        shelved = await self._doors.shelf.by_digest(state.digest)
        owner = shelved.pathway.closure.owner
        named = known.find(state.assignments.get(owner, ""))
        walled = set(state.conflicts)
        owners = [named] if named is not None else list(known.holders(owner))
        return [person for person in owners if person.id not in walled]

    async def _reach(
        self, outside: Outside, person: Person, row: Emergency, *, number: str
    ) -> bool:
        voice = outside.locales.for_person(person, zone=outside.zone)
        message = Message(
            to=person.email,
            subject=voice.say("emergency.subject", number=number),
            text=voice.say(
                "emergency.text",
                number=number,
                who=row.person,
                until=row.until,
                link=f"{outside.public_url}/access",
            )
            + "\n",
            language=voice.locale,
            message_id=message_id(domain=outside.mail_domain, key=("emergency", row.id, person.id)),
            case_number=number,
        )
        behalf = Behalf(case=row.case, key=key_of("emergency", row.id, person.id))
        for channel in outside.channels:
            try:
                with speaking(self._ledger, behalf):
                    await channel.messaging.send(message)
            except VendorError as error:
                log.warning("emergency not told", error=type(error).__name__)
            else:
                return True
        return False
