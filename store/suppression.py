"""Reports that a rule holds back: kept sealed, listed without a word, released by a person."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.ids import case_id
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.deliveries import Accepted, Deliveries, DeliveryConflict, digest_of, place_of
from store.errors import UnknownRow
from store.tables import suppressed
from store.vault import Vault


class HiddenBy(Value):
    """The rule that holds a report back."""

    rule: str
    owner: str
    because: str
    until: str
    """The last day on which it holds reports back."""
    tell_at: int


class Hidden(HiddenBy):
    """A report that is held back, without its body."""

    key: str
    report: str
    source: str
    received_at: Instant
    released_at: Instant | None = None
    released_by: str | None = None
    number: str | None = None
    """The case it opened or reached when it was released."""


class Tally(Value):
    """What one rule has hidden so far, whether it still stands anywhere or not."""

    rule: str
    owner: str
    because: str
    until: str
    """As the newest report it hid says; the rule itself may say otherwise by now."""
    held: int
    """Reports that are held back now."""
    released: int
    newest: Instant
    """When the newest of them came."""


@uninterrupted
class Suppression:
    """Holds reports back, and lets them go."""

    def __init__(self, database: Database, *, vault: Vault, deliveries: Deliveries) -> None:
        self._database = database
        self._vault = vault
        self._deliveries = deliveries

    async def hold(
        self,
        by: HiddenBy,
        *,
        key: str,
        source: str,
        instance: str,
        external_id: str,
        body: bytes,
        at: datetime,
        subject_ref: str | None = None,
    ) -> Hidden | DeliveryConflict:
        """The delivery is kept, under the installation's own key, and listed; once a key."""
        keys = await self._vault.installation()
        values = {
            **by.model_dump(),
            "key": key,
            "report": case_id(source=source, instance=instance, external_id=external_id),
            "source": source,
            "instance": instance,
            "external_id": external_id,
            "subject_ref": subject_ref,
            "body": keys.seal(body, aad=place_of(key)),
            "body_digest": digest_of(keys, body),
            "received_at": at,
        }
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(suppressed)
                .values(**values)
                .on_conflict_do_nothing(index_elements=["key"])
            )
            query = sa.select(suppressed).where(suppressed.c.key == key)
            row = (await connection.execute(query)).one()
        if not hmac.compare_digest(row.body_digest, digest_of(keys, body)):
            return DeliveryConflict(key=key)
        return _read(row)

    async def find(self, key: str) -> Hidden | None:
        """The delivery with that key, held back or released; None if it never was held back."""
        async with self._database.read() as connection:
            query = sa.select(suppressed).where(suppressed.c.key == key)
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def hidden(self, *, rule: str | None = None, limit: int = 500) -> list[Hidden]:
        """What is held back now, the latest first."""
        query = sa.select(suppressed).where(suppressed.c.released_at.is_(None))
        if rule is not None:
            query = query.where(suppressed.c.rule == rule)
        async with self._database.read() as connection:
            found = await connection.execute(
                query.order_by(suppressed.c.position.desc()).limit(limit)
            )
            return [_read(row) for row in found]

    async def tallies(self) -> list[Tally]:
        """What each rule has hidden, by its name."""
        count = sa.func.count()
        totals = (
            sa.select(
                suppressed.c.rule,
                count.label("all"),
                sa.func.count(suppressed.c.released_at).label("released"),
                sa.func.max(suppressed.c.position).label("position"),
            )
            .group_by(suppressed.c.rule)
            .subquery()
        )
        query = (
            sa.select(
                suppressed.c.rule,
                suppressed.c.owner,
                suppressed.c.because,
                suppressed.c.until,
                suppressed.c.received_at,
                totals.c.all,
                totals.c.released,
            )
            .join(totals, suppressed.c.position == totals.c.position)
            .order_by(suppressed.c.rule)
        )
        async with self._database.read() as connection:
            return [
                Tally(
                    rule=row.rule,
                    owner=row.owner,
                    because=row.because,
                    until=row.until,
                    held=row.all - row.released,
                    released=row.released,
                    newest=row.received_at,
                )
                for row in await connection.execute(query)
            ]

    async def loud(self, *, day: str) -> Mapping[str, tuple[int, str]]:
        """By rule that still holds back on that day: how many it hides, and who answers for it.

        Only rules that hide as many as they are to be told of.
        """
        count = sa.func.count()
        query = (
            sa.select(
                suppressed.c.rule, suppressed.c.owner, count, sa.func.max(suppressed.c.tell_at)
            )
            .where(suppressed.c.released_at.is_(None), suppressed.c.until >= day)
            .group_by(suppressed.c.rule, suppressed.c.owner)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {row[0]: (row[2], row[1]) for row in rows if row[2] >= row[3]}

    async def release(self, key: str, *, by: str, at: datetime) -> Accepted:
        """The report opens its case, or reaches the one it has; all it brought comes along.

        Said twice it is done once; UnknownRow if no such delivery was held back.
        """
        async with self._database.read() as connection:
            query = sa.select(suppressed).where(suppressed.c.key == key)
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise UnknownRow("hidden report", key)
            query = (
                sa.select(suppressed)
                .where(suppressed.c.report == row.report)
                .order_by(suppressed.c.position)
            )
            rows = (await connection.execute(query)).all()
        keys = await self._vault.installation()
        accepted: Accepted | None = None
        for each in rows:
            answer = await self._deliveries.accept(
                key=each.key,
                source=each.source,
                instance=each.instance,
                external_id=each.external_id,
                body=keys.open_sealed(each.body, aad=place_of(each.key)),
                at=at,
                received_at=each.received_at,
                subject_ref=each.subject_ref,
                said={"why": "released", "because": each.because, "by": by},
            )
            if isinstance(answer, DeliveryConflict):
                raise UnknownRow("hidden report with this body", each.key)
            accepted = accepted or answer
            async with self._database.write() as connection:
                await connection.execute(
                    suppressed.update()
                    .where(suppressed.c.key == each.key, suppressed.c.released_at.is_(None))
                    .values(released_at=at, released_by=by, number=answer.number)
                )
        if accepted is None:
            raise UnknownRow("hidden report", key)
        return accepted


def _read(row: Any) -> Hidden:
    return Hidden.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
