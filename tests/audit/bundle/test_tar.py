"""A tar of an export: one spelling, and nothing that a tar can hold besides files."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.bundle.places import check_places
from audit.bundle.tar import BLOCK, packed, unpacked
from audit.errors import ExportUnreadableError
from audit.reading import read_files

LONG = "history/" + "a" * 60 + "/" + "b" * 60 + ".json"
FILES = {
    "manifest.json": b"{}",
    "log/case/main/1.tlog-proof": b"x" * 513,
    LONG: b"",
    "a": b"1" * 512,
}

names = st.from_regex(r"[a-z0-9_][a-z0-9._-]{0,20}[a-z0-9](/[a-z0-9]{1,40}){0,3}", fullmatch=True)


@given(files=st.dictionaries(names, st.binary(max_size=1100), max_size=6))
def test_what_was_packed_is_unpacked(files: dict[str, bytes]) -> None:
    """The same files give the same bytes, and those bytes the same files."""
    try:
        check_places(files)
    except ExportUnreadableError:
        # One name is the folder of another: no disk could hold both.
        return
    data = packed(files)

    assert unpacked(data) == files
    assert packed(dict(reversed(files.items()))) == data


def test_every_tar_program_reads_it() -> None:
    """Python's own finds the same files; nobody owns them and no time is on them."""
    with tarfile.open(fileobj=io.BytesIO(packed(FILES))) as read:
        found = {
            member.name: handle.read()
            for member in read.getmembers()
            if (handle := read.extractfile(member)) is not None
        }
        modes = {(member.mode, member.mtime, member.uid) for member in read.getmembers()}

    assert found == FILES
    assert modes == {(0o600, 0, 0)}


def _written(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


def _member(name: str, **said: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o600, 1
    for key, value in said.items():
        setattr(member, key, value)
    return member


def _doubled() -> bytes:
    return packed({"a": b"1"})[: -2 * BLOCK] + packed({"a": b"1"})


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a link": lambda: _written(_member("a", type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0)),
    "a hard link": lambda: _written(_member("a", type=tarfile.LNKTYPE, linkname="b", size=0)),
    "a device": lambda: _written(_member("a", type=tarfile.CHRTYPE, size=0)),
    "a pipe": lambda: _written(_member("a", type=tarfile.FIFOTYPE, size=0)),
    "a folder": lambda: _written(_member("a", type=tarfile.DIRTYPE, size=0)),
    "an absolute path": lambda: packed({"/etc/passwd": b""}),
    "a path that leads out": lambda: packed({"a/../../b": b""}),
    "a path that begins there": lambda: packed({"../b": b""}),
    "a path with nothing in it": lambda: packed({"a//b": b""}),
    "a hidden file": lambda: packed({".bashrc": b""}),
    "a name with a space": lambda: packed({"a b": b""}),
    "one name in two cases": lambda: packed({"Log/x": b"", "log/x": b""}),
    "a file that is a folder": lambda: packed({"a": b"", "a/b": b""}),
    "a name twice": _doubled,
    "files out of order": lambda: packed({"b": b"1"})[: -2 * BLOCK] + packed({"a": b"1"}),
    "somebody's own file": lambda: _written(_member("a", uid=1000)),
    "a time": lambda: _written(_member("a", mtime=1)),
    "another tar's padding": lambda: packed({"a": b"1"}) + bytes(10_240),
    "something behind a file": lambda: packed({"a": b"1"}).replace(b"1\0\0", b"1\0x", 1),
    "a size that is not there": lambda: packed({"a": b"1" * 2000})[:BLOCK] + bytes(2 * BLOCK),
    "nothing": bytes,
    "half a block": lambda: b"\0" * 100,
    "no end": lambda: packed({"a": b"1"})[: -2 * BLOCK],
    "not a tar": lambda: b"PK\x03\x04" + bytes(2000),
}


@pytest.mark.hostile(34)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tar_is_refused(name: str) -> None:
    """Each by the typed error, whatever else would have been read of it."""
    with pytest.raises(ExportUnreadableError):
        unpacked(HOSTILE[name]())


def test_a_size_in_another_base_is_refused() -> None:
    """GNU's binary sizes, blanks and signs are other spellings of a number."""
    data = bytearray(packed({"a": b"1"}))
    for spelt in (
        b"\x80" + bytes(10) + b"\x01",
        b"         01\0",
        b"+0000000001\0",
        b"-1\0\0\0\0\0\0\0\0\0\0",
    ):
        data[124:136] = spelt
        with pytest.raises(ExportUnreadableError):
            unpacked(bytes(data))


def test_the_same_names_are_refused_in_a_folder(tmp_path: Path) -> None:
    """A folder is held to the rules of a tar: twins by composition, spaces, hidden files."""
    for name in ("café", "cafe\u0301", "a b", ".hidden", "x\u202ey", "trailing."):
        folder = tmp_path / str(abs(hash(name)))
        folder.mkdir()
        (folder / name).write_bytes(b"")
        with pytest.raises(ExportUnreadableError):
            read_files(folder)
