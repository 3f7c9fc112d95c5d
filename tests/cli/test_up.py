"""`escalate up` as its user has it: the real command, a signal, and nothing left behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from integrations import file_directory
from workers.house import people_file
from workers.settings import Settings

pytestmark = pytest.mark.timeout(180)

_READY = "(Ctrl-C stops everything)"


def environment(home: Path, **more: str) -> dict[str, str]:
    """A machine with a cache of tools and an installation of its own."""
    demo = people_file(Settings.load({"ESCALATE_DEMO": "true"}))
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{name: value for name, value in os.environ.items() if name == "ESCALATE_CACHE"},
        "ESCALATE_HOME": str(home),
        "ESCALATE_DIRECTORY_FILE": str(demo),
        "ESCALATE_GATEWAY__PORT": "0",
        "XDG_CONFIG_HOME": str(home / "config"),
        **more,
    }


async def escalate(*words: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    """The command as it is installed, started."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.app",
        *words,
        env=env,
        cwd=Path(file_directory.__file__).parent.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def until(process: asyncio.subprocess.Process, words: str) -> str:
    """The line on stderr that holds the words."""
    assert process.stderr is not None
    said = []
    while line := (await process.stderr.readline()).decode():
        said.append(line)
        if words in line:
            return line
    raise AssertionError("".join(said))


def named_in_a_process(text: str) -> list[str]:
    """The processes whose command line holds the text."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if text in command:
                found.append(command)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_up_runs_everything_and_ends_with_code_0_and_no_orphan(
    number: signal.Signals, tmp_path: Path
) -> None:
    """Ctrl-C stops worker, gateway, watch and engine, and the exit code is ours."""
    home = tmp_path / "home"
    process = await escalate("up", env=environment(home))

    ready = await until(process, _READY)
    url = ready.split()[1]
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = (await http.get(f"{url}readyz")).json()
    process.send_signal(number)
    out, _ = await process.communicate()

    assert answer == {"ready": True, "blocking": [], "degraded": []}
    assert process.returncode == 0
    assert out == b""
    assert named_in_a_process(str(tmp_path)) == []


async def test_a_worker_without_an_engine_says_what_to_set(tmp_path: Path) -> None:
    """Exit code 1, and the setting's name."""
    process = await escalate("worker", env=environment(tmp_path))

    _, said = await process.communicate()

    assert process.returncode == 1
    assert "ESCALATE_ENGINE__ADDRESS" in said.decode()


async def test_a_misspelt_setting_is_exit_code_2(tmp_path: Path) -> None:
    """It must not pass as a default."""
    process = await escalate("up", env=environment(tmp_path, ESCALATE_GATEWAI__PORT="1"))

    _, said = await process.communicate()

    assert process.returncode == 2
    assert "ESCALATE_GATEWAI__PORT is not a setting" in said.decode()


async def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    """Exit code 1, and the setting that chooses another one."""
    taken = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = str(taken.sockets[0].getsockname()[1])
    process = await escalate("up", env=environment(tmp_path, ESCALATE_GATEWAY__PORT=port))

    _, said = await process.communicate()
    taken.close()

    assert process.returncode == 1
    assert "ESCALATE_GATEWAY__PORT" in said.decode()
