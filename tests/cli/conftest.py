"""A whole installation on real servers, as `escalate up` has it, and people's terminals."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyotp
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli.app import app
from tests.stores import empty_store
from workers.engine import Engine
from workers.house import House, house, people_file
from workers.processes import (
    RunningGateway,
    listening,
    release_library,
    running_gateway,
    running_worker,
)
from workers.settings import Settings

_LOOKS = 100


@dataclass(frozen=True)
class Terminal:
    """One person's terminal on their own machine: its log-in is nobody else's."""

    person: str
    home: Path

    async def run(self, *words: str, stdin: str = "", code: int = 0) -> Result:
        """The command ended with that code."""
        result = await asyncio.to_thread(
            CliRunner().invoke,
            app,
            list(words),
            input=stdin,
            env={"XDG_CONFIG_HOME": str(self.home), "NO_COLOR": "1"},
        )
        assert result.exit_code == code, (words, result.exit_code, result.output, result.exception)
        return result

    async def json(self, *words: str, stdin: str = "", code: int = 0) -> Any:
        """What the command printed with --json."""
        return json.loads((await self.run(*words, "--json", stdin=stdin, code=code)).stdout)

    async def until(self, number: str, **wanted: str) -> Any:
        """The case, once its picture says so."""
        for _ in range(_LOOKS):
            case = await self.json("case", "show", number)
            if all(case["state"][name] == value for name, value in wanted.items()):
                return case
            await asyncio.sleep(0.1)
        raise AssertionError((number, wanted, case["state"]["stage"], case["state"]["status"]))


@dataclass(frozen=True)
class Installation:
    """What a test needs to know of a running installation."""

    settings: Settings
    house: House
    gateway: RunningGateway
    folder: Path

    @property
    def url(self) -> str:
        """Where its gateway listens."""
        return self.gateway.url

    def totp(self, person: str) -> str:
        """The code of the person's second factor at this moment."""
        people = YAML(typ="safe").load(people_file(self.settings).read_bytes())["people"]
        secret = next(each["totp"] for each in people if each["id"] == person)
        return pyotp.TOTP(secret).now()

    async def terminal(self, person: str) -> Terminal:
        """A terminal at which the person is logged in."""
        terminal = Terminal(person, self.folder / person)
        await terminal.run("login", person, "--url", self.url, "--password-stdin", stdin="demo\n")
        return terminal


@pytest.fixture
async def installation(
    engine: Engine, tmp_path: Path, task_queue: str, logs_elsewhere: None
) -> AsyncIterator[Installation]:
    """Everything runs; the runbooks that ship are released."""
    async with (
        installed(tmp_path, task_queue=task_queue, address=engine.address) as running,
        running_worker(running.house, engine.address),
    ):
        yield running


@asynccontextmanager
async def installed(folder: Path, *, task_queue: str, address: str) -> AsyncIterator[Installation]:
    """Store and gateway, without a worker."""
    asked = Settings.load(
        {
            "HOME": os.environ.get("HOME", ""),
            "ESCALATE_HOME": str(folder / "home"),
            "ESCALATE_DEMO": "true",
            "ESCALATE_TASK_QUEUE": task_queue,
            "ESCALATE_GATEWAY__PORT": "0",
        }
    )
    asked.home.mkdir()
    sock, settings = listening(asked)
    await empty_store(settings.store)
    async with house(settings, migrate=True) as home:
        await release_library(
            home.store, proposed_by="petra", approved_by="lena", at=datetime.now(tz=UTC)
        )
        async with running_gateway(home, address, sock=sock) as gateway:
            yield Installation(settings=settings, house=home, gateway=gateway, folder=folder)
