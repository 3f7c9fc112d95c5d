"""Outside actions, made answerable after a crash: begun, and what came of them (I9)."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from cases.report import TicketRef
from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.database import Database, uninterrupted
from store.side_tables import effect_receipts, tickets
from store.tables import cases
from store.vault import Vault


class Attempt(Value):
    """The beginning of an attempt."""

    number: int
    """1 = nobody has tried before; more = an earlier try may have reached the vendor: ask first."""
    result: dict[str, JsonValue] | None = None
    """Set: it was done before, and this came of it."""


class EffectRow(Value):
    """What is known of one key."""

    key: str
    attempts: int
    begun_at: Instant
    at: Instant | None = None
    result: dict[str, JsonValue] | None = None


@uninterrupted
class Effects:
    """Remembers every effect by its key."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def begin(self, key: str, *, case: str, at: datetime) -> Attempt:
        """The attempt is on record before anything outside is asked."""
        async with self._database.write() as connection:
            keys = await self._vault.keys_in(connection, case)
            insert = self._database.insert(effect_receipts).values(
                key=key, case=case, attempts=1, begun_at=at
            )
            row = (
                await connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=["key"],
                        set_={"attempts": effect_receipts.c.attempts + 1},
                    ).returning(effect_receipts)
                )
            ).one()
        return Attempt(number=row.attempts, result=_opened(keys, row))

    async def remember(
        self, key: str, *, case: str, result: dict[str, JsonValue], at: datetime
    ) -> dict[str, JsonValue]:
        """The result is on record; the first one stays and is returned."""
        async with self._database.write() as connection:
            keys = await self._vault.keys_in(connection, case)
            sealed = keys.seal(json.dumps(result).encode(), aad=_place(key))
            insert = self._database.insert(effect_receipts).values(
                key=key, case=case, attempts=1, begun_at=at, result=sealed, at=at
            )
            row = (
                await connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=["key"],
                        set_={
                            "result": sa.func.coalesce(effect_receipts.c.result, sealed),
                            "at": sa.func.coalesce(effect_receipts.c.at, insert.excluded.at),
                        },
                    ).returning(effect_receipts)
                )
            ).one()
        return _opened(keys, row) or result

    async def recall(self, key: str) -> dict[str, JsonValue] | None:
        """What came of the effect; None if it is not known to be done."""
        query = sa.select(effect_receipts).where(effect_receipts.c.key == key)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _opened(await self._vault.keys(row.case), row)

    async def written(self, case: str) -> list[EffectRow]:
        """Every effect of the case that was ever begun."""
        keys = await self._vault.keys(case)
        query = (
            sa.select(effect_receipts)
            .where(effect_receipts.c.case == case)
            .order_by(effect_receipts.c.begun_at, effect_receipts.c.key)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            EffectRow(
                key=row.key,
                attempts=row.attempts,
                begun_at=row.begun_at,
                at=row.at,
                result=_opened(keys, row),
            )
            for row in rows
        ]


@uninterrupted
class Tickets:
    """Which ticket belongs to which case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, case: str) -> TicketRef | None:
        """The case's ticket."""
        query = sa.select(tickets).where(tickets.c.case == case)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _ticket(row)

    async def opened(self, case: str, *, ref: TicketRef, at: datetime) -> TicketRef:
        """The case has a ticket: this one, or the one it had before."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(tickets)
                .values(case=case, at=at, **ref.model_dump())
                .on_conflict_do_nothing(index_elements=["case"])
            )
            query = sa.select(tickets).where(tickets.c.case == case)
            return _ticket((await connection.execute(query)).one())

    async def moved(self, case: str, *, ref: TicketRef, at: datetime) -> None:
        """The case's ticket is this one from now on: it was merged, or adopted."""
        async with self._database.write() as connection:
            insert = self._database.insert(tickets).values(case=case, at=at, **ref.model_dump())
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["case"], set_={"at": at, **ref.model_dump()}
                )
            )

    async def cases_of(self, ref: TicketRef) -> list[str]:
        """The cases that keep that ticket, oldest first."""
        query = (
            sa.select(tickets.c.case)
            .join(cases, cases.c.id == tickets.c.case)
            .where(
                tickets.c.system == ref.system,
                tickets.c.instance == ref.instance,
                tickets.c.id == ref.id,
            )
            .order_by(cases.c.opened_at, cases.c.id)
        )
        async with self._database.read() as connection:
            return [str(case) for case in (await connection.execute(query)).scalars()]


def _opened(keys: CaseKeys, row: Any) -> dict[str, JsonValue] | None:
    if row.result is None:
        return None
    result: dict[str, JsonValue] = json.loads(keys.open_sealed(row.result, aad=_place(row.key)))
    return result


def _place(key: str) -> str:
    return f"effect|{key}"


def _ticket(row: Any) -> TicketRef:
    return TicketRef(system=row.system, instance=row.instance, id=row.id, url=row.url)
