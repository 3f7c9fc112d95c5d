"""The documentation's risk score: what answers add up to, why, and what lint proves of it."""

from datetime import date
from itertools import product

import pytest

from runbooks import Finding, Runbook, RunbookProblems, assess, lint, load_runbook
from runbooks.comparing import compare
from runbooks.scoring import score
from tests.runbooks.test_priority import BLOCKS, QUESTION, WHOLE
from workers.simulation.oracle import severity_of

TODAY = date(2026, 11, 22)
SCORE = next(block for block in BLOCKS if block.startswith("score:"))
ROW = '  - {if: {score: {at-least: 60}}, is: SEV0, because: "much adds up"}\n'
ORDER = 'ongoing: ["no", unknown, "yes"], accounts: [one, some, many], lost: more, score: more'
OF_THE_SCORE = {"RB095", "RB097", "RB098", "RB099"}

Edit = tuple[str, str]


def scored(*edits: Edit) -> Runbook:
    """The runbook of the documentation, with its score, a row that asks for it, and edits."""
    text = WHOLE.replace("\nseverity:\n", f"{QUESTION}\n{SCORE}\nseverity:\n{ROW}", 1)
    text += f"\nseverity-table: {{worse: {{{ORDER}}}}}\n"
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_runbook(text.encode(), file="docs.yaml")


def found(*edits: Edit) -> list[Finding]:
    """What lint says about the score."""
    findings = lint(scored(*edits), today=TODAY, library={})
    return [each for each in findings if each.rule in OF_THE_SCORE]


@pytest.mark.parametrize(
    "answers,points,severity",
    [
        ({"ongoing": "yes", "accounts": "many"}, 65, "SEV0"),
        ({"ongoing": "yes", "accounts": "some", "lost": "1000"}, 65, "SEV0"),
        ({"ongoing": "no", "accounts": "many", "lost": "999.99"}, 25, None),
        ({"ongoing": "no", "accounts": "one", "lost": "0"}, 0, None),
        ({}, 0, None),
    ],
)
def test_answers_add_up_and_the_table_asks_for_the_sum(
    answers: dict[str, str], points: int, severity: str | None
) -> None:
    """The row decides from its bound on; below it the runbook is as it was without the score."""
    plain = load_runbook(WHOLE.encode(), file="docs.yaml")
    decided = assess(scored(), answers)

    assert decided.scored is not None
    assert decided.scored.points == points
    assert decided.severity == (severity or assess(plain, answers).severity)
    assert decided.scored.because in decided.because


def test_the_reason_says_line_by_line_what_it_came_to() -> None:
    """A number alone would convince nobody, and could not be defended."""
    summed = score(scored(), {"ongoing": "yes", "accounts": "many"})

    assert summed is not None
    assert summed.lines == (1, 3)
    assert summed.because == "score 65: +40 it goes on while we look, +25 many people are hit"


def test_a_runbook_without_points_has_no_score() -> None:
    """Then nothing is said of one."""
    plain = load_runbook(WHOLE.encode(), file="docs.yaml")

    assert score(plain, {"ongoing": "yes"}) is None
    assert "score" not in assess(plain, {"ongoing": "yes"}).because


def test_a_severity_by_score_is_the_one_worked_out_without_the_engine() -> None:
    """The simulation's oracle adds up by itself, and comes to the same for every answer."""
    runbook = scored()
    for ongoing, accounts, lost in product(
        ("yes", "no", "unknown", ""), ("one", "some", "many", ""), ("0", "1000", "")
    ):
        told = {"ongoing": ongoing, "accounts": accounts, "lost": lost}
        answers = {name: value for name, value in told.items() if value}

        assert severity_of(runbook.document, answers) == assess(runbook, answers).severity


def test_an_expression_may_ask_for_the_score() -> None:
    """As for any number."""
    row = ("if: {score: {at-least: 60}}", 'when: "score > 60 && score < 70"')

    assert assess(scored(row), {"ongoing": "yes", "accounts": "many"}).severity == "SEV0"


def test_a_score_in_order_is_found_in_order() -> None:
    """Nothing is said of the documentation's own."""
    assert found() == []


@pytest.mark.parametrize(
    "edits,rule,says",
    [
        ([("at-least: 60", "at-least: 90")], "RB097", "the least is 0, the most 80"),
        ([("points: 10", "points: 30")], "RB098", "scores 70, but the worse accounts: many 65"),
        ([('"yes"}, points: 40', '"no"}, points: 40')], "RB098", "scores 40, but the worse"),
        ([(", score: more", "")], "RB098", "nothing says that more points are worse"),
        ([(ROW, "")], "RB099", "no row asks for the score"),
    ],
)
def test_what_a_score_gets_wrong_is_found(edits: list[Edit], rule: str, says: str) -> None:
    """With the answers that show it."""
    findings = found(*edits)

    assert [each.rule for each in findings] == [rule]
    assert says in findings[0].what


def test_a_worse_answer_may_come_to_as_much() -> None:
    """It never comes to less: that is all that is asked."""
    assert found(("points: 10", "points: 25")) == []


@pytest.mark.parametrize(
    "edit,rule",
    [
        (("points: 40", "points: 0"), "RB017"),
        (("points: 40", "points: 4.5"), "RB012"),
        (("points: 40", "points: 100000"), "RB014"),
        (("intake:\n", 'intake:\n  score: {ask: "How much?", answer: number}\n'), "RB017"),
        (("accounts: some}, points", "accounts: many}, points"), "RB017"),
    ],
)
def test_a_score_that_means_nothing_is_refused(edit: Edit, rule: str) -> None:
    """No points, half a point, too many, a question of that name, one line twice."""
    with pytest.raises(RunbookProblems) as refused:
        scored(edit)

    assert rule in {problem.rule for problem in refused.value.problems}


def test_a_question_the_points_ask_for_must_be_there() -> None:
    """A misspelt question would never give any."""
    misspelt = scored(("{accounts: some}, points", "{acounts: some}, points"))

    assert "RB023" in {each.rule for each in lint(misspelt, today=TODAY, library={})}


def test_changed_points_are_told_with_what_they_change() -> None:
    """The points themselves, and the severities that become others."""
    said = [str(each) for each in compare(scored(), scored(("points: 40", "points: 30"))).changes]

    assert any("ongoing" in each and "40" in each and "30" in each for each in said), said
    assert any("SEV0" in each for each in said), said
