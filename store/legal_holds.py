"""Legal holds: while one stands, nothing of what it covers is erased.

Whoever puts or lifts a hold and whoever destroys a key take the same lock first, so each sees what
the other has done: a hold that is on record before a key is gone always keeps that key.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.envelope import ActEnvelope
from cases.house_acts import HouseRefusal, HouseRefusedError
from cases.journal import Kind
from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.cases import Cases
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.erasure_tables import legal_holds
from store.journal import Journal
from store.tables import cases, counters, reports
from store.vault import INSTALLATION, Vault

Sign = Callable[[datetime], ActEnvelope]
RUNBOOK = "runbook"
"""The id of a hold that a case's runbook put begins so."""


class HoldOrigin(StrEnum):
    """Who put a hold."""

    PERSON = "person"
    RUNBOOK = "runbook"


class HoldRow(Value):
    """A legal hold; what people wrote about it is read apart."""

    position: int
    id: str
    case: str | None = None
    subject: str | None = None
    origin: HoldOrigin
    role: str
    """Who answers for it."""
    set_by: str | None = None
    set_at: Instant
    review_at: Instant | None = None
    lift_by: str | None = None
    lift_role: str | None = None
    lift_at: Instant | None = None
    """When somebody asked for it to end; it stands until another agrees."""
    lifted_by: str | None = None
    lifted_at: Instant | None = None

    @property
    def stands(self) -> bool:
        """Whether it still forbids."""
        return self.lifted_at is None


@uninterrupted
class LegalHolds:
    """Keeps holds, and says which stand."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        journal: Journal,
        record: DoorRecord,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal
        self._record = record

    async def set(
        self,
        *,
        id: str,  # noqa: A002 -- the hold's own name
        case: str | None,
        subject: str | None,
        person: str,
        role: str,
        review_at: datetime,
        sign: Sign,
        at: datetime,
    ) -> HoldRow:
        """The hold stands, and every case it covers says so; once, however often it is asked."""
        async with self._changing() as (connection, keys):
            known = await self._find_in(connection, id)
            if known is not None:
                return known
            await connection.execute(
                legal_holds.insert().values(
                    id=id,
                    case=case,
                    subject=subject,
                    origin=HoldOrigin.PERSON,
                    role=role,
                    set_by=person,
                    set_at=at,
                    review_at=review_at,
                    record=keys.seal(_written([sign(at)]), aad=_place(id)),
                )
            )
            row = await self._must_find_in(connection, id)
            await self._say_in(
                connection, row, Kind.DOOR_HOLD_SET, at=at, who=person, role=role,
                review=review_at.isoformat(),
            )  # fmt: skip
            return row

    async def set_by_runbook_in(
        self, connection: AsyncConnection, case: str, *, role: str, at: datetime
    ) -> None:
        """The case's runbook says that nothing of it may be deleted; once a case."""
        await connection.execute(
            self._database.insert(legal_holds)
            .values(
                id=f"{RUNBOOK}:{case}",
                case=case,
                origin=HoldOrigin.RUNBOOK,
                role=role,
                set_at=at,
                record=b"",
            )
            .on_conflict_do_nothing(index_elements=["id"])
        )

    async def keep(
        self,
        id: str,  # noqa: A002 -- the hold's own name
        *,
        person: str,
        role: str,
        review_at: datetime,
        sign: Sign,
        at: datetime,
    ) -> HoldRow:
        """The hold stands until the next review, and whoever asked for its end is answered no."""
        async with self._changing() as (connection, keys):
            row = await self._standing_in(connection, id)
            await self._change_in(
                connection, keys, row, sign(at),
                review_at=review_at, lift_by=None, lift_role=None, lift_at=None,
            )  # fmt: skip
            await self._say_in(
                connection, row, Kind.DOOR_HOLD_KEPT, at=at, who=person, role=role,
                review=review_at.isoformat(),
            )  # fmt: skip
            return await self._must_find_in(connection, id)

    async def ask_to_lift(
        self,
        id: str,  # noqa: A002 -- the hold's own name
        *,
        person: str,
        role: str,
        sign: Sign,
        at: datetime,
    ) -> HoldRow:
        """One person has asked for the hold to end; it stands."""
        async with self._changing() as (connection, keys):
            row = await self._standing_in(connection, id)
            await self._change_in(
                connection, keys, row, sign(at), lift_by=person, lift_role=role, lift_at=at
            )
            await self._say_in(connection, row, Kind.DOOR_LIFT_ASKED, at=at, who=person, role=role)
            return await self._must_find_in(connection, id)

    async def lift(
        self,
        id: str,  # noqa: A002 -- the hold's own name
        *,
        person: str,
        role: str,
        allowed: Callable[[HoldRow, list[ActEnvelope]], HouseRefusal | None],
        sign: Sign,
        at: datetime,
    ) -> HoldRow:
        """A second person agreed and the hold is over; `allowed` says whether they may."""
        async with self._changing() as (connection, keys):
            row = await self._standing_in(connection, id)
            if row.lift_at is None:
                raise HouseRefusedError(HouseRefusal.LIFT_NOT_ASKED)
            refused = allowed(row, await self._record_in(connection, keys, id))
            if refused is not None:
                raise HouseRefusedError(refused)
            await self._change_in(connection, keys, row, sign(at), lifted_by=person, lifted_at=at)
            await self._say_in(
                connection, row, Kind.DOOR_HOLD_LIFTED, at=at, who=person, role=role,
                with_=row.lift_by,
            )  # fmt: skip
            return await self._must_find_in(connection, id)

    async def append_door(
        self, case: str, kind: Kind, *, at: datetime, unless_held: bool, **body: Any
    ) -> tuple[HoldRow, ...]:
        """The doors' entry is durable; or the holds that forbid what it says, and nothing is."""
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self.alone_in(connection)
            await self._cases.lock_in(connection, case)
            if unless_held and (holds := await self.over_in(connection, case)):
                return tuple(holds)
            await self._journal.append_door_in(connection, case, kind, at=at, **body)
        return ()

    async def find(self, id: str) -> HoldRow | None:  # noqa: A002 -- the hold's own name
        """The hold of that name."""
        async with self._database.read() as connection:
            return await self._find_in(connection, id)

    async def over(self, case: str, *, standing: bool = True) -> list[HoldRow]:
        """The holds that cover the case: its own, and those about its subjects."""
        async with self._database.read() as connection:
            return await self.over_in(connection, case, standing=standing)

    async def over_in(
        self, connection: AsyncConnection, case: str, *, standing: bool = True
    ) -> list[HoldRow]:
        """As `over`, inside a transaction of the caller's."""
        about = sa.union(
            sa.select(cases.c.subject_ref).where(cases.c.id == case),
            sa.select(reports.c.subject_ref).where(reports.c.case == case),
        ).subquery()
        query = (
            sa.select(legal_holds)
            .where(
                sa.or_(
                    legal_holds.c.case == case,
                    legal_holds.c.subject.in_(
                        sa.select(about.c.subject_ref).where(about.c.subject_ref.is_not(None))
                    ),
                )
            )
            .order_by(legal_holds.c.position)
        )
        if standing:
            query = query.where(legal_holds.c.lifted_at.is_(None))
        return [_read(row) for row in await connection.execute(query)]

    async def envelopes(self, id: str) -> list[ActEnvelope]:  # noqa: A002 -- the hold's own name
        """What people signed about the hold, in order."""
        keys = await self._vault.installation()
        async with self._database.read() as connection:
            return await self._record_in(connection, keys, id)

    async def alone_in(self, connection: AsyncConnection) -> None:
        """Nobody else puts or lifts a hold, or destroys a key, until this transaction ends."""
        lock = sa.select(counters.c.value).where(counters.c.name == "legal-holds")
        await connection.execute(self._database.locking(lock))

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[tuple[AsyncConnection, CaseKeys]]:
        """A writing transaction that nobody else's hold or erasure runs into."""
        await self._vault.installation()
        async with self._database.write() as connection:
            await self.alone_in(connection)
            yield connection, await self._vault.keys_in(connection, INSTALLATION)

    async def _change_in(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        row: HoldRow,
        envelope: ActEnvelope,
        **values: Any,
    ) -> None:
        before = await self._record_in(connection, keys, row.id)
        sealed = keys.seal(_written([*before, envelope]), aad=_place(row.id))
        await connection.execute(
            legal_holds.update().where(legal_holds.c.id == row.id).values(record=sealed, **values)
        )

    async def _record_in(
        self, connection: AsyncConnection, keys: CaseKeys, id_: str
    ) -> list[ActEnvelope]:
        query = sa.select(legal_holds.c.record).where(legal_holds.c.id == id_)
        sealed = (await connection.execute(query)).scalar_one_or_none()
        return _envelopes(keys.open_sealed(sealed, aad=_place(id_))) if sealed else []

    async def _find_in(self, connection: AsyncConnection, id_: str) -> HoldRow | None:
        query = sa.select(legal_holds).where(legal_holds.c.id == id_)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def _must_find_in(self, connection: AsyncConnection, id_: str) -> HoldRow:
        row = await self._find_in(connection, id_)
        if row is None:
            raise HouseRefusedError(HouseRefusal.NO_SUCH_HOLD)
        return row

    async def _standing_in(self, connection: AsyncConnection, id_: str) -> HoldRow:
        row = await self._must_find_in(connection, id_)
        if not row.stands:
            raise HouseRefusedError(HouseRefusal.HOLD_LIFTED)
        return row

    async def _say_in(
        self, connection: AsyncConnection, row: HoldRow, kind: Kind, *, at: datetime, **body: Any
    ) -> None:
        """Every case that the hold covers has the entry; a hold about a subject, the house too."""
        said = {name.rstrip("_"): value for name, value in body.items()}
        covered: Iterable[str]
        if row.case is not None:
            covered = [row.case]
        else:
            covered = await self._about_in(connection, row.subject or "")
            await self._record.append_in(
                connection, kind, person=str(body["who"]), at=at, hold=row.id,
                **{name: value for name, value in said.items() if name != "who"},
            )  # fmt: skip
        for case in covered:
            await self._cases.lock_in(connection, case)
            await self._journal.append_door_in(
                connection, case, kind, at=at, hold=row.id, scope=_scope(row), **said
            )

    async def _about_in(self, connection: AsyncConnection, subject: str) -> Iterable[str]:
        query = sa.union(
            sa.select(cases.c.id).where(cases.c.subject_ref == subject),
            sa.select(reports.c.case).where(reports.c.subject_ref == subject),
        )
        return sorted((await connection.execute(query)).scalars())

    async def list(self, *, standing: bool = True) -> list[HoldRow]:
        """Every hold, or every one that stands, the oldest first."""
        query = sa.select(legal_holds).order_by(legal_holds.c.position)
        if standing:
            query = query.where(legal_holds.c.lifted_at.is_(None))
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _scope(row: HoldRow) -> str:
    return "case" if row.case is not None else "subject"


def _place(id_: str) -> str:
    return f"legal-hold|{id_}"


def _written(envelopes: Iterable[ActEnvelope]) -> bytes:
    return json.dumps([item.model_dump(mode="json") for item in envelopes]).encode()


def _envelopes(data: bytes) -> list[ActEnvelope]:
    found: list[Mapping[str, Any]] = json.loads(data)
    return [ActEnvelope.model_validate(item) for item in found]


def _read(row: Any) -> HoldRow:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    fields.pop("record")
    return HoldRow.model_validate(fields)
