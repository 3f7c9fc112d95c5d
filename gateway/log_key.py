"""The log's own key: it signs checkpoints and nothing else, under a name that never changes.

Key and name are settled together, at the gateway's first start: `log.vkey` is the public key as a
verifier pins it. Another name would be another log, so a later setting changes nothing. A new key
takes the place of an old one in two steps: both sign until everybody who checks knows the new one,
then the old one rests. `log.vkey` names the present key first and every earlier one after it.
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
BEFORE_FILE = "log.before.pem"
_NEXT_FILE = "log.next.pem"


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
    known = log_keys_in(folder) or (_settle(folder / LOG_KEY_FILE, signer.key),)
    key = known[0]
    if key.public != signer.key.public:
        raise KeysUnusableError(
            f"{LOG_KEY_FILE} is not the public key of {LOG_FILE}"
            + ("; finish it: `escalate keys renew-log`" if (folder / _NEXT_FILE).exists() else "")
        )
    beside = _beside(folder, key)
    resting = {each.public for each in (key, *(signer.key for signer in beside))}
    return NoteSigner(
        name=key.name,
        private=private,
        beside=beside,
        before=tuple(each for each in known if each.public not in resting),
    )


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
    return next(iter(log_keys_in(folder)), None)


def log_keys_in(folder: Path) -> tuple[NoteKey, ...]:
    """Every key the log was ever signed with, the present one first."""
    file = folder / LOG_KEY_FILE
    if not file.is_file():
        return ()
    try:
        lines = file.read_text(encoding="utf-8").strip().split("\n")
        return tuple(NoteKey.parse(line.strip()) for line in lines)
    except (LogUnreadableError, UnicodeDecodeError) as error:
        raise KeysUnusableError(f"{file.name} is not the public key of a log") from error


def renew_log_key(folder: Path) -> NoteSigner:
    """The log is signed by a new key and the old one together, from the gateways' next start on.

    Killed half-way, it is finished by the next call. KeysUnusableError while an earlier renewal
    still has two keys sign.
    """
    known = log_keys_in(folder)
    if not known:
        raise KeysUnusableError("there is no log's key to renew")
    file, draft, before = folder / LOG_FILE, folder / _NEXT_FILE, folder / BEFORE_FILE
    if before.exists() and not draft.exists():
        raise KeysUnusableError("two keys sign already: `escalate keys retire-log` ends that first")
    new = NoteSigner(name=known[0].name, private=read_or_create(draft))
    if not before.exists():
        os.link(file, before)
    if new.key not in known:
        _write(folder / LOG_KEY_FILE, (new.key, *known))
    draft.replace(file)
    return load_or_create_log_key(folder, origin=new.name)


def retire_log_key(folder: Path) -> NoteKey:
    """The key before the present one signs no more; its file is kept under its own id."""
    before, known = folder / BEFORE_FILE, log_keys_in(folder)
    if not before.exists() or not known:
        raise KeysUnusableError("only one key signs: there is none to retire")
    key = NoteSigner(name=known[0].name, private=read_or_create(before)).key
    before.rename(folder / f"log.{key.id.hex()}.pem")
    return key


def _beside(folder: Path, key: NoteKey) -> tuple[NoteSigner, ...]:
    before = folder / BEFORE_FILE
    if not before.exists():
        return ()
    signer = NoteSigner(name=key.name, private=read_or_create(before))
    return () if signer.key == key else (signer,)


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


def _write(file: Path, keys: tuple[NoteKey, ...]) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as out:
        out.write("".join(f"{each}\n" for each in keys))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
