"""Inbound reports: stored before they are answered, known by their key, handed on once (I1)."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Kind
from cases.values import Instant, Value
from store.belonging import Belonging, KnownMatter
from store.case_keys import CaseKeys
from store.cases import Cases
from store.database import Database, uninterrupted
from store.errors import StoreUnavailable
from store.health import Health
from store.journal import Journal
from store.outbox import Outbox
from store.side_tables import cursors
from store.tables import deliveries
from store.vault import Vault


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    STARTED = "started"
    """It began its case."""
    ATTACHED = "attached"
    """Its case ran already and was told."""
    DEAD = "dead"
    """It was given up: a person has to look."""


class Accepted(Value):
    """The delivery is durable; `known` if it was before."""

    case: str
    number: str
    known: bool
    joined: bool = False
    """Its report is in a case that another report opened."""


class DeliveryConflict(Value):
    """The dedup key was used before, with another body."""

    key: str


class DeliveryRow(Value):
    """A delivery without its body."""

    key: str
    case: str
    report: str | None = None
    """The id of the case its report would have by itself."""
    source: str
    received_at: Instant
    state: DeliveryState
    attempts: int
    next_attempt_at: Instant
    lease_owner: str | None = None
    lease_until: Instant | None = None
    last_error: str = ""
    settled_at: Instant | None = None


class ClaimedDelivery(DeliveryRow):
    """A delivery with the body exactly as it was received."""

    body: bytes


class _OvertakenError(Exception):
    # Another door stored the same key first: look again from the beginning.
    pass


@uninterrupted
class Deliveries:
    """Accepts deliveries and hands them on until they are done or dead."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        belonging: Belonging,
        journal: Journal,
        health: Health,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._belonging = belonging
        self._journal = journal
        self._outbox = Outbox(
            database, table=deliveries, key=deliveries.c.key, what="delivery", health=health
        )

    async def accept(
        self,
        *,
        key: str,
        source: str,
        instance: str,
        external_id: str,
        body: bytes,
        at: datetime,
        subject_ref: str | None = None,
        matter: KnownMatter | None = None,
        said: Mapping[str, str] | None = None,
        received_at: datetime | None = None,
        case: str | None = None,
    ) -> Accepted | DeliveryConflict:
        """The delivery, its case and the case's keys are durable, and the door's journal says so.

        `key` is unique over all doors: it begins with the door's name. `said` is what else the
        journal shall say of how it came; it may have been received before it was let in. `case`
        is whom news are for that come of something else than the case came of: its own ticket.
        """
        for _ in range(3):
            try:
                async with self._database.write() as connection:
                    known = await self._known_in(connection, key, body)
                    if known is not None:
                        return known
                    if case is not None:
                        placed = await self._belonging.placed_in(connection, case)
                    else:
                        placed = await self._belonging.put_in(
                            connection,
                            source=source,
                            instance=instance,
                            external_id=external_id,
                            subject_ref=subject_ref,
                            at=at,
                            matter=matter,
                        )
                    row = placed.case
                    keys = await self._vault.create_in(connection, row.id)
                    await self._cases.lock_in(connection, row.id)
                    await self._insert(
                        connection,
                        keys,
                        key,
                        report=placed.report,
                        source=source,
                        body=body,
                        at=at,
                        received_at=received_at or at,
                    )
                    await self._journal.append_door_in(
                        connection,
                        row.id,
                        Kind.DOOR_DELIVERY,
                        at=at,
                        delivery=key,
                        source=source,
                        digest=digest_of(keys, body),
                        **placed.said,
                        **(said or {}),
                    )
                    return Accepted(
                        case=row.id, number=row.number, known=False, joined=placed.joined
                    )
            except _OvertakenError:
                continue
        raise StoreUnavailable("the same delivery is being stored elsewhere")

    async def claim(
        self, *, owner: str, at: datetime, lease: timedelta, limit: int = 10
    ) -> list[ClaimedDelivery]:
        """Deliveries that are due, leased to `owner`; of each case only the oldest."""
        rows = await self._outbox.claim(owner=owner, at=at, lease=lease, limit=limit)
        return [await self._opened(row) for row in rows]

    async def done(self, key: str, *, state: DeliveryState, at: datetime) -> None:
        """The delivery began its case, or was attached to it: it is not handed on again."""
        async with self._database.write() as connection:
            await connection.execute(
                deliveries.update()
                .where(deliveries.c.key == key)
                .where(deliveries.c.state == DeliveryState.PENDING)
                .values(state=state, settled_at=at, lease_owner=None, lease_until=None)
            )

    async def failed(self, key: str, *, error: str, next_attempt_at: datetime) -> None:
        """The delivery is tried again from that instant on."""
        await self._outbox.failed(key, error=error, next_attempt_at=next_attempt_at)

    async def dead(self, key: str, *, reason: str, at: datetime) -> None:
        """The delivery is given up and an alarm is open."""
        await self._outbox.dead(key, reason=reason, at=at)

    async def redeliver(self, key: str, *, at: datetime) -> bool:
        """A pending or dead delivery is tried at once; False if it was done before."""
        return await self._outbox.redeliver(key, at=at)

    async def reopen(self, key: str, *, at: datetime) -> None:
        """A delivery whose case was lost by the engine begins it again; for a restore only."""
        async with self._database.write() as connection:
            await connection.execute(
                deliveries.update()
                .where(deliveries.c.key == key, deliveries.c.state == DeliveryState.STARTED)
                .values(
                    state=DeliveryState.PENDING, settled_at=None, next_attempt_at=at, attempts=0
                )
            )

    async def show(self, key: str) -> ClaimedDelivery:
        """The delivery with its body; UnknownRow if there is none."""
        return await self._opened(await self._outbox.row(key))

    async def cursor(self, name: str) -> str | None:
        """How far a poller has read."""
        async with self._database.read() as connection:
            query = sa.select(cursors.c.value).where(cursors.c.name == name)
            return (await connection.execute(query)).scalar_one_or_none()

    async def set_cursor(self, name: str, *, value: str) -> None:
        """The poller has read that far."""
        async with self._database.write() as connection:
            insert = self._database.insert(cursors).values(name=name, value=value)
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )

    async def _known_in(
        self, connection: AsyncConnection, key: str, body: bytes
    ) -> Accepted | DeliveryConflict | None:
        row = await self._outbox.row_in(connection, key)
        if row is None:
            return None
        keys = await self._vault.keys_in(connection, row.case)
        case = await self._cases.get_in(connection, row.case)
        # What it was compared with went with the case's salt.
        comparable = not case.erased
        if comparable and not hmac.compare_digest(row.body_digest, digest_of(keys, body)):
            return DeliveryConflict(key=key)
        return Accepted(case=case.id, number=case.number, known=True)

    async def _insert(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        key: str,
        *,
        report: str,
        source: str,
        body: bytes,
        at: datetime,
        received_at: datetime,
    ) -> None:
        result = await connection.execute(
            self._database.insert(deliveries)
            .values(
                key=key,
                case=keys.case,
                report=report,
                source=source,
                body_digest=digest_of(keys, body),
                body=keys.seal(body, aad=place_of(key)),
                received_at=received_at,
                state=DeliveryState.PENDING,
                attempts=0,
                next_attempt_at=at,
                last_error="",
            )
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(deliveries.c.position)
        )
        if result.scalar_one_or_none() is None:
            raise _OvertakenError

    async def _opened(self, row: Any) -> ClaimedDelivery:
        body = await self._vault.open_sealed(row.case, row.body, aad=place_of(row.key))
        return ClaimedDelivery.model_validate({**_fields(row), "body": body})

    async def list(
        self, *, state: DeliveryState | None = None, case: str | None = None, limit: int = 200
    ) -> list[DeliveryRow]:
        """Deliveries, the latest first."""
        conditions = [] if case is None else [deliveries.c.case == case]
        rows = await self._outbox.rows(*conditions, state=state, limit=limit)
        return [DeliveryRow.model_validate(_fields(row)) for row in rows]


def place_of(key: str) -> str:
    """Where a delivery's body is sealed."""
    return f"delivery|{key}"


def digest_of(keys: CaseKeys, body: bytes) -> str:
    """What the door's journal says of a body."""
    # Salted: a short report must not be guessable from its digest (I13).
    return hmac.new(keys.salt, body, hashlib.sha256).hexdigest()


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
