"""Key-encryption keys in files: the present one, and beside it those it replaced.

kek            wraps what is new
kek.<its id>   wrapped what is older, and opens backups of its time, until it is retired
kek.new        of a rotation that has begun and is not done
"""

import os
from pathlib import Path

from store import (
    DEMO_KEK,
    Epoch,
    KeyEncryptionKey,
    KeySource,
    StoreError,
    StoreMisconfigured,
    UnknownKey,
)

_DRAFT = "new"


class KeyFiles:
    """The keys of one folder, read when they are asked for: another process may change them."""

    source = KeySource.FILE

    def __init__(self, file: Path, *, make: bool, left: bool = False) -> None:
        self._file = file
        self._make = make
        self._left = left
        """Another source has taken their place: the last of them may be destroyed too."""
        self._keys: dict[str, KeyEncryptionKey] = {}

    async def first(self) -> KeyEncryptionKey:
        """The present key; a new one, readable by its owner only, where there is none yet."""
        if not self._file.exists():
            if not self._make:
                raise StoreMisconfigured(f"there is no key-encryption key in {self._file}")
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_once(self._file, KeyEncryptionKey.generate())
        return self._read(self._file)

    def at_hand(self, name: str) -> KeyEncryptionKey | None:
        """A key that was read before."""
        return self._keys.get(name)

    async def of(self, epoch: Epoch) -> KeyEncryptionKey:
        """The key, in whichever file it is."""
        found = self._keys.get(epoch.name) or self.files().get(epoch.name)
        if found is None:
            raise UnknownKey(f"key-encryption key {epoch.name} is in no file beside {self._file}")
        key = found if isinstance(found, KeyEncryptionKey) else self._read(found)
        self._keys[key.key_id] = key
        return key

    async def draft(self, newest: str | None) -> tuple[KeyEncryptionKey, bytes | None]:
        """The key of `kek.new`, made now unless an interrupted rotation made it."""
        draft = self._beside(_DRAFT)
        if not draft.exists():
            # A key put there by hand in its place would begin no epoch of its own.
            present = await self.first()
            if newest is not None and present.key_id != newest:
                return present, None
            _write_once(draft, KeyEncryptionKey.generate())
        return self._read(draft), None

    async def begun(self, key: KeyEncryptionKey) -> None:
        """`kek` is that key, and the one before has its own name beside it."""
        draft = self._beside(_DRAFT)
        if not draft.exists() or self._read(draft).key_id != key.key_id:
            return
        if self._file.exists():
            before = self._read(self._file)
            # A link first: at no instant is the earlier key in no file.
            kept = self._beside(before.key_id)
            if before.key_id != key.key_id and not kept.exists():
                os.link(self._file, kept)
        draft.replace(self._file)
        _durable(self._file.parent)

    async def forget(self, epoch: Epoch, *, kept: tuple[Epoch, ...]) -> None:
        """No file here holds the key."""
        file = self.files().get(epoch.name)
        if file is not None and (self._left or file != self._file):
            file.unlink()
            _durable(file.parent)
        self._keys.pop(epoch.name, None)

    def files(self) -> dict[str, Path]:
        """Every file with a key in it, by the key's id."""
        found: dict[str, Path] = {}
        beside = sorted(self._file.parent.glob(f"{self._file.name}.*"))
        for file in (*beside, self._file):
            try:
                found[self._read(file).key_id] = file
            except (StoreError, OSError):
                # Not a key, or not ours to read: whoever asks for its id hears that it is missing.
                continue
        return found

    def _beside(self, suffix: str) -> Path:
        return self._file.with_name(f"{self._file.name}.{suffix}")

    def _read(self, file: Path) -> KeyEncryptionKey:
        key = KeyEncryptionKey.read(file.read_bytes())
        if key == DEMO_KEK:
            raise StoreMisconfigured(f"{file} holds the demo's key, which everyone has")
        return key


def _write_once(file: Path, key: KeyEncryptionKey) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(key.written())
        new.flush()
        os.fsync(new.fileno())
    try:
        # A link appears whole or not at all, and never replaces what another process made first.
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _durable(file.parent)


def _durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
