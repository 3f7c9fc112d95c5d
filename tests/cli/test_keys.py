"""Epochs of the key-encryption key, at the command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import keys as command
from store import EpochInUse, Store, upgrade
from workers.key_files import KeyFiles
from workers.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with the keys of two cases, named by the environment."""
    monkeypatch.setenv("ESCALATE_HOME", str(tmp_path))
    found = Settings.load()

    async def made() -> None:
        await upgrade(found.store)
        async with await Store.open(found.store, kek=KeyFiles(found.kek, make=True)) as store:
            for case in ("case/a", "case/b"):
                await store.vault.create(case)

    asyncio.run(made())
    return found


def ran(*arguments: str) -> Any:
    """What the command printed, as JSON."""
    done = CliRunner().invoke(command.app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_key_is_rotated_listed_and_retired(settings: Settings) -> None:
    """One epoch, then two, of which the earlier wraps nothing and is destroyed."""
    (before,) = ran("list")
    assert (before["state"], before["wraps"], before["source"]) == ("present", 2, "file")

    rotated = ran("rotate-kek", "--batch", "1")
    earlier, present = ran("list")
    with pytest.raises(EpochInUse):
        ran("retire-kek", present["epoch"], "--yes")
    retired = ran("retire-kek", earlier["epoch"], "--yes")

    assert (rotated["before"], rotated["wrapped"]) == ([before["epoch"]], 2)
    assert (earlier["state"], earlier["wraps"]) == ("earlier", 0)
    assert (present["state"], present["wraps"]) == ("present", 2)
    assert retired == {"retired": before["epoch"]}
    assert [line["state"] for line in ran("list")] == ["retired", "present"]
    assert not settings.kek.with_name(f"kek.{before['epoch']}").exists()


def test_retiring_asks_first(settings: Settings) -> None:
    """Backups of that time become unreadable: nothing happens without a yes."""
    rotated = ran("rotate-kek")
    (earlier,) = rotated["before"]

    done = CliRunner().invoke(command.app, ["retire-kek", earlier], input="n\n")

    assert done.exit_code == 1
    assert settings.kek.with_name(f"kek.{earlier}").exists()
    shown = CliRunner().invoke(command.app, ["list"])
    assert "earlier" in shown.stdout
