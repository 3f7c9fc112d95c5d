"""The documentation's tables as they are written there: order of facts, expression, matrix."""

from pathlib import Path

import pytest

from runbooks import Runbook, assess, load_runbook, prioritise

DOCS = (Path(__file__).parents[2] / "docs" / "runbooks.md").read_text(encoding="utf-8")
BLOCKS = [block.split("```")[0] for block in DOCS.split("```yaml\n")[1:]]
WHOLE = next(block for block in BLOCKS if block.startswith("runbook:"))
POLICY = next(block for block in BLOCKS if block.startswith("severity-table:"))
MATRIX = next(block for block in BLOCKS if block.startswith("priority:"))
QUESTION = '  lost: {ask: "How much was lost?", answer: number}\n'


def documented() -> Runbook:
    """The runbook of the documentation, with the policy and the matrix shown further down."""
    text = WHOLE.replace("\nseverity:\n", f"{QUESTION}\nseverity:\n", 1)
    return load_runbook(f"{text}\n{POLICY}\n{MATRIX}".encode(), file="docs.yaml")


@pytest.mark.parametrize(
    "answers,priority",
    [
        ({"ongoing": "yes", "accounts": "many"}, "P1"),
        ({"accounts": "some"}, "P2"),
        ({"ongoing": "no", "accounts": "one"}, "P5"),
        ({"ongoing": "no"}, "P2"),
        ({"ongoing": "no", "accounts": "a dozen"}, "P2"),
    ],
)
def test_a_priority_is_the_pair_of_two_answers(answers: dict[str, str], priority: str) -> None:
    """The matrix is read by impact and urgency; while one of them is open, `otherwise` holds."""
    found = prioritise(documented(), answers)

    assert found is not None
    assert found.priority == priority
    assert "accounts: " in found.because


def test_a_priority_does_not_touch_the_severity() -> None:
    """The same answers get the same severity with the matrix and without it."""
    answers = {"ongoing": "yes", "accounts": "many", "lost": "10"}
    plain = load_runbook(WHOLE.encode(), file="docs.yaml")

    assert prioritise(plain, answers) is None
    assert assess(documented(), answers).severity == assess(plain, answers).severity
