"""What every command owes its user, whatever it does."""

import json
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.app import app
from cli.case_past import differences
from cli.examples import EXAMPLES, commands
from cli.later import LATER, alone, loaded
from cli.reading_text import instant, pairs

run = CliRunner()


def called(*words: str, home: Path, stdin: str = "") -> Result:
    """The command, run by somebody who is not logged in."""
    return run.invoke(app, list(words), input=stdin, env={"XDG_CONFIG_HOME": str(home)})


def every_command() -> list[str]:
    """Every command by the words that call it."""
    known = [path for path, _ in commands(app)]
    for name in LATER:
        later = loaded(name)
        known += [path for path, _ in commands(later, name=name, alone=alone(later))]
    return known


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    """A help text without an example is half a help text."""
    assert sorted(EXAMPLES) == sorted(every_command())


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_an_example_calls_the_command_it_stands_under(path: str) -> None:
    """Whoever copies an example gets what the help describes."""
    called_by = EXAMPLES[path].partition("escalate ")[2]

    assert called_by.split()[: len(path.split())] == path.split()


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_the_help_of_every_command_ends_with_an_example(path: str, tmp_path: Path) -> None:
    """Nobody has to guess what a call looks like."""
    result = called(*path.split(), "--help", home=tmp_path)

    assert result.exit_code == 0
    assert "Example: " in result.stdout


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    """Exit code 2, and a suggestion."""
    result = called("csae", home=tmp_path)

    assert result.exit_code == 2
    assert "case" in result.stderr


@pytest.mark.parametrize("words", [("inbox",), ("case", "list"), ("deliveries", "list")])
def test_who_is_not_logged_in_is_told_how(words: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 1, and the command that helps."""
    result = called(*words, home=tmp_path)

    assert result.exit_code == 1
    assert "escalate login" in result.stderr
    assert result.stdout == ""


def test_a_silent_gateway_is_exit_code_3(tmp_path: Path) -> None:
    """A script can tell "no" from "nobody there"."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    result = called("login", "lena", "--url", url, "--password-stdin", home=tmp_path, stdin="x\n")

    assert result.exit_code == 3
    assert "does not answer" in result.stderr


def test_a_password_does_not_travel_unencrypted_to_another_machine(tmp_path: Path) -> None:
    """`http` to anything but this machine wants --insecure."""
    words = ("login", "lena", "--url", "http://escalate.example", "--password-stdin")

    result = called(*words, home=tmp_path, stdin="x\n")

    assert result.exit_code == 2
    assert "--insecure" in result.stderr


def test_a_session_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """A token is a person; its file is for that person only."""
    file = tmp_path / "escalate" / "session.json"
    file.parent.mkdir()
    kept = {"url": "http://127.0.0.1:1", "person": "lena", "token": "t", "expires_at": ""}
    file.write_text(json.dumps(kept))
    file.chmod(0o644)

    result = called("inbox", home=tmp_path)

    assert result.exit_code == 1
    assert "can be read by others" in result.stderr


def test_an_instant_is_local_iso_or_a_span_from_the_cases_present() -> None:
    """What is sent is always UTC."""
    now = "2026-11-22T10:00:00+00:00"

    assert instant("2d", now=now) == "2026-11-24T10:00:00+00:00"
    assert instant("2026-11-22T11:00:00+01:00") == now
    assert instant("2026-11-22T10:00:00Z") == now


@pytest.mark.parametrize("text", ["tomorrow", "2d", "25:00", ""])
def test_what_is_not_an_instant_is_refused_before_anything_is_sent(text: str) -> None:
    """A span has no meaning where there is no present."""
    with pytest.raises(typer.Exit) as ended:
        instant(text)

    assert ended.value.exit_code == 2


def test_a_value_may_hold_an_equals_sign_and_a_name_comes_once() -> None:
    """`name=value` is cut at the first sign."""
    assert pairs(["a=1=2", "b="], what="NAME") == {"a": "1=2", "b": ""}
    for wrong in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(typer.Exit):
            pairs(wrong, what="NAME")


def test_two_equal_pictures_have_no_differences() -> None:
    """A diff names exactly what is different."""
    state = {
        "status": "open", "stage": "triage", "severity": {"current": "SEV1"}, "revision": 1,
        "answers": {}, "memos": {}, "evidence": [], "rounds": [], "effects": [], "requests": [],
        "assignments": {}, "conflicts": {}, "hold": None, "closing": None,
    }  # fmt: skip
    before = {"state": state, "clocks": []}
    after = {"state": {**state, "stage": "closure", "assignments": {"legal": "lena"}}, "clocks": []}

    assert differences(before, before) == []
    assert differences(before, after) == [
        ("stage", "triage", "closure"),
        ("assigned legal", "", "lena"),
    ]
