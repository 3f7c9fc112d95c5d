"""The end of a case's keys: what forbids it, what is written before, and what is gone after.

The data key and the salt are destroyed in one transaction that has looked at every legal hold, at
what the case still owes and at what is still on its way; what stays of the case is written in the
same transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.envelope import ActEnvelope
from cases.house_acts import HouseRefusal
from cases.journal import Kind, Stream
from store.branches import Branches
from store.case_keys import CaseKeys
from store.cases import ENDED, Cases
from store.database import Database, uninterrupted
from store.erasure_rows import Blocked, EndedCase, ErasureRow, ErasureState, Shred, Skeleton, Waits
from store.erasure_tables import erased_streams, erasures, shreds
from store.journal import Journal
from store.legal_holds import LegalHolds
from store.log_tables import log_head, log_leaves, log_waiting
from store.outbox import PENDING
from store.side_tables import obligations
from store.tables import (
    acts,
    assigned,
    cases,
    deliveries,
    ended_runs,
    journal,
    pictures,
    reports,
    suppressed,
    views,
    waiting,
)
from store.telling_tables import digest_items
from store.vault import Vault

_ENDINGS = (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
_NOBODY = "erased"
"""What stands where a report's fingerprint was."""


@uninterrupted
class Shredding:
    """Destroys keys, and says what stays."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        journal: Journal,
        holds: LegalHolds,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal
        self._holds = holds
        self._branches = Branches(database)

    async def shred(
        self,
        erasure: ErasureRow,
        *,
        signed: Sequence[ActEnvelope],
        skeleton: Skeleton,
        note: Callable[[str], str],
        at: datetime,
    ) -> Shred | Blocked | Waits:
        """The case's key and salt are destroyed and its skeleton stands; or what forbids it.

        What forbids it ends the erasure, on record. `signed` are the acts of those who asked and
        agreed; `note` is the door's signed word about the key of that id, for whoever restores an
        older copy.
        """
        case = erasure.case
        await self._vault.keys(case)
        try:
            async with self._database.write() as connection:
                await self._holds.alone_in(connection)
                await self._cases.lock_in(connection, case)
                refused = await self._refused_in(connection, erasure, skeleton, at=at)
                if refused is not None:
                    return refused
                return await self._shred_in(
                    connection, erasure, signed=signed, skeleton=skeleton, note=note, at=at
                )
        finally:
            # Whoever read the key while this went on has put it back.
            self._vault.forget(case)

    async def _refused_in(
        self,
        connection: AsyncConnection,
        erasure: ErasureRow,
        skeleton: Skeleton,
        *,
        at: datetime,
    ) -> Blocked | Waits | None:
        query = sa.select(erasures.c.state, erasures.c.due_at).where(erasures.c.id == erasure.id)
        row = (await connection.execute(query)).one()
        if row.state != ErasureState.AGREED or row.due_at is None or row.due_at > at:
            return Waits(what="it is not due")
        blocked = await self.against_in(connection, erasure.case)
        if not blocked:
            return await self._unsettled_in(connection, erasure.case, skeleton)
        await self._settle_in(
            connection,
            erasure.id,
            state=ErasureState.REFUSED,
            settled_at=at,
            why=blocked[0].why.value,
            detail=blocked[0].detail,
        )
        await refuse_in(
            self._journal, connection, erasure.case, blocked[0], at=at, erasure=erasure.id
        )
        return blocked[0]

    async def _shred_in(
        self,
        connection: AsyncConnection,
        erasure: ErasureRow,
        *,
        signed: Sequence[ActEnvelope],
        skeleton: Skeleton,
        note: Callable[[str], str],
        at: datetime,
    ) -> Shred:
        case = erasure.case
        before = await self._vault.keys_in(connection, case)
        # What an earlier erasure left was sealed with the key that goes now.
        left = {
            (item.key_id, item.name): before.open_sealed(item.lines, aad=_stream_place(item.name))
            for item in await connection.execute(
                sa.select(erased_streams).where(erased_streams.c.case == case)
            )
        }
        left |= {(before.key_id, name): data for name, data in skeleton.streams.items()}
        said = note(before.key_id)
        fresh = await self._vault.shred_in(connection, case)
        self._vault.forget(case)
        await self._keep_in(connection, fresh, left)
        shred = Shred(case=case, erasure=erasure.id, key_id=before.key_id, at=at, note=said)
        await connection.execute(shreds.insert().values(**shred.model_dump()))
        await self._forget_in(connection, case)
        await self._settle_in(connection, erasure.id, state=ErasureState.DONE, settled_at=at)
        agreed, due = erasure.agreed_at, erasure.due_at
        await self._journal.append_door_in(
            connection,
            case,
            Kind.KEY_SHREDDED,
            at=at,
            erasure=erasure.id,
            key=before.key_id,
            basis=erasure.basis,
            rule=erasure.detail or None,
            asked_by=erasure.asked_by,
            asked_role=erasure.asked_role,
            agreed_by=erasure.agreed_by,
            agreed_role=erasure.agreed_role,
            agreed=None if agreed is None else agreed.isoformat(),
            due=None if due is None else due.isoformat(),
            counts=skeleton.counts,
            acts=[item.model_dump(mode="json") for item in signed],
        )
        return shred

    async def _settle_in(self, connection: AsyncConnection, id_: str, **values: Any) -> None:
        await connection.execute(erasures.update().where(erasures.c.id == id_).values(**values))

    async def reapply(self, shred: Shred, streams: Mapping[str, bytes]) -> bool:
        """A case whose key a restore destroyed is as it was left; False if it has its key."""
        async with self._database.write() as connection:
            row = await self._cases.known_in(connection, shred.case)
            if row is None:
                return False
            await self._cases.lock_in(connection, shred.case)
            fresh = await self._vault.revive_in(connection, shred.case)
            if fresh is None:
                return False
            self._vault.forget(shred.case)
            await connection.execute(
                erased_streams.delete().where(erased_streams.c.case == shred.case)
            )
            await self._keep_in(
                connection, fresh, {(shred.key_id, name): data for name, data in streams.items()}
            )
            await connection.execute(
                self._database.insert(shreds).values(**shred.model_dump()).on_conflict_do_nothing()
            )
            await self._forget_in(connection, shred.case)
            await connection.execute(log_waiting.delete().where(log_waiting.c.case == shred.case))
            await connection.execute(ended_runs.delete().where(ended_runs.c.case == shred.case))
            await self._journal.append_door_in(
                connection, shred.case, Kind.KEY_SHREDDED, at=shred.at, erasure=shred.erasure,
                key=shred.key_id, restored=True,
            )  # fmt: skip
        self._vault.forget(shred.case)
        return True

    async def against(self, case: str) -> list[Blocked]:
        """Everything that forbids erasing the case now."""
        async with self._database.read() as connection:
            return await self.against_in(connection, case)

    async def against_in(self, connection: AsyncConnection, case: str) -> list[Blocked]:
        """As `against`, inside a transaction of the caller's; a legal hold comes first."""
        found: list[Blocked] = []
        holds = await self._holds.over_in(connection, case)
        if holds:
            names = ", ".join(hold.id for hold in holds)
            found.append(Blocked(why=HouseRefusal.UNDER_HOLD, detail=names))
        row = await self._cases.get_in(connection, case)
        if row.status not in ENDED:
            found.append(Blocked(why=HouseRefusal.NOT_ENDED, detail=row.status))
        owed = sa.select(obligations.c.name).where(
            obligations.c.case == case, obligations.c.done_at.is_(None)
        )
        names = ", ".join(sorted((await connection.execute(owed)).scalars()))
        if names:
            found.append(Blocked(why=HouseRefusal.STILL_OWED, detail=names))
        for table, what in ((acts, "acts"), (deliveries, "reports")):
            count = sa.select(sa.func.count()).where(table.c.case == case, table.c.state == PENDING)
            number = (await connection.execute(count)).scalar_one()
            if number:
                found.append(Blocked(why=HouseRefusal.UNDELIVERED, detail=f"{number} {what}"))
        return found

    async def ended(self) -> list[EndedCase]:
        """Every case that has ended, and when it did last; the oldest end first."""
        last = (
            sa.select(journal.c.case, sa.func.max(journal.c.at).label("ended_at"))
            .where(journal.c.stream == Stream.CASE, journal.c.kind.in_(_ENDINGS))
            .group_by(journal.c.case)
            .subquery()
        )
        query = (
            sa.select(cases.c.id, cases.c.number, cases.c.runbook, cases.c.erased, last.c.ended_at)
            .join(last, last.c.case == cases.c.id)
            .where(cases.c.status.in_(ENDED), cases.c.shadow.is_(False))
            .order_by(last.c.ended_at, cases.c.id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            EndedCase(
                case=row.id,
                number=row.number,
                runbook=row.runbook,
                erased=row.erased,
                ended_at=row.ended_at,
            )
            for row in rows
        ]

    async def shreds(self, *, case: str | None = None) -> list[Shred]:
        """The keys that were destroyed, the oldest first."""
        query = sa.select(shreds).order_by(shreds.c.position)
        if case is not None:
            query = query.where(shreds.c.case == case)
        async with self._database.read() as connection:
            return [
                Shred.model_validate(dict(row._mapping))  # noqa: SLF001 -- SQLAlchemy's public name
                for row in await connection.execute(query)
            ]

    async def streams(self, case: str) -> dict[str, dict[str, bytes]]:
        """What stays of an erased case: by the destroyed key's id, the lines of each stream."""
        keys = await self._vault.keys(case)
        query = sa.select(erased_streams).where(erased_streams.c.case == case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[str, dict[str, bytes]] = {}
        for row in rows:
            lines = keys.open_sealed(row.lines, aad=_stream_place(row.name))
            found.setdefault(row.key_id, {})[row.name] = lines
        return found

    async def _unsettled_in(
        self, connection: AsyncConnection, case: str, skeleton: Skeleton
    ) -> Waits | None:
        """What has to be written down before the key may go, if anything has."""
        waits = sa.select(sa.func.count()).where(log_waiting.c.case == case)
        last = sa.select(sa.func.max(log_leaves.c.number)).where(log_leaves.c.case == case)
        size = sa.select(log_head.c.size).where(log_head.c.name == "log")
        newest = (await connection.execute(last)).scalar_one_or_none()
        if (await connection.execute(waits)).scalar_one() or (
            newest is not None and newest >= (await connection.execute(size)).scalar_one()
        ):
            return Waits(what="entries are not in the transparency log yet")
        runs = sa.select(sa.func.count()).where(ended_runs.c.case == case)
        if (await connection.execute(runs)).scalar_one():
            return Waits(what="a run that ended is not sealed yet")
        told = sa.select(sa.func.count()).where(
            digest_items.c.case == case, digest_items.c.end.is_(None)
        )
        if (await connection.execute(told)).scalar_one():
            return Waits(what="a notice waits for company")
        heads = {
            f"{branch.stream}|{branch.branch}": branch.sequence
            for branch in await self._branches.all_in(connection, case)
        }
        if heads != skeleton.heads:
            return Waits(what="something was recorded meanwhile")
        return None

    async def _keep_in(
        self,
        connection: AsyncConnection,
        keys: CaseKeys,
        streams: Mapping[tuple[str, str], bytes],
    ) -> None:
        for (key_id, name), data in streams.items():
            sealed = keys.seal(data, aad=_stream_place(name))
            insert = self._database.insert(erased_streams).values(
                case=keys.case, key_id=key_id, name=name, lines=sealed
            )
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["case", "key_id", "name"], set_={"lines": sealed}
                )
            )

    async def _forget_in(self, connection: AsyncConnection, case: str) -> None:
        """What names in clear whom the case was about is gone, and so are its pictures."""
        await connection.execute(pictures.delete().where(pictures.c.case == case))
        await connection.execute(views.update().where(views.c.case == case).values(state=b""))
        for table in (waiting, assigned):
            await connection.execute(table.delete().where(table.c.case == case))
        mine = sa.select(reports.c.report).where(reports.c.case == case)
        await connection.execute(
            suppressed.update()
            .where(sa.or_(suppressed.c.report.in_(mine), suppressed.c.report == case))
            .values(body=b"", subject_ref=None)
        )
        await connection.execute(
            reports.update()
            .where(reports.c.case == case)
            .values(subject_ref=None, fingerprint=_NOBODY)
        )
        await connection.execute(
            cases.update()
            .where(cases.c.id == case)
            .values(subject_ref=None, erased=cases.c.erased + 1)
        )


async def refuse_in(
    journal: Journal,
    connection: AsyncConnection,
    case: str,
    blocked: Blocked,
    *,
    at: datetime,
    who: str | None = None,
    erasure: str | None = None,
) -> None:
    """What forbade an erasure is on record."""
    await journal.append_door_in(
        connection,
        case,
        Kind.DOOR_ERASURE_REFUSED,
        at=at,
        erasure=erasure,
        who=who,
        why=blocked.why.value,
        detail=blocked.detail or None,
    )


def _stream_place(name: str) -> str:
    return f"erased|{name}"
