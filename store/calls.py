"""Every call to a system outside: when, for whom, how it ended; of bodies only size and digest."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from cases.values import Instant, Value
from store.case_keys import CaseKeys
from store.database import Database, uninterrupted
from store.errors import UnknownRow
from store.ledger_tables import calls
from store.vault import Vault

UNDER_WAY = "under-way"


class CallRow(Value):
    """One call, as the ledger has it."""

    id: str
    case: str | None = None
    key: str
    attempt: int
    vendor: str
    operation: str
    method: str
    url: str
    request: dict[str, JsonValue]
    """`headers`, `bytes`, `digest`, `summary`: what was sent, without secrets and content."""
    outcome: str
    status: int | None = None
    answer: dict[str, JsonValue] | None = None
    error: str = ""
    mend: str = ""
    began_at: Instant
    ended_at: Instant | None = None
    workflow: str = ""
    run: str = ""
    activity: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.ended_at is None else (self.ended_at - self.began_at).total_seconds()


class CallFilter(Value):
    """Which calls are wanted."""

    case: str | None = None
    vendor: str | None = None
    outcome: str | None = None
    since: Instant | None = None
    key: str | None = None


@uninterrupted
class Calls:
    """Keeps what was said to systems outside."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def begin(
        self,
        *,
        case: str | None,
        request: Mapping[str, JsonValue],
        body: bytes,
        at: datetime,
        **fields: Any,
    ) -> str:
        """The call is on record as under way; its id."""
        keys = await self._keys(case)
        id_ = f"call_{secrets.token_hex(10)}"
        async with self._database.write() as connection:
            await connection.execute(
                calls.insert().values(
                    id=id_,
                    case=case,
                    request={**request, **_digested(keys, body)},
                    outcome=UNDER_WAY,
                    error="",
                    mend="",
                    began_at=at,
                    **fields,
                )
            )
        return id_

    async def end(
        self,
        id_: str,
        *,
        outcome: str,
        answer: Mapping[str, JsonValue],
        body: bytes,
        at: datetime,
        **fields: Any,
    ) -> None:
        """The call's end is on record; the first one stays."""
        keys = await self._keys((await self.show(id_)).case)
        async with self._database.write() as connection:
            await connection.execute(
                calls.update()
                .where(calls.c.id == id_, calls.c.outcome == UNDER_WAY)
                .values(
                    outcome=outcome,
                    answer={**answer, **_digested(keys, body)},
                    ended_at=at,
                    **fields,
                )
            )

    async def show(self, id_: str) -> CallRow:
        """The call; UnknownRow if there is none."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(sa.select(calls).where(calls.c.id == id_))
            ).one_or_none()
        if row is None:
            raise UnknownRow("call", id_)
        return _read(row)

    async def list(self, wanted: CallFilter | None = None, *, limit: int = 200) -> list[CallRow]:
        """The calls that are wanted, the latest first."""
        asked = wanted or CallFilter()
        query = sa.select(calls).order_by(calls.c.position.desc()).limit(limit)
        for column, value in (
            (calls.c.case, asked.case),
            (calls.c.vendor, asked.vendor),
            (calls.c.outcome, asked.outcome),
            (calls.c.key, asked.key),
        ):
            if value is not None:
                query = query.where(column == value)
        if asked.since is not None:
            query = query.where(calls.c.began_at >= asked.since)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def counts(self, *, since: datetime) -> dict[tuple[str, str], int]:
        """How many calls to whom, begun since then, ended how."""
        query = (
            sa.select(calls.c.vendor, calls.c.outcome, sa.func.count())
            .where(calls.c.began_at >= since)
            .group_by(calls.c.vendor, calls.c.outcome)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {(vendor, outcome): count for vendor, outcome, count in rows}

    async def prune(self, *, before: datetime) -> int:
        """Calls that began before are forgotten; how many those were."""
        async with self._database.write() as connection:
            gone = await connection.execute(calls.delete().where(calls.c.began_at < before))
            return int(gone.rowcount)

    async def _keys(self, case: str | None) -> CaseKeys:
        return await (self._vault.installation() if case is None else self._vault.keys(case))


def _digested(keys: CaseKeys, body: bytes) -> dict[str, JsonValue]:
    return {"bytes": len(body), "digest": keys.digest(body)}


def _read(row: Any) -> CallRow:
    fields = dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
    fields.pop("position")
    return CallRow.model_validate(fields)
