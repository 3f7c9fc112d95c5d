"""Keys: there, readable by their owner only, and not the demo's."""

import stat
from collections.abc import AsyncIterator, Iterator

from gateway.log_key import LOG_FILE
from gateway.signer import DOOR_FILE, ROOT_FILE
from integrations.errors import VendorError
from store import DEMO_KEK, KeyEncryptionKey, KeyRing, Store, StoreError
from workers._doctor_check import Check, fail, fine, warn
from workers.errors import NotSetUpError
from workers.key_ring import key_ring, vault_of
from workers.settings import Settings

_OTHERS = 0o077
_SEALED = 503


def kek_in(settings: Settings) -> KeyRing:
    """The key-encryption keys in use. No file is made, and nobody is asked before they are used."""
    return key_ring(settings, make=False)


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
    wrapping = settings.wrapping
    if wrapping.source == "vault":
        yield fine(
            "key-encryption-key",
            f"is sealed by the key {wrapping.vault_key} of {wrapping.vault_address}",
        )
        return
    if wrapping.source == "env":
        yield from _kek_given(settings)
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


def _kek_given(settings: Settings) -> Iterator[Check]:
    try:
        kek_in(settings)
    except (StoreError, NotSetUpError) as error:
        yield fail(
            "key-encryption-key",
            f"ESCALATE_WRAPPING__KEY: {error}",
            mend="Restore it from where you keep it; a new one opens no case there is.",
        )
        return
    earlier = len(settings.wrapping.earlier_keys)
    if earlier:
        yield warn(
            "key-encryption-key",
            f"is given, and {earlier} earlier ones beside it",
            mend="`escalate keys rotate-kek`, then take them out of EARLIER_KEYS.",
        )
        return
    yield fine("key-encryption-key", "is given by the environment")


async def live_keys(settings: Settings, store: Store) -> AsyncIterator[Check]:
    """Whoever seals the key answers, and every epoch opens what it wraps."""
    name = "live key-encryption-key"
    if settings.wrapping.source == "vault" and not settings.demo:
        try:
            told = await vault_of(settings).look()
        except VendorError as error:
            yield fail(name, str(error), mend=_mend_of_vault(error))
            return
        yield fine(name, f"Vault answers and lets us read it: {told}")
    for epoch in sorted(await store.epochs.wrapping()):
        try:
            opens = await store.vault.opens(epoch)
        except StoreError as error:
            yield fail(f"live epoch {epoch}", str(error), mend=error.mend)
            continue
        if opens:
            yield fine(f"live epoch {epoch}", "opens what it wraps")
        else:
            yield fail(
                f"live epoch {epoch}",
                "does not open what it wraps",
                mend="Put the key-encryption key it was made with back.",
            )


def _mend_of_vault(error: VendorError) -> str:
    if error.status == _SEALED:
        return "Vault is sealed or overloaded: `vault status`, then `vault operator unseal`."
    return error.mend
