"""`escalate access lint` and `schema`, as they are typed; the rest is asked of a gateway."""

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.access import app

RUNNER = CliRunner()
IDLE = (
    '@id("idle")\n@says("nothing")\n'
    'permit (principal, action == Action::"release", resource is Release) when { false };\n'
)


def test_what_ships_is_said_to_be_well(tmp_path: Path) -> None:
    """Exit 0 and the digest, for a folder that adds nothing."""
    said = RUNNER.invoke(app, ["lint", str(tmp_path), "--json"])

    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert (found["problems"], len(found["digest"])) == ([], 64)


def test_a_problem_is_printed_with_its_place(tmp_path: Path) -> None:
    """Exit 1; a policy that is wrong, and one that can decide nothing."""
    (tmp_path / "own.cedar").write_text("permit (principal, action, resource);")
    wrong = RUNNER.invoke(app, ["lint", str(tmp_path)])
    (tmp_path / "own.cedar").write_text(IDLE)
    idle = RUNNER.invoke(app, ["lint", str(tmp_path)])

    assert (wrong.exit_code, idle.exit_code) == (1, 1)
    assert "own.cedar:1: has no @id" in wrong.stdout
    assert "own.cedar:1: decides nothing" in idle.stdout


def test_the_schema_is_shown() -> None:
    """What a policy may speak of."""
    assert "entity Person" in RUNNER.invoke(app, ["schema"]).stdout
