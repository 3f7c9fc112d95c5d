"""Recorders under fault injection: one process a fault, forked from one that has everything loaded.

Reads one JSON line a fault from standard input, answers one line each. The child waits until strace
holds it, then records in rounds and says what was acknowledged; faults are errors that it meets as
production does (it tries again) or its end.
"""

import asyncio
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import structlog

from audit.log.checkpoint import read_checkpoint
from audit.log.directory import DirectoryTiles
from audit.log.errors import LogError
from cases.journal import Kind
from store import DEMO_KEK, Store, StoreError
from tests.audit.log.building import recorder
from tests.store.building import START

ROUNDS = 2
_TRIES = 6
_ATTACHED = re.compile(rb"attached")
CALLS = {
    "open": "openat",
    "link": "link,linkat",
    "mkdir": "mkdir,mkdirat",
    "rename": "rename,renameat,renameat2",
    "fsync": "fsync,fdatasync",
    "close": "close",
    "read": "read,pread64",
    "write": "write,pwrite64",
}


async def work(folder: Path, *, directory: bool, case: str, acknowledged: int) -> None:
    """Rounds of entries and checkpoints; each checkpoint that was answered is told."""
    tiles = DirectoryTiles(folder / "log") if directory else None
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    async with await Store.open(url, kek=DEMO_KEK, tiles=tiles) as store:
        writing = recorder(store)
        for number in range(ROUNDS):
            for _ in range(_TRIES):
                try:
                    await store.journal.append_door(
                        case, Kind.DOOR_LINK_OPENED, at=START, by=f"r-{number}"
                    )
                    written = await writing.record(at=START)
                    if not written.size:
                        continue
                    head, _ = read_checkpoint((await store.log.head()).checkpoint.encode())
                    os.write(acknowledged, f"{head.size} {head.root.hex()}\n".encode())
                    break
                except (LogError, StoreError, OSError):
                    continue


def child(folder: Path, *, directory: bool, case: str, go: int, acknowledged: int) -> None:
    """Waits to be held, works, ends."""
    os.read(go, 1)
    try:
        asyncio.run(work(folder, directory=directory, case=case, acknowledged=acknowledged))
    except BaseException:  # noqa: BLE001 -- whatever a fault does to a loop, the log must stand it
        os._exit(3)
    os._exit(0)


def run(order: dict[str, object]) -> dict[str, object]:
    """One recorder under one fault, or under a count of its calls."""
    folder = Path(str(order["folder"]))
    go, released = os.pipe()
    told, acknowledged = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(released)
        os.close(told)
        child(
            folder,
            directory=bool(order["directory"]),
            case=str(order["case"]),
            go=go,
            acknowledged=acknowledged,
        )
    os.close(go)
    os.close(acknowledged)
    trace = folder / "trace"
    asked = ["strace", "-f", "-p", str(pid), "-o", str(trace)]
    every = ",".join(CALLS.values())
    if "call" in order:
        names = CALLS[str(order["call"])]
        fault = str(order["fault"])
        how = f"signal={fault}" if fault == "SIGKILL" else f"error={fault}"
        asked += ["-e", f"trace={names}", "-e", f"inject={names}:{how}:when={order['when']}"]
    else:
        # With paths of handles, and unabridged: they say which calls are the log's.
        asked += ["-y", "-s", "4096", "-e", f"trace={every}"]
    holding = subprocess.Popen(asked, stderr=subprocess.PIPE)
    assert holding.stderr is not None
    line = holding.stderr.readline()
    if not _ATTACHED.search(line):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return {"error": line.decode()}
    os.write(released, b"x")
    os.close(released)
    said = b""
    while chunk := os.read(told, 4096):
        said += chunk
    os.close(told)
    _, status = os.waitpid(pid, 0)
    holding.wait()
    holding.stderr.close()
    written = trace.read_text(errors="replace") if trace.exists() else ""
    return {
        "acknowledged": [item.split(" ") for item in said.decode().splitlines()],
        "killed": os.WIFSIGNALED(status),
        "injected": written.count("(INJECTED)") + written.count("killed by SIGKILL"),
        "calls": _met(written, folder) if "call" not in order else {},
    }


def _met(trace: str, folder: Path) -> dict[str, list[int]]:
    """Of each group the occurrences that have to do with the log, by any thread's own count.

    strace counts by thread. What is not in the log's folder is the interpreter's, and its loop's.
    """
    found: dict[str, list[int]] = {}
    for name, calls in CALLS.items():
        group = set(calls.split(","))
        made: Counter[str] = Counter()
        of_log: set[int] = set()
        for line in trace.splitlines():
            match = re.match(r"(\d+)\s+(\w+)\(", line)
            if match is None or match[2] not in group:
                continue
            made[match[1]] += 1
            if str(folder) in line:
                of_log.add(made[match[1]])
        found[name] = sorted(of_log)
    return found


def main() -> None:
    """Warms up, then serves faults until its input ends."""
    # What the recorder says of itself would stand among the answers.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("warm"):
            folder = Path(order["folder"])
            null = os.open(os.devnull, os.O_WRONLY)
            asyncio.run(
                work(folder, directory=order["directory"], case=order["case"], acknowledged=null)
            )
            shutil.rmtree(folder)
            said: dict[str, object] = {}
        else:
            said = run(order)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
