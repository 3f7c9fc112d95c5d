"""Acts of people: signed and stored in one transaction, delivered until answered (I7, I18)."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.canonical import commit
from cases.envelope import ActEnvelope
from cases.journal import Kind
from cases.notice import AtDoor
from cases.receipts import ActReceipt
from store.act_rows import (
    ActConflict,
    ActRow,
    ActState,
    ClaimedAct,
    Duplicate,
    Recorded,
    RoundClosed,
    WaitingAct,
)
from store.cases import Cases
from store.database import Database, uninterrupted
from store.errors import LogBehind
from store.health import Health
from store.journal import Journal
from store.outbox import PENDING, Outbox
from store.rounds import Rounds
from store.tables import acts, collections
from store.vault import Vault


@uninterrupted
class Acts:
    """Records acts, hands them on, keeps their receipts, and closes rounds at the door."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        rounds: Rounds,
        journal: Journal,
        health: Health,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._rounds = rounds
        self._journal = journal
        self._outbox = Outbox(
            database, table=acts, key=acts.c.id, what="act", health=health, only=_may_leave
        )

    async def record(
        self,
        *,
        act_id: str,
        case: str,
        person: str,
        verb: str,
        gate: str | None = None,
        round: int | None = None,  # noqa: A002 -- the noun of the design
        sign: Callable[[datetime], ActEnvelope],
        at: datetime,
        door_at: datetime | None = None,
        owner: str = "",
        lease: timedelta = timedelta(0),
        after_log: bool = False,
    ) -> Recorded | Duplicate | RoundClosed | ActConflict:
        """The act is signed and durable, and the door's journal says so; or nothing happened.

        `sign` runs while nobody can close the round: an envelope exists only for an act that is
        stored. An owner with a lease delivers the act itself before any dispatcher looks at it.
        `at` is the case's instant; leases run on the door's own (`door_at`), which differs from
        it for a simulated case. One that goes `after_log` is handed to nobody before `release`.
        """
        here = at if door_at is None else door_at
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            known = await self._known_in(connection, act_id, case=case, person=person)
            if known is not None:
                return known
            if gate is not None and round is not None:
                shown = await self._rounds.get_in(connection, case, gate=gate, number=round)
                if shown is not None and shown.closed_at_door is not None:
                    return RoundClosed(closed_at=shown.closed_at_door, expires_at=shown.expires_at)
            behind = sa.select(sa.func.count()).where(
                acts.c.case == case, acts.c.state == PENDING, _may_leave(acts)
            )
            waiting = (await connection.execute(behind)).scalar_one()
            envelope = sign(at)
            await self.record_in(
                connection,
                act_id=act_id,
                case=case,
                person=person,
                verb=verb,
                gate=gate,
                round=round,
                envelope=envelope,
                at=at,
                door_at=here,
                owner=owner,
                lease=lease,
                after_log=after_log,
            )
        return Recorded(envelope=envelope, at=at, behind=waiting, after_log=after_log)

    async def record_in(
        self,
        connection: AsyncConnection,
        *,
        act_id: str,
        case: str,
        person: str,
        verb: str,
        gate: str | None = None,
        round: int | None = None,  # noqa: A002 -- the noun of the design
        envelope: ActEnvelope,
        at: datetime,
        door_at: datetime,
        owner: str = "",
        lease: timedelta = timedelta(0),
        after_log: bool = False,
        **said: str | int,
    ) -> None:
        """The signed act waits to be delivered, in a transaction that has locked its case.

        What is `said` besides stands in the door's entry.
        """
        keys = await self._vault.keys_in(connection, case)
        entry = await self._journal.append_door_in(
            connection,
            case,
            Kind.DOOR_ACT_RECORDED,
            at=at,
            act=act_id,
            person=person,
            verb=verb,
            gate=gate,
            round=round,
            digest=commit(keys.salt, envelope.payload),
            **said,
        )
        await connection.execute(
            acts.insert().values(
                id=act_id,
                case=case,
                person=person,
                verb=verb,
                gate=gate,
                round=round,
                envelope=keys.seal(envelope.model_dump_json().encode(), aad=_place(act_id)),
                signed_at=at,
                log_after=entry.sequence if after_log else None,
                state=ActState.PENDING,
                attempts=0,
                next_attempt_at=door_at,
                lease_owner=owner or None,
                lease_until=door_at + lease if owner else None,
                last_error="",
            )
        )

    async def claim(
        self, *, owner: str, at: datetime, lease: timedelta, limit: int = 10
    ) -> list[ClaimedAct]:
        """Acts that are due, leased to `owner`; of each case only the first undelivered one."""
        rows = await self._outbox.claim(owner=owner, at=at, lease=lease, limit=limit)
        return [await self._opened(row) for row in rows]

    async def held_for_log(self, *, case: str | None = None, limit: int = 500) -> list[WaitingAct]:
        """Acts that are held back until the log has their entries, the oldest first."""
        query = (
            sa.select(
                acts.c.id, acts.c.case, acts.c.log_after, acts.c.next_attempt_at.label("since")
            )
            .where(acts.c.state == PENDING, sa.not_(_may_leave(acts)))
            .order_by(acts.c.position)
            .limit(limit)
        )
        if case is not None:
            query = query.where(acts.c.case == case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [WaitingAct.model_validate(_fields(row)) for row in rows]

    async def waited(self, case: str) -> dict[str, bytes]:
        """Every act of the case that waits, or waited, for the log, with the proof it left with.

        Empty where it has not left yet.
        """
        query = sa.select(acts.c.id, acts.c.proof).where(
            acts.c.case == case, acts.c.log_after.is_not(None)
        )
        async with self._database.read() as connection:
            return {row.id: row.proof or b"" for row in await connection.execute(query)}

    async def release(self, proofs: Mapping[str, bytes]) -> int:
        """These acts may be delivered, each with the proof that came first; how many are new."""
        if not proofs:
            return 0
        changed = 0
        async with self._database.write() as connection:
            for act_id, proof in sorted(proofs.items()):
                result = await connection.execute(
                    acts.update()
                    .where(acts.c.id == act_id, acts.c.proof.is_(None))
                    .values(proof=proof)
                )
                changed += result.rowcount
        return changed

    async def answered(
        self,
        act_id: str,
        *,
        receipt: ActReceipt,
        at: datetime,
        kind: Kind = Kind.DOOR_ACT_ANSWERED,
    ) -> ActReceipt:
        """The act has a receipt, and the door's journal says so; the first receipt stays."""
        row = await self._outbox.row(act_id)
        await self._vault.keys(row.case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, row.case)
            keys = await self._vault.keys_in(connection, row.case)
            changed = await connection.execute(
                acts.update()
                .where(acts.c.id == act_id, acts.c.receipt.is_(None))
                .values(
                    state=ActState.ANSWERED,
                    receipt=keys.seal(
                        receipt.model_dump_json().encode(), aad=_receipt_place(act_id)
                    ),
                    settled_at=at,
                    lease_owner=None,
                    lease_until=None,
                )
            )
            if changed.rowcount:
                await self._journal.append_door_in(
                    connection,
                    row.case,
                    kind,
                    at=at,
                    act=act_id,
                    outcome=receipt.outcome.value,
                    reason=receipt.reason.value,
                    sequence=receipt.sequence,
                )
                return receipt
        return await self.receipt(act_id) or receipt

    async def failed(self, act_id: str, *, error: str, next_attempt_at: datetime) -> None:
        """The act is tried again from that instant on."""
        await self._outbox.failed(act_id, error=error, next_attempt_at=next_attempt_at)

    async def dead(self, act_id: str, *, reason: str, at: datetime) -> None:
        """The act is given up and an alarm is open."""
        await self._outbox.dead(act_id, reason=reason, at=at)

    async def redeliver(self, act_id: str, *, at: datetime) -> bool:
        """A pending or dead act is tried at once; False if it was answered before."""
        return await self._outbox.redeliver(act_id, at=at)

    async def receipt(self, act_id: str) -> ActReceipt | None:
        """The answer to the act, once there is one; UnknownRow if there is no such act."""
        row = await self._outbox.row(act_id)
        if row.receipt is None:
            return None
        return await self.opened_receipt(row.case, act_id, row.receipt)

    async def opened_receipt(self, case: str, act_id: str, sealed: bytes) -> ActReceipt:
        """The answer out of its sealed bytes."""
        data = await self._vault.open_sealed(case, sealed, aad=_receipt_place(act_id))
        return ActReceipt.model_validate_json(data)

    async def known(self, act_id: str) -> bool:
        """Whether an act of this id was recorded before."""
        async with self._database.read() as connection:
            return await self._outbox.row_in(connection, act_id) is not None

    async def show(self, act_id: str) -> ClaimedAct:
        """The act with its envelope; UnknownRow if there is none."""
        return await self._opened(await self._outbox.row(act_id))

    async def pending(self, case: str) -> list[ActRow]:
        """The case's acts that have no receipt yet, in the order they were signed."""
        rows = await self.list(state=ActState.PENDING, case=case, limit=10_000)
        return rows[::-1]

    async def collect(
        self,
        *,
        case: str,
        gate: str | None,
        round: int | None,  # noqa: A002 -- the noun of the design
        deadline: datetime,
        at: datetime,
    ) -> list[ActEnvelope]:
        """The undelivered envelopes signed in time, in order; the round is closed at the door.

        Without a gate every undelivered act of the case comes back and no door closes. The same
        question has the same answer whenever it is asked again. LogBehind while the log lacks one
        of them: they count, and take no effect before it has them.
        """
        key = {"case": case, "gate": gate or "", "round": round or 0, "deadline": deadline}
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            query = sa.select(collections.c.acts).filter_by(**key)
            ids = (await connection.execute(query)).scalar_one_or_none()
            if ids is None:
                if gate is not None and round is not None:
                    await self._rounds.close_in(connection, case, gate=gate, number=round, at=at)
                ids = await self._undelivered(
                    connection, case, gate=gate, number=round, deadline=deadline
                )
                await connection.execute(collections.insert().values(**key, at=at, acts=ids))
            keys = await self._vault.keys_in(connection, case)
            found = await connection.execute(
                sa.select(acts.c.id, acts.c.envelope, acts.c.log_after, acts.c.proof)
                .where(acts.c.id.in_(ids))
                .order_by(acts.c.position)
            )
            rows = found.all()
            envelopes = [
                _marked(keys.open_sealed(row.envelope, aad=_place(row.id)), row.proof)
                for row in rows
            ]
        # Only now: that the round has closed stands, whether or not the log has caught up.
        if any(row.log_after is not None and row.proof is None for row in rows):
            raise LogBehind
        return envelopes

    async def at_door(
        self,
        case: str,
        *,
        by: datetime | None = None,
        verbs: Collection[str] = (),
        answered_since: datetime | None = None,
    ) -> list[AtDoor]:
        """The case's acts that may be delivered and have no answer yet, in their order.

        What waits for the log is not among them. With `answered_since` those are that have had
        their answer since then: whoever asks may have been sent off before.
        """
        waiting = sa.and_(acts.c.state == PENDING, _may_leave(acts))
        if answered_since is not None:
            answered = acts.c.state == ActState.ANSWERED
            waiting = sa.or_(waiting, sa.and_(answered, acts.c.settled_at >= answered_since))
        conditions = [acts.c.case == case, waiting]
        if by is not None:
            conditions.append(acts.c.signed_at <= by)
        if verbs:
            conditions.append(acts.c.verb.in_(sorted(verbs)))
        query = (
            sa.select(acts.c.id, acts.c.envelope, acts.c.proof)
            .where(*conditions)
            .order_by(acts.c.position)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            AtDoor(
                act=row.id,
                envelope=_marked(
                    await self._vault.open_sealed(case, row.envelope, aad=_place(row.id)),
                    row.proof,
                ),
            )
            for row in rows
        ]

    async def _undelivered(
        self,
        connection: AsyncConnection,
        case: str,
        *,
        gate: str | None,
        number: int | None,
        deadline: datetime,
    ) -> list[str]:
        query = sa.select(acts.c.id).where(
            acts.c.case == case, acts.c.state == PENDING, acts.c.signed_at <= deadline
        )
        if gate is not None:
            query = query.where(acts.c.gate == gate)
        if number is not None:
            query = query.where(acts.c.round == number)
        found = await connection.execute(query.order_by(acts.c.position))
        return [str(act_id) for act_id in found.scalars()]

    async def _known_in(
        self, connection: AsyncConnection, act_id: str, *, case: str, person: str
    ) -> Duplicate | ActConflict | None:
        row = await self._outbox.row_in(connection, act_id)
        if row is None:
            return None
        if (row.case, row.person) != (case, person):
            return ActConflict(act_id=act_id)
        keys = await self._vault.keys_in(connection, case)
        envelope = keys.open_sealed(row.envelope, aad=_place(act_id))
        receipt = None
        if row.receipt is not None:
            data = keys.open_sealed(row.receipt, aad=_receipt_place(act_id))
            receipt = ActReceipt.model_validate_json(data)
        return Duplicate(
            envelope=_marked(envelope, row.proof),
            at=row.signed_at,
            receipt=receipt,
        )

    async def _opened(self, row: Any) -> ClaimedAct:
        data = await self._vault.open_sealed(row.case, row.envelope, aad=_place(row.id))
        return ClaimedAct.model_validate({**_said(row), "envelope": _marked(data, row.proof)})

    async def list(
        self, *, state: ActState | None = None, case: str | None = None, limit: int = 200
    ) -> list[ActRow]:
        """Acts, the latest first."""
        conditions = [] if case is None else [acts.c.case == case]
        rows = await self._outbox.rows(*conditions, state=state, limit=limit)
        return [ActRow.model_validate(_said(row)) for row in rows]


def _may_leave(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """The log has the door's entry of the act, or the act waits for no log."""
    return sa.or_(rows.c.log_after.is_(None), rows.c.proof.is_not(None))


def _marked(envelope: bytes, proof: bytes | None) -> ActEnvelope:
    """The envelope as it travels: with the proof that the log had its entry before."""
    read = ActEnvelope.model_validate_json(envelope)
    return read if proof is None else read.model_copy(update={"logged": proof.decode()})


def _said(row: Any) -> dict[str, Any]:
    return {**_fields(row), "logged": row.proof is not None}


def _place(act_id: str) -> str:
    return f"act|{act_id}"


def _receipt_place(act_id: str) -> str:
    return f"receipt|{act_id}"


def _fields(row: Any) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name
