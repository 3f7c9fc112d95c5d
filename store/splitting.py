"""A report is taken out of the case it joined and has its own: nothing of it is lost (I1)."""

from datetime import datetime

import sqlalchemy as sa

from cases.journal import Kind
from store.belonging import Belonging
from store.cases import CaseRow, Cases
from store.database import Database, uninterrupted
from store.deliveries import DeliveryState, digest_of, place_of
from store.errors import UnknownRow
from store.journal import Journal
from store.tables import deliveries
from store.vault import Vault


@uninterrupted
class Splitting:
    """Moves a report with all its deliveries, sealed anew under its own case's key."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        belonging: Belonging,
        journal: Journal,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._belonging = belonging
        self._journal = journal

    async def split(self, delivery: str, *, because: str, at: datetime) -> CaseRow:
        """The case of the report that this delivery brought: its own, opened now if need be.

        Said twice it is done once. The deliveries are due: the dispatcher starts the case with the
        oldest and tells it of the others.
        """
        async with self._database.write() as connection:
            query = sa.select(deliveries).where(deliveries.c.key == delivery)
            brought = (await connection.execute(query)).one_or_none()
            found = (
                await self._belonging.of_in(connection, brought.report)
                if brought is not None and brought.report is not None
                else None
            )
            if found is None:
                raise UnknownRow("joined report of delivery", delivery)
            old = await self._cases.get_in(connection, found.case)
            if not found.joined:
                return old
            await self._cases.lock_in(connection, old.id)
            new = await self._cases.opened_in(
                connection,
                source=found.source,
                instance=found.instance,
                external_id=found.external_id,
                subject_ref=found.subject_ref,
                at=at,
            )
            before = await self._vault.keys_in(connection, old.id)
            after = await self._vault.create_in(connection, new.id)
            await self._cases.lock_in(connection, new.id)
            await self._belonging.moved_in(
                connection, found.report, case=new.id, split_from=old.number
            )
            theirs = (
                sa.select(deliveries)
                .where(deliveries.c.report == found.report, deliveries.c.case == old.id)
                .order_by(deliveries.c.position)
            )
            for row in (await connection.execute(theirs)).all():
                body = before.open_sealed(row.body, aad=place_of(row.key))
                digest = digest_of(after, body)
                await connection.execute(
                    deliveries.update()
                    .where(deliveries.c.key == row.key)
                    .values(
                        case=new.id,
                        body=after.seal(body, aad=place_of(row.key)),
                        body_digest=digest,
                        state=DeliveryState.PENDING,
                        attempts=0,
                        next_attempt_at=at,
                        lease_owner=None,
                        lease_until=None,
                        settled_at=None,
                    )
                )
                await self._journal.append_door_in(
                    connection,
                    new.id,
                    Kind.DOOR_DELIVERY,
                    at=at,
                    delivery=row.key,
                    source=row.source,
                    digest=digest,
                    why="split-off",
                    because=because,
                    number=old.number,
                )
                await self._journal.append_door_in(
                    connection,
                    old.id,
                    Kind.DOOR_SPLIT,
                    at=at,
                    delivery=row.key,
                    because=because,
                    number=new.number,
                )
            return new
