"""Carries out erasures whose time has come, and tells every process and every restore of them."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from audit.redacted.gathering import skeleton_of
from cases.canonical import sha256
from cases.envelope import ActEnvelope
from cases.shred_note import ErasedCase, ShredNote
from gateway.doors import Doors
from gateway.erased_folder import note_file, write_note
from gateway.pacing import keep_going
from gateway.retention import propose_due
from store import Blocked, ErasureRow, Shred, Skeleton, StoreError, Waits

log = structlog.get_logger(__name__)

KIND = "erasure-dispatcher"
WAITS = "erasure-waits"
REFUSED = "erasure-refused"
_LOOK = timedelta(seconds=5)
_SWEEP = timedelta(hours=1)
_PATIENCE = timedelta(hours=1)
"""How long an erasure may wait for log and seals before somebody hears of it."""


class ErasureDispatcher:
    """Destroys keys when two people have agreed, the time to think is over and nothing forbids."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._swept: datetime | None = None
        self._told = 0

    async def run(self) -> None:
        """Erasures are carried out until this is cancelled."""
        await keep_going(KIND, self._doors, due=asyncio.Event(), every=_LOOK, work=self.once)

    async def once(self) -> int:
        """What is due has been tried once; how many keys were destroyed."""
        doors = self._doors
        await doors.store.vault.forget_erased()
        await self._write_notes()
        at = await doors.clock.now()
        done = 0
        for row in await doors.store.erasures.due(at=at):
            done += await self._carry_out(row, at=at)
        if self._swept is None or at >= self._swept + _SWEEP:
            await propose_due(doors, at=at)
            self._swept = at
        return done

    async def _carry_out(self, row: ErasureRow, *, at: datetime) -> int:
        doors = self._doors
        try:
            skeleton = await skeleton_of(doors.store, row.case)
            answer = await doors.store.shredding.shred(
                row,
                signed=await doors.store.erasures.envelopes(row.id),
                skeleton=skeleton,
                note=lambda key_id: self._note(row, key_id, skeleton, at=at),
                at=at,
            )
        except StoreError as error:
            await self._tell(row, f"it could not be done: {type(error).__name__}", at=at)
            return 0
        number = (await doors.store.cases.get(row.case)).number
        match answer:
            case Waits():
                if row.due_at is not None and at > row.due_at + _PATIENCE:
                    await self._tell(row, answer.what, at=at)
                return 0
            case Blocked():
                log.warning("erasure refused", number=number, reason=answer.why.value)
                await doors.store.health.alarm(
                    kind=REFUSED,
                    key=row.id,
                    text=f"case {number} was not erased: {answer.why.value}",
                    mend="it has to be asked for and agreed to anew once nothing forbids it",
                    at=at,
                )
                return 0
            case Shred():
                log.info("key shredded", number=number)
                await doors.store.database.scrub()
                await self._write_notes()
                await doors.store.health.clear(kind=WAITS, key=row.id, at=at)
                return 1

    def _note(self, row: ErasureRow, key_id: str, skeleton: Skeleton, *, at: datetime) -> str:
        note = ShredNote(
            case=row.case,
            key_id=key_id,
            erasure=row.id,
            at=at,
            streams={name: sha256(data) for name, data in skeleton.streams.items()},
        )
        return self._doors.signer.sign_note(note).model_dump_json()

    async def _write_notes(self) -> None:
        """The folder that restores go by names every key that was destroyed."""
        folder = self._doors.settings.erased
        if folder is None:
            return
        every = await self._doors.store.shredding.shreds()
        if len(every) == self._told:
            return
        for shred in every:
            if not note_file(folder, shred.key_id).exists():
                await self._write_one(folder, shred)
        self._told = len(every)

    async def _write_one(self, folder: Path, shred: Shred) -> None:
        left = (await self._doors.store.shredding.streams(shred.case)).get(shred.key_id, {})
        kept = ErasedCase(
            note=ActEnvelope.model_validate_json(shred.note),
            streams={name: data.decode() for name, data in left.items()},
        )
        await asyncio.to_thread(write_note, folder, shred.key_id, kept)

    async def _tell(self, row: ErasureRow, what: str, *, at: datetime) -> None:
        number = (await self._doors.store.cases.get(row.case)).number
        await self._doors.store.health.alarm(
            kind=WAITS,
            key=row.id,
            text=f"case {number} is to be erased and is not yet: {what}",
            mend="`escalate doctor`: log, sealer and engine have to run for it",
            at=at,
        )
