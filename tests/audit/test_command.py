"""`escalate audit` answers with the exit codes it promises."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit.bundle.tar import packed
from audit.reading import read_files
from cli.audit import app
from store import DEMO_KEK, Store
from tests.audit.casework import LOG, ROOT_KEY, office
from tests.audit.scenarios import approved
from tests.stores import empty_store
from workers.engine import Engine


@pytest.fixture(scope="module")
async def good(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """An export that passes, and a file with the keys of root and log beside it."""
    folder = tmp_path_factory.mktemp("command")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    (folder / "root.json").write_text(json.dumps({"root": ROOT_KEY, "log": str(LOG.key)}))
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        yield await at_work.export(await approved(at_work), folder / "export")


@pytest.fixture(autouse=True)
def _empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No installation's root key is found by chance."""
    monkeypatch.setenv("ESCALATE_HOME", str(tmp_path / "home"))


def test_verify_passes_fails_and_is_incomplete(good: Path, tmp_path: Path) -> None:
    """0 with the keys of root and log, 2 without, 1 for a touched file."""
    run = CliRunner().invoke
    keys = str(good.parent / "root.json")

    passed = run(app, ["verify", str(good), "--keys", keys, "--json"])
    alone = run(app, ["verify", str(good), "--no-replay"])
    copy = Path(shutil.copytree(good, tmp_path / "copy"))
    (copy / "case.json").write_text("{}")
    failed = run(app, ["verify", str(copy), "--keys", keys, "--no-replay"])

    assert (passed.exit_code, json.loads(passed.stdout)["outcome"]) == (0, "PASS")
    assert (alone.exit_code, "self-attested" in alone.stdout) == (2, True)
    assert (failed.exit_code, "case.json: altered" in failed.stdout) == (1, True)


def test_a_tar_is_verified_and_a_slow_verification_is_incomplete(
    good: Path, tmp_path: Path
) -> None:
    """One file is as good as a folder; a hard limit ends what does not end."""
    run = CliRunner().invoke
    keys = str(good.parent / "root.json")
    tar = tmp_path / "case.tar"
    tar.write_bytes(packed(read_files(good)))

    passed = run(app, ["verify", str(tar), "--keys", keys])
    late = run(app, ["verify", str(tar), "--keys", keys, "--time-limit", "0.1", "--json"])

    assert (passed.exit_code, passed.stdout.splitlines()[0].endswith(": PASS")) == (0, True)
    assert late.exit_code == 2
    assert json.loads(late.stdout)["checks"][0]["name"] == "time limit"


def test_replay_says_what_was_compared(good: Path) -> None:
    """One line a case, and JSON for machines."""
    run = CliRunner().invoke

    told = run(app, ["replay", str(good)])
    written = run(app, ["replay", str(good), "--json"])

    assert told.exit_code == 0
    assert "replays" in told.stdout
    assert json.loads(written.stdout)["1001"]["ok"] is True


def test_replay_wants_a_folder_or_all(good: Path) -> None:
    """Neither or both is a wrong use."""
    assert CliRunner().invoke(app, ["replay"]).exit_code == 2
    assert CliRunner().invoke(app, ["replay", str(good), "--all"]).exit_code == 2
