"""The fields of every entry, each with its salt: a leaf of the log can be worked out by hand.

One file a stream and branch. An entry is a line that names it, then a line a field: the exact bytes
that its hash is over. A leaf is the SHA-256 over those hashes in their own order, so anybody with a
shell can hold an entry against its proof. (`audit.redacted` shows some fields and not others.)
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audit.errors import ExportUnreadableError
from audit.log.leaf import leaf_over, openings
from audit.strict_json import read_json
from cases.journal import Entry

FOLDER = "opened/"
SUFFIX = ".fields"
_ENTRY = re.compile(rb"entry (0|[1-9][0-9]{0,8})")
_TRIPLE = 3
_SALT = 64


class Place(NamedTuple):
    """An entry."""

    stream: str
    branch: str
    sequence: int


@dataclass(frozen=True)
class Opened:
    """One entry, field by field."""

    sequence: int
    shown: Mapping[str, object]
    """By path."""
    digests: tuple[bytes, ...]

    @property
    def leaf(self) -> bytes:
        """What stands in the log for it."""
        return leaf_over(self.digests)


def opened_file(stream: str, branch: str) -> str:
    """Where the fields of a stream's branch stand."""
    return f"{FOLDER}{stream}/{branch}{SUFFIX}"


def opened_files(placed: Iterable[tuple[Entry, str]]) -> dict[str, bytes]:
    """The files of these entries, each with the branch it was recorded on; each once."""
    return files_of(
        (Place(entry.stream, branch, entry.sequence), opening_of(entry, branch))
        for entry, branch in placed
        if entry.salt
    )


def opening_of(entry: Entry, branch: str, *, written: bytes | None = None) -> tuple[bytes, ...]:
    """What the hashes of the entry's fields are over, in their order."""
    found = openings(entry, branch=branch, written=written)
    return tuple(opening for _, opening in found)


def files_of(opened: Iterable[tuple[Place, Sequence[bytes]]]) -> dict[str, bytes]:
    """The files of entries that are opened already."""
    blocks: dict[str, dict[int, bytes]] = {}
    for place, fields in opened:
        file = opened_file(place.stream, place.branch)
        lines = [b"entry %d" % place.sequence, *fields]
        blocks.setdefault(file, {})[place.sequence] = b"\n".join(lines) + b"\n"
    return {
        file: b"".join(block for _, block in sorted(found.items()))
        for file, found in blocks.items()
    }


def read_opened(name: str, data: bytes) -> Iterator[Opened]:
    """The entries of a file; ExportUnreadableError for every spelling but its one."""
    if not data.endswith(b"\n"):
        raise ExportUnreadableError(name, "ends in the middle of a line")
    lines: list[bytes] = []
    before = 0
    for line in data[:-1].split(b"\n"):
        head = _ENTRY.fullmatch(line)
        if head is not None:
            if lines:
                yield _read(name, before, lines)
            elif before:
                raise ExportUnreadableError(name, f"has nothing of entry {before}")
            if int(head[1]) <= before:
                raise ExportUnreadableError(name, "has entries out of order")
            before, lines = int(head[1]), []
        elif not before:
            raise ExportUnreadableError(name, "does not begin with an entry")
        else:
            lines.append(line)
    if not lines:
        raise ExportUnreadableError(name, "ends without fields")
    yield _read(name, before, lines)


def read_all(files: Mapping[str, bytes]) -> dict[Place, Opened]:
    """Every entry that is opened in these files."""
    found: dict[Place, Opened] = {}
    for name, data in files.items():
        if not name.startswith(FOLDER):
            continue
        stream, _, branch = name.removeprefix(FOLDER).removesuffix(SUFFIX).rpartition("/")
        if not name.endswith(SUFFIX) or not stream or not branch:
            raise ExportUnreadableError(name, "opens no stream")
        for item in read_opened(name, data):
            found[Place(stream, branch, item.sequence)] = item
    return found


def _read(name: str, sequence: int, lines: Sequence[bytes]) -> Opened:
    shown: dict[str, object] = {}
    digests: list[bytes] = []
    for line in lines:
        # A field may be an amount that was never meant to be added up, so floats are as they are.
        value = read_json(name, line, floats=True)
        if not isinstance(value, list) or len(value) != _TRIPLE:
            raise ExportUnreadableError(name, f"entry {sequence} has no salt, path and value")
        salt, path, said = value
        if not isinstance(salt, str) or len(salt) != _SALT or not isinstance(path, str):
            raise ExportUnreadableError(name, f"entry {sequence} has no salt, path and value")
        if path in shown:
            raise ExportUnreadableError(name, f"entry {sequence} has a field twice")
        shown[path] = said
        digests.append(hashlib.sha256(line).digest())
    return Opened(sequence=sequence, shown=shown, digests=tuple(digests))
