"""Keys: there, readable by their owner only, and not the demo's."""

import stat
from collections.abc import Iterator

from gateway.log_key import LOG_FILE
from gateway.signer import DOOR_FILE, ROOT_FILE
from store import DEMO_KEK, KeyEncryptionKey, StoreError
from workers._doctor_check import Check, fail, fine, warn
from workers.settings import Settings

_OTHERS = 0o077


def kek_in(settings: Settings) -> KeyEncryptionKey:
    """The key-encryption key in use; the demo's where there is none yet. No file is made."""
    if settings.demo or not settings.kek.exists():
        return DEMO_KEK
    return KeyEncryptionKey.read(settings.kek.read_bytes())


def keys(settings: Settings) -> Iterator[Check]:
    """Every key file, and who may read it."""
    yield from _kek(settings)
    for name in (ROOT_FILE, DOOR_FILE, LOG_FILE):
        file = settings.keys / name
        if not file.exists():
            if name == ROOT_FILE and (settings.keys / DOOR_FILE).exists():
                yield fail(
                    name,
                    f"{file} is missing beside the door's key",
                    mend="Restore the keys from the backup: cases pin this root.",
                )
            else:
                yield warn(
                    name, f"{file} is not there", mend="It is made at the gateway's first start."
                )
        elif stat.S_IMODE(file.stat().st_mode) & _OTHERS:
            yield fail(name, f"{file} can be read by others", mend=f"chmod 600 {file}")
        else:
            yield fine(name, "is there, and its owner's alone")
    folder = settings.keys
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & _OTHERS:
        yield warn("keys-folder", f"{folder} can be listed by others", mend=f"chmod 700 {folder}")


def _kek(settings: Settings) -> Iterator[Check]:
    if settings.demo:
        yield warn(
            "key-encryption-key",
            "the demo's key protects nothing: everyone has it",
            mend="Never put real cases into a demo.",
        )
        return
    file = settings.kek
    if not file.exists():
        yield warn(
            "key-encryption-key", f"{file} is not there", mend="It is made at the first start."
        )
        return
    try:
        key = KeyEncryptionKey.read(file.read_bytes())
    except (StoreError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield fail("key-encryption-key", f"{file}: {reason}", mend="Restore it from the backup.")
        return
    if key.key_id == DEMO_KEK.key_id:
        yield fail(
            "key-encryption-key",
            f"{file} holds the demo's key, which everyone has",
            mend=f"Remove {file} before the first case; a new one is made at the next start.",
        )
    elif stat.S_IMODE(file.stat().st_mode) & _OTHERS:
        yield fail("key-encryption-key", f"{file} can be read by others", mend=f"chmod 600 {file}")
    else:
        yield fine("key-encryption-key", "is there, and its owner's alone")
