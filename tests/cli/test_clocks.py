"""`escalate clocks`, as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.clocks import app

RUNNER = CliRunner()
ON = ["--on", "2026-11-25"]

FACTS = """
at: 2026-11-22T10:00:00Z
class: [intimate-imagery]
paper: [removal-request]
age: uncertain
place: {user: [DE], victim: [US-CA, IN], offender: [UK]}
happened: {valid-request: 2026-11-22T09:00:00Z}
"""


def told(*words: str) -> str:
    """What a command that succeeds prints."""
    result = RUNNER.invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("list", *ON),
        ("show", "EU-TCO3-1h", *ON),
        ("due", "US-SEC-105", "--from", "2026-12-23T16:59-05:00"),
    ],
)
def test_every_page_says_that_it_is_not_legal_advice(words: tuple[str, ...]) -> None:
    """For people as a sentence, for programs as a field."""
    assert "not legal advice" in told(*words)
    said = json.loads(told(*words, "--json"))
    assert (said[0] if isinstance(said, list) else said)["not_legal_advice"] is True


def test_the_list_says_what_is_law() -> None:
    """A bill is on the list, and only watched."""
    rows = {row["id"]: row for row in json.loads(told("list", *ON, "--json"))}

    assert len(rows) >= 60
    assert rows["US-TIDA"]["is_law"]
    assert not rows["UK-NCII"]["is_law"]
    assert "watch" in told("list", "--group", "b4", *ON)
    assert "US-TIDA" not in told("list", "--jurisdiction", "eu", *ON)


def test_a_row_is_shown_with_its_provenance() -> None:
    """Source, mark and its note, open question, review, and that nobody has signed it."""
    page = told("show", "UK-OSA66-NCA@1", *ON)

    for word in (
        "legislation.gov.uk uksi/2026/268",
        "low confidence",
        "by no lawyer yet",
        "SI 2026",
    ):
        assert word in page
    assert "past due" not in page
    assert "past due" in told("show", "UK-OSA66-NCA", "--on", "2027-02-02")


def test_a_misspelt_row_is_answered_with_the_nearest() -> None:
    """Exit code 2, and what was most likely meant; also for a version there is not."""
    misspelt = RUNNER.invoke(app, ["show", "EU-GDRP33"])
    version = RUNNER.invoke(app, ["show", "EU-TCO6@7"])

    assert (misspelt.exit_code, version.exit_code) == (2, 2)
    assert '"EU-GDPR33@1"' in misspelt.stderr
    assert '"EU-TCO6@1"' in version.stderr


def test_a_deadline_is_drawn_with_both_instants() -> None:
    """In local time and in UTC, the careful one marked as the one to work to."""
    page = told("due", "US-SEC-105", "--from", "2026-12-23T16:59-05:00")

    assert "Wed 2026-12-30 16:59 local  2026-12-30 21:59Z  conservative due: work to this" in page
    assert "Thu 2026-12-31 00:00 local  2026-12-31 05:00Z  legal latest" in page


def test_a_target_of_ours_is_never_called_the_laws() -> None:
    """A prompt row has no last lawful instant."""
    words = ("due", "EU-DSA18", "--from", "2026-11-20T10:00+01:00")

    assert "a target of ours" in told(*words)
    assert "legal latest" not in told(*words)
    assert "legal_latest" not in json.loads(told(*words, "--json"))


def test_a_row_without_a_number_has_no_deadline() -> None:
    """Nothing is invented."""
    words = ("due", "SG-POFMA", "--from", "2026-11-20T10:00+08:00")

    assert "no number" in told(*words)
    assert json.loads(told(*words, "--json"))["work_to"] is None


def test_a_hold_and_a_window_say_which_end_is_safe() -> None:
    """A hold is kept to the later instant; a window is entered after its later beginning."""
    assert "kept until this" in told("due", "EU-TCO6", "--from", "2026-08-31T20:00+02:00")
    window = told("due", "US-DMCA-ctr", "--from", "2026-12-18T16:59-05:00")
    assert "Wed 2027-01-06 00:00 local  2027-01-06 05:00Z  opens surely: work to this" in window


@pytest.mark.parametrize(
    "words",
    [
        ["due", "EU-TCO6", "--from", "2026-08-31T20:00"],
        ["due", "EU-TCO6", "--from", "tomorrow"],
        ["due", "EU-TCO6", "--from", "9999-12-31T20:00+00:00"],
        ["due", "EU-TCO6", "--from", "2026-08-31T20:00Z", "--calendar", "mars"],
        ["list", "--on", "today"],
    ],
)
def test_what_cannot_be_computed_is_refused(words: list[str]) -> None:
    """An instant without its offset, a day that is none, an unknown calendar: exit code 2."""
    result = RUNNER.invoke(app, words)

    assert result.exit_code == 2, result.output
    assert result.stderr


def test_a_case_is_resolved_with_reasons(tmp_path: Path) -> None:
    """What it carries, what it waits for, what is watched, what conflicts, what comes first."""
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS, encoding="utf-8")

    page = told("resolve", str(path))
    said = json.loads(told("resolve", str(path), "--json"))

    assert "Comes first: US-TIDA@1" in page
    assert "Watched, not law: UK-NCII" in page
    assert "uncertain-age" in page
    rows = {row["row"]: row for row in said["carried"]}
    assert rows["US-TIDA@1"]["work_to"] == "2026-11-24T09:00:00+00:00"
    assert rows["IN-2h@1"]["waits_for"] == "complaint"
    assert said["consequences"][0]["queue"] == "child-safety"


def test_facts_that_cannot_be_read_are_told_with_their_place(tmp_path: Path) -> None:
    """File, line and column, as for a runbook."""
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS.replace("uncertain", "perhaps"), encoding="utf-8")

    result = RUNNER.invoke(app, ["resolve", str(path)])

    assert result.exit_code == 1
    assert "facts.yaml:5:6: RB013" in result.stderr
