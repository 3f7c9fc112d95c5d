"""Mail that came in: each once, its words sealed, and in the door's stream that it came."""

from typing import Any

import sqlalchemy as sa

from cases.canonical import commit
from cases.journal import Kind
from cases.values import Instant, Value
from store.cases import Cases
from store.chat_tables import incoming_mails
from store.database import Database, uninterrupted
from store.journal import Journal
from store.vault import Vault


class IncomingRow(Value):
    """One mail, without its words."""

    key: str
    case: str | None = None
    person: str | None = None
    """The person of the directory who has the address it came from."""
    kind: str
    why: str = ""
    proved: bool = False
    received_at: Instant


class ReadMail(Value):
    """One mail of a case, with its words."""

    mail: IncomingRow
    text: str


@uninterrupted
class Incoming:
    """Keeps what came in, and what became of it."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal

    async def known(self, key: str) -> bool:
        """Whether the mail was dealt with before."""
        async with self._database.read() as connection:
            query = sa.select(incoming_mails.c.key).where(incoming_mails.c.key == key)
            return (await connection.execute(query)).one_or_none() is not None

    async def drop(self, row: IncomingRow) -> None:
        """The mail is on record and belongs to no case."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(incoming_mails)
                .values(**row.model_dump(), body=None)
                .on_conflict_do_nothing(index_elements=["key"])
            )

    async def keep(
        self, row: IncomingRow, *, case: str, kind: Kind, text: str = "", **said: Any
    ) -> bool:
        """The mail is kept with its case, and the door's journal says so; False if it was before.

        `said` goes into the entry beside who it is from; of the words only a commitment does.
        """
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            keys = await self._vault.keys_in(connection, case)
            sealed = keys.seal(text.encode(), aad=_place(row.key)) if text else None
            done = await connection.execute(
                self._database.insert(incoming_mails)
                .values(**{**row.model_dump(), "case": case}, body=sealed)
                .on_conflict_do_nothing(index_elements=["key"])
                .returning(incoming_mails.c.key)
            )
            if done.scalar_one_or_none() is None:
                return False
            await self._journal.append_door_in(
                connection,
                case,
                kind,
                at=row.received_at,
                who=row.person,
                reference=f"mail:{row.key[:16]}",
                digest=commit(keys.salt, text) if text else None,
                **said,
            )
        return True

    async def by_case(self, case: str) -> list[ReadMail]:
        """The case's mails, oldest first, with what was written."""
        query = (
            sa.select(incoming_mails)
            .where(incoming_mails.c.case == case)
            .order_by(incoming_mails.c.received_at, incoming_mails.c.key)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found = []
        for row in rows:
            text = b""
            if row.body is not None:
                text = await self._vault.open_sealed(case, row.body, aad=_place(row.key))
            found.append(ReadMail(mail=_row(row), text=text.decode()))
        return found

    async def recent(self, *, limit: int = 200) -> list[IncomingRow]:
        """What came last, dropped mails with their reason among it."""
        query = (
            sa.select(incoming_mails)
            .order_by(incoming_mails.c.received_at.desc(), incoming_mails.c.key)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_row(row) for row in await connection.execute(query)]


def _place(key: str) -> str:
    return f"incoming mail|{key}"


def _row(row: Any) -> IncomingRow:
    return IncomingRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
