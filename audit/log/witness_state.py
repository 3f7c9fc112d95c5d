"""What a witness remembers: of each log the last checkpoint it cosigned, in one small file.

The file is written beside itself, synced, and moved into place in one step; its folder is synced
after that. A witness that lost it would sign anything, so key and file come into being together,
the file first, and a key without its file is an error that somebody has to look into.
"""

import base64
import fcntl
import hashlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.log.errors import LogError, LogUnreadableError
from audit.log.merkle import HASH
from audit.log.note import unbase64

STATE_FILE = "witness.json"
LOCK_FILE = "witness.lock"
_VERSION = 1


class WitnessStateError(LogError):
    """The state cannot be trusted: nothing is cosigned until somebody has looked."""

    mend = (
        "Restore witness.json from this witness's own backup only if nothing was cosigned since. "
        "Otherwise retire this witness: make a new folder, and give its new key to those who have "
        "the old one in their policy."
    )


@dataclass(frozen=True)
class Seen:
    """The largest tree of a log that was cosigned."""

    size: int
    root: bytes
    checkpoint: bytes = b""
    """As it was signed by the log; empty before the first."""


class WitnessState:
    """Keeps the file; one process at a time has it."""

    def __init__(self, folder: Path) -> None:
        """Call `opened`: this does not read."""
        self._folder = folder
        self._seen: dict[str, Seen] = {}
        self._held: int | None = None
        self.lock = threading.Lock()

    @classmethod
    def opened(cls, folder: Path, *, has_key: bool) -> Self:
        """The state of this folder; an empty one is made where there is no key yet.

        WitnessStateError when the file is gone beside a key, cannot be read, or is in use.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = cls(folder)
        state._hold()
        try:
            state._begin(has_key=has_key)
        except BaseException:
            state.close()
            raise
        return state

    def _begin(self, *, has_key: bool) -> None:
        file = self._folder / STATE_FILE
        if file.exists():
            self._seen = _read(file)
        elif has_key:
            raise WitnessStateError(f"{STATE_FILE} is missing beside the witness's key")
        else:
            self._write()

    def __enter__(self) -> Self:
        """The state, held."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Another process may hold it."""
        self.close()

    def close(self) -> None:
        """Another process may hold it."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @property
    def origins(self) -> tuple[str, ...]:
        """The logs of which something was cosigned."""
        return tuple(self._seen)

    def seen(self, origin: str) -> Seen | None:
        """The largest tree of this log that was cosigned; None before the first."""
        return self._seen.get(origin)

    def keep(self, origin: str, seen: Seen) -> None:
        """That tree is on the disk; only then it is what was seen."""
        before = self._seen
        self._seen = {**before, origin: seen}
        try:
            self._write()
        except BaseException:
            self._seen = before
            raise

    def keep_fork(self, origin: str, checkpoint: bytes) -> None:
        """Two trees of one size, both signed by the log: proof against it, kept for ever."""
        seen = self._seen.get(origin)
        if seen is None:
            return
        digest = hashlib.sha256(checkpoint).hexdigest()[:16]
        file = self._folder / f"fork-{seen.size}-{digest}.txt"
        if not file.exists():
            _write_durably(file, seen.checkpoint + b"\n" + checkpoint)

    def _hold(self) -> None:
        held = os.open(self._folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(held)
            raise WitnessStateError("another witness works in this folder") from error
        self._held = held

    def _write(self) -> None:
        logs = {
            origin: {
                "size": seen.size,
                "root": base64.b64encode(seen.root).decode(),
                "checkpoint": seen.checkpoint.decode(),
            }
            for origin, seen in self._seen.items()
        }
        written = json.dumps({"v": _VERSION, "logs": logs}, indent=1, ensure_ascii=False)
        _write_durably(self._folder / STATE_FILE, f"{written}\n".encode())


def _read(file: Path) -> dict[str, Seen]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if value["v"] != _VERSION:
            raise WitnessStateError(f"{STATE_FILE} is of another release")
        found = {
            str(origin): Seen(
                size=int(each["size"]),
                root=unbase64(each["root"]),
                checkpoint=str(each["checkpoint"]).encode(),
            )
            for origin, each in value["logs"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, LogUnreadableError) as error:
        raise WitnessStateError(f"{STATE_FILE} cannot be read") from error
    if any(len(each.root) != HASH or each.size < 0 for each in found.values()):
        raise WitnessStateError(f"{STATE_FILE} cannot be read")
    return found


def _write_durably(file: Path, data: bytes) -> None:
    draft = file.with_name(f".{file.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    # The new name is only there for ever once the folder is.
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
