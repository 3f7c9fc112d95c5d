"""The log as files: laid out as C2SP says, in step with the store, and never two under one name."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from audit.log.directory import DirectoryTiles
from audit.log.errors import LogDamagedError, LogError, LogUnwritableError
from audit.log.whole import check_folder
from store import DEMO_KEK, Published, Store
from tests.audit.log.building import SIGNER, case_with, committed, door_says, recorder
from tests.store.building import START
from tests.stores import empty_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files go."""
    return tmp_path / "log"


@pytest.fixture
async def kept(tmp_path: Path, folder: Path) -> AsyncIterator[Store]:
    """A store whose tiles are files."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK, tiles=DirectoryTiles(folder)) as opened:
        yield opened


async def test_the_files_alone_are_a_whole_log(kept: Store, folder: Path) -> None:
    """Across bundles and tiles; a full tile takes the place of its parts."""
    case = await case_with(kept, "a", "triage")
    for number in (1, 7, 250, 300):
        await door_says(kept, case, number)
        await recorder(kept).record(at=START)

        found = check_folder(folder, [SIGNER.key])
        assert found.size == (await kept.log.head()).size

    assert (folder / "tile/0/000").stat().st_size == 256 * 32
    assert not (folder / "tile/0/000.p").exists()
    assert [each.name for each in (folder / "tile/entries/002.p").iterdir()] == ["48"]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [_flip, Path.unlink], ids=["flip", "remove"])
async def test_any_file_that_was_touched_is_noticed(
    kept: Store, folder: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """Whoever checks the folder finds it, whichever file it is that the checkpoint covers."""
    case = await case_with(kept, "a")
    await door_says(kept, case, 300)
    await recorder(kept).record(at=START)
    files = [each for each in folder.rglob("*") if each.is_file() and each.name[0] != "."]
    needed = [each for each in files if each.parent.name != ".drafts"]

    assert len(needed) == 6
    for number, each in enumerate(needed):
        copy = Path(shutil.copytree(folder, tmp_path / str(number)))
        spoil(copy / each.relative_to(folder))
        with pytest.raises((LogError, OSError)):
            check_folder(copy, [SIGNER.key])


@pytest.mark.hostile(43)
async def test_two_recorders_publish_one_tree(kept: Store, folder: Path) -> None:
    """Whoever has seen another checkpoint than the one that stands writes nothing."""
    case = await case_with(kept, "a", "triage")
    both = [recorder(kept), recorder(kept)]
    for _ in range(4):
        await door_says(kept, case, 3)
        await asyncio.gather(*(each.record(at=START) for each in both))
    await both[0].record(at=START)
    before = (folder / "checkpoint").read_text()

    late = Published(
        tiles={(0, 0): b"x" * 32}, leaves=[b"x"], first=0, size=1, checkpoint="forged", seen=""
    )

    assert not await DirectoryTiles(folder).ahead(late)
    assert (folder / "checkpoint").read_text() == before
    await committed(kept, case)


@pytest.mark.hostile(44)
async def test_a_store_that_was_set_back_signs_no_second_log(
    kept: Store, folder: Path, tmp_path: Path
) -> None:
    """The directory covers more than the restored store has: nothing more is signed."""
    case = await case_with(kept, "a", "triage")
    await recorder(kept).record(at=START)
    for part in tmp_path.glob("store.db*"):
        shutil.copy(part, tmp_path / part.name.replace("store", "backup"))
    await door_says(kept, case, 5)
    await recorder(kept).record(at=START)
    signed = (folder / "checkpoint").read_text()

    url = f"sqlite+aiosqlite:///{tmp_path / 'backup.db'}"
    async with await Store.open(url, kek=DEMO_KEK, tiles=DirectoryTiles(folder)) as restored:
        await door_says(restored, case, 2)
        with pytest.raises(LogDamagedError):
            await recorder(restored).record(at=START)
    assert (folder / "checkpoint").read_text() == signed


async def test_a_store_that_died_after_publishing_follows(kept: Store, folder: Path) -> None:
    """The directory is one checkpoint ahead, over leaves that the store has: it is the head."""
    case = await case_with(kept, "a", "triage")
    await recorder(kept).record(at=START)
    before = await kept.log.head()
    await door_says(kept, case, 2)
    await recorder(kept).record(at=START)
    ahead = await kept.log.head()
    assert await kept.log.follow(
        checkpoint=before.checkpoint, size=before.size, seen=ahead, at=START
    )

    await recorder(kept).record(at=START)

    assert (await kept.log.head()).checkpoint == ahead.checkpoint
    await committed(kept, case)


async def test_an_empty_directory_is_filled_from_the_store(
    sqlite_store: Store, folder: Path, tmp_path: Path
) -> None:
    """A log that lived in the store goes on in files, under the checkpoint it had."""
    case = await case_with(sqlite_store, "a", "triage")
    await door_says(sqlite_store, case, 300)
    await recorder(sqlite_store).record(at=START)
    head = await sqlite_store.log.head()
    url = str(sqlite_store.database.url)

    async with await Store.open(url, kek=DEMO_KEK, tiles=DirectoryTiles(folder)) as moved:
        await recorder(moved).record(at=START)
        assert (folder / "checkpoint").read_text() == head.checkpoint
        assert check_folder(folder, [SIGNER.key]).size == head.size
        await door_says(moved, case, 3)
        await recorder(moved).record(at=START)
        assert check_folder(folder, [SIGNER.key]).size == head.size + 3


@pytest.mark.hostile(42)
async def test_a_disk_that_refuses_is_said_and_tried_again(kept: Store, folder: Path) -> None:
    """A folder where a file must stand: nothing is published, and later it is."""
    case = await case_with(kept, "a", "triage")
    await recorder(kept).record(at=START)
    before = (folder / "checkpoint").read_text()
    (folder / "tile").rename(folder / "aside")
    (folder / "tile").write_text("a file")
    await door_says(kept, case)

    with pytest.raises(LogUnwritableError):
        await recorder(kept).record(at=START)
    assert (folder / "checkpoint").read_text() == before
    (folder / "tile").unlink()
    (folder / "aside").rename(folder / "tile")
    await recorder(kept).record(at=START)

    await committed(kept, case)
