"""Requests to read a case are told of and lapse, and grants are noted as over.

A grant is over at its instant whether or not this runs: doors compare instants. What is done here
is the telling, and the record that it is over.
"""

from datetime import datetime

import structlog

from activities.absent import known_absences
from cases.file import DUTY_MANAGER, INCIDENT_MANAGER
from gateway.access_telling import AccessTelling
from gateway.doors import Doors
from gateway.grants import answering
from gateway.pacing import keep_going
from integrations.ports.directory import DirectorySnapshot, Person
from store import RAN_OUT, REVOKED, UNHEARD, Grant, GrantVerdict

log = structlog.get_logger(__name__)

KIND = "grant-dispatcher"


class GrantDispatcher:
    """Looks after every request and grant that is not over or that somebody has not heard of."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._telling = AccessTelling(doors)

    async def run(self) -> None:
        """They are looked after until this is cancelled."""
        doors = self._doors
        await keep_going(
            KIND,
            doors,
            due=doors.grants_due,
            every=doors.settings.dispatch_poll,
            work=self.once,
        )

    async def once(self) -> int:
        """What is due now has been done; how much that was."""
        doors = self._doors
        done = 0
        for row in await doors.store.grants.unfinished():
            door_at, at = await doors.clock.now(), await doors.clock.now(row.case)
            if row.verdict is None and not row.waits_at(door_at):
                await doors.store.grants.lapse(row, door_at=door_at, at=at)
            elif row.verdict is None and row.case is not None and row.told_at is None:
                await self._tell_owner(row, case=row.case, at=at)
            elif row.verdict is not None and row.heard_at is None:
                await self._tell_asker(row, at=at)
            elif row.until is not None and row.ended_at is None and at >= row.until:
                await doors.store.grants.end(row.id, how=RAN_OUT, by="", at=at)
            else:
                continue
            done += 1
        return done

    async def _tell_owner(self, row: Grant, *, case: str, at: datetime) -> None:
        """Whoever has the case knows that somebody asks, or the watch tells the duty manager."""
        doors = self._doors
        reached = 0
        for person in await self._who_answers(row, case=case, at=at):
            reached += await self._telling.reach(
                person,
                what="grant-asked",
                key=row.id,
                case=case,
                says="grant-asked",
                number=row.number,
                who=row.person,
                until=row.expires_at,
            )
        if not reached:
            await doors.store.health.alarm(
                kind=UNHEARD,
                key=row.id,
                text=f"somebody asks to read case {row.number}, and nobody could be told",
                mend="whoever runs the case: `escalate access requests`",
                at=at,
            )
        await doors.store.grants.told(row.id, at=at)
        log.info("grant asked for", number=row.number, count=reached)

    async def _tell_asker(self, row: Grant, *, at: datetime) -> None:
        """Whoever asked knows that there is an answer, or that it ended early."""
        known = await self._telling.known()
        person = known.find(row.person) if known is not None else None
        if person is not None:
            says = "grant-answered"
            if row.ended_how == REVOKED:
                says = "grant-ended"
            elif row.verdict is GrantVerdict.LAPSED:
                says = "grant-lapsed"
            await self._telling.reach(
                person,
                what=f"grant-{row.ended_how or row.verdict}",
                key=row.id,
                case=row.case,
                says=says,
                number=row.number,
            )
        await self._doors.store.grants.heard(row.id, at=at)

    async def _who_answers(self, row: Grant, *, case: str, at: datetime) -> list[Person]:
        """Whoever has the case; where none of them is there, who runs cases, then who has duty."""
        known = await self._telling.known()
        if known is None:
            return []
        absences = await known_absences(self._doors.store, known, at=at)
        away = {each.person for each in absences if each.holds(at)}
        claimants = await self._telling.claimants(case, known, at=at)
        for people in (
            claimants or await self._telling.owners(case, known),
            list(known.holders(INCIDENT_MANAGER)),
            list(known.holders(DUTY_MANAGER)),
        ):
            there = {each.id: each for each in people if each.id not in away}
            found = [
                person
                for _, person in sorted(there.items())
                if await self._can_answer(row, person, case=case, known=known)
            ]
            if found:
                return found
        return []

    async def _can_answer(
        self, row: Grant, person: Person, *, case: str, known: DirectorySnapshot
    ) -> bool:
        view = await self._doors.store.views.get(case)
        decision = await answering(
            self._doors, person.id, person.roles, row, view=view, snapshot=known
        )
        return decision.allowed
