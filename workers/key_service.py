"""Key-encryption keys that a key management system seals: the store holds them, and cannot read.

A key is asked for once and held for a while, so that not every case waits for the system and a
short outage of it stops nobody. After half of that time it is asked for again, in the background of
whoever needs it then; when the time is over and nobody answers, nothing can be read any more.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from integrations.errors import RefusedError, VendorError
from integrations.ports.key_management import KeyManagement
from store import (
    Epoch,
    KeyEncryptionKey,
    KeySource,
    StoreUnavailable,
    UnknownKey,
)

Result = TypeVar("Result")
_PAUSE = timedelta(seconds=30)
"""Between two questions to a system that did not answer, while the key may still be held."""
_BOUND = "escalate key-encryption key 1"


class ServiceKeys:
    """The epochs' keys, out of the store through the system that sealed them."""

    source = KeySource.VAULT

    def __init__(
        self,
        service: KeyManagement,
        *,
        hold: timedelta,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._hold = hold.total_seconds()
        self._ticks = ticks
        self._held: dict[str, tuple[KeyEncryptionKey, float]] = {}
        self._asked: dict[str, float] = {}
        self._draft: tuple[KeyEncryptionKey, bytes] | None = None

    async def first(self) -> KeyEncryptionKey | None:
        """None: the first epoch is begun like every other."""
        return None

    def at_hand(self, name: str) -> KeyEncryptionKey | None:
        """The key, while it may be held and need not be asked for again."""
        held = self._held.get(name)
        if held is None:
            return None
        now, age = self._ticks(), self._ticks() - held[1]
        fresh = age < self._hold / 2
        paused = now - self._asked.get(name, held[1]) < _PAUSE.total_seconds()
        return held[0] if fresh or (paused and age < self._hold) else None

    async def of(self, epoch: Epoch) -> KeyEncryptionKey:
        """The key; the one that is held still, if the system does not answer."""
        known = self.at_hand(epoch.name)
        if known is not None:
            return known
        if epoch.sealed is None:
            raise UnknownKey(f"key-encryption key {epoch.name} is not one that was sealed here")
        self._asked[epoch.name] = self._ticks()
        try:
            secret = await _apart(self._service.open(epoch.sealed, bound_to=_place(epoch.name)))
        except RefusedError as error:
            self._held.pop(epoch.name, None)
            raise UnknownKey(f"key-encryption key {epoch.name}: {error}") from error
        except VendorError as error:
            held = self._held.get(epoch.name)
            if held is not None and self._ticks() - held[1] < self._hold:
                return held[0]
            self._held.pop(epoch.name, None)
            raise StoreUnavailable(f"the key-encryption key: {error}", mend=error.mend) from error
        key = KeyEncryptionKey.read(secret)
        if key.key_id != epoch.name:
            raise UnknownKey(f"key-encryption key {epoch.name}: what was sealed is another key")
        self._held[epoch.name] = (key, self._ticks())
        return key

    async def draft(self, newest: str | None) -> tuple[KeyEncryptionKey, bytes | None]:
        """A new key, sealed by a new version of the system's own."""
        if self._draft is None:
            key = KeyEncryptionKey.generate()
            try:
                if newest is not None:
                    await _apart(self._service.rotate())
                sealed = await _apart(self._service.seal(key.secret, bound_to=_place(key.key_id)))
            except VendorError as error:
                raise StoreUnavailable(
                    f"the key-encryption key: {error}", mend=error.mend
                ) from error
            self._draft = (key, sealed)
            self._held[key.key_id] = (key, self._ticks())
        return self._draft

    async def begun(self, key: KeyEncryptionKey) -> None:
        """The key that waited has its epoch."""
        self._draft = None

    async def forget(self, epoch: Epoch, *, kept: tuple[Epoch, ...]) -> None:
        """The system opens nothing that is older than what is kept: no backup brings it back."""
        self._held.pop(epoch.name, None)
        sealed = [each.sealed for each in kept if each.sealed is not None]
        if not sealed:
            return
        try:
            # Epochs follow one another, and so do the versions that sealed them.
            await _apart(self._service.destroy_before(sealed[0]))
        except VendorError as error:
            raise StoreUnavailable(
                f"the epoch is retired here, and its key is not destroyed yet: {error}",
                mend=error.mend,
            ) from error


def _place(name: str) -> str:
    return f"{_BOUND}|{name}"


async def _apart(call: Coroutine[Any, Any, Result]) -> Result:
    """The call, made on nobody's behalf.

    A call on a case's behalf is put into the ledger, which is sealed with the case's key, which is
    what this call is needed for.
    """
    return await asyncio.create_task(call, context=contextvars.Context())
