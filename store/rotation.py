"""A new epoch wraps every key: in batches, while everything runs, however often it is killed.

Only wraps change. No history, journal or sealed row is written again, since the keys of cases stay
what they are. Each batch is one transaction; what a batch has wrapped anew stays so, and whoever
calls next goes on where the last one was killed, with the same new key.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from cases.values import Value
from store.database import Database, uninterrupted
from store.key_encryption import Epoch
from store.tables import case_keys
from store.vault import Vault

BATCH = 200

Tell = Callable[[int, int], None]
"""How many keys are wrapped anew, and of how many."""


class Rotated(Value):
    """What a rotation came to."""

    before: tuple[str, ...]
    """The epochs that wrapped something when it began."""
    after: str
    wrapped: int
    """How many keys this call has wrapped anew."""
    resumed: bool
    """Whether it went on with an epoch that an earlier call had begun."""


@uninterrupted
class Rotation:
    """Begins epochs, wraps keys anew, retires epochs."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._epochs = vault.epochs
        self._ring = vault.ring

    async def rotate(
        self, *, at: datetime, batch: int = BATCH, tell: Tell = lambda _done, _of: None
    ) -> Rotated:
        """Every key is wrapped by the newest epoch; a new one has begun, unless one waited.

        NoNewKey where a person has to bring the new key.
        """
        newest = await self._epochs.newest()
        first = await self._ring.first() if newest is None else None
        present = newest.name if newest is not None else first.key_id if first else None
        wrapping = await self._epochs.wrapping()
        resumed = present is not None and any(name != present for name in wrapping)
        if first is not None and resumed:
            await self._epochs.begin(first, source=self._ring.source, sealed=None, at=at)
        elif not resumed:
            key, sealed = await self._ring.draft(present)
            # All was wrapped already, and only the last step of an earlier call is left to do.
            resumed = key.key_id == present
            await self._epochs.begin(
                key, source=self._ring.source, sealed=sealed, at=at, before=present
            )
        newest = await self._epochs.newest()
        if newest is None:
            raise AssertionError("an epoch has begun")
        left = sum(count for name, count in wrapping.items() if name != newest.name)
        done = 0
        tell(done, left)
        while count := await self._wrap_some(newest, batch):
            done += count
            tell(done, max(left, done))
        await self._ring.begun(await self._ring.of(newest))
        return Rotated(
            before=tuple(sorted(name for name in wrapping if name != newest.name)),
            after=newest.name,
            wrapped=done,
            resumed=resumed,
        )

    async def ready(self, *, at: datetime) -> None:
        """There is a key to wrap with, also where none comes with the installation."""
        if await self._epochs.newest() is not None or await self._ring.first() is not None:
            return
        key, sealed = await self._ring.draft(None)
        await self._epochs.begin(key, source=self._ring.source, sealed=sealed, at=at)
        await self._ring.begun(key)

    async def retire(self, name: str, *, at: datetime) -> None:
        """The epoch's key is destroyed: a backup made in its time opens no more.

        EpochInUse while it wraps anything; twice is once, also after a kill between the two steps.
        """
        epoch = await self._epochs.retire(name, at=at)
        kept = tuple(each for each in await self._epochs.all() if each.retired_at is None)
        await self._ring.forget(epoch, kept=kept)

    async def _wrap_some(self, newest: Epoch, batch: int) -> int:
        async with self._database.write() as connection:
            query = (
                sa.select(case_keys)
                # An empty wrap is a key that was destroyed: there is nothing to wrap.
                .where(case_keys.c.wrapped_by != newest.name, case_keys.c.wrapped != b"")
                .order_by(case_keys.c.case)
                .limit(batch)
            )
            rows = (await connection.execute(self._database.locking(query))).all()
            for row in rows:
                wrapped = await self._vault.wrapped_anew_in(connection, row, newest)
                await connection.execute(
                    case_keys.update()
                    # Whoever destroyed the key meanwhile is not undone.
                    .where(
                        case_keys.c.case == row.case,
                        case_keys.c.key_id == row.key_id,
                        case_keys.c.wrapped_by == row.wrapped_by,
                    )
                    .values(wrapped_by=newest.name, wrapped=wrapped)
                )
        return len(rows)
