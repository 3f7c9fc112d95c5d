"""Emergency openings are told of, end by themselves, and are asked after when nobody reviews them.

An opening is over at its instant whether or not this runs: doors compare instants. What is done
here is the telling, and the record that it is over.
"""

from datetime import datetime

import structlog

from gateway.access_telling import AccessTelling
from gateway.doors import Doors
from gateway.emergencies import DPO
from gateway.pacing import keep_going
from integrations.ports.directory import Person
from store import RAN_OUT, UNTOLD, WINDOW, Emergency

log = structlog.get_logger(__name__)

KIND = "emergency-dispatcher"


class EmergencyDispatcher:
    """Looks after every opening that is not over, told of and reviewed."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._telling = AccessTelling(doors)

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
                await doors.store.emergencies.end(row.id, how=RAN_OUT, at=at)
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
        reached = 0
        for person in await self._to_be_told(row):
            reached += await self._telling.reach(
                person,
                what="emergency",
                key=row.id,
                case=row.case,
                says="emergency",
                number=number,
                who=row.person,
                until=row.until,
            )
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
        known = await self._telling.known()
        if known is None:
            return []
        found = {person.id: person for person in known.holders(DPO)}
        found |= {person.id: person for person in await self._telling.owners(row.case, known)}
        found.pop(row.person, None)
        return [found[name] for name in sorted(found)]
