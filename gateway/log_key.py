"""The log's own key: it signs checkpoints and nothing else, under a name that never changes.

Key and name are settled together, at the gateway's first start: `log.vkey` is the public key as a
verifier pins it. Another name would be another log, so a later setting changes nothing.
"""

import os
from pathlib import Path

from audit.log.errors import LogUnreadableError
from audit.log.note import NoteKey, NoteSigner
from audit.log.spool import Spool
from cases.log_glass import SPOOL_USE
from gateway.errors import KeysUnusableError
from gateway.signer import DoorSigner, read_or_create

LOG_FILE = "log.pem"
LOG_KEY_FILE = "log.vkey"
SPOOL_FILE = "spool.pem"


def load_or_create_log_key(folder: Path, *, origin: str) -> NoteSigner:
    """The signer of this installation's log, called `origin` if its key is made only now.

    A folder that names a log and lacks its key is an error: a new key would begin another log.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / LOG_KEY_FILE).exists() and not (folder / LOG_FILE).exists():
        raise KeysUnusableError(f"{LOG_FILE} is missing beside {LOG_KEY_FILE}")
    private = read_or_create(folder / LOG_FILE)
    try:
        signer = NoteSigner(name=origin, private=private)
    except LogUnreadableError as error:
        raise KeysUnusableError(f"a log cannot be called {origin!r}") from error
    key = log_key_in(folder)
    if key is None:
        key = _settle(folder / LOG_KEY_FILE, signer.key)
    if key.public != signer.key.public:
        raise KeysUnusableError(f"{LOG_KEY_FILE} is not the public key of {LOG_FILE}")
    return NoteSigner(name=key.name, private=private)


def load_or_create_spool(folder: Path, *, file: Path, signer: DoorSigner) -> Spool:
    """The spool of this gateway: its own key, certified by the root whenever it signs."""
    key = read_or_create(folder / SPOOL_FILE)
    return Spool(
        file=file,
        key=key,
        certify=lambda at: signer.certificate_for(key.public_key(), use=SPOOL_USE, at=at),
    )


def log_key_in(folder: Path) -> NoteKey | None:
    """The log's public key as this installation pins it; None before the gateway's first start."""
    file = folder / LOG_KEY_FILE
    if not file.is_file():
        return None
    try:
        return NoteKey.parse(file.read_text(encoding="utf-8").strip())
    except (LogUnreadableError, UnicodeDecodeError) as error:
        raise KeysUnusableError(f"{file.name} is not the public key of a log") from error


def _settle(file: Path, key: NoteKey) -> NoteKey:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(f"{key}\n", encoding="utf-8")
    try:
        os.link(draft, file)
    except FileExistsError:
        # Another gateway named the log first: its name holds.
        return NoteKey.parse(file.read_text(encoding="utf-8").strip())
    finally:
        draft.unlink()
    return key
