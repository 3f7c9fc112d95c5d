"""`escalate runbook table`, as it is typed."""

import json

from typer.testing import CliRunner

from cli.runbook import app

RUNNER = CliRunner()


def test_a_table_is_shown_with_the_row_that_decides() -> None:
    """`table` marks the row these answers get and says why; --json says the same."""
    asked = ["table", "user-safety-escalation", "--answers", "danger=no"]

    told = RUNNER.invoke(app, asked)
    record = json.loads(RUNNER.invoke(app, [*asked, "--json"]).stdout)

    assert "SEV3 by row 2, because no sign of imminent harm" in told.stdout
    assert "→" in next(line for line in told.stdout.splitlines() if "otherwise" in line)
    assert record["decision"]["row"] == 2
    assert record["answers"] == {"danger": "no"}
    assert record["findings"] == []


def test_a_table_asks_only_its_own_questions() -> None:
    """An answer to a question nobody asks is wrong usage, not an answer that is passed over."""
    for answer in ("dangr=no", "danger"):
        result = RUNNER.invoke(app, ["table", "user-safety-escalation", "--answers", answer])

        assert result.exit_code == 2
        assert "danger, kind" in result.stderr
