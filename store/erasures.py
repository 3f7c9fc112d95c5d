"""Erasures: asked for by one person, agreed to by another, withdrawn until they happen.

Whatever refuses one is on record in the doors' stream.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.envelope import ActEnvelope
from cases.house_acts import HouseRefusal
from cases.journal import Kind
from store.case_keys import CaseKeys
from store.cases import Cases
from store.database import Database, uninterrupted
from store.erasure_rows import (
    OPEN_STATES,
    Blocked,
    ErasureOrigin,
    ErasureRow,
    ErasureState,
)
from store.erasure_tables import erasures
from store.journal import Journal
from store.legal_holds import LegalHolds, Sign
from store.shredding import Shredding, refuse_in
from store.vault import Vault


@uninterrupted
class Erasures:
    """Keeps what was asked for and agreed to."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        journal: Journal,
        holds: LegalHolds,
        shredding: Shredding,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal
        self._holds = holds
        self._shredding = shredding

    async def propose(
        self,
        case: str,
        *,
        id: str,  # noqa: A002 -- the erasure's own name
        at: datetime,
        basis: str,
        detail: str,
        due_at: datetime | None = None,
    ) -> ErasureRow | None:
        """A retention time is over and somebody should decide; None where something is open.

        With `due_at` the table itself decides, and people can withdraw it until then.
        """
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            if await self._open_in(connection, case) is not None:
                return None
            state = ErasureState.PROPOSED if due_at is None else ErasureState.AGREED
            await connection.execute(
                erasures.insert().values(
                    id=id,
                    case=case,
                    state=state,
                    origin=ErasureOrigin.RETENTION,
                    basis=basis,
                    asked_at=at,
                    due_at=due_at,
                    why="",
                    detail=detail,
                    record=b"",
                )
            )
            await self._journal.append_door_in(
                connection, case, Kind.DOOR_ERASURE_PROPOSED, at=at, erasure=id, basis=basis,
                rule=detail, due=due_at.isoformat() if due_at else None,
            )  # fmt: skip
            return await self._row_in(connection, id)

    async def ask(
        self,
        case: str,
        *,
        id: str,  # noqa: A002 -- the erasure's own name
        person: str,
        role: str,
        basis: str,
        sign: Sign,
        at: datetime,
    ) -> ErasureRow | Blocked:
        """One person has asked; or what forbids it, on record. The same again is what was asked."""
        await self._vault.keys(case)
        installation = await self._vault.installation()
        async with self._database.write() as connection:
            await self._holds.alone_in(connection)
            await self._cases.lock_in(connection, case)
            known = await self._find_in(connection, id)
            if known is not None and known.asked_by is not None:
                return known
            standing = await self._open_in(connection, case)
            if standing is not None and standing.state is not ErasureState.PROPOSED:
                return Blocked(why=HouseRefusal.UNDER_WAY, detail=standing.id)
            blocked = await self._shredding.against_in(connection, case)
            if blocked:
                await refuse_in(self._journal, connection, case, blocked[0], at=at, who=person)
                return blocked[0]
            envelope = sign(at)
            name = id if standing is None else standing.id
            values = {
                "state": ErasureState.ASKED,
                "origin": ErasureOrigin.PERSON,
                "basis": basis,
                "asked_by": person,
                "asked_role": role,
                "asked_at": at,
                "record": installation.seal(_written([envelope]), aad=_place(name)),
            }
            if standing is None:
                await connection.execute(
                    erasures.insert().values(id=name, case=case, why="", detail="", **values)
                )
            else:
                await self._change_in(connection, name, **values)
            await self._journal.append_door_in(
                connection, case, Kind.DOOR_ERASURE_ASKED, at=at, erasure=name, basis=basis,
                who=person, role=role,
            )  # fmt: skip
            return await self._row_in(connection, name)

    async def agree(
        self,
        id: str,  # noqa: A002 -- the erasure's own name
        *,
        person: str,
        role: str,
        allowed: Callable[[ErasureRow, Sequence[ActEnvelope]], HouseRefusal | None],
        due_at: datetime,
        sign: Sign,
        at: datetime,
    ) -> ErasureRow | Blocked:
        """A second person has agreed and the time to think runs; or what forbids it, on record."""
        installation = await self._vault.installation()
        row = await self.find(id)
        if row is None:
            return Blocked(why=HouseRefusal.NO_SUCH_ERASURE)
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            await self._holds.alone_in(connection)
            await self._cases.lock_in(connection, row.case)
            row = await self._row_in(connection, id)
            if row.state is ErasureState.AGREED and row.agreed_by == person:
                return row
            if row.state is not ErasureState.ASKED:
                return Blocked(why=HouseRefusal.NOT_TO_WITHDRAW, detail=row.state.value)
            before = await self._record_in(connection, installation, id)
            refused = allowed(row, before)
            blocked = (
                [Blocked(why=refused)]
                if refused is not None
                else await self._shredding.against_in(connection, row.case)
            )
            if blocked:
                await refuse_in(
                    self._journal, connection, row.case, blocked[0], at=at, who=person, erasure=id
                )
                return blocked[0]
            sealed = installation.seal(_written([*before, sign(at)]), aad=_place(id))
            await self._change_in(
                connection, id, state=ErasureState.AGREED, agreed_by=person, agreed_role=role,
                agreed_at=at, due_at=due_at, record=sealed,
            )  # fmt: skip
            await self._journal.append_door_in(
                connection, row.case, Kind.DOOR_ERASURE_AGREED, at=at, erasure=id, who=person,
                role=role, due=due_at.isoformat(),
            )  # fmt: skip
            return await self._row_in(connection, id)

    async def withdraw(
        self,
        id: str,  # noqa: A002 -- the erasure's own name
        *,
        person: str,
        role: str,
        sign: Sign,
        at: datetime,
    ) -> ErasureRow | Blocked:
        """The erasure does not happen; it can be said until the key is gone."""
        installation = await self._vault.installation()
        row = await self.find(id)
        if row is None:
            return Blocked(why=HouseRefusal.NO_SUCH_ERASURE)
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            await self._holds.alone_in(connection)
            await self._cases.lock_in(connection, row.case)
            row = await self._row_in(connection, id)
            if not row.open:
                return Blocked(why=HouseRefusal.NOT_TO_WITHDRAW, detail=row.state.value)
            before = await self._record_in(connection, installation, id)
            await self._change_in(
                connection, id, state=ErasureState.WITHDRAWN, settled_at=at, settled_by=person,
                record=installation.seal(_written([*before, sign(at)]), aad=_place(id)),
            )  # fmt: skip
            await self._journal.append_door_in(
                connection, row.case, Kind.DOOR_ERASURE_WITHDRAWN, at=at, erasure=id, who=person,
                role=role,
            )  # fmt: skip
            return await self._row_in(connection, id)

    async def due(self, *, at: datetime) -> list[ErasureRow]:
        """What is to be done now, the earliest first."""
        return await self._where(erasures.c.state == ErasureState.AGREED, erasures.c.due_at <= at)

    async def of_case(self, case: str) -> list[ErasureRow]:
        """The case's erasures, the oldest first."""
        return await self._where(erasures.c.case == case)

    async def find(self, id: str) -> ErasureRow | None:  # noqa: A002 -- the erasure's own name
        """The erasure of that name."""
        async with self._database.read() as connection:
            return await self._find_in(connection, id)

    async def envelopes(self, id: str) -> list[ActEnvelope]:  # noqa: A002 -- the erasure's name
        """What people signed about the erasure, in order."""
        keys = await self._vault.installation()
        async with self._database.read() as connection:
            return await self._record_in(connection, keys, id)

    async def _change_in(self, connection: AsyncConnection, id_: str, **values: Any) -> None:
        await connection.execute(erasures.update().where(erasures.c.id == id_).values(**values))

    async def _record_in(
        self, connection: AsyncConnection, keys: CaseKeys, id_: str
    ) -> list[ActEnvelope]:
        query = sa.select(erasures.c.record).where(erasures.c.id == id_)
        sealed = (await connection.execute(query)).scalar_one_or_none()
        if not sealed:
            return []
        found: list[Mapping[str, Any]] = json.loads(keys.open_sealed(sealed, aad=_place(id_)))
        return [ActEnvelope.model_validate(item) for item in found]

    async def _find_in(self, connection: AsyncConnection, id_: str) -> ErasureRow | None:
        query = sa.select(erasures).where(erasures.c.id == id_)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def _row_in(self, connection: AsyncConnection, id_: str) -> ErasureRow:
        return _read(
            (await connection.execute(sa.select(erasures).where(erasures.c.id == id_))).one()
        )

    async def _open_in(self, connection: AsyncConnection, case: str) -> ErasureRow | None:
        query = sa.select(erasures).where(
            erasures.c.case == case, erasures.c.state.in_(OPEN_STATES)
        )
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def _where(self, *conditions: sa.ColumnElement[bool]) -> list[ErasureRow]:
        query = sa.select(erasures).where(*conditions).order_by(erasures.c.position)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def list(self, *, state: ErasureState | None = None) -> list[ErasureRow]:
        """Every erasure, or those in one state, the oldest first."""
        return await self._where(*([] if state is None else [erasures.c.state == state]))


def _place(id_: str) -> str:
    return f"erasure|{id_}"


def _written(envelopes: Sequence[ActEnvelope]) -> bytes:
    return json.dumps([item.model_dump(mode="json") for item in envelopes]).encode()


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name


def _read(row: Any) -> ErasureRow:
    fields = _fields(row)
    fields.pop("record")
    return ErasureRow.model_validate(fields)
