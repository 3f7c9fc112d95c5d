"""The root says which keys count, and for how long: the keyring note is signed anew."""

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.log.errors import LogError, LogUnreadableError
from audit.log.keyring_note import (
    FILE,
    KeyringNote,
    Listed,
    Role,
    build_digest,
    door_key,
    read_keyring,
    spool_key,
)
from audit.log.timestamp import digest_of
from cases.envelope import key_id
from gateway.log_key import BEFORE_FILE, LOG_FILE, SPOOL_FILE, log_keys_in
from gateway.signer import DOOR_FILE, ROOT_FILE
from workers.errors import NotSetUpError
from workers.settings import Settings
from workers.vouching import policy_of

_BY_HAND = (Role.APPROVER, Role.BREAK_GLASS, Role.BUILD, Role.TSA, Role.WORKER)
"""Roles whose keys no file of an installation tells: they stay until they are revoked."""


def root_in(settings: Settings, file: Path | None = None) -> Ed25519PrivateKey:
    """The root's private key, from wherever it is kept."""
    place = file or settings.keys / ROOT_FILE
    try:
        key = load_pem_private_key(place.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise NotSetUpError(
            f"{place} is not a private key that can be read",
            mend="Run this where the root key is kept, or say --root FILE.",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotSetUpError(f"{place} is not an Ed25519 key", mend="Give the root's own file.")
    return key


def sign_keyring(
    settings: Settings,
    *,
    root: Ed25519PrivateKey,
    at: datetime,
    revoke: Iterable[str] = (),
    overlap: timedelta = timedelta(0),
    add: Mapping[str, Role] | None = None,
    listed: Iterable[Listed] = (),
    certificates: Iterable[bytes] = (),
    going: Role | None = None,
) -> KeyringNote:
    """The next keyring note of this installation stands in its keys folder.

    Keys that are new in the folder or the policy count from when their file was made, those of
    `listed` as they say; those that are gone count for `overlap` more, and so do those of the role
    `going` that are not added anew. LogError when a key is spelt wrongly, is revoked and unknown,
    or the note that is there was not signed by this root.
    """
    file = settings.keys / FILE
    public = root.public_key().public_bytes_raw()
    # A note counts whole seconds.
    at = at.replace(microsecond=0)
    before = read_keyring(file.read_bytes(), root=public) if file.is_file() else None
    note = before or KeyringNote(number=0, at=at)
    since = _made(settings.keys / LOG_FILE, at)
    present = [each for each in _present(settings, note, at=at) if each.role is not going]
    present += listed
    present += [Listed(role=role, key=key, since=at) for key, role in (add or {}).items()]
    for pem in certificates:
        present += [
            Listed(role=Role.TSA, key=f"sha256:{digest_of(each)}", since=_born(note, since))
            for each in x509.load_pem_x509_certificates(pem)
        ]
    if before is None:
        # What signed before there was a keyring counted then.
        note = KeyringNote(number=0, at=at, keys=tuple(_earlier(settings, at=at)))
    made = note.next(present, at=at, revoked=revoke, overlap_until=at + overlap)
    written = made.signed(root).encode()
    # Whatever is wrong with a key that was added is found before anybody rests on it.
    read_keyring(written, root=public)
    _write(file, written)
    return made


def certify_build(
    settings: Settings,
    *,
    build: str,
    root: Ed25519PrivateKey,
    at: datetime,
    others: timedelta | None = None,
) -> KeyringNote:
    """The next keyring note lists the build; every other one counts for `others` more, if set.

    LogUnreadableError for a build that was revoked: it never counts again.
    """
    spelt = build_digest(build.removeprefix(build_digest("")))
    file = settings.keys / FILE
    if file.is_file():
        before = read_keyring(file.read_bytes(), root=root.public_key().public_bytes_raw())
        known = before.find(Role.BUILD, spelt)
        if known is not None and known.revoked is not None:
            raise LogUnreadableError("this build was revoked, and never counts again")
    return sign_keyring(
        settings,
        root=root,
        at=at,
        overlap=others or timedelta(0),
        add={spelt: Role.BUILD},
        going=Role.BUILD if others is not None else None,
    )


def keyring_in(settings: Settings, *, file: Path | None = None) -> KeyringNote:
    """The keyring note, held against the root that is here; NotSetUpError without one."""
    place = file or settings.keys / FILE
    if not place.is_file():
        raise NotSetUpError(f"there is no {place}", mend="Sign one: `escalate keys sign-keyring`.")
    public = root_in(settings).public_key().public_bytes_raw()
    return read_keyring(place.read_bytes(), root=public)


def _present(settings: Settings, note: KeyringNote, *, at: datetime) -> Iterator[Listed]:
    folder = settings.keys
    yield from _doors(folder / DOOR_FILE, at=at)
    signing = 2 if (folder / BEFORE_FILE).exists() else 1
    since = _made(folder / LOG_FILE, at)
    for key in log_keys_in(folder)[:signing]:
        yield Listed(role=Role.LOG, key=str(key), since=since)
    spool = _public(folder / SPOOL_FILE)
    if spool is not None:
        spelt = spool_key(spool, key_id=key_id(spool))
        yield Listed(role=Role.BREAK_GLASS, key=spelt, since=_made(folder / SPOOL_FILE, at))
    policy = policy_of(settings)
    for witness in policy.witnesses if policy is not None else ():
        yield Listed(role=Role.WITNESS, key=str(witness.key), since=_born(note, since))
    for each in note.keys:
        if each.role in _BY_HAND and each.until is None and each.revoked is None:
            yield each


def _earlier(settings: Settings, *, at: datetime) -> Iterator[Listed]:
    folder = settings.keys
    here = {each.public for each in _present(settings, KeyringNote(0, at), at=at)}
    begun = min((_made(file, at) for file in folder.glob("*.pem")), default=at)
    for file in sorted(folder.glob("door.*.pem")):
        yield from (
            Listed(role=each.role, key=each.key, since=begun, until=at)
            for each in _doors(file, at=at)
            if each.public not in here
        )
    for key in log_keys_in(folder):
        listed = Listed(role=Role.LOG, key=str(key), since=begun, until=at)
        if listed.public not in here:
            yield listed


def _doors(file: Path, *, at: datetime) -> Iterator[Listed]:
    raw = _public(file)
    if raw is not None:
        yield Listed(role=Role.DOOR, key=door_key(raw, key_id=key_id(raw)), since=_made(file, at))


def _public(file: Path) -> bytes | None:
    if not file.is_file():
        return None
    key = load_pem_private_key(file.read_bytes(), password=None)
    return key.public_key().public_bytes_raw() if isinstance(key, Ed25519PrivateKey) else None


def _made(file: Path, at: datetime) -> datetime:
    """When the file was written, to the second before it; never after `at`."""
    try:
        written = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    except OSError:
        return at
    return min(written, at)


def _born(note: KeyringNote, otherwise: datetime) -> datetime:
    """Keys of others count since the last note, a first one's as long as the log's own does."""
    return otherwise if note.number == 0 else note.at


def _write(file: Path, data: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


__all__ = ["LogError", "certify_build", "keyring_in", "root_in", "sign_keyring"]
