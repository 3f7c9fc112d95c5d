"""What differed between cases and their tickets, and what became of each difference."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.tables import cases
from store.ticket_tables import ticket_drift

PERSON = "person"
"""Whose a difference is that nobody but a person may settle."""
OURS = "ours"
ACCEPTED = "accepted"
"""A person has looked at it, and leaves it as it is."""


class DriftRow(Value):
    """One difference; it stands until it is mended, is over, or a person has settled it."""

    case: str
    """Empty where no case of ours is meant."""
    number: str = ""
    kind: str
    subject: str = ""
    """What of the ticket is meant: a note's mark, another ticket, an address."""
    whose: str
    says: str
    mend: str = ""
    """What a person must do; empty for what is mended here."""
    times: int = 0
    """How often it was mended."""
    found_at: Instant
    seen_at: Instant
    mended_at: Instant | None = None
    over_at: Instant | None = None

    @property
    def stands(self) -> bool:
        """Whether it is there still."""
        return self.mended_at is None and self.over_at is None


@uninterrupted
class TicketDrift:
    """Keeps every difference once, however often it is found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def found(
        self, *, case: str, kind: str, subject: str, whose: str, says: str, mend: str, at: datetime
    ) -> bool:
        """The difference stands; whether it did not before."""
        fields = {"case": case, "kind": kind, "subject": subject}
        said = {"whose": whose, "says": says, "mend": mend, "seen_at": at}
        async with self._database.write() as connection:
            known = (await connection.execute(_one(**fields))).one_or_none()
            if known is None:
                await connection.execute(
                    ticket_drift.insert().values(**fields, **said, times=0, found_at=at)
                )
                return True
            stood = known.mended_at is None and known.over_at is None
            if stood and known.whose == ACCEPTED:
                said["whose"] = ACCEPTED
            await connection.execute(
                ticket_drift.update()
                .where(*_where(**fields))
                .values(
                    **said,
                    found_at=known.found_at if stood else at,
                    mended_at=None,
                    over_at=None,
                )
            )
            return not stood

    async def accept(self, *, case: str, kind: str, subject: str, at: datetime) -> bool:
        """A person leaves the difference as it is; False where no such difference stands."""
        standing = await self.standing(case=case)
        known = [row for row in standing if (row.kind, row.subject) == (kind, subject)]
        if not known or known[0].whose != PERSON:
            return False
        async with self._database.write() as connection:
            await connection.execute(
                ticket_drift.update()
                .where(*_where(case=case, kind=kind, subject=subject))
                .values(whose=ACCEPTED, seen_at=at)
            )
        return True

    async def mended(self, *, case: str, kind: str, subject: str, at: datetime) -> None:
        """The difference is gone, by us."""
        async with self._database.write() as connection:
            await connection.execute(
                ticket_drift.update()
                .where(*_where(case=case, kind=kind, subject=subject))
                .values(mended_at=at, times=ticket_drift.c.times + 1)
            )

    async def over(
        self, case: str, *, but: Iterable[tuple[str, str]], at: datetime, kinds: Iterable[str] = ()
    ) -> list[DriftRow]:
        """What stood and was not found any more, but for what is named, is over by itself.

        `kinds` limits it to differences of these kinds.
        """
        kept, wanted = set(but), set(kinds)
        gone = [
            row
            for row in await self.standing(case=case)
            if (row.kind, row.subject) not in kept and (not wanted or row.kind in wanted)
        ]
        async with self._database.write() as connection:
            for row in gone:
                await connection.execute(
                    ticket_drift.update()
                    .where(*_where(case=case, kind=row.kind, subject=row.subject))
                    .values(over_at=at)
                )
        return gone

    async def times(self, case: str, *, kind: str) -> int:
        """How often differences of that kind were mended for the case."""
        query = sa.select(sa.func.coalesce(sa.func.sum(ticket_drift.c.times), 0)).where(
            ticket_drift.c.case == case, ticket_drift.c.kind == kind
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def standing(self, *, case: str | None = None) -> list[DriftRow]:
        """What differs now, the latest first."""
        return [row for row in await self.list(case=case) if row.stands]

    async def list(self, *, case: str | None = None, limit: int = 500) -> list[DriftRow]:
        """Every difference there was, the latest seen first."""
        query = (
            sa.select(ticket_drift, sa.func.coalesce(cases.c.number, "").label("number"))
            .outerjoin(cases, cases.c.id == ticket_drift.c.case)
            .order_by(ticket_drift.c.seen_at.desc(), ticket_drift.c.case, ticket_drift.c.kind)
            .limit(limit)
        )
        if case is not None:
            query = query.where(ticket_drift.c.case == case)
        async with self._database.read() as connection:
            return [
                DriftRow.model_validate(_fields(row)) for row in await connection.execute(query)
            ]


def _one(*, case: str, kind: str, subject: str) -> Any:
    return sa.select(ticket_drift).where(*_where(case=case, kind=kind, subject=subject))


def _where(*, case: str, kind: str, subject: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ticket_drift.c.case == case,
        ticket_drift.c.kind == kind,
        ticket_drift.c.subject == subject,
    )


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
