"""Cases that somebody opened in an emergency: for how long, and who has looked at it since."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant
from store.access_tables import emergencies
from store.database import uninterrupted
from store.errors import UnknownRow
from store.openings import Opening, OpeningRows

LONGEST = timedelta(minutes=60)
REVIEW_WITHIN = timedelta(hours=24)
UNREVIEWED = "emergency-unreviewed"
"""The kind of the alarm that nobody has reviewed it in time."""
UNTOLD = "emergency-opened"
"""The kind of the alarm that nobody could be told of it."""


class Emergency(Opening):
    """One opening of one case by one person."""

    id: str
    case: str
    person: str
    opened_at: Instant
    until: Instant
    review_by: Instant
    told_at: Instant | None = None
    reviewed_by: str | None = None
    reviewed_at: Instant | None = None
    verdict: str | None = None
    overdue_at: Instant | None = None


@uninterrupted
class Emergencies(OpeningRows):
    """Keeps them; every change is an entry in the door stream of the case, in one transaction."""

    async def open(
        self,
        case: str,
        *,
        person: str,
        reason: str,
        lasts: timedelta,
        policies: tuple[str, ...],
        digest: str,
        at: datetime,
    ) -> Emergency:
        """The person can read the case for that time, and for no longer than an hour."""
        row = Emergency(
            id=str(uuid.uuid4()),
            case=case,
            person=person,
            opened_at=at,
            until=at + min(lasts, LONGEST),
            review_by=at + REVIEW_WITHIN,
        )
        await self._recorded(
            case,
            emergencies.insert().values(**row.model_dump()),
            Kind.EMERGENCY_OPENED,
            at=at,
            who=person,
            why=reason,
            emergency=row.id,
            until=row.until.isoformat(),
            review_by=row.review_by.isoformat(),
            policies=list(policies),
            policy=digest,
        )
        return row

    async def end(self, emergency: str, *, how: str, at: datetime) -> Emergency:
        """It is over; one that was over before stays as it is."""
        row = await self.get(emergency)
        change = (
            emergencies.update()
            .where(emergencies.c.id == emergency, emergencies.c.ended_at.is_(None))
            .values(ended_at=at, ended_how=how)
        )
        await self._recorded(
            row.case,
            change,
            Kind.EMERGENCY_ENDED,
            at=at,
            who=row.person,
            emergency=row.id,
            how=how,
            until=row.until.isoformat(),
        )
        return await self.get(emergency)

    async def review(
        self, emergency: str, *, by: str, verdict: str, note: str, at: datetime
    ) -> Emergency:
        """Somebody has looked at it; what was said first stays."""
        row = await self.get(emergency)
        change = (
            emergencies.update()
            .where(emergencies.c.id == emergency, emergencies.c.reviewed_at.is_(None))
            .values(reviewed_by=by, reviewed_at=at, verdict=verdict)
        )
        await self._recorded(
            row.case,
            change,
            Kind.EMERGENCY_REVIEWED,
            at=at,
            who=by,
            about=row.person,
            emergency=row.id,
            verdict=verdict,
            note=note or None,
            late=True if at > row.review_by else None,
        )
        for kind in (UNREVIEWED, UNTOLD):
            await self._health.clear(kind=kind, key=emergency, at=at)
        return await self.get(emergency)

    async def overdue(self, emergency: str, *, number: str, at: datetime) -> None:
        """Nobody has looked at it in time: it is on record, and the watch tells somebody."""
        row = await self.get(emergency)
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, row.case)
            noted = await connection.execute(
                emergencies.update()
                .where(
                    emergencies.c.id == emergency,
                    emergencies.c.reviewed_at.is_(None),
                    emergencies.c.overdue_at.is_(None),
                )
                .values(overdue_at=at)
            )
            if not noted.rowcount:
                return
            await self._journal.append_door_in(
                connection,
                row.case,
                Kind.EMERGENCY_UNREVIEWED,
                at=at,
                about=row.person,
                emergency=row.id,
                review_by=row.review_by.isoformat(),
            )
            await self._health.alarm_in(
                connection,
                kind=UNREVIEWED,
                key=row.id,
                text=f"case {number} was opened in an emergency, and nobody has reviewed it",
                mend=f"somebody else than {row.person}: `escalate access review {row.id}`",
                at=at,
            )

    async def told(self, emergency: str, *, at: datetime) -> None:
        """Whoever has to know of it has been told."""
        async with self._database.write() as connection:
            await connection.execute(
                emergencies.update().where(emergencies.c.id == emergency).values(told_at=at)
            )

    async def get(self, emergency: str) -> Emergency:
        """The one of that id; UnknownRow if there is none."""
        found = await self._all(emergencies.c.id == emergency)
        if not found:
            raise UnknownRow("emergency", emergency)
        return found[0]

    async def of_person(self, person: str) -> list[Emergency]:
        """What the person has open, or had open and nobody has noted the end yet."""
        return await self._all(emergencies.c.person == person, emergencies.c.ended_at.is_(None))

    async def of_case(self, case: str) -> list[Emergency]:
        """Everything of the case, oldest first."""
        return await self._all(emergencies.c.case == case)

    async def unfinished(self) -> list[Emergency]:
        """What is not over, not told of, or not reviewed."""
        return await self._all(
            sa.or_(
                emergencies.c.ended_at.is_(None),
                emergencies.c.told_at.is_(None),
                emergencies.c.reviewed_at.is_(None),
            )
        )

    async def _all(self, *which: sa.ColumnElement[bool]) -> list[Emergency]:
        query = (
            sa.select(emergencies).where(*which).order_by(emergencies.c.opened_at, emergencies.c.id)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _read(row: Any) -> Emergency:
    return Emergency.model_validate(dict(row._mapping))  # noqa: SLF001 - a row's own name for its fields
