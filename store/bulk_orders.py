"""Orders over many cases: the order, its cases and their acts are durable together, or not at all.

From then on each act goes its own way out of the outbox (I7): what became of the order is read from
what became of its acts, so nothing is lost with a process.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.bulk_orders import Before, OrderEnvelope
from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt
from cases.values import Instant, Value
from store.act_rows import ActState
from store.acts import Acts
from store.bulk_tables import bulk_items, bulk_orders
from store.database import Database, uninterrupted
from store.errors import UnknownRow
from store.tables import acts, cases
from store.vault import INSTALLATION, Vault


class BulkState(StrEnum):
    """How far an order has come; what became of its cases says each of them."""

    ASKED = "asked"
    """It waits for a second person; no case has heard of it."""
    CONFIRMED = "confirmed"
    """A second person did it, by an order of their own."""
    ORDERED = "ordered"
    """Its acts are signed and on their way, or have arrived."""


class NewBulkItem(Value):
    """One case of an order that is about to be kept; without an act where it was refused."""

    number: str
    case: str | None = None
    act: str | None = None
    verb: str = ""
    refused: str = ""
    before: Before | None = None


class BulkRow(Value):
    """An order, without its words."""

    position: int
    """What people call it by."""
    id: str
    person: str
    verb: str
    state: BulkState
    total: int
    """How many cases it names and acts on."""
    refused: int
    """How many were named and left out."""
    asked: str
    digest: str
    signed_at: Instant
    undoes: str | None = None
    confirms: str | None = None
    answered: int = 0


class BulkItemRow(Value):
    """One case of an order, and how it stands."""

    number: str
    case: str | None = None
    act: str | None = None
    refused: str = ""
    before: Before | None = None
    state: ActState | None = None
    """None where nothing was sent to the case."""
    receipt: ActReceipt | None = None


class BulkConflict(Value):
    """The order's id belongs to other words or another person, or it was confirmed before."""

    id: str


@uninterrupted
class BulkOrders:
    """Keeps orders and reads what became of them."""

    def __init__(self, database: Database, *, vault: Vault, acts: Acts) -> None:
        self._database = database
        self._vault = vault
        self._acts = acts

    async def order(
        self,
        *,
        id: str,  # noqa: A002 -- the order's own name for it
        person: str,
        verb: str,
        asked: str,
        items: Sequence[NewBulkItem],
        sign: Callable[[datetime], tuple[OrderEnvelope, str, Mapping[str, ActEnvelope]]],
        at: datetime,
        waits: bool = False,
        undoes: str | None = None,
        confirms: str | None = None,
    ) -> BulkRow | BulkConflict:
        """The order is signed and durable with every act of it; or nothing happened.

        `sign` gives the order, its digest, and the envelope of each act. An order that `waits` has
        no acts yet. The same order again is the one that is kept.
        """
        await self._vault.installation()
        willing = [item for item in items if item.act is not None and item.case is not None]
        for item in willing:
            # Asked for now they are at hand in the transaction, without a query each.
            await self._vault.keys(str(item.case))
        async with self._database.write() as connection:
            # Always in one order, so that two of these never wait for each other.
            await connection.execute(
                self._database.locking(
                    sa.select(cases.c.id)
                    .where(cases.c.id.in_([item.case for item in willing]))
                    .order_by(cases.c.id)
                )
            )
            known = await self._find_in(connection, bulk_orders.c.id == id)
            if known is not None:
                same = (known.person, known.asked) == (person, asked)
                return known if same else BulkConflict(id=id)
            if confirms is not None and not await self._confirm_in(connection, confirms):
                return BulkConflict(id=id)
            envelope, digest, envelopes = sign(at)
            keys = await self._vault.keys_in(connection, INSTALLATION)
            made = await connection.execute(
                bulk_orders.insert()
                .values(
                    id=id,
                    person=person,
                    verb=verb,
                    state=BulkState.ASKED if waits else BulkState.ORDERED,
                    total=len(willing),
                    refused=len(items) - len(willing),
                    asked=asked,
                    digest=digest,
                    envelope=keys.seal(envelope.model_dump_json().encode(), aad=_place(id)),
                    signed_at=at,
                    undoes=undoes,
                    confirms=confirms,
                )
                .returning(bulk_orders.c.position)
            )
            position = int(made.scalar_one())
            rows = [
                {
                    "order": id,
                    "position": place,
                    "number": item.number,
                    "case": item.case,
                    "act": item.act,
                    "refused": item.refused,
                    "before": item.before.model_dump_json() if item.before is not None else "",
                }
                for place, item in enumerate(items)
            ]
            if rows:
                await connection.execute(bulk_items.insert(), rows)
            for item in willing if not waits else ():
                await self._acts.record_in(
                    connection,
                    act_id=str(item.act),
                    case=str(item.case),
                    person=person,
                    verb=item.verb,
                    envelope=envelopes[str(item.act)],
                    at=at,
                    door_at=at,
                    bulk=position,
                    of=len(willing),
                    order=digest,
                )
            found = await self._find_in(connection, bulk_orders.c.id == id)
        if found is None:
            raise UnknownRow("order", id)
        return found

    async def find(self, position: int) -> BulkRow | None:
        """The order that people call by that number."""
        async with self._database.read() as connection:
            return await self._find_in(connection, bulk_orders.c.position == position)

    async def by_id(self, id: str) -> BulkRow | None:  # noqa: A002 -- the order's own name for it
        """The order of that id."""
        async with self._database.read() as connection:
            return await self._find_in(connection, bulk_orders.c.id == id)

    async def confirmation_of(self, id: str) -> BulkRow | None:  # noqa: A002 -- as above
        """The order by which a second person did what that one asks."""
        async with self._database.read() as connection:
            return await self._find_in(connection, bulk_orders.c.confirms == id)

    async def envelope(self, id: str) -> OrderEnvelope:  # noqa: A002 -- as above
        """What was signed; UnknownRow if there is no such order."""
        query = sa.select(bulk_orders.c.envelope).where(bulk_orders.c.id == id)
        async with self._database.read() as connection:
            data = (await connection.execute(query)).scalar_one_or_none()
        if data is None:
            raise UnknownRow("order", id)
        keys = await self._vault.installation()
        return OrderEnvelope.model_validate_json(keys.open_sealed(data, aad=_place(id)))

    async def items(self, id: str) -> list[BulkItemRow]:  # noqa: A002 -- as above
        """Every case of the order as it stands now, in the order they were named."""
        query = (
            sa.select(bulk_items, acts.c.state, acts.c.receipt)
            .outerjoin(acts, acts.c.id == bulk_items.c.act)
            .where(bulk_items.c.order == id)
            .order_by(bulk_items.c.position)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [await self._item(row) for row in rows]

    async def _item(self, row: Any) -> BulkItemRow:
        receipt = None
        if row.receipt is not None:
            receipt = await self._acts.opened_receipt(row.case, row.act, row.receipt)
        return BulkItemRow(
            number=row.number,
            case=row.case,
            act=row.act,
            refused=row.refused,
            before=Before.model_validate_json(row.before) if row.before else None,
            state=ActState(row.state) if row.state is not None else None,
            receipt=receipt,
        )

    async def _find_in(
        self, connection: AsyncConnection, which: sa.ColumnElement[bool]
    ) -> BulkRow | None:
        row = (await connection.execute(_orders().where(which))).one_or_none()
        return None if row is None else _row(row)

    async def _confirm_in(self, connection: AsyncConnection, id: str) -> bool:  # noqa: A002
        changed = await connection.execute(
            bulk_orders.update()
            .where(bulk_orders.c.id == id, bulk_orders.c.state == BulkState.ASKED)
            .values(state=BulkState.CONFIRMED)
        )
        return bool(changed.rowcount)

    async def list(self, *, person: str | None = None, limit: int = 100) -> list[BulkRow]:
        """Orders, the latest first; of one person where one is named."""
        query = _orders().order_by(bulk_orders.c.position.desc()).limit(limit)
        if person is not None:
            query = query.where(bulk_orders.c.person == person)
        async with self._database.read() as connection:
            return [_row(row) for row in await connection.execute(query)]


def _orders() -> sa.Select[Any]:
    answered = (
        sa.select(sa.func.count())
        .select_from(bulk_items.join(acts, acts.c.id == bulk_items.c.act))
        .where(bulk_items.c.order == bulk_orders.c.id, acts.c.state == ActState.ANSWERED)
        .scalar_subquery()
    )
    columns = [column for column in bulk_orders.c if column.name != "envelope"]
    return sa.select(*columns, answered.label("answered"))


def _row(row: Any) -> BulkRow:
    return BulkRow.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name


def _place(id_: str) -> str:
    return f"bulk-order|{id_}"
