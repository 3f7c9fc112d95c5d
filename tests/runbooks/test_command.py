"""`escalate runbook`, as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app as everything
from cli.runbook import app
from runbooks import Pathway, library

RUNNER = CliRunner()
TODAY = ["--on", "2026-11-22"]


def test_the_library_is_listed() -> None:
    """Every shipped runbook is listed with version and digest, also as JSON."""
    told = RUNNER.invoke(app, ["list"])
    listed = json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout)

    assert told.exit_code == 0
    assert "user-safety-escalation" in told.stdout
    assert [row["runbook"] for row in listed] == list(library())
    assert all(len(row["digest"]) == 64 for row in listed)


def test_the_library_lints_without_errors() -> None:
    """Lint without files reads everything there is; warnings do not fail it."""
    result = RUNNER.invoke(app, ["lint", *TODAY])

    assert result.exit_code == 0, result.output
    assert f"{len(library())} read, 0 refused, 0 errors" in result.stdout


def test_a_new_runbook_can_be_linted_at_once(tmp_path: Path) -> None:
    """`new` writes a runbook that is in order, and never over another."""
    first = RUNNER.invoke(app, ["new", "my-team", "--runbooks", str(tmp_path), *TODAY])
    again = RUNNER.invoke(app, ["new", "my-team", "--runbooks", str(tmp_path), *TODAY])
    linted = RUNNER.invoke(app, ["lint", str(tmp_path / "my-team.yaml"), *TODAY, "--json"])

    assert first.exit_code == 0
    assert again.exit_code == 1
    assert json.loads(linted.stdout) == {"ok": True, "refused": [], "findings": []}


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    """`new` refuses a name the language would refuse, and writes nothing."""
    result = RUNNER.invoke(app, ["new", "My_Team", "--runbooks", str(tmp_path), *TODAY])

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_lint_fails_with_file_line_and_column(tmp_path: Path) -> None:
    """Errors are told as file:line:column: rule, with exit code 1."""
    path = tmp_path / "mine.yaml"
    RUNNER.invoke(app, ["new", "mine", "--runbooks", str(tmp_path), *TODAY])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rejected: closure", "rejectd: closure"), encoding="utf-8")

    result = RUNNER.invoke(app, ["lint", str(path), *TODAY])
    found = json.loads(RUNNER.invoke(app, ["lint", str(path), *TODAY, "--json"]).stdout)

    assert result.exit_code == 1
    assert f"{path}:30:59: RB033" in result.stdout
    assert {each["rule"] for each in found["findings"]} == {"RB032", "RB033"}
    assert not found["ok"]


def test_a_refused_text_is_told_and_does_not_hide_the_others(tmp_path: Path) -> None:
    """One broken file fails the lint; the others are still read."""
    (tmp_path / "broken.yaml").write_bytes(b"runbook: &x broken\n")

    result = RUNNER.invoke(app, ["lint", "--runbooks", str(tmp_path), *TODAY])

    assert result.exit_code == 1
    assert "broken.yaml:1:10: RB005" in result.stdout
    assert f"{len(library())} read, 1 refused" in result.stdout


def test_the_directory_is_counted(tmp_path: Path) -> None:
    """With a directory, roles nobody holds are found."""
    people = tmp_path / "people.json"
    people.write_text('{"legal": 1}', encoding="utf-8")

    result = RUNNER.invoke(app, ["lint", "--directory", str(people), *TODAY])

    assert result.exit_code == 1
    assert 'no role is called "policy"' in result.stdout


def test_the_way_to_a_fault_is_printed(tmp_path: Path) -> None:
    """Under a finding stands the shortest way a case takes to it."""
    path = tmp_path / "mine.yaml"
    RUNNER.invoke(app, ["new", "mine", "--runbooks", str(tmp_path), *TODAY])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("silence: wait", "silence: {go: approved}"), encoding="utf-8")

    result = RUNNER.invoke(app, ["lint", str(path), *TODAY])

    assert "RB052" in result.stdout
    assert (
        "The way there: triage -escalate-> review, review -approved (by silence)-> closure"
        in result.stdout
    )


def test_reviews_are_compared_with_the_day_that_is_named(tmp_path: Path) -> None:
    """`--on` is the day that review dates are held against."""
    RUNNER.invoke(app, ["new", "mine", "--runbooks", str(tmp_path), *TODAY])

    later = RUNNER.invoke(app, ["lint", str(tmp_path / "mine.yaml"), "--on", "2028-01-01"])
    odd = RUNNER.invoke(app, ["lint", str(tmp_path / "mine.yaml"), "--on", "tomorrow"])

    assert "RB062 to be reviewed by" in later.stdout
    assert odd.exit_code == 2


def test_a_runbook_is_shown_as_it_is_read() -> None:
    """`show` prints the gates and their labels; with --json the pathway itself."""
    told = RUNNER.invoke(app, ["show", "user-safety-escalation"])
    pathway = RUNNER.invoke(app, ["show", "user-safety-escalation", "--json"])

    assert "Is the proposed action lawful?" in told.stdout
    assert Pathway.model_validate_json(pathway.stdout).first == "triage"


def test_an_unknown_runbook_is_not_shown() -> None:
    """The names there are stand in the answer, and the exit code is 2."""
    result = RUNNER.invoke(app, ["show", "nothing"])

    assert result.exit_code == 2
    assert "user-safety-escalation" in result.stderr


def test_the_schema_is_json() -> None:
    """Editors can be given the schema as it is printed."""
    schema = json.loads(RUNNER.invoke(app, ["schema"]).stdout)

    assert schema["title"] == "RunbookDocument"


@pytest.mark.parametrize(
    "form,begins",
    [
        ("svg", "<svg "),
        ("severity-svg", "<svg "),
        ("mermaid", "flowchart TD"),
        ("markdown", "# User safety escalation"),
        ("html", "<!doctype html>"),
        ("article", "# User safety escalation"),
    ],
)
def test_a_runbook_is_rendered_to_a_file(form: str, begins: str, tmp_path: Path) -> None:
    """Every form is written where it is asked for, and to stdout without a file."""
    out = tmp_path / "pages" / "page"
    asked = ["runbook", "render", "user-safety-escalation", "--as", form]

    written = RUNNER.invoke(everything, [*asked, "--out", str(out)])
    printed = RUNNER.invoke(everything, asked)

    assert (written.exit_code, printed.exit_code) == (0, 0)
    assert out.read_text(encoding="utf-8").startswith(begins)
    assert printed.stdout == out.read_text(encoding="utf-8")
