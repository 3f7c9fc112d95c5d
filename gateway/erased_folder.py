"""The folder that tells a later restore what was erased: one signed file a destroyed key.

It holds no content and no key. It belongs beside the backups, and outlives each of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from cases.envelope import RefusedEnvelope
from cases.shred_note import ErasedCase, ShredNote, read_note

_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700


class ErasedFolderError(Exception):
    """A file of the folder cannot be believed; nothing was done by it."""


def note_file(folder: Path, key_id: str) -> Path:
    """Where the note about that key stands."""
    return folder / f"{key_id}.json"


def write_note(folder: Path, key_id: str, kept: ErasedCase) -> None:
    """The note is on the disk, whole or not at all."""
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    file = note_file(folder, key_id)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(handle, "wb") as out:
        out.write(kept.model_dump_json().encode())
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)


def notes_in(folder: Path, *, root: bytes) -> Iterator[tuple[ShredNote, ErasedCase]]:
    """Every note of the folder, each signed by a door that the root certified.

    ErasedFolderError for anything else: a key must be destroyed neither by a forged note nor
    spared by a damaged one.
    """
    for file in sorted(folder.glob("*.json")):
        try:
            kept = ErasedCase.model_validate_json(file.read_bytes())
            yield read_note(kept, root=root), kept
        except (OSError, ValidationError, RefusedEnvelope) as error:
            why = str(error) if isinstance(error, RefusedEnvelope) else "cannot be read"
            raise ErasedFolderError(f"{file}: {why}") from error
