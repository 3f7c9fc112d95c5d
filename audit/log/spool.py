"""The spool: a file of signed lines, one for each thing that took effect without the log.

It is only ever appended to and synced before anything rests on a line. Each line names the one
before it, so none can be taken out later; a line that was torn by a crash was never relied on, and
is stepped over.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from audit.log.errors import LogUnwritableError
from cases.canonical import canonical
from cases.envelope import Certificate, key_id
from cases.journal import GENESIS
from cases.log_glass import Glass, Signed, SpoolLine, line_hash, sign
from store import LogKey, SpooledLine


class Spooling(NamedTuple):
    """An entry that goes into the spool, with the leaf it would have."""

    key: LogKey
    leaf: bytes


@dataclass(frozen=True)
class Spool:
    """Appends to one file, under one key."""

    file: Path
    key: Ed25519PrivateKey = field(repr=False)
    certify: Callable[[datetime], Certificate] = field(repr=False)
    """The root's certificate of the key, valid at that instant."""

    @property
    def id(self) -> str:
        """The short name of the key."""
        return key_id(self.key.public_key().public_bytes_raw())

    async def append(
        self, entries: Sequence[Spooling], *, glass: Glass, at: datetime
    ) -> list[SpooledLine]:
        """The lines are durable, one an entry; LogUnwritableError when the disk refuses."""
        return await asyncio.to_thread(self._append, entries, glass, at)

    async def lines(self) -> list[SpooledLine]:
        """Every line that was signed, oldest first."""
        try:
            return await asyncio.to_thread(self._lines)
        except OSError as error:
            raise LogUnwritableError(self.file, error) from error

    def _append(self, entries: Sequence[Spooling], glass: Glass, at: datetime) -> list[SpooledLine]:
        certificate = self.certify(at)
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._held() as handle:
                before = self._lines()
                number = before[-1].number if before else 0
                previous = before[-1].hash if before else GENESIS
                known = {line.key for line in before}
                fresh: list[SpooledLine] = []
                for entry in entries:
                    if entry.key in known:
                        continue
                    number += 1
                    value = SpoolLine(
                        spool=self.id,
                        number=number,
                        previous=previous,
                        **entry.key._asdict(),
                        leaf=entry.leaf.decode(),
                        at=at,
                        glass=glass,
                    )
                    data = canonical(sign(value, key=self.key, certificate=certificate))
                    line = _spooled(value, data)
                    fresh.append(line)
                    previous = line.hash
                _write(handle, b"".join(line.line + b"\n" for line in fresh))
        except OSError as error:
            raise LogUnwritableError(self.file, error) from error
        wanted = {entry.key for entry in entries}
        return [line for line in (*before, *fresh) if line.key in wanted]

    def _lines(self) -> list[SpooledLine]:
        if not self.file.exists():
            return []
        found = []
        for data in self.file.read_bytes().split(b"\n"):
            try:
                signed = Signed.model_validate_json(data)
                found.append(_spooled(SpoolLine.model_validate_json(signed.payload), data))
            except ValidationError:
                continue
        return found

    @contextmanager
    def _held(self) -> Iterator[int]:
        new = not self.file.exists()
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            folder = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _write(handle: int, data: bytes) -> None:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        # Somebody was killed within a line: it ends here, and is none.
        data = b"\n" + data
    at = 0
    while at < len(data):
        at += os.write(handle, data[at:])


def _spooled(line: SpoolLine, data: bytes) -> SpooledLine:
    return SpooledLine(
        spool=line.spool,
        number=line.number,
        case=line.case,
        stream=line.stream,
        branch=line.branch,
        sequence=line.sequence,
        at=line.at,
        hash=line_hash(data),
        line=data,
    )
