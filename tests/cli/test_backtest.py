"""`escalate runbook backtest` as people call it: its page, its JSON, its folder, its ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.workers.backtest.edits import DEFAULT, TWO_OF_LEGAL, UNTOUCHED

ROOT = Path(__file__).parents[2]
PATIENCE = 120


def called(*words: str) -> subprocess.CompletedProcess[str]:
    """The command has ended."""
    return subprocess.run(
        [sys.executable, "-m", "cli.app", "runbook", *words],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases, as `simulate --out` leaves them."""
    out = tmp_path_factory.mktemp("week")
    ended = called("simulate", DEFAULT, "--cases", "4", "--seed", "3", "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    return out


def test_an_edit_is_shown_with_its_differences(week: Path, tmp_path: Path) -> None:
    """JSON on stdout, the same in the folder, changed cases a line each, and a picture."""
    text = tmp_path / "edited.yaml"
    text.write_bytes(TWO_OF_LEGAL.source)
    out = tmp_path / "out"
    ended = called("backtest", str(text), "--cases", str(week), "--json", "--out", str(out))

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said == json.loads((out / "backtest.json").read_text())
    assert said["differences"]["by_aspect"]["approvers"] > 0
    assert said["known"] == said["simulated"] == 4
    lines = [json.loads(line) for line in (out / "changes.jsonl").read_text().splitlines()]
    assert [line["case"] for line in lines] == [c["case"] for c in said["differences"]["changes"]]
    picture = (out / "backtest.svg").read_text()
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314 - our own file
    assert "cases that differ in" in picture


def test_an_edit_of_nothing_says_so(week: Path, tmp_path: Path) -> None:
    """One sentence is the whole answer."""
    text = tmp_path / "same.yaml"
    text.write_bytes(UNTOUCHED.source)
    ended = called("backtest", str(text), "--cases", str(week))

    assert ended.returncode == 0, ended.stderr
    assert "Every case came out exactly as before." in ended.stdout
    assert "4 known whole, 0 with something assumed" in ended.stdout


def test_a_folder_without_cases_is_named(tmp_path: Path) -> None:
    """Used wrongly: the folder is named, and what it should hold."""
    text = tmp_path / "same.yaml"
    text.write_bytes(UNTOUCHED.source)
    ended = called("backtest", str(text), "--cases", str(tmp_path))

    assert ended.returncode == 2
    assert "neither a simulated week nor an export" in ended.stderr
