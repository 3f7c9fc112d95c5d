"""The nearest Temporal is taken, and the engine says which and why."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from workers._engine_build import SERVER, build
from workers._engine_choice import Choice, Kind, choices, recent_enough
from workers._settings_sources import default_cache, reading
from workers.engine import Engine
from workers.errors import EngineBuildError

_PINNED = SERVER.path(default_cache())

# A stand-in for Go that "builds" by copying the real binary, and notes each build.
_GO = f"""#!/bin/sh
if [ "$1" = version ]; then echo "go version go1.26.8 linux/amd64"; exit 0; fi
echo built >> "$(dirname "$0")/builds"
mkdir -p "$GOBIN"
cp "{_PINNED}" "$GOBIN/server"
"""
_BROKEN_GO = """#!/bin/sh
if [ "$1" = version ]; then echo "go version go1.26.8 linux/amd64"; exit 0; fi
echo "no such module"; exit 1
"""
_OLD_CLI = "#!/bin/sh\necho 'unknown command'; exit 1\n"


def _program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _silent(_line: str) -> None:
    """Tests have no use for progress."""


def _path(folder: Path) -> dict[str, str]:
    return dict(os.environ) | {"PATH": f"{folder}:/usr/bin:/bin"}


async def _first(cache: Path) -> Choice:
    return await anext(choices(cache=cache, tried=[], progress=_silent))


async def test_the_cached_build_comes_first(tmp_path: Path) -> None:
    """A pinned build in the cache is taken before anything on the PATH."""
    cached = _program(tmp_path / "temporal-server-1.32.0", "server", "#!/bin/sh\n")
    _program(tmp_path / "bin", "temporal", _OLD_CLI)

    with reading(_path(tmp_path / "bin")):
        choice = await _first(tmp_path)

    assert choice == Choice(
        Kind.PINNED, cached, f"Temporal server 1.32.0 from the cache ({cached})"
    )


async def test_without_a_cached_build_the_command_on_the_path_is_tried(tmp_path: Path) -> None:
    """A user who has Temporal's command line need not build anything."""
    cli = _program(tmp_path / "bin", "temporal", _OLD_CLI)

    with reading(_path(tmp_path / "bin")):
        choice = await _first(tmp_path / "cache")

    assert choice.kind is Kind.CLI
    assert choice.why == f"the temporal command on the PATH ({cli})"


async def test_a_downloaded_server_is_used_again(tmp_path: Path) -> None:
    """What the SDK downloaded once is not downloaded twice."""
    there = _program(tmp_path / "temporal-cli", "temporal-sdk-python-1.35.0", "#!/bin/sh\n")
    (tmp_path / "bin").mkdir()

    with reading(_path(tmp_path / "bin")):
        choice = await _first(tmp_path)

    assert choice.kind is Kind.DOWNLOAD
    assert choice.why == f"the Temporal SDK's own download ({there})"


async def test_what_does_not_work_is_passed_over_until_the_build(tmp_path: Path) -> None:
    """An unusable command and a failed download lead to the build, and the engine runs."""
    _program(tmp_path / "bin", "temporal", _OLD_CLI)
    _program(tmp_path / "bin", "go", _GO)

    with reading(_path(tmp_path / "bin")):
        async with Engine.start(cache=tmp_path / "cache", progress=_silent) as engine:
            assert engine.kind in (Kind.BUILT, Kind.DOWNLOAD)
            assert engine.why.endswith("state in memory")


async def test_two_builds_at_once_are_one(tmp_path: Path) -> None:
    """The second waits for the first, and both get the whole binary."""
    _program(tmp_path / "bin", "go", _GO)

    with reading(_path(tmp_path / "bin")):
        made = await asyncio.gather(
            *(build(SERVER, cache=tmp_path / "cache", progress=_silent) for _ in range(2))
        )

    assert made[0] == made[1]
    assert made[0].stat().st_size == _PINNED.stat().st_size
    assert (tmp_path / "bin" / "builds").read_text(encoding="utf-8") == "built\n"


async def test_a_failed_build_shows_what_go_said(tmp_path: Path) -> None:
    """The reason is in the error, and no half binary is left."""
    _program(tmp_path / "bin", "go", _BROKEN_GO)

    with reading(_path(tmp_path / "bin")), pytest.raises(EngineBuildError, match="no such module"):
        await build(SERVER, cache=tmp_path / "cache", progress=_silent)

    assert not SERVER.path(tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "version,enough",
    [
        ("1.32.0", True),
        ("1.32.0-155.1", True),
        ("1.33.1", True),
        ("2.0.0", True),
        ("1.31.9", False),
    ],
)
def test_servers_older_than_the_pinned_minor_are_refused(version: str, *, enough: bool) -> None:
    """What the cases rely on came with 1.32."""
    assert recent_enough(version) is enough
