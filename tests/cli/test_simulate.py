"""`escalate runbook simulate` as people call it: its JSON, its folder, its table, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ("user-safety-escalation", "--cases", "3", "--days", "1", "--seed", "5")
PATIENCE = 90


def command(*words: str) -> list[str]:
    """The command line, as a process of its own."""
    return [sys.executable, "-m", "cli.app", "runbook", "simulate", *words]


def called(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command has ended."""
    return subprocess.run(
        command(*words),
        cwd=ROOT,
        input=stdin,
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_json_and_folder_say_the_same(tmp_path: Path) -> None:
    """One JSON value on stdout, the same in the folder; wall-clock figures stand elsewhere."""
    ended = called(*SMALL, "--json", "--coverage", "--out", str(tmp_path))

    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    coverage = said.pop("coverage")
    assert said == json.loads((tmp_path / "account.json").read_text())
    assert coverage == json.loads((tmp_path / "coverage.json").read_text())
    assert said["cases"] == said["closed"] + said["cancelled"] == 3
    lines = [json.loads(line) for line in (tmp_path / "cases.jsonl").read_text().splitlines()]
    assert [line["case"] for line in lines] == [1, 2, 3]
    assert all(line["correct_disposition"] for line in lines)
    assert "seconds" in json.loads((tmp_path / "machine.json").read_text())
    assert "seconds" not in ended.stdout
    assert "cases/s" in ended.stderr


def test_pictures_show_every_stage(tmp_path: Path) -> None:
    """The overview and each case's timeline are drawings that parse, and name what they show."""
    ended = called(*SMALL, "--out", str(tmp_path))

    assert ended.returncode == 0, ended.stderr
    assert "Against the truth" in ended.stdout
    for picture in [tmp_path / "overview.svg", *(tmp_path / "cases").glob("*.svg")]:
        assert ET.fromstring(picture.read_text()).tag.endswith("svg")  # noqa: S314 - our own file
    told = [path.read_text() for path in (tmp_path / "cases").glob("*.svg")]
    assert len(told) == 3
    assert all("triage" in picture and "closure" in picture for picture in told)


def test_a_table_can_be_scripted() -> None:
    """Acts by their words, time that passes, the others' own acts, and the truth at the end."""
    script = """nonsense
complete triage escalate
t 30
decide legal-review approve
decide policy-sign-off approve
receipt Apply the approved action done
t
close closure actioned
"""
    ended = called("user-safety-escalation", "--tabletop", "--seed", "3", stdin=script)

    assert ended.returncode == 0, ended.stderr
    said = ended.stdout
    assert "number or words of an act" in said
    assert "[day 1, 00:30]" in said
    assert "owes: policy: Does the action follow policy?" in said
    assert "clock: legal-review target: 3 h 30 m left" in said
    assert said.count(": accepted") == 5
    assert "ended: actioned" in said
    assert "True were" in said


def test_a_table_is_played_on_by_the_others() -> None:
    """Whoever only looks on sees the people of the model bring the case to its end."""
    ended = called("user-safety-escalation", "--tabletop", "--seed", "3", stdin="p\n" * 40 + "q\n")

    assert ended.returncode == 0, ended.stderr
    assert "ended: " in ended.stdout


@pytest.mark.parametrize(
    "words,why",
    [
        (("no-such-runbook",), "no runbook is called"),
        (("--faults", "earthquake"), "no fault is called"),
    ],
)
def test_wrong_words_are_explained(words: tuple[str, ...], why: str) -> None:
    """What there is to choose from is said, and the exit code is that of wrong use."""
    ended = called(*words)

    assert ended.returncode == 2
    assert why in ended.stderr


def test_an_interrupt_leaves_no_orphan() -> None:
    """Ctrl-C ends the command and everything it started."""
    process = subprocess.Popen(
        command("--cases", "500"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Whoever runs tests in the background passes on a Ctrl-C that is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    until = time.monotonic() + PATIENCE
    # The guard, and the server under it.
    while len(_below(process.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.2)
    # Long enough for cases to be under way.
    time.sleep(5)
    started = _below(process.pid)
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=PATIENCE) != 0
    assert len(started) >= 2
    while any(_alive(pid) for pid in started) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(_alive(pid) for pid in started)


def _below(pid: int) -> set[int]:
    """Every process that this one started, and those that they started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        children = {int(child) for child in listed.read_text().split()}
    except OSError:
        return set()
    return children.union(*(_below(child) for child in children))


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
