"""What cases owe after closing: started once, kept as it stands, found when it is silent."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.ids import obligation_id
from cases.journal import Entry, Kind, obligation_stream
from cases.obligations.state import ObligationPicture
from cases.values import Instant, Value
from store.cases import Cases
from store.database import Database, uninterrupted
from store.errors import JournalGap
from store.journal import Appended, Journal
from store.side_tables import obligations
from store.vault import Vault


class ObligationRow(Value):
    """Something owed after closing, as lists need it."""

    key: str
    case: str
    name: str
    title: str
    owner: str
    due_at: Instant
    recorded_at: Instant
    started_at: Instant | None = None
    """Set: its workflow runs, or has ended."""
    next_at: Instant | None = None
    """When it will do something by itself."""
    next_label: str = ""
    overdue: bool = False
    as_of: Instant | None = None
    """When its workflow wrote last."""
    done_at: Instant | None = None

    @property
    def workflow_id(self) -> str:
        """The id of its workflow."""
        return obligation_id(self.case, self.name)

    @property
    def stream(self) -> str:
        """The stream of its journal."""
        return obligation_stream(self.name)


class ObligationEntries(Value):
    """New entries of an obligation, and how it stands after them."""

    case: str
    name: str
    original_run: str
    run: str
    entries: tuple[Entry, ...]
    picture: ObligationPicture
    next_at: Instant | None = None
    next_label: str = ""
    at: Instant


@uninterrupted
class Obligations:
    """Keeps what is owed, and when."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal

    async def record(self, row: ObligationRow) -> ObligationRow:
        """The obligation is on record; the first one of its key stays and is returned."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(obligations)
                .values(**row.model_dump())
                .on_conflict_do_nothing(index_elements=["key"])
            )
            query = sa.select(obligations).where(obligations.c.key == row.key)
            return _read((await connection.execute(query)).one())

    async def unstarted(self, *, limit: int = 50) -> list[ObligationRow]:
        """What is on record and has no workflow yet, the earliest due first."""
        rows = await self._where(
            obligations.c.started_at.is_(None), obligations.c.done_at.is_(None)
        )
        return rows[:limit]

    async def started(self, key: str, *, at: datetime) -> None:
        """Its workflow runs; the doors' journal says so, once."""
        query = sa.select(obligations).where(obligations.c.key == key)
        async with self._database.read() as connection:
            row = _read((await connection.execute(query)).one())
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, row.case)
            changed = await connection.execute(
                obligations.update()
                .where(obligations.c.key == key, obligations.c.started_at.is_(None))
                .values(started_at=at)
            )
            if changed.rowcount:
                await self._journal.append_door_in(
                    connection,
                    row.case,
                    Kind.DOOR_OBLIGATION,
                    at=at,
                    obligation=row.name,
                    owner=row.owner,
                    due=row.due_at.isoformat(),
                )

    async def forgotten(self, key: str) -> None:
        """The engine does not know its workflow any more: it is to be started again."""
        async with self._database.write() as connection:
            await connection.execute(
                obligations.update().where(obligations.c.key == key).values(started_at=None)
            )

    async def append(self, batch: ObligationEntries) -> Appended:
        """Entries and picture are durable together; the same batch again changes nothing."""
        keys = await self._vault.keys(batch.case)
        sealed = keys.seal(batch.picture.model_dump_json().encode(), aad=_place(batch.name))
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, batch.case)
            result = await self._journal.append_in(
                connection,
                case=batch.case,
                stream=obligation_stream(batch.name),
                original_run=batch.original_run,
                run=batch.run,
                entries=batch.entries,
                at=batch.at,
            )
            if not isinstance(result, JournalGap):
                picture = batch.picture
                await connection.execute(
                    obligations.update()
                    .where(
                        obligations.c.case == batch.case,
                        obligations.c.name == batch.name,
                        sa.or_(obligations.c.as_of.is_(None), obligations.c.as_of <= batch.at),
                    )
                    .values(
                        due_at=picture.due_at,
                        next_at=batch.next_at,
                        next_label=batch.next_label,
                        overdue=picture.overdue,
                        done_at=None if picture.settled_by is None else picture.settled_by.at,
                        as_of=batch.at,
                        picture=sealed,
                    )
                )
        return await self._journal.settled(result, at=batch.at)

    async def picture(self, case: str, name: str) -> ObligationPicture | None:
        """The obligation as its workflow last said; None when it has said nothing yet."""
        query = sa.select(obligations.c.picture).where(
            obligations.c.case == case, obligations.c.name == name
        )
        async with self._database.read() as connection:
            sealed = (await connection.execute(query)).scalar_one_or_none()
        if sealed is None:
            return None
        opened = await self._vault.open_sealed(case, sealed, aad=_place(name))
        return ObligationPicture.model_validate_json(opened)

    async def due(self, *, before: datetime) -> list[ObligationRow]:
        """What is owed and should have done something by then, the earliest first."""
        return await self._where(
            obligations.c.done_at.is_(None),
            sa.func.coalesce(obligations.c.next_at, obligations.c.due_at) <= before,
        )

    async def open_of(self, owners: Iterable[str] | None = None) -> list[ObligationRow]:
        """What is still owed by these roles, or by anybody; the earliest due first."""
        of_owner = [] if owners is None else [obligations.c.owner.in_(list(owners))]
        return await self._where(obligations.c.done_at.is_(None), *of_owner)

    async def by_case(self, case: str) -> list[ObligationRow]:
        """Everything the case left behind."""
        return await self._where(obligations.c.case == case)

    async def find(self, case: str, name: str) -> ObligationRow | None:
        """The obligation of that name."""
        rows: Sequence[ObligationRow] = await self._where(
            obligations.c.case == case, obligations.c.name == name
        )
        return rows[0] if rows else None

    async def _where(self, *conditions: sa.ColumnElement[bool]) -> list[ObligationRow]:
        query = (
            sa.select(obligations)
            .where(*conditions)
            .order_by(obligations.c.due_at, obligations.c.key)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _place(name: str) -> str:
    return f"obligation|{name}"


def _read(row: Any) -> ObligationRow:
    return ObligationRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
