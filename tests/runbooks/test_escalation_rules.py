"""What lint says of escalation policies where it needs more than the policy itself."""

from datetime import date
from pathlib import Path

import pytest

from runbooks import lint, load_runbook

TEXT = (Path(__file__).parents[1] / "cases" / "paging.yaml").read_text(encoding="utf-8")
PEOPLE = dict.fromkeys(
    ["triage", "legal", "policy", "incident-manager", "executive", "trust-and-safety"], 2
) | {"deputy-counsel": 1, "duty-counsel": 1, "duty-manager": 1}


def _found(text: str, directory: dict[str, int] | None = None) -> list[tuple[str, str]]:
    runbook = load_runbook(text.encode(), file="paging.yaml")
    return [
        (found.rule, found.what)
        for found in lint(runbook, today=date(2026, 11, 22), library={}, directory=directory)
    ]


def test_the_runbook_of_these_tests_is_in_order() -> None:
    """What is broken below is whole before."""
    assert _found(TEXT, PEOPLE) == []


@pytest.mark.parametrize(
    "replace, by, rule",
    [
        ("lease: 20m", "lease: 9h", "RB152"),
        ("between: 30m", "between: 9h", "RB154"),
        ("acknowledged-by: all", "acknowledged-by: 9", "RB155"),
    ],
)
def test_a_policy_that_does_not_fit_its_stage_is_told(replace: str, by: str, rule: str) -> None:
    """A lease longer than the clock, a policy longer than the time, more voices than people."""
    text = TEXT.replace(replace, by).replace("{on-call: legal-desk, after: 15m, ", "{person: ada, ")

    assert rule in [found for found, _ in _found(text, PEOPLE)]


def test_a_policy_that_ends_at_nobody_is_told() -> None:
    """Whoever holds no role, and a house without a duty manager."""
    empty = PEOPLE | {"legal": 0, "deputy-counsel": 0, "duty-counsel": 0}

    assert any("nobody for any step of reach-legal" in what for _, what in _found(TEXT, empty))
    without = PEOPLE | {"duty-manager": 0}
    assert any("exhausted nobody is told" in what for _, what in _found(TEXT, without))


def test_the_law_does_not_wait_for_hours() -> None:
    """A policy that sleeps is no policy for a clock of the law."""
    clock = (
        'clocks:\n  ACT-24h:\n    title: "A day"\n    within: 24h\n    stops: [closed]\n'
        "    late: [{at: 50%, page: legal}, {at: 60%, escalate: reach-legal}]\n"
        '    owner: legal\n    source: "An act"\nstages:\n'
    )

    assert "RB157" in [rule for rule, _ in _found(TEXT.replace("stages:\n", clock, 1), PEOPLE)]
