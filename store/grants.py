"""Who asked to read a case for a time, what its owner said, and how long it lasts."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant
from store.access_tables import grants
from store.database import uninterrupted
from store.errors import UnknownRow
from store.openings import REVOKED, Opening, OpeningRows

UNHEARD = "grant-asked"
"""The kind of the alarm that nobody could be told of a request."""


class GrantVerdict(StrEnum):
    """What became of a request."""

    GIVEN = "given"
    REFUSED = "refused"
    LAPSED = "lapsed"


_STANDS = sa.or_(
    grants.c.verdict.is_(None),
    sa.and_(grants.c.verdict == GrantVerdict.GIVEN, grants.c.ended_at.is_(None)),
)


class Grant(Opening):
    """One request to read one case, and what came of it."""

    id: str
    number: str
    """As it was typed."""
    case: str | None = None
    """None where no grant could let them read it: there is no such case, or a wall before it."""
    person: str
    lasts: timedelta
    """For how long they wish to read it."""
    asked_at: Instant
    """By the door's own clock, like `expires_at`: a case's would say that there is one."""
    expires_at: Instant
    """Nobody can answer it from then on."""
    told_at: Instant | None = None
    """When its owner was told of it."""
    verdict: GrantVerdict | None = None
    answered_by: str | None = None
    answered_at: Instant | None = None
    heard_at: Instant | None = None
    """When they were told what came of it."""

    def waits_at(self, at: datetime) -> bool:
        """Whether somebody can answer it at that instant of the door's clock."""
        return self.verdict is None and at < self.expires_at


@uninterrupted
class Grants(OpeningRows):
    """Keeps them; what is said of a case is an entry in its door stream, in one transaction."""

    async def ask(
        self,
        number: str,
        *,
        case: str | None,
        person: str,
        lasts: timedelta,
        expires_at: datetime,
        reason: str,
        asked_at: datetime,
        at: datetime,
    ) -> Grant:
        """The request waits; without a case nothing is on record but that it was made.

        `asked_at` is the door's present, `at` the case's own.
        """
        row = Grant(
            id=str(uuid.uuid4()),
            number=number,
            case=case,
            person=person,
            lasts=lasts,
            asked_at=asked_at,
            expires_at=expires_at,
        )
        values = {**row.model_dump(), "lasts": int(lasts.total_seconds())}
        change = grants.insert().values(**values)
        if case is None:
            async with self._database.write() as connection:
                await connection.execute(change)
            return row
        await self._recorded(
            case,
            change,
            Kind.GRANT_ASKED,
            at=at,
            who=person,
            why=reason,
            request=row.id,
            lasts=values["lasts"],
            expires=expires_at.isoformat(),
        )
        return row

    async def give(
        self,
        row: Grant,
        *,
        by: str,
        lasts: timedelta,
        why: str,
        policies: tuple[str, ...],
        digest: str,
        door_at: datetime,
        at: datetime,
    ) -> Grant:
        """They can read the case from now on, for no longer than they asked.

        What was answered before, or is answered too late, stays as it is.
        """
        until = at + min(lasts, row.lasts)
        await self._answered(
            row,
            GrantVerdict.GIVEN,
            Kind.GRANT_GIVEN,
            {"opened_at": at, "until": until},
            by=by,
            door_at=door_at,
            at=at,
            why=why or None,
            until=until.isoformat(),
            policies=list(policies),
            policy=digest,
        )
        return await self.get(row.id)

    async def refuse(
        self, row: Grant, *, by: str, why: str, door_at: datetime, at: datetime
    ) -> Grant:
        """They cannot; as with `give`, what was said first stays."""
        await self._answered(
            row,
            GrantVerdict.REFUSED,
            Kind.GRANT_REFUSED,
            {},
            by=by,
            door_at=door_at,
            at=at,
            why=why,
        )
        return await self.get(row.id)

    async def lapse(self, row: Grant, *, door_at: datetime, at: datetime) -> None:
        """Nobody has answered it in time."""
        change = (
            grants.update()
            .where(grants.c.id == row.id, grants.c.verdict.is_(None))
            .values(verdict=GrantVerdict.LAPSED, answered_at=door_at)
        )
        if row.case is None:
            async with self._database.write() as connection:
                await connection.execute(change)
            return
        await self._recorded(
            row.case, change, Kind.GRANT_LAPSED, at=at, about=row.person, request=row.id
        )
        await self._health.clear(kind=UNHEARD, key=row.id, at=at)

    async def end(self, grant: str, *, how: str, by: str, at: datetime, why: str = "") -> Grant:
        """It is over; one that was over before stays as it is."""
        row = await self.get(grant)
        if row.case is None or row.until is None:
            return row
        change = (
            grants.update()
            .where(grants.c.id == grant, grants.c.ended_at.is_(None))
            # Only what they could not know they hear of anew.
            .values(ended_at=at, ended_how=how, heard_at=None if how == REVOKED else at)
        )
        await self._recorded(
            row.case,
            change,
            Kind.GRANT_ENDED,
            at=at,
            who=by or None,
            about=row.person,
            request=row.id,
            how=how,
            why=why or None,
            until=row.until.isoformat(),
        )
        return await self.get(grant)

    async def told(self, grant: str, *, at: datetime) -> None:
        """Whoever can answer it has been told."""
        await self._noted(grant, told_at=at)

    async def heard(self, grant: str, *, at: datetime) -> None:
        """Whoever asked has been told what came of it."""
        await self._noted(grant, heard_at=at)

    async def get(self, grant: str) -> Grant:
        """The one of that id; UnknownRow if there is none."""
        found = await self._all(grants.c.id == grant)
        if not found:
            raise UnknownRow("grant", grant)
        return found[0]

    async def of_person(self, person: str) -> list[Grant]:
        """Everything the person asked for, oldest first."""
        return await self._all(grants.c.person == person)

    async def given_to(self, person: str) -> list[Grant]:
        """What the person was granted and nobody has noted the end of yet."""
        return await self._all(
            grants.c.person == person,
            grants.c.verdict == GrantVerdict.GIVEN,
            grants.c.ended_at.is_(None),
        )

    async def of_case(self, case: str) -> list[Grant]:
        """Everything of the case, oldest first."""
        return await self._all(grants.c.case == case)

    async def standing(self) -> list[Grant]:
        """What waits for an answer, or was granted and nobody has noted the end of yet."""
        return await self._all(_STANDS)

    async def unfinished(self) -> list[Grant]:
        """What stands, and what somebody has not heard of."""
        return await self._all(sa.or_(grants.c.heard_at.is_(None), _STANDS))

    async def _answered(
        self,
        row: Grant,
        verdict: GrantVerdict,
        kind: Kind,
        opened: dict[str, datetime],
        *,
        by: str,
        door_at: datetime,
        at: datetime,
        **body: Any,
    ) -> None:
        if row.case is None:
            raise UnknownRow("grant", row.id)
        change = (
            grants.update()
            .where(grants.c.id == row.id, grants.c.verdict.is_(None), grants.c.expires_at > door_at)
            .values(verdict=verdict, answered_by=by, answered_at=door_at, **opened)
        )
        await self._recorded(
            row.case, change, kind, at=at, who=by, about=row.person, request=row.id, **body
        )
        await self._health.clear(kind=UNHEARD, key=row.id, at=at)

    async def _noted(self, grant: str, **values: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(grants.update().where(grants.c.id == grant).values(**values))

    async def _all(self, *which: sa.ColumnElement[bool]) -> list[Grant]:
        query = sa.select(grants).where(*which).order_by(grants.c.asked_at, grants.c.id)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _read(row: Any) -> Grant:
    found = dict(row._mapping)  # noqa: SLF001 - a row's own name for its fields
    return Grant.model_validate({**found, "lasts": timedelta(seconds=found["lasts"])})
