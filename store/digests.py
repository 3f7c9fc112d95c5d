"""Notices that wait for company: each with its own row, its own end, and its place in a digest."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cases.ids import key_of
from cases.journal import Kind
from cases.notice import NoticeEnd, NoticeOrder
from cases.values import Instant, Value
from store.cases import Cases
from store.database import Database, uninterrupted
from store.journal import Journal
from store.notices import NoticeRow
from store.side_tables import notices
from store.tables import views
from store.telling_tables import digest_items
from store.vault import Vault

GRAVER = ("SEV0", "SEV1", "SEV2")
"""What waits of a case that has become so grave waits no longer."""


class WaitingNotice(Value):
    """A notice that waits, as far as it stands in clear."""

    key: str
    recipient: str
    case: str
    at: Instant
    due_at: Instant
    digest: str | None = None
    attempts: int = 0
    last_error: str = ""
    next_at: Instant
    severity: str = ""
    """What the case is by now; empty where nothing is known of it yet."""


class DigestItem(Value):
    """A notice that is about to go out in company."""

    waiting: WaitingNotice
    order: NoticeOrder
    instead_of: str = ""
    """The name of who is away."""
    read: bool = False
    """The recipient has opened the case since."""


@uninterrupted
class Digests:
    """Keeps notices until they go out together."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal

    async def put(
        self, row: NoticeRow, order: NoticeOrder, *, due_at: datetime, instead_of: str = ""
    ) -> NoticeRow:
        """The notice waits until then; what became of it before stays and is returned."""
        place = _place(row.key, row.recipient)
        sealed = await self._vault.seal(row.case, order.model_dump_json().encode(), aad=place)
        async with self._database.write() as connection:
            fresh = await connection.execute(
                self._database.insert(notices)
                .values(**row.model_dump())
                .on_conflict_do_nothing(index_elements=["key", "recipient"])
            )
            if fresh.rowcount:
                await connection.execute(
                    digest_items.insert().values(
                        key=row.key,
                        recipient=row.recipient,
                        case=row.case,
                        order=sealed,
                        instead_of=instead_of or None,
                        at=order.at,
                        due_at=due_at,
                        attempts=0,
                        last_error="",
                        next_at=due_at,
                    )
                )
            query = sa.select(notices).where(
                notices.c.key == row.key, notices.c.recipient == row.recipient
            )
            found = (await connection.execute(query)).one()
        return NoticeRow.model_validate(dict(found._mapping))  # noqa: SLF001 -- SQLAlchemy's public name

    async def due(self, *, before: datetime, limit: int = 500) -> list[WaitingNotice]:
        """What is to go by then, and whatever waits of a case that has become grave."""
        wanted = sa.or_(digest_items.c.next_at <= before, views.c.severity.in_(GRAVER))
        return await self._waiting(wanted, limit=limit)

    async def waiting(
        self, *, case: str | None = None, recipient: str | None = None, limit: int = 500
    ) -> list[WaitingNotice]:
        """What waits, of one case, for one person, or at all; what goes first comes first."""
        conditions: list[sa.ColumnElement[bool]] = []
        if case is not None:
            conditions.append(digest_items.c.case == case)
        if recipient is not None:
            conditions.append(digest_items.c.recipient == recipient)
        return await self._waiting(*conditions, limit=limit)

    async def count(self) -> int:
        """How many notices wait."""
        query = sa.select(sa.func.count()).where(digest_items.c.end.is_(None))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def claim(
        self,
        notices_: Sequence[WaitingNotice],
        *,
        owner: str,
        at: datetime,
        lease: timedelta,
    ) -> list[DigestItem]:
        """Those of one person's notices nobody else is sending, bound to one digest from now on."""
        if not notices_:
            return []
        recipient = notices_[0].recipient
        keys = sorted(each.key for each in notices_)
        digest = notices_[0].digest or digest_key(recipient, keys)
        async with self._database.write() as connection:
            free = (
                digest_items.c.recipient == recipient,
                digest_items.c.key.in_(keys),
                digest_items.c.end.is_(None),
                sa.or_(digest_items.c.digest.is_(None), digest_items.c.digest == digest),
                sa.or_(digest_items.c.lease_until.is_(None), digest_items.c.lease_until <= at),
            )
            query = sa.select(digest_items.c.key).where(*free)
            found = (await connection.execute(self._database.claiming(query))).scalars().all()
            await connection.execute(
                digest_items.update()
                .where(digest_items.c.recipient == recipient, digest_items.c.key.in_(found))
                .values(
                    digest=digest,
                    lease_owner=owner,
                    lease_until=at + lease,
                    attempts=digest_items.c.attempts + 1,
                )
            )
            rows = await connection.execute(
                sa.select(digest_items, notices.c.read_at)
                .join(
                    notices,
                    sa.and_(
                        notices.c.key == digest_items.c.key,
                        notices.c.recipient == digest_items.c.recipient,
                    ),
                )
                .where(digest_items.c.recipient == recipient, digest_items.c.key.in_(found))
                .order_by(digest_items.c.at, digest_items.c.key)
            )
            claimed = rows.all()
        return [await self._opened(row) for row in claimed]

    async def later(self, item: DigestItem, *, error: str, next_at: datetime) -> None:
        """It could not be sent: it is tried again from then on, with the same digest."""
        async with self._database.write() as connection:
            await connection.execute(
                digest_items.update()
                .where(*_the(item), digest_items.c.end.is_(None))
                .values(last_error=error, next_at=next_at, lease_owner=None, lease_until=None)
            )

    async def end(
        self,
        item: DigestItem,
        end: NoticeEnd,
        *,
        at: datetime,
        channel: str = "none",
        detail: str = "",
        message_id: str | None = None,
        locale: str = "",
        words: str = "",
    ) -> bool:
        """The notice has ended so, in its row and on the door's record; False if it had before."""
        order, waiting = item.order, item.waiting
        await self._vault.keys(waiting.case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, waiting.case)
            done = await connection.execute(
                digest_items.update()
                .where(*_the(item), digest_items.c.end.is_(None))
                .values(end=end, ended_at=at, lease_owner=None, lease_until=None)
            )
            if not done.rowcount:
                return False
            await connection.execute(
                notices.update()
                .where(notices.c.key == waiting.key, notices.c.recipient == waiting.recipient)
                .where(notices.c.end == NoticeEnd.BUNDLED)
                .values(
                    end=end,
                    channel=channel,
                    detail=detail,
                    message_id=message_id,
                    locale=locale,
                    words=words,
                )
            )
            await self._journal.append_door_in(
                connection,
                waiting.case,
                Kind.DOOR_NOTICE,
                at=at,
                key=waiting.key,
                purpose=order.purpose.value,
                role=order.role,
                person=waiting.recipient,
                end=end.value,
                channel=channel,
                digest=waiting.digest,
                because=detail or None,
            )
        return True

    async def _waiting(
        self, *conditions: sa.ColumnElement[bool], limit: int
    ) -> list[WaitingNotice]:
        names = [name for name in WaitingNotice.model_fields if name != "severity"]
        query = (
            sa.select(*(digest_items.c[name] for name in names), views.c.severity)
            .outerjoin(views, views.c.case == digest_items.c.case)
            .where(digest_items.c.end.is_(None), *conditions)
            .order_by(digest_items.c.next_at, digest_items.c.key, digest_items.c.recipient)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [
                WaitingNotice(**{**row._mapping, "severity": row.severity or ""})  # noqa: SLF001 -- SQLAlchemy's public name
                for row in await connection.execute(query)
            ]

    async def _opened(self, row: Any) -> DigestItem:
        data = await self._vault.open_sealed(
            row.case, row.order, aad=_place(row.key, row.recipient)
        )
        known = {
            name: getattr(row, name) for name in WaitingNotice.model_fields if name != "severity"
        }
        return DigestItem(
            waiting=WaitingNotice(**known),
            order=NoticeOrder.model_validate_json(data),
            instead_of=row.instead_of or "",
            read=row.read_at is not None,
        )


def digest_key(recipient: str, keys: Iterable[str]) -> str:
    """What a digest of these notices is called, whoever sends it."""
    return key_of("digest", recipient, *sorted(keys))


def _the(item: DigestItem) -> tuple[sa.ColumnElement[bool], ...]:
    waiting = item.waiting
    return (
        digest_items.c.key == waiting.key,
        digest_items.c.recipient == waiting.recipient,
    )


def _place(key: str, recipient: str) -> str:
    return f"digest|{key}|{recipient}"
