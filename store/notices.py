"""Who was told what, how it ended, and the demo's local outbox (I10)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from cases.notice import NoticeEnd, Purpose
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.errors import UnknownRow
from store.side_tables import messages, notices
from store.vault import INSTALLATION, Vault


class NoticeRow(Value):
    """What became of one notice for one recipient."""

    key: str
    recipient: str
    case: str
    purpose: Purpose
    role: str
    channel: str
    end: NoticeEnd
    message_id: str | None = None
    detail: str = ""
    """Vendor status or error type, never content."""
    at: Instant
    about: str | None = None
    """What it asks, as a key: one question reaches one person once, whatever their roles."""
    read_at: Instant | None = None
    locale: str = ""
    """In which locale the recipient was told; empty where nothing was said."""
    words: str = ""
    """By which catalogue: its language and version."""
    """When the recipient opened the case by it, or after it."""


@uninterrupted
class Notices:
    """Keeps the outcome of every notice."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sent(self, key: str, *, recipient: str) -> NoticeRow | None:
        """What became of the notice for that recipient; None if it was never sent."""
        query = sa.select(notices).where(notices.c.key == key, notices.c.recipient == recipient)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _notice(row)

    async def record(self, row: NoticeRow) -> NoticeRow:
        """The outcome is on record; the first one stays and is returned."""
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(notices)
                .values(**row.model_dump())
                .on_conflict_do_nothing(index_elements=["key", "recipient"])
            )
            query = sa.select(notices).where(
                notices.c.key == row.key, notices.c.recipient == row.recipient
            )
            return _notice((await connection.execute(query)).one())

    async def by_message(self, message_ids: Sequence[str]) -> NoticeRow | None:
        """The notice that was sent under the first of these Message-IDs that is known."""
        query = sa.select(notices).where(notices.c.message_id.in_(message_ids))
        async with self._database.read() as connection:
            rows = [_notice(row) for row in await connection.execute(query)]
        order = list(message_ids)
        return min(rows, key=lambda row: order.index(row.message_id or ""), default=None)

    async def in_message(self, message_id: str) -> list[NoticeRow]:
        """Every notice that went out in that message: in a digest there are several."""
        query = (
            sa.select(notices)
            .where(notices.c.message_id == message_id)
            .order_by(notices.c.at, notices.c.key, notices.c.recipient)
        )
        async with self._database.read() as connection:
            return [_notice(row) for row in await connection.execute(query)]

    async def came_back(self, row: NoticeRow, *, detail: str) -> bool:
        """The notice did not reach its recipient after all; False if that was known."""
        async with self._database.write() as connection:
            done = await connection.execute(
                notices.update()
                .where(notices.c.key == row.key, notices.c.recipient == row.recipient)
                .where(notices.c.end == NoticeEnd.DELIVERED)
                .values(end=NoticeEnd.FELL_BACK, detail=detail)
            )
        return bool(done.rowcount)

    async def told(self, case: str, *, recipient: str, about: str) -> NoticeRow | None:
        """The notice by which the recipient was told that already; None if they were not."""
        query = sa.select(notices).where(
            notices.c.case == case,
            notices.c.recipient == recipient,
            notices.c.about == about,
            # What waits in their digest will be told, or ends on record.
            notices.c.end.in_((NoticeEnd.DELIVERED, NoticeEnd.BUNDLED)),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query.limit(1))).one_or_none()
        return None if row is None else _notice(row)

    async def by_key(self, key: str) -> list[NoticeRow]:
        """What became of one notice for each of its recipients."""
        query = sa.select(notices).where(notices.c.key == key).order_by(notices.c.recipient)
        async with self._database.read() as connection:
            return [_notice(row) for row in await connection.execute(query)]

    async def read(self, case: str, *, recipient: str, at: datetime) -> None:
        """Everything the recipient was told of the case has been read."""
        unread = (
            notices.c.case == case,
            notices.c.recipient == recipient,
            notices.c.read_at.is_(None),
        )
        async with self._database.read() as connection:
            found = await connection.execute(sa.select(notices.c.key).where(*unread).limit(1))
            if found.one_or_none() is None:
                return
        async with self._database.write() as connection:
            await connection.execute(sa.update(notices).where(*unread).values(read_at=at))

    async def by_case(self, case: str) -> list[NoticeRow]:
        """Every notice of the case, in the order they ended."""
        query = (
            sa.select(notices)
            .where(notices.c.case == case)
            .order_by(notices.c.at, notices.c.key, notices.c.recipient)
        )
        async with self._database.read() as connection:
            return [_notice(row) for row in await connection.execute(query)]

    async def counts(self) -> dict[NoticeEnd, int]:
        """How many notices ended in which way."""
        query = sa.select(notices.c.end, sa.func.count()).group_by(notices.c.end)
        async with self._database.read() as connection:
            return {NoticeEnd(end): count for end, count in await connection.execute(query)}


class StoredMessage(Value):
    """A message in the local outbox; `body` is whatever the sender put in."""

    id: int
    message_id: str
    to: str
    case: str | None = None
    body: dict[str, JsonValue]
    at: Instant


@uninterrupted
class Messages:
    """The local outbox: messages people of the demo read instead of mail."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def put(
        self,
        *,
        message_id: str,
        to: str,
        body: dict[str, JsonValue],
        at: datetime,
        case: str | None = None,
    ) -> StoredMessage:
        """The message is kept, sealed; the first one of its Message-ID stays and is returned."""
        if case is None:
            await self._vault.installation()
        data = json.dumps(body, ensure_ascii=False).encode()
        sealed = await self._vault.seal(case or INSTALLATION, data, aad=_place(message_id))
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(messages)
                .values(message_id=message_id, to=to, case=case, body=sealed, at=at)
                .on_conflict_do_nothing(index_elements=["message_id"])
            )
            query = sa.select(messages).where(messages.c.message_id == message_id)
            row = (await connection.execute(query)).one()
        return await self._opened(row)

    async def get(self, id: int) -> StoredMessage:  # noqa: A002 -- the row's id
        """The message; UnknownRow if there is none."""
        async with self._database.read() as connection:
            query = sa.select(messages).where(messages.c.id == id)
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UnknownRow("message", str(id))
        return await self._opened(row)

    async def _opened(self, row: Any) -> StoredMessage:
        owner = row.case or INSTALLATION
        data = await self._vault.open_sealed(owner, row.body, aad=_place(row.message_id))
        return StoredMessage(
            id=row.id,
            message_id=row.message_id,
            to=row.to,
            case=row.case,
            body=json.loads(data),
            at=row.at,
        )

    async def list(
        self, *, to: str | None = None, case: str | None = None, limit: int = 1000
    ) -> list[StoredMessage]:
        """All messages, or those to one address or of one case, oldest first."""
        query = sa.select(messages).order_by(messages.c.id).limit(limit)
        if to is not None:
            query = query.where(messages.c.to == to)
        if case is not None:
            query = query.where(messages.c.case == case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [await self._opened(row) for row in rows]


def _place(message_id: str) -> str:
    return f"message|{message_id}"


def _notice(row: Any) -> NoticeRow:
    return NoticeRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
