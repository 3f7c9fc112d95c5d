"""Which Temporal server to run, nearest first; the last way works where Go modules can be had."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workers import _engine_build
from workers._settings_sources import current

SERVER_AT_LEAST = (1, 32)
_DOWNLOAD_SECONDS = 10
_DOWNLOAD = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main():
    server = await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1])
    await server.shutdown()
asyncio.run(main())
"""


class Kind(StrEnum):
    """The ways to a Temporal."""

    ADDRESS = "address"
    PINNED = "pinned"
    CLI = "cli"
    DOWNLOAD = "download"
    BUILT = "built"


@dataclass(frozen=True)
class Choice:
    """A server that could be run, and why it is this one."""

    kind: Kind
    binary: Path
    why: str

    @property
    def is_cli(self) -> bool:
        """True if the binary is Temporal's command line, which brings a development server."""
        return self.kind in (Kind.CLI, Kind.DOWNLOAD)


async def choices(
    *,
    cache: Path,
    tried: list[str],
    pinned_only: bool = False,
    progress: _engine_build.Progress = _engine_build.announce,
) -> AsyncIterator[Choice]:
    """Each server worth a try, nearest first; `tried` gathers why a way was not taken."""
    server = _engine_build.SERVER
    path = server.path(cache)
    if path.exists():
        yield Choice(Kind.PINNED, path, f"Temporal server {server.version} from the cache ({path})")
    tried.append(f"{path} is not there")
    if not pinned_only:
        async for choice in _fetched(cache, tried=tried, progress=progress):
            yield choice
    built = await _engine_build.build(server, cache=cache, progress=progress)
    yield Choice(Kind.BUILT, built, f"Temporal server {server.version}, built just now ({built})")


async def _fetched(
    cache: Path, *, tried: list[str], progress: _engine_build.Progress
) -> AsyncIterator[Choice]:
    if cli := shutil.which("temporal", path=current().get("PATH")):
        yield Choice(Kind.CLI, Path(cli), f"the temporal command on the PATH ({cli})")
    else:
        tried.append("no temporal command on the PATH")
    folder = cache / "temporal-cli"
    downloaded = _downloaded(folder) or await _download(folder, progress=progress)
    if downloaded is not None:
        why = f"the Temporal SDK's own download ({downloaded})"
        yield Choice(Kind.DOWNLOAD, downloaded, why)
    else:
        tried.append("the Temporal SDK could not download its server")


def _downloaded(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("temporal-sdk-python-*"))), None)


async def _download(folder: Path, *, progress: _engine_build.Progress) -> Path | None:
    progress(f"asking the Temporal SDK to download its server (at most {_DOWNLOAD_SECONDS} s)")
    folder.mkdir(parents=True, exist_ok=True)
    # In a process of its own: the SDK's download cannot be cancelled, a process can be ended.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _DOWNLOAD,
        str(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(current()),
    )
    try:
        code = await asyncio.wait_for(process.wait(), _DOWNLOAD_SECONDS)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _downloaded(folder) if code == 0 else None


def recent_enough(server_version: str) -> bool:
    """True if the server can do what the cases need (time skipping, exact USE_EXISTING)."""
    numbers = server_version.split("-", maxsplit=1)[0].split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdigit()) >= SERVER_AT_LEAST
