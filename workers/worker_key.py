"""The key of this worker's process: made here, kept in memory, certified by a gateway.

A key is asked for at the start and again when half of its certificate's time is over; the earlier
one goes on signing until the new one is certified, and what it signed stays good. When a gateway
refuses or revokes a key, the worker has to stop: its code, or this process, is not to be trusted.
"""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.worker_keys import CertifiedWorker, WorkerRequest, mark_of, said_by, sign_request
from store import Store, WorkerKeyRow, WorkerKeyState


class Standing(StrEnum):
    """How the process stands with the gateways."""

    WAITING = "waiting"
    """No gateway has answered yet."""
    CERTIFIED = "certified"
    BARRED = "barred"
    """A gateway refused or revoked its key."""


@dataclass(frozen=True)
class _Key:
    private: Ed25519PrivateKey
    request: WorkerRequest

    @property
    def name(self) -> str:
        return self.request.key_id


class WorkerKey:
    """Signs what this process derives, as long as its key counts."""

    def __init__(self, build: Callable[[], str]) -> None:
        self._build = build
        self._signs: _Key | None = None
        self._asked: _Key | None = None
        self._worker: CertifiedWorker | None = None
        self.barred = ""
        """Why a gateway refused or revoked the key; empty while none did."""
        self.asked = asyncio.Event()
        """Set when a gateway is asked: one in this process looks at once."""
        self.gateways = 0
        """How many gateways run in this process."""
        self.stopped = asyncio.Event()
        """Set when the process, barred, has stopped to poll."""

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.barred:
            return Standing.BARRED
        return Standing.CERTIFIED if self._signs is not None else Standing.WAITING

    @property
    def certified(self) -> CertifiedWorker | None:
        """What the key that signs is certified to."""
        return self._worker

    def sign(self, data: bytes) -> bytes | None:
        """The mark over these bytes; None while no key of this process counts."""
        key = self._signs
        if key is None or self.barred:
            return None
        return mark_of(data, key=key.private, named=key.name).written

    async def look(self, store: Store, *, at: datetime, host: str) -> Standing:
        """What gateways have said by now is known here, and whatever is due has been asked for."""
        if self.barred:
            return self.standing
        if self._signs is not None:
            self._heard(await store.worker_keys.get(self._signs.name), at)
        if self._asked is None and self._due(at):
            self._asked = self._made(at)
            await store.worker_keys.ask(
                self._asked.request,
                proof=sign_request(self._asked.request, key=self._asked.private),
                host=host,
            )
            self.asked.set()
        if self._asked is not None:
            self._answered(await store.worker_keys.get(self._asked.name))
        return self.standing

    def _due(self, at: datetime) -> bool:
        worker = self._worker
        if self._signs is None or worker is None:
            return True
        return at >= worker.not_before + (worker.not_after - worker.not_before) / 2

    def _heard(self, row: WorkerKeyRow | None, at: datetime) -> None:
        """What became of the key that signs.

        Once its certificate has ended, or is lost because the store was restored from a backup, it
        signs no more: better no mark than one of no worth.
        """
        if row is not None and row.state is WorkerKeyState.REVOKED:
            self.barred = row.said or "its key was revoked"
        elif row is None or self._worker is None or at >= self._worker.not_after:
            self._signs = self._worker = None

    def _answered(self, row: WorkerKeyRow | None) -> None:
        """What became of the key that was asked for."""
        if row is None:
            # The store it was asked of was restored from a backup: it is asked for again.
            self._asked = None
        elif row.state is WorkerKeyState.CERTIFIED and row.certificate is not None:
            self._signs, self._asked = self._asked, None
            self._worker = said_by(row.certificate)
        elif row.state in (WorkerKeyState.REFUSED, WorkerKeyState.REVOKED):
            self.barred = row.said or "a gateway refused it"

    def _made(self, at: datetime) -> _Key:
        private = Ed25519PrivateKey.generate()
        raw = private.public_key().public_bytes_raw()
        request = WorkerRequest(
            public_key=base64.b64encode(raw).decode(), build=self._build(), asked_at=at
        )
        return _Key(private, request)
