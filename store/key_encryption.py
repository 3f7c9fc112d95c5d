"""Key-encryption keys: each wraps the keys of cases for an epoch, and never enters the store."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cases.values import Instant, Value
from store.errors import NoNewKey, StoreMisconfigured, UnknownKey

KEY_SIZE = 32


@dataclass(frozen=True)
class KeyEncryptionKey:
    """The key that wraps every other key; it never enters the store."""

    secret: bytes = field(repr=False)
    key_id: str

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_SIZE:
            raise StoreMisconfigured("a key-encryption key has 32 bytes")

    @classmethod
    def read(cls, data: bytes) -> "KeyEncryptionKey":
        """The key out of its file: 32 raw bytes, or the same in base64."""
        secret = data
        if len(data) != KEY_SIZE:
            try:
                secret = base64.b64decode(data.strip(), validate=True)
            except (binascii.Error, ValueError):
                raise StoreMisconfigured(
                    "the key-encryption key is not 32 bytes in base64"
                ) from None
        if secret == DEMO_KEK.secret:
            return DEMO_KEK
        name = hashlib.sha256(b"escalate key-encryption key id" + secret).hexdigest()[:16]
        return cls(secret, name)

    @classmethod
    def generate(cls) -> "KeyEncryptionKey":
        """A new key."""
        return cls.read(secrets.token_bytes(KEY_SIZE))

    def written(self) -> bytes:
        """What goes into the file."""
        return base64.b64encode(self.secret) + b"\n"


DEMO_KEK = KeyEncryptionKey(
    hashlib.sha256(b"escalate demo key-encryption key: known to everyone").digest(), "demo"
)
"""Protects nothing: everyone has it. `doctor` refuses it outside demo mode."""


class KeySource(StrEnum):
    """Where a key-encryption key is kept."""

    FILE = "file"
    ENVIRONMENT = "env"
    VAULT = "vault"


class Epoch(Value):
    """One key-encryption key and its time; the newest that is not retired wraps new keys."""

    name: str
    """The key's id."""
    source: KeySource
    sealed: bytes | None = None
    """The key itself, sealed by a system that keeps its own key to itself; None where files do."""
    begun_at: Instant | None = None
    """None for the key that an installation had before it first changed it."""
    retired_at: Instant | None = None


class KeyRing(Protocol):
    """Hands out key-encryption keys: from files, from settings, or from a key management system."""

    source: KeySource

    async def first(self) -> KeyEncryptionKey | None:
        """The key of an installation that never began an epoch; None where one must be begun."""
        ...

    def at_hand(self, name: str) -> KeyEncryptionKey | None:
        """The key of that name, if it need not be asked for."""
        ...

    async def of(self, epoch: Epoch) -> KeyEncryptionKey:
        """The epoch's key; UnknownKey if it is not there, StoreUnavailable if nobody answers."""
        ...

    async def draft(self, newest: str | None) -> tuple[KeyEncryptionKey, bytes | None]:
        """The key of the epoch to begin next, durable, and sealed where it is kept in the store.

        Asked again before that epoch has begun, the same key; NoNewKey where a person brings it.
        """
        ...

    async def begun(self, key: KeyEncryptionKey) -> None:
        """The key's epoch has begun in the store: it takes the place of the one before."""
        ...

    async def forget(self, epoch: Epoch, *, kept: tuple[Epoch, ...]) -> None:
        """The epoch's key opens nothing any more, in no backup either; `kept` still do."""
        ...


class HeldKeys:
    """Keys that are handed in and stay in memory: out of the environment, the demo's, a test's."""

    source = KeySource.ENVIRONMENT

    def __init__(self, key: KeyEncryptionKey, earlier: Iterable[KeyEncryptionKey] = ()) -> None:
        self._key = key
        self._keys = {each.key_id: each for each in (*earlier, key)}

    async def first(self) -> KeyEncryptionKey | None:
        """The key that was handed in as the present one."""
        return self._key

    def at_hand(self, name: str) -> KeyEncryptionKey | None:
        """Any that was handed in."""
        return self._keys.get(name)

    async def of(self, epoch: Epoch) -> KeyEncryptionKey:
        """The key, if it was handed in."""
        key = self._keys.get(epoch.name)
        if key is None:
            raise UnknownKey(f"key-encryption key {epoch.name} was not handed in")
        return key

    async def draft(self, newest: str | None) -> tuple[KeyEncryptionKey, bytes | None]:
        """The present key, when a person has changed it since the last epoch began."""
        if self._key.key_id == newest or self._key == DEMO_KEK:
            raise NoNewKey(
                "Put a new key into ESCALATE_WRAPPING__KEY (`openssl rand -base64 32`) and the "
                "present one into ESCALATE_WRAPPING__EARLIER_KEYS, for every process."
            )
        return self._key, None

    async def begun(self, key: KeyEncryptionKey) -> None:
        """Nothing: whoever set the environment has seen to it."""

    async def forget(self, epoch: Epoch, *, kept: tuple[Epoch, ...]) -> None:
        """Nothing of it is here to be destroyed: whoever set the environment does that."""
        self._keys.pop(epoch.name, None)
