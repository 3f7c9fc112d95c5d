"""The log as a directory of files, laid out as C2SP tlog-tiles says: any web server can serve it.

    checkpoint                     the last one, replaced in one step
    tile/0/x001/234                256 hashes, for ever
    tile/0/x001/235.p/17           as many as there were under some checkpoint
    tile/entries/x001/234          the leaves themselves

A file is written beside its place, synced, and moved there whole; the checkpoint is moved last,
after everything that it covers and the folders that name it are durable. Whoever publishes holds
the lock and replaces only the checkpoint it has seen, so two recorders never sign two trees. A lock
is the kernel's: it ends with the process that held it.
"""

import asyncio
import fcntl
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from audit.log.checkpoint import read_checkpoint
from audit.log.errors import LogError, LogUnwritableError
from audit.log.merkle import HASH
from audit.log.tiles import HEIGHT, WIDTH, Place, bundle, path_of
from store import Published

CHECKPOINT = "checkpoint"
_DRAFTS = ".drafts"
_LOCK = ".lock"
_PATIENCE = 5.0
_LOOK_AGAIN = 0.02


class DirectoryTiles:
    """Tiles, entry bundles and checkpoint in a folder of their own."""

    bundles = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """The lock is held, against other recorders of this process and of others."""
        async with self._alone:
            handle = await asyncio.to_thread(self._lock)
            try:
                yield
            finally:
                os.close(handle)

    async def ahead(self, new: Published) -> bool:
        """The checkpoint and all it covers are durable files; False if another was first.

        For whoever holds the lock (`exclusive`).
        """
        return await asyncio.to_thread(self._publish, new)

    async def along(self, connection: AsyncConnection, new: Published) -> None:
        """The store keeps no tile."""
        del connection, new

    async def read(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The tiles at those places, as wide as the checkpoint makes them."""
        return await asyncio.to_thread(self._read, list(places))

    async def checkpoint(self) -> str:
        """What was published last; empty before the first."""
        return await asyncio.to_thread(self._checkpoint)

    def _publish(self, new: Published) -> bool:
        try:
            if self._checkpoint() != new.seen:
                return False
            self._replace_all(new)
        except OSError as error:
            raise LogUnwritableError(self._folder, error) from error
        return True

    def _replace_all(self, new: Published) -> None:
        drafts = self._folder / _DRAFTS
        # Only what somebody left who was killed: whoever holds the lock writes alone.
        shutil.rmtree(drafts, ignore_errors=True)
        drafts.mkdir()
        touched: set[Path] = set()
        full: list[Path] = []
        for name, data in _files(new):
            path = self._folder / "tile" / name
            self._place(path, data, touched)
            if path.parent.suffix != ".p":
                full.append(path)
        for folder in sorted(touched, key=lambda item: len(item.parts), reverse=True):
            _sync_folder(folder)
        self._place(self._folder / CHECKPOINT, new.checkpoint.encode(), set())
        _sync_folder(self._folder)
        for path in full:
            # A full tile says what its parts said; whoever asks for a part is sent to it.
            shutil.rmtree(path.with_name(f"{path.name}.p"), ignore_errors=True)

    def _place(self, path: Path, data: bytes, touched: set[Path]) -> None:
        missing = [path.parent, *path.parent.parents]
        missing = missing[: missing.index(self._folder)]
        path.parent.mkdir(parents=True, exist_ok=True)
        touched.update(missing, [self._folder])
        draft = self._folder / _DRAFTS / "file"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        draft.replace(path)

    def _read(self, places: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        try:
            size = self._size()
            found = {place: self._tile(Place(*place), size) for place in places}
        except OSError as error:
            raise LogUnwritableError(self._folder, error) from error
        return {place: data for place, data in found.items() if data is not None}

    def _tile(self, place: Place, size: int) -> bytes | None:
        width = min((size >> (place.level * HEIGHT)) - place.number * WIDTH, WIDTH)
        if width <= 0:
            return None
        for wide in (width, WIDTH):
            with suppress(FileNotFoundError):
                return (self._folder / "tile" / path_of(place, width=wide)).read_bytes()
        return None

    def _size(self) -> int:
        text = self._checkpoint()
        if not text:
            return 0
        try:
            return read_checkpoint(text.encode())[0].size
        except LogError:
            # The recorder says what is wrong with it; here it covers nothing.
            return 0

    def _checkpoint(self) -> str:
        try:
            data = (self._folder / CHECKPOINT).read_bytes()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise LogUnwritableError(self._folder, error) from error
        return data.decode("utf-8", errors="replace")

    def _lock(self) -> int:
        """The handle that holds the lock: closing it, or the end of the process, lets it go."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise LogUnwritableError(self._folder, error) from error
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if isinstance(error, BlockingIOError) and time.monotonic() < until:
                    time.sleep(_LOOK_AGAIN)
                    continue
                os.close(handle)
                raise LogUnwritableError(self._folder, error) from error
            return handle


def _files(new: Published) -> Iterator[tuple[str, bytes]]:
    """What the new checkpoint needs: leaves first, then the hashes over them."""
    for at in range(0, len(new.leaves), WIDTH):
        some = new.leaves[at : at + WIDTH]
        place = Place(0, (new.first + at) // WIDTH)
        yield path_of(place, width=len(some), entries=True), bundle(some)
    for (level, number), data in sorted(new.tiles.items()):
        yield path_of(Place(level, number), width=len(data) // HASH), data


def _write_all(handle: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.write(handle, data[at:])


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
