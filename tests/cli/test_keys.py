"""Epochs of the key-encryption key, at the command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from audit.bundle.code import source_digest
from cli import keys as command
from gateway.log_key import load_or_create_log_key
from gateway.signer import load_or_create_keys
from store import EpochInUse, Store, upgrade
from workers.clock import SystemClock
from workers.key_files import KeyFiles
from workers.settings import Settings
from workers.worker_key import WorkerKey


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


def test_builds_are_certified_and_workers_shown_and_revoked(settings: Settings) -> None:
    """The code here by itself, another one by its digest; a key by the name that is shown."""
    load_or_create_keys(settings.keys)
    load_or_create_log_key(settings.keys, origin="example.org/log")
    asked = WorkerKey(source_digest)

    async def ask() -> None:
        async with await Store.open(
            settings.store, kek=KeyFiles(settings.kek, make=False)
        ) as store:
            await asked.look(store, at=await SystemClock().now(), host="machine/1")

    asyncio.run(ask())
    own = ran("build")["build"]
    first = ran("certify-build")
    second = ran("certify-build", "sha256:" + "ab" * 32, "--overlap", "7")
    (worker,) = ran("workers")
    revoked = ran("revoke-worker", worker["key"], "--reason", "machine lost")
    (after,) = ran("workers")

    assert own == f"sha256:{source_digest()}" == f"sha256:{first['build']}"
    assert (second["build"], second["keyring"]) == ("ab" * 32, 2)
    listed = {each["key"]: each for each in ran("keyring")["keys"] if each["role"] == "build"}
    assert listed[own]["until"]
    assert not listed["sha256:" + "ab" * 32]["until"]
    assert (worker["state"], worker["host"]) == ("asked", "machine/1")
    assert revoked == {"revoked": [worker["key"]], "keyring": 3}
    assert (after["state"], after["said"]) == ("revoked", "machine lost")
    for words in (
        ("certify-build", "sha256:no-digest"),
        ("revoke-worker", "nobody"),
    ):
        done = CliRunner().invoke(command.app, [*words])
        assert done.exit_code != 0
