"""A recorder whose system calls fail, or that is killed at one of them, on both back ends.

Every occurrence of open, link, mkdir, rename, fsync, close, read and write, each with EIO, ENOSPC
and SIGKILL (facts §6.6, Tessera's test): afterwards the log is whole, and whatever was acknowledged
is the beginning of it. All of them with `ESCALATE_RECORDER_FAULTS=all`; a few of each otherwise.
"""

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audit.log.directory import CHECKPOINT, DirectoryTiles
from audit.log.errors import LogError
from audit.log.merkle import HASH
from audit.log.tiles import HEIGHT, WIDTH, Place, bundle, path_of
from store import DEMO_KEK, Store, StoreError
from tests.audit.log import naive
from tests.audit.log.building import case_with, committed, door_says, recorder, sound
from tests.store.building import START
from tests.stores import empty_store

FAULTS = ("EIO", "ENOSPC", "SIGKILL")
EVERYTHING = os.environ.get("ESCALATE_RECORDER_FAULTS") == "all"
BEFORE = 253
"""So many leaves before: within the rounds a tile becomes full, and its parts are removed."""
QUICK = {"rename": (1,), "fsync": (3,), "write": (2,)}
"""Places among the occurrences."""

pytestmark = pytest.mark.strace


@dataclass
class Faulted:
    """The process that forks recorders, and a log to begin each with."""

    process: asyncio.subprocess.Process
    template: Path
    case: str

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """What became of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({**order, "case": self.case}).encode() + b"\n")
        async with asyncio.timeout(60):
            line = await self.process.stdout.readline()
        said: dict[str, Any] = json.loads(line)
        assert "error" not in said, said
        return said

    def copy(self, to: Path) -> Path:
        """A log of its own."""
        return Path(shutil.copytree(self.template, to))


@pytest.fixture(params=[False, True], ids=["store", "directory"])
def directory(request: pytest.FixtureRequest) -> bool:
    """Where tiles and checkpoint are kept."""
    return bool(request.param)


@pytest.fixture
async def faulted(tmp_path: Path, *, directory: bool) -> AsyncIterator[Faulted]:
    """Everything loaded, and tried once without a fault."""
    template = tmp_path / "template"
    template.mkdir()
    url = f"sqlite+aiosqlite:///{template / 'store.db'}"
    await empty_store(url)
    tiles = DirectoryTiles(template / "log") if directory else None
    async with await Store.open(url, kek=DEMO_KEK, tiles=tiles) as store:
        case = await case_with(store, "a")
        await door_says(store, case, BEFORE - 1)
        await recorder(store).record(at=START)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.audit.log.faulted_recorder",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Faulted(process, template, case)
    warm = made.copy(tmp_path / "warm")
    await made.ask({"warm": True, "folder": str(warm), "directory": directory})
    yield made
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


@pytest.mark.timeout(3600)
async def test_no_fault_of_a_system_call_harms_the_log(
    faulted: Faulted,
    tmp_path: Path,
    *,
    directory: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Afterwards another recorder goes on: no leaf lost, doubled or changed, nothing unsaid."""
    counted = await faulted.ask(
        {"folder": str(faulted.copy(tmp_path / "counted")), "directory": directory}
    )
    calls: dict[str, list[int]] = counted["calls"]
    assert len(counted["acknowledged"]) == 2
    met: Counter[str] = Counter()
    wrong: list[str] = []
    for call, when, fault in chosen(calls):
        folder = faulted.copy(tmp_path / "one")
        said = await faulted.ask(
            {
                "folder": str(folder),
                "directory": directory,
                "call": call,
                "fault": fault,
                "when": when,
            }
        )
        met["faults"] += 1
        met["injected"] += bool(said["injected"])
        met["killed"] += bool(said["killed"])
        met["acknowledged"] += len(said["acknowledged"])
        try:
            lost = await lost_of(folder, said, faulted.case, directory=directory)
        except (AssertionError, LogError, StoreError) as error:
            met["corrupt logs"] += 1
            wrong.append(f"{call} {fault} {when}: {type(error).__name__}: {error}"[:300])
        else:
            met["lost leaves"] += lost
            wrong += [f"{call} {fault} {when}: {lost} lost"] * bool(lost)
        shutil.rmtree(folder)

    where = "directory" if directory else "store"
    for name in ("faults", "injected", "killed", "acknowledged", "corrupt logs", "lost leaves"):
        record_property(f"{name} ({where})", met[name])
    record_property(f"calls ({where})", json.dumps({call: len(at) for call, at in calls.items()}))
    assert not wrong, wrong
    assert met["injected"] >= met["faults"] * 0.9, met
    assert met["killed"]


def chosen(calls: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, int, str]]:
    """Every fault at every occurrence, or at a few of them."""
    for call, occurrences in calls.items():
        few = [occurrences[at] for at in QUICK.get(call, ()) if at < len(occurrences)]
        for when in occurrences if EVERYTHING else few:
            for fault in FAULTS:
                yield call, when, fault


async def lost_of(folder: Path, said: dict[str, Any], case: str, *, directory: bool) -> int:
    """How many acknowledged trees are no beginning of the log; AssertionError if it is not whole.

    Asked of whoever comes after the one that met the fault.
    """
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    tiles = DirectoryTiles(folder / "log") if directory else None
    async with await Store.open(url, kek=DEMO_KEK, tiles=tiles) as store:
        await recorder(store).record(at=START)
        leaves = await sound(store)
        await committed(store, case)
        assert (await store.log.backlog()).pending == 0
        if directory:
            files_hold(folder / "log", leaves, (await store.log.head()).checkpoint)
    return sum(naive.root(leaves[: int(size)]).hex() != root for size, root in said["acknowledged"])


def files_hold(folder: Path, leaves: list[bytes], checkpoint: str) -> None:
    """A reader of the files alone finds the checkpoint, and every tile and bundle under it."""
    assert (folder / CHECKPOINT).read_text() == checkpoint
    hashes = [naive.root([leaf]) for leaf in leaves]
    level = 0
    while True:
        for at in range(0, len(hashes), WIDTH):
            some = hashes[at : at + WIDTH]
            path = folder / "tile" / path_of(Place(level, at // WIDTH), width=len(some))
            assert path.read_bytes() == b"".join(some), path
            assert len(path.read_bytes()) == len(some) * HASH
        whole = len(hashes) >> HEIGHT
        if not whole:
            break
        span = WIDTH ** (level + 1)
        hashes = [naive.root(leaves[at * span : (at + 1) * span]) for at in range(whole)]
        level += 1
    for at in range(0, len(leaves), WIDTH):
        some = leaves[at : at + WIDTH]
        path = folder / "tile" / path_of(Place(0, at // WIDTH), width=len(some), entries=True)
        assert path.read_bytes() == bundle(some), path
