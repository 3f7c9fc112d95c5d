"""An export in one file: a tar (POSIX ustar) that has exactly one spelling.

Everything in a header follows from name and size: regular files only, sorted, no owner, no time.
So the same export is the same tar, and a reader need not decide what a link, a second file of one
name, a device, a longer name of GNU or a tail after the end would mean: it writes the header again
and compares.
"""

from collections.abc import Iterator, Mapping

from audit.bundle.places import check_places
from audit.errors import ExportUnreadableError

BLOCK = 512
MAX_TOTAL = 512 * 1024 * 1024
MAX_FILE = 64 * 1024 * 1024
_NAME, _PREFIX = 100, 155
_END = bytes(2 * BLOCK)
_SIZE = slice(124, 136)
_FILE = "the tar"


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a tar; ValueError for a name that does not fit in one."""
    parts: list[bytes] = []
    for name, data in sorted(files.items()):
        parts += [_header(name, len(data)), data, _padding(len(data))]
    return b"".join([*parts, _END])


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files; ExportUnreadableError for any byte that `packed` would write otherwise."""
    if len(data) > MAX_TOTAL:
        raise ExportUnreadableError(_FILE, "is too large")
    files: dict[str, bytes] = {}
    before = ""
    for name, content in _members(data):
        if name <= before:
            raise ExportUnreadableError(name, "is not in its order, or stands there twice")
        files[name] = content
        before = name
    check_places(files)
    return files


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while True:
        block = data[at : at + BLOCK]
        if len(block) < BLOCK:
            raise ExportUnreadableError(_FILE, "ends too early")
        if not any(block):
            if data[at:] != _END:
                raise ExportUnreadableError(_FILE, "goes on after its end")
            return
        name, size = _read(block)
        end = at + BLOCK + size
        content = data[at + BLOCK : end]
        padding = _padding(size)
        if len(content) != size or data[end : end + len(padding)] != padding:
            raise ExportUnreadableError(name, "is cut short, or something stands behind it")
        yield name, content
        at = end + len(padding)


def _read(block: bytes) -> tuple[str, int]:
    """Name and size, if the header is the one that follows from them."""
    try:
        name = block[:_NAME].rstrip(b"\0").decode("ascii")
        prefix = block[345 : 345 + _PREFIX].rstrip(b"\0").decode("ascii")
        size = int(block[_SIZE].rstrip(b"\0").decode("ascii"), 8)
        whole = f"{prefix}/{name}" if prefix else name
        same = _header(whole, size) == block
    except ValueError as error:
        raise ExportUnreadableError(_FILE, "has a header that cannot be read") from error
    if not same:
        raise ExportUnreadableError(_FILE, "is not spelt as an export's: unpack it and verify that")
    if size > MAX_FILE:
        raise ExportUnreadableError(whole, "is too large")
    return whole, size


def _header(name: str, size: int) -> bytes:
    prefix, short = _split(name)
    head = bytearray(BLOCK)

    def put(at: int, text: str) -> None:
        raw = text.encode("ascii")
        head[at : at + len(raw)] = raw

    put(0, short)
    put(100, "0000600\0" + "0000000\0" * 2)
    put(124, f"{size:011o}\0" + "0" * 11 + "\0" + " " * 8 + "0")
    put(257, "ustar\00000")
    put(329, "0000000\0" * 2)
    put(345, prefix)
    put(148, f"{sum(head):06o}\0 ")
    return bytes(head)


def _split(name: str) -> tuple[str, str]:
    """The name in ustar's two fields; the first is empty where one is enough."""
    if len(name) <= _NAME:
        return "", name
    at = name.rfind("/", 0, _PREFIX + 1)
    if at < 1 or len(name) - at - 1 > _NAME:
        message = f"{name}: too long for a tar"
        raise ValueError(message)
    return name[:at], name[at + 1 :]


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)
