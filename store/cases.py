"""The authority on which report belongs to which case, and the number people say (I1)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.ids import case_id
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.errors import UnknownCase
from store.tables import cases, counters, views
from store.vault import Vault

FIRST_NUMBER = 1001
ENDED = ("closed", "cancelled")


class CaseRow(Value):
    """A case as the doors know it."""

    id: str
    number: str
    source: str
    instance: str
    external_id: str
    subject_ref: str | None = None
    runbook: str | None = None
    """None until the case has been routed."""
    version: str | None = None
    digest: str | None = None
    opened_at: Instant
    status: str
    """`open`, `held`, `closed`, `cancelled`."""
    shadow: bool = False
    """It runs beside today's process; nothing of it leaves the house."""
    erased: int = 0
    """How often its content was erased; once is as a rule the end of it."""


@uninterrupted
class Cases:
    """Looks up cases and pins their runbook."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, case: str) -> CaseRow:
        """The case; UnknownCase if there is none."""
        async with self._database.read() as connection:
            return await self.get_in(connection, case)

    async def get_in(self, connection: AsyncConnection, case: str) -> CaseRow:
        """As `get`, inside a transaction of the caller's."""
        row = (await connection.execute(sa.select(cases).where(cases.c.id == case))).one_or_none()
        if row is None:
            raise UnknownCase(case)
        return _read(row)

    async def by_number(self, number: str) -> CaseRow | None:
        """The case that people call by that number."""
        async with self._database.read() as connection:
            query = sa.select(cases).where(cases.c.number == number)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def pin(
        self, case: str, *, runbook: str, version: str, digest: str, shadow: bool = False
    ) -> CaseRow:
        """The case runs on a runbook: this one, or the one it was pinned to before (I2).

        Whether it is a shadow is settled with it: a case never becomes one, nor stops being one.
        """
        async with self._database.write() as connection:
            await connection.execute(
                cases.update()
                .where(cases.c.id == case, cases.c.digest.is_(None))
                .values(runbook=runbook, version=version, digest=digest, shadow=shadow)
            )
            return await self.get_in(connection, case)

    async def same_subject(
        self, subject_ref: str, *, except_case: str = "", shadow: bool = False
    ) -> list[CaseRow]:
        """The cases about that subject which have not ended, oldest first.

        Live cases and shadow cases do not know of each other: a report that was given to a shadow
        would be lost.
        """
        query = (
            sa.select(cases)
            .where(
                cases.c.subject_ref == subject_ref,
                cases.c.status.not_in(ENDED),
                cases.c.shadow.is_(shadow),
                cases.c.id != except_case,
            )
            .order_by(cases.c.opened_at, cases.c.id)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def unstarted(self, *, limit: int = 200) -> list[CaseRow]:
        """Cases that a door accepted and whose workflow has not written anything yet."""
        query = (
            sa.select(cases)
            .where(cases.c.id.not_in(sa.select(views.c.case)))
            .order_by(cases.c.opened_at, cases.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def opened_in(
        self,
        connection: AsyncConnection,
        *,
        source: str,
        instance: str,
        external_id: str,
        subject_ref: str | None,
        at: datetime,
    ) -> CaseRow:
        """The one case of that report, opened now if there was none."""
        case = case_id(source=source, instance=instance, external_id=external_id)
        known = await self.known_in(connection, case)
        if known is not None:
            return known
        # Numbers are given one after the other; whoever waited here may find the case opened.
        number = await self.wait_in(connection)
        known = await self.known_in(connection, case)
        if known is not None:
            return known
        row = CaseRow(
            id=case,
            number=str(number),
            source=source,
            instance=instance,
            external_id=external_id,
            subject_ref=subject_ref,
            opened_at=at,
            status="open",
        )
        await connection.execute(
            counters.update().where(counters.c.name == "case").values(value=number + 1)
        )
        await connection.execute(cases.insert().values(**row.model_dump()))
        return row

    async def lock_in(self, connection: AsyncConnection, case: str) -> CaseRow:
        """Whoever else writes to the case waits until this transaction ends."""
        query = self._database.locking(sa.select(cases).where(cases.c.id == case))
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownCase(case)
        # A key that another process destroyed must not seal what is written now.
        self._vault.forget_older(case, row.erased)
        return _read(row)

    async def wait_in(self, connection: AsyncConnection) -> int:
        """Whoever else opens a case waits until this transaction ends; the next number."""
        query = self._database.locking(sa.select(counters.c.value).where(counters.c.name == "case"))
        return int((await connection.execute(query)).scalar_one())

    async def known_in(self, connection: AsyncConnection, case: str) -> CaseRow | None:
        """The case of that id, if there is one."""
        row = (await connection.execute(sa.select(cases).where(cases.c.id == case))).one_or_none()
        return None if row is None else _read(row)


def _read(row: Any) -> CaseRow:
    return CaseRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
