"""Which report belongs to which case: its own, or the open one of the same matter (I1).

A report has a row here when a rule speaks for it. Equal fingerprints join while the case is open
and its newest report is not too long ago; whoever comes second waits for whoever came first, so two
reports at one moment open one case.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.ids import case_id
from cases.values import Instant, Value
from store.cases import ENDED, CaseRow, Cases
from store.database import Database, uninterrupted
from store.tables import cases, reports


class KnownMatter(Value):
    """What a report is about as a keyed hash, and the rule that speaks for it."""

    fingerprint: str
    within: timedelta
    joins: bool
    because: str
    row: int


class Belongs(Value):
    """A report and the case it belongs to."""

    report: str
    case: str
    source: str
    instance: str
    external_id: str
    subject_ref: str | None = None
    fingerprint: str
    because: str
    received_at: Instant
    split_from: str | None = None

    @property
    def joined(self) -> bool:
        """Whether it is in a case that another report opened."""
        return self.case != self.report


class Placed(Value):
    """Where a report was put, and what the door's entry says about that."""

    case: CaseRow
    report: str
    said: dict[str, str] = {}
    joined: bool = False


@uninterrupted
class Belonging:
    """Puts reports into cases, and remembers where."""

    def __init__(self, database: Database, *, cases: Cases) -> None:
        self._database = database
        self._cases = cases

    async def of(self, report: str) -> Belongs | None:
        """Where the report with that id was put by a rule; None where no rule spoke for it."""
        async with self._database.read() as connection:
            return await self.of_in(connection, report)

    async def case_of(self, report: str) -> CaseRow:
        """The case of the report; UnknownCase if there is none."""
        found = await self.of(report)
        return await self._cases.get(report if found is None else found.case)

    async def within(self, case: str) -> list[Belongs]:
        """The reports of the case that a rule spoke for, oldest first."""
        query = (
            sa.select(reports)
            .where(reports.c.case == case)
            .order_by(reports.c.received_at, reports.c.report)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def put_in(
        self,
        connection: AsyncConnection,
        *,
        source: str,
        instance: str,
        external_id: str,
        subject_ref: str | None,
        at: datetime,
        matter: KnownMatter | None,
    ) -> Placed:
        """The case of the report: the one it has, the one it joins, or one opened now."""
        report = case_id(source=source, instance=instance, external_id=external_id)
        known = await self._known_in(connection, report)
        if known is not None:
            return known
        other: CaseRow | None = None
        if matter is not None:
            # Two reports of one matter at one moment: the later one sees what the first has done.
            await self._cases.wait_in(connection)
            known = await self._known_in(connection, report)
            if known is not None:
                return known
            other = await self._alike_in(connection, matter, at=at)
        joins = other is not None and matter is not None and matter.joins
        if other is not None and joins:
            case = other
        else:
            case = await self._cases.opened_in(
                connection,
                source=source,
                instance=instance,
                external_id=external_id,
                subject_ref=subject_ref,
                at=at,
            )
        if matter is not None:
            await connection.execute(
                reports.insert().values(
                    report=report,
                    case=case.id,
                    source=source,
                    instance=instance,
                    external_id=external_id,
                    subject_ref=subject_ref,
                    fingerprint=matter.fingerprint,
                    because=matter.because,
                    received_at=at,
                )
            )
        said = _said(matter, other) if matter is not None else {}
        return Placed(case=case, report=report, said=said, joined=joins)

    async def placed_in(self, connection: AsyncConnection, case: str) -> Placed:
        """What comes for that case, whoever sends it; UnknownCase if there is none."""
        return Placed(case=await self._cases.get_in(connection, case), report=case)

    async def of_in(self, connection: AsyncConnection, report: str) -> Belongs | None:
        """As `of`, inside a transaction of the caller's."""
        query = sa.select(reports).where(reports.c.report == report)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def moved_in(
        self, connection: AsyncConnection, report: str, *, case: str, split_from: str
    ) -> None:
        """The report belongs to that case from now on, and was taken out of the other."""
        await connection.execute(
            reports.update()
            .where(reports.c.report == report)
            .values(case=case, split_from=split_from)
        )

    async def _known_in(self, connection: AsyncConnection, report: str) -> Placed | None:
        found = await self.of_in(connection, report)
        if found is not None:
            case = await self._cases.get_in(connection, found.case)
            return Placed(case=case, report=report, joined=found.joined)
        own = await self._cases.known_in(connection, report)
        return None if own is None else Placed(case=own, report=report)

    async def _alike_in(
        self, connection: AsyncConnection, matter: KnownMatter, *, at: datetime
    ) -> CaseRow | None:
        query = (
            sa.select(cases)
            .join(reports, reports.c.case == cases.c.id)
            .where(
                reports.c.fingerprint == matter.fingerprint,
                reports.c.received_at >= at - matter.within,
                # Who was taken out of a case is not drawn into another, nor draws others in.
                reports.c.split_from.is_(None),
                cases.c.status.not_in(ENDED),
            )
            .order_by(cases.c.opened_at, cases.c.id)
            .limit(1)
        )
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else CaseRow.model_validate(_fields(row))


def _said(matter: KnownMatter, other: CaseRow | None) -> dict[str, str]:
    """What the door's journal says: which matter, by which row, and what came of it."""
    said = {"matter": matter.fingerprint[:16]}
    if other is None:
        return said
    said |= {"why": "joined" if matter.joins else "linked", "because": matter.because}
    return said | {"row": str(matter.row), "to": other.number}


def _read(row: Any) -> Belongs:
    return Belongs.model_validate(_fields(row))


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
