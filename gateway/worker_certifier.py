"""Certifies workers' own keys: to the build they run, and to the runbooks there are.

Which code may work is the root's word: once its keyring note lists builds, only they are certified,
and a build or a key that counts no more is revoked here within moments. Before that a worker's
build is what it says of itself. A certificate lives for a day and a worker asks with a new key long
before, so nobody has to renew anything; the runbooks in it grow as releases come.
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from audit.log.errors import LogError
from audit.log.keyring_note import KeyringNote, Role, build_digest, read_keyring, worker_key
from cases.envelope import RefusedEnvelope
from cases.worker_keys import CertifiedWorker, check_request, said_by
from gateway.doors import Doors
from gateway.pacing import keep_going
from runbooks.release import ReleaseState
from store import WorkerKeyRow

log = structlog.get_logger(__name__)

KIND = "worker-certificates"
REFUSED = "worker-refused"
_LOOK = timedelta(seconds=1)
_AGAIN = timedelta(seconds=5)
"""Between two looks at what was certified."""
_SKEW = timedelta(minutes=5)
"""A worker marks with the instant of the engine, whose clock is another one."""
_UNREADABLE = "the root's keyring does not hold"


class WorkerCertifier:
    """Answers workers that ask, and looks after what it answered."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._read: tuple[bytes, KeyringNote | None] = (b"", None)
        self._looked: datetime | None = None

    async def run(self) -> None:
        """Workers are certified until this is cancelled."""
        due = self._doors.workers_due
        await keep_going(KIND, self._doors, due=due, every=_LOOK, work=self.once)

    async def once(self) -> int:
        """Whoever asked has an answer; how many had none before."""
        at = await self._doors.clock.now()
        waiting = await self._doors.store.worker_keys.waiting()
        answered = sum([await self._answer(row, at) for row in waiting])
        if self._looked is None or not self._looked <= at < self._looked + _AGAIN:
            self._looked = at
            for row in await self._doors.store.worker_keys.counting(at):
                await self._look_after(row, at)
        return answered

    async def _answer(self, row: WorkerKeyRow, at: datetime) -> bool:
        keys = self._doors.store.worker_keys
        why = next(self._against(row, at), "")
        if why:
            log.warning("worker refused", build=row.build[:12], reason=why)
            await self._doors.store.health.alarm(
                kind=REFUSED,
                key=row.build[:12],
                text=f"a worker of build {row.build[:12]} got no certificate: {why}",
                mend="If this code is to work: `escalate keys certify-build` where the root key "
                "is, then start the worker again.",
                at=at,
            )
            return await keys.refuse(row.key, why=why, at=at)
        worker = CertifiedWorker(
            key_id=row.key,
            public_key=row.request.public_key,
            build=row.build,
            runbooks=await self._runbooks(),
            not_before=at - _SKEW,
            not_after=at + self._doors.settings.worker_lifetime,
            issued_at=at,
        )
        certificate = self._doors.signer.sign_worker(worker)
        await self._doors.store.health.clear(kind=REFUSED, key=row.build[:12], at=at)
        log.info("worker certified", build=row.build[:12])
        return await keys.certify(certificate, worker, at=at)

    def _against(self, row: WorkerKeyRow, at: datetime) -> Iterator[str]:
        """What speaks against the key, the first reason first."""
        asked = row.request
        try:
            check_request(asked, row.proof)
            named = (asked.key_id, asked.build)
        except RefusedEnvelope:
            named = ("", "")
        if named != (row.key, row.build):
            yield "its request is not signed with its key"
        yield from self._not_counting(row, at)

    def _not_counting(self, row: WorkerKeyRow, at: datetime) -> Iterator[str]:
        try:
            note = self._keyring()
        except LogError:
            yield _UNREADABLE
            return
        if note is None:
            return
        listed = note.find(Role.BUILD, build_digest(row.build))
        if listed is None and note.of(Role.BUILD):
            yield "the root's keyring does not list its build"
        elif listed is not None and listed.fault_at(at):
            yield f"its build {listed.fault_at(at)}"
        public = base64.b64decode(row.request.public_key)
        key = note.find(Role.WORKER, worker_key(public, key_id=row.key))
        if key is not None and key.fault_at(at):
            yield f"its key {key.fault_at(at)}"

    async def _look_after(self, row: WorkerKeyRow, at: datetime) -> None:
        keys = self._doors.store.worker_keys
        why = next(self._not_counting(row, at), "")
        if why == _UNREADABLE:
            # What was certified stands: a note that cannot be read revokes nothing.
            return
        if why:
            log.warning("worker revoked", build=row.build[:12], reason=why)
            await keys.revoke(row.key, why=why, by="", at=at)
            return
        runbooks = await self._runbooks()
        if row.certificate is None or set(runbooks) <= set(said_by(row.certificate).runbooks):
            return
        worker = said_by(row.certificate).model_copy(update={"runbooks": runbooks, "issued_at": at})
        await keys.widen(self._doors.signer.sign_worker(worker), worker)

    async def _runbooks(self) -> tuple[str, ...]:
        """The digests of everything that was ever released: cases stay on what they began with."""
        released = await self._doors.store.releases.released()
        approved = {each.digest for each in released if each.state is not ReleaseState.PROPOSED}
        return tuple(sorted(approved))

    def _keyring(self) -> KeyringNote | None:
        """The root's note; LogError where the one there is was not signed by this root."""
        data = self._doors.keyring_note()
        known, note = self._read
        if data != known:
            root = self._doors.signer.root_public
            note = read_keyring(data, root=root) if data else None
            self._read = (data, note)
        return note
