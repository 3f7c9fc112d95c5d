"""What was erased stays erased when an older copy is put back: the notes, kept and followed."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cases.shred_note import ErasedCase, ShredNote
from gateway.erased_folder import ErasedFolderError, note_file, notes_in, write_note
from gateway.signer import ROOT_FILE
from store import BackupFailed, Shred, Store
from workers.settings import Settings

_PRIVATE_FOLDER = 0o700


def keep_notes(source: Path, target: Path) -> int:
    """The notes stand in the backup as well; how many."""
    if not source.is_dir():
        return 0
    target.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    files = sorted(source.glob("*.json"))
    for file in files:
        shutil.copyfile(file, target / file.name)
        (target / file.name).chmod(0o600)
    return len(files)


def notes_for(settings: Settings, keys: Path, *, folders: Sequence[Path]) -> list[ShredNote]:
    """Every note of these folders and of the installation's own, where they all stand afterwards.

    BackupFailed where one cannot be believed: nothing has been put back by then.
    """
    found: dict[str, tuple[ShredNote, ErasedCase]] = {}
    for note, kept in _read((settings.erased, *folders), root=_root(settings.keys, keys)):
        found[note.key_id] = (note, kept)
    for note, kept in found.values():
        if not note_file(settings.erased, note.key_id).exists():
            write_note(settings.erased, note.key_id, kept)
    return [note for note, _ in found.values()]


async def reapply_notes(settings: Settings, store: Store) -> int:
    """Every case that the notes name is as its erasure left it; how many were not yet."""
    done = 0
    for note, kept in _read((settings.erased,), root=_root(settings.keys, settings.keys)):
        shred = Shred(
            case=note.case,
            erasure=note.erasure,
            key_id=note.key_id,
            at=note.at,
            note=kept.note.model_dump_json(),
        )
        left = {name: text.encode() for name, text in kept.streams.items()}
        done += await store.shredding.reapply(shred, left)
    return done


def _read(folders: Iterable[Path], *, root: bytes) -> list[tuple[ShredNote, ErasedCase]]:
    try:
        return [
            item for folder in folders if folder.is_dir() for item in notes_in(folder, root=root)
        ]
    except ErasedFolderError as error:
        raise BackupFailed(f"what was erased cannot be read: {error}") from error


def _root(*folders: Path) -> bytes:
    """The root's public key, out of the first folder that has the root; empty where none has."""
    for folder in folders:
        file = folder / ROOT_FILE
        if file.is_file():
            key = load_pem_private_key(file.read_bytes(), password=None)
            if isinstance(key, Ed25519PrivateKey):
                return key.public_key().public_bytes_raw()
    return b""
