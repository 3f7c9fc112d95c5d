"""Workers' own keys as the store has them: asked for, certified or refused, revoked."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from cases.worker_keys import CertifiedWorker, WorkerCertificate, WorkerRequest
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.worker_tables import worker_keys


class WorkerKeyState(StrEnum):
    """How a key stands."""

    ASKED = "asked"
    """No door has looked at it yet: it signs nothing."""
    CERTIFIED = "certified"
    REFUSED = "refused"
    REVOKED = "revoked"


class WorkerKeyRow(Value):
    """One key."""

    key: str
    build: str
    host: str
    """Machine and process that made it."""
    state: WorkerKeyState
    request: WorkerRequest
    proof: str
    """That whoever asked has the key."""
    certificate: WorkerCertificate | None = None
    said: str = ""
    """Why it was refused or revoked."""
    asked_at: Instant
    answered_at: Instant | None = None
    not_after: Instant | None = None
    revoked_at: Instant | None = None


@uninterrupted
class WorkerKeys:
    """Keeps keys; whatever becomes of one is in the door's own record, in the same transaction."""

    def __init__(self, database: Database, *, record: DoorRecord) -> None:
        self._database = database
        self._record = record

    async def ask(self, request: WorkerRequest, *, proof: str, host: str) -> None:
        """A door is asked to certify the key, once."""
        row = {
            "key": request.key_id,
            "build": request.build,
            "host": host,
            "state": WorkerKeyState.ASKED,
            "request": json.dumps({"request": request.model_dump(mode="json"), "proof": proof}),
            "said": "",
            "asked_at": request.asked_at,
        }
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(worker_keys).values(**row).on_conflict_do_nothing()
            )

    async def get(self, key: str) -> WorkerKeyRow | None:
        """The key, if it is known."""
        query = sa.select(worker_keys).where(worker_keys.c.key == key)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def waiting(self) -> list[WorkerKeyRow]:
        """The keys that no door has looked at yet, oldest first."""
        return await self._where(worker_keys.c.state == WorkerKeyState.ASKED)

    async def counting(self, at: datetime) -> list[WorkerKeyRow]:
        """The keys that are certified at that instant, oldest first."""
        return await self._where(
            worker_keys.c.state == WorkerKeyState.CERTIFIED, worker_keys.c.not_after > at
        )

    async def all(self) -> list[WorkerKeyRow]:
        """Every key there was, oldest first."""
        return await self._where()

    async def certificates(self, keys: Collection[str]) -> dict[str, WorkerCertificate]:
        """By key, the certificates of those that ever had one; also of revoked keys."""
        rows = await self._where(worker_keys.c.key.in_(sorted(keys)))
        return {row.key: row.certificate for row in rows if row.certificate is not None}

    async def certify(
        self, certificate: WorkerCertificate, worker: CertifiedWorker, *, at: datetime
    ) -> bool:
        """The key signs from now on; False if it had been answered or is not known."""
        return await self._answer(
            worker.key_id,
            Kind.DOOR_WORKER_CERTIFIED,
            at=at,
            state=WorkerKeyState.CERTIFIED,
            certificate=certificate.model_dump_json(),
            not_after=worker.not_after,
        )

    async def refuse(self, key: str, *, why: str, at: datetime) -> bool:
        """The key signs nothing; False if it had been answered or is not known."""
        return await self._answer(
            key, Kind.DOOR_WORKER_REFUSED, at=at, state=WorkerKeyState.REFUSED, said=why
        )

    async def widen(self, certificate: WorkerCertificate, worker: CertifiedWorker) -> None:
        """The certificate that counts covers more runbooks; a revoked key stays as it is."""
        async with self._database.write() as connection:
            await connection.execute(
                worker_keys.update()
                .where(
                    worker_keys.c.key == worker.key_id,
                    worker_keys.c.state == WorkerKeyState.CERTIFIED,
                )
                .values(certificate=certificate.model_dump_json())
            )

    async def revoke(self, key: str, *, why: str, by: str, at: datetime) -> bool:
        """The key signs nothing more; False if it is not known or was revoked."""
        async with self._database.write() as connection:
            found = await connection.execute(
                worker_keys.update()
                .where(worker_keys.c.key == key, worker_keys.c.state != WorkerKeyState.REVOKED)
                .values(state=WorkerKeyState.REVOKED, said=why, revoked_at=at)
                .returning(worker_keys.c.build)
            )
            build = found.scalar_one_or_none()
            if build is None:
                return False
            await self._record.append_in(
                connection, Kind.DOOR_WORKER_REVOKED, person=by, at=at, worker=key, build=build
            )
        return True

    async def _answer(self, key: str, kind: Kind, *, at: datetime, **values: Any) -> bool:
        async with self._database.write() as connection:
            found = await connection.execute(
                worker_keys.update()
                .where(worker_keys.c.key == key, worker_keys.c.state == WorkerKeyState.ASKED)
                .values(answered_at=at, **values)
                .returning(worker_keys.c.build)
            )
            build = found.scalar_one_or_none()
            if build is None:
                return False
            await self._record.append_in(
                connection, kind, person="", at=at, worker=key, build=build
            )
        return True

    async def _where(self, *conditions: sa.ColumnElement[bool]) -> list[WorkerKeyRow]:
        query = sa.select(worker_keys).where(*conditions)
        query = query.order_by(worker_keys.c.asked_at, worker_keys.c.key)
        async with self._database.read() as connection:
            rows: Sequence[Any] = (await connection.execute(query)).all()
        return [_read(row) for row in rows]


def _read(row: Any) -> WorkerKeyRow:
    asked = json.loads(row.request)
    return WorkerKeyRow(
        key=row.key,
        build=row.build,
        host=row.host,
        state=row.state,
        request=WorkerRequest.model_validate(asked["request"]),
        proof=asked["proof"],
        certificate=(
            WorkerCertificate.model_validate_json(row.certificate)
            if row.certificate is not None
            else None
        ),
        said=row.said,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        not_after=row.not_after,
        revoked_at=row.revoked_at,
    )
