"""What each case's ticket should be like: what the case said to it, and what we brought about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.report import TicketRef
from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.cases import ENDED
from store.database import Database, uninterrupted
from store.side_tables import tickets
from store.tables import cases, views
from store.ticket_tables import kept_tickets, ticket_writes
from store.vault import Vault


class TicketWrite(Value):
    """Something a case said to its ticket."""

    key: str
    note: str = ""
    status: str = ""
    at: Instant
    given_up_at: Instant | None = None
    done_at: Instant | None = None


class KeptTicket(Value):
    """A case's ticket as we left it; `ticket` is None while a placeholder stands for it."""

    case: str
    number: str
    ended: bool
    ticket: TicketRef | None = None
    system: str
    queue: str = ""
    """Where it was when we saw it first."""
    ours: bool
    """The case opened it: it bears our mark."""
    status: str = ""
    """What we last brought it to; empty where we never changed it."""
    priority: str = ""
    link: str = ""
    """The address of the case's page that it was last given."""
    placeholder_since: Instant | None = None
    heard_word: str = ""
    """The tracker's word for its status, as the case last heard it."""
    heard_at: Instant | None = None
    looked_at: Instant | None = None


@uninterrupted
class TicketKeeping:
    """Remembers what was said to tickets until it stands there, and what they were left like."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def intend(
        self,
        case: str,
        write: TicketWrite,
        *,
        system: str,
        ours: bool,
    ) -> None:
        """The case says this to its ticket: on record before the tracker is asked, once a key."""
        async with self._database.write() as connection:
            keys = await self._vault.keys_in(connection, case)
            await connection.execute(
                self._database.insert(kept_tickets)
                .values(
                    case=case,
                    system=system,
                    queue="",
                    ours=ours,
                    status="",
                    priority="",
                    link="",
                    heard_word="",
                )
                .on_conflict_do_nothing(index_elements=["case"])
            )
            if not write.note and not write.status:
                return
            note = keys.seal(write.note.encode(), aad=_place(write.key)) if write.note else None
            await connection.execute(
                self._database.insert(ticket_writes)
                .values(
                    key=write.key, case=case, note=note, status=write.status, at=write.at, error=""
                )
                .on_conflict_do_nothing(index_elements=["key"])
            )

    async def written(self, case: str, *, owed: bool = False) -> list[TicketWrite]:
        """What the case said, in order; only what does not stand on the ticket yet, if `owed`."""
        query = (
            sa.select(ticket_writes)
            .where(ticket_writes.c.case == case)
            .order_by(ticket_writes.c.position)
        )
        if owed:
            query = query.where(ticket_writes.c.done_at.is_(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        keys = await self._vault.keys(case)
        return [_write(keys, row) for row in rows]

    async def done(self, keys: Sequence[str], *, at: datetime) -> None:
        """What was said under these keys stands on the ticket."""
        await self._set(ticket_writes.c.key.in_(keys), done_at=at)

    async def missing(self, keys: Sequence[str]) -> None:
        """What stood on the ticket under these keys is not there any more: it is owed again."""
        await self._set(ticket_writes.c.key.in_(keys), done_at=None)

    async def give_up(self, case: str, *, at: datetime, error: str, placeholder: bool) -> None:
        """The tracker does not take it now: whoever compares later writes what is owed.

        With `placeholder` the case has no ticket yet, and our own record stands for it.
        """
        owed = sa.and_(ticket_writes.c.case == case, ticket_writes.c.done_at.is_(None))
        await self._set(owed, given_up_at=at, error=error)
        if placeholder:
            async with self._database.write() as connection:
                await connection.execute(
                    kept_tickets.update()
                    .where(kept_tickets.c.case == case, kept_tickets.c.placeholder_since.is_(None))
                    .values(placeholder_since=at)
                )

    async def brought(self, case: str, **values: str) -> None:
        """The ticket has this status, priority or link now, by us."""
        async with self._database.write() as connection:
            await connection.execute(
                kept_tickets.update().where(kept_tickets.c.case == case).values(**values)
            )

    async def adopted(self, case: str) -> None:
        """A ticket of the tracker has taken the placeholder's place."""
        async with self._database.write() as connection:
            await connection.execute(
                kept_tickets.update()
                .where(kept_tickets.c.case == case)
                .values(placeholder_since=None)
            )

    async def heard(self, case: str, *, word: str, at: datetime) -> bool:
        """The case is told of the ticket's status at that instant; False if it heard later news."""
        async with self._database.write() as connection:
            older = sa.or_(kept_tickets.c.heard_at.is_(None), kept_tickets.c.heard_at <= at)
            query = (
                kept_tickets.update()
                .where(kept_tickets.c.case == case, older)
                .values(heard_word=word or kept_tickets.c.heard_word, heard_at=at)
                .returning(kept_tickets.c.case)
            )
            if (await connection.execute(query)).scalar_one_or_none() is not None:
                return True
            known = sa.select(kept_tickets.c.case).where(kept_tickets.c.case == case)
            return (await connection.execute(known)).scalar_one_or_none() is None

    async def looked(self, case: str, *, at: datetime) -> None:
        """Case and ticket were compared at that instant."""
        async with self._database.write() as connection:
            await connection.execute(
                kept_tickets.update().where(kept_tickets.c.case == case).values(looked_at=at)
            )

    async def of(self, case: str) -> KeptTicket | None:
        """The case's ticket as we left it; None for a case that never had one to do with us."""
        async with self._database.read() as connection:
            row = (await connection.execute(_KEPT.where(kept_tickets.c.case == case))).one_or_none()
        return None if row is None else _kept(row)

    async def due(
        self,
        *,
        before: datetime,
        ended_since: datetime,
        owed_before: datetime,
        limit: int,
    ) -> list[KeptTicket]:
        """The tickets to compare: of open cases and of those that ended lately, oldest look first.

        Due is what was not looked at since `before`, what its case has changed since, and what is
        owed by somebody who gave up, if it was not looked at since `owed_before`.
        """
        owed = sa.exists().where(
            ticket_writes.c.case == kept_tickets.c.case,
            ticket_writes.c.done_at.is_(None),
            ticket_writes.c.given_up_at.is_not(None),
        )
        looked = kept_tickets.c.looked_at
        query = (
            _KEPT.where(
                sa.or_(
                    cases.c.status.not_in(ENDED),
                    views.c.as_of >= ended_since,
                    kept_tickets.c.placeholder_since.is_not(None),
                    owed,
                ),
                sa.or_(
                    looked.is_(None),
                    looked < before,
                    looked < views.c.as_of,
                    sa.and_(
                        looked < owed_before,
                        sa.or_(kept_tickets.c.placeholder_since.is_not(None), owed),
                    ),
                ),
            )
            .order_by(sa.case((looked.is_(None), 0), else_=1), looked, kept_tickets.c.case)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_kept(row) for row in await connection.execute(query)]

    async def placeholders(self) -> int:
        """How many cases have none but a placeholder."""
        query = (
            sa.select(sa.func.count())
            .select_from(kept_tickets)
            .where(kept_tickets.c.placeholder_since.is_not(None))
        )
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _set(self, where: sa.ColumnElement[bool], **values: Any) -> None:
        async with self._database.write() as connection:
            await connection.execute(ticket_writes.update().where(where).values(**values))


_KEPT = (
    sa.select(
        kept_tickets,
        cases.c.number,
        cases.c.status.label("case_status"),
        tickets.c.system.label("ref_system"),
        tickets.c.instance,
        tickets.c.id,
        tickets.c.url,
    )
    .join(cases, cases.c.id == kept_tickets.c.case)
    .outerjoin(tickets, tickets.c.case == kept_tickets.c.case)
    .outerjoin(views, views.c.case == kept_tickets.c.case)
)


def _kept(row: Any) -> KeptTicket:
    fields: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    ref = None
    if row.ref_system is not None:
        ref = TicketRef(system=row.ref_system, instance=row.instance, id=row.id, url=row.url)
    return KeptTicket.model_validate({**fields, "ticket": ref, "ended": row.case_status in ENDED})


def _write(keys: CaseKeys, row: Any) -> TicketWrite:
    note = keys.open_sealed(row.note, aad=_place(row.key)).decode() if row.note is not None else ""
    return TicketWrite(
        key=row.key,
        note=note,
        status=row.status,
        at=row.at,
        given_up_at=row.given_up_at,
        done_at=row.done_at,
    )


def _place(key: str) -> str:
    return f"ticket-write|{key}"
