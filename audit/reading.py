"""Reads an export strictly: nothing ambiguous, nothing huge, nothing from outside it."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from audit.bundle.places import check_places
from audit.bundle.tar import MAX_FILE, MAX_TOTAL, unpacked
from audit.errors import ExportUnreadableError
from audit.manifest import MANIFEST, SIGNATURE, FileSum, Manifest
from audit.strict_json import read_json
from cases.canonical import sha256
from cases.journal import GENESIS, Entry

MAX_FILES = 65_536
MAX_DEPTH = 5

Model = TypeVar("Model", bound=BaseModel)


def read_files(place: Path) -> dict[str, bytes]:
    """Every file of the export at that place: a folder, or a tar of one."""
    if place.is_file() and not place.is_symlink():
        return unpacked(_bounded(place, place.name, most=MAX_TOTAL))
    return read_directory(place)


def read_directory(directory: Path) -> dict[str, bytes]:
    """Every file by its place; ExportUnreadableError for links, devices, and what is too large."""
    files: dict[str, bytes] = {}
    total = 0
    if directory.is_symlink() or not directory.is_dir():
        raise ExportUnreadableError(directory.name or ".", "is not a directory")
    waiting = [(str(directory), "", 0)]
    while waiting:
        folder, before, depth = waiting.pop()
        for item in sorted(os.scandir(folder), key=lambda found: found.name):
            name = f"{before}{item.name}"
            mode = item.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                if depth >= MAX_DEPTH:
                    raise ExportUnreadableError(name, "is nested too deeply")
                waiting.append((item.path, f"{name}/", depth + 1))
                continue
            if not stat.S_ISREG(mode):
                raise ExportUnreadableError(name, "is a link or a device")
            data = _bounded(item.path, name)
            total += len(data)
            files[name] = data
            if len(files) > MAX_FILES or total > MAX_TOTAL:
                raise ExportUnreadableError(name, "the export is too large")
    check_places(files)
    return files


def check_files(files: Mapping[str, bytes], manifest: Manifest) -> list[str]:
    """What differs between the files and the manifest."""
    return differing(files, manifest.files)


def differing(files: Mapping[str, bytes], sums: Mapping[str, FileSum]) -> list[str]:
    """What differs between the files and these sums of them."""
    unknown = files.keys() - sums.keys() - {MANIFEST, SIGNATURE}
    wrong = [f"{name}: not in the manifest" for name in sorted(unknown)]
    for name, told in sorted(sums.items()):
        data = files.get(name)
        if data is None:
            wrong.append(f"{name}: missing")
        elif len(data) != told.size or sha256(data) != told.sha256:
            wrong.append(f"{name}: altered")
    return wrong


def read_model(name: str, data: bytes, kind: type[Model]) -> Model:
    """The file as `kind`."""
    try:
        # As JSON and not as parsed values: tuples and instants are read as they were written.
        read_json(name, data)
        return kind.model_validate_json(data)
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        raise ExportUnreadableError(name, f"does not fit at {places[:200]}") from error


class Stream(NamedTuple):
    """A stream as it was read; a line is its entry's only spelling, so its hash is the entry's."""

    entries: tuple[Entry, ...]
    hashes: tuple[str, ...]
    lines: tuple[bytes, ...] = ()


def read_stream(name: str, data: bytes) -> Stream:
    """The entries, each line the entry's only spelling."""
    entries: list[Entry] = []
    if data and not data.endswith(b"\n"):
        raise ExportUnreadableError(name, "ends in the middle of a line")
    lines = data.splitlines()
    for number, line in enumerate(lines, start=1):
        place = f"{name}:{number}"
        try:
            entry = Entry.model_validate_json(line)
            spelt = entry.data
        except ValueError as error:
            # Also a number that canonical JSON has no spelling for.
            raise ExportUnreadableError(place, "is not an entry") from error
        if spelt != line:
            raise ExportUnreadableError(place, "is not written canonically")
        entries.append(entry)
    return Stream(tuple(entries), tuple(sha256(line) for line in lines), tuple(lines))


def broken_at(stream: Stream) -> str:
    """Where the entries do not follow one another; empty when they do."""
    previous = GENESIS
    for number, (entry, digest) in enumerate(
        zip(stream.entries, stream.hashes, strict=True), start=1
    ):
        if entry.sequence != number:
            return f"entry {number}: found sequence {entry.sequence}"
        if entry.previous != previous:
            return f"entry {number}: previous hash differs"
        previous = digest
    return ""


def _bounded(path: str | Path, name: str, *, most: int = MAX_FILE) -> bytes:
    # Opened once, without following a link that has come since; read once, never more than allowed.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ExportUnreadableError(name, "is too large")
    return data
