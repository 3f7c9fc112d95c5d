"""Lint on reports: approved at their gate, filled from something, with answers the form takes."""

from datetime import date
from pathlib import Path

import pytest

from runbooks import Finding, RunbookProblems, lint, load_runbook

BASE = (Path(__file__).parent / "broken" / "report.yaml").read_text(encoding="utf-8")
GATE = "    gate: review\n"


def findings(text: str) -> list[Finding]:
    """What lint says about the runbook."""
    runbook = load_runbook(text.encode(), file="a.yaml")
    return lint(runbook, today=date(2026, 11, 22), library={})


def broken(old: str, new: str) -> str:
    """The runbook in order, with one thing changed."""
    assert BASE.count(old) == 1, old
    return BASE.replace(old, new)


def test_a_report_in_order_has_no_finding() -> None:
    """What the other tests break was whole."""
    assert findings(BASE) == []


@pytest.mark.parametrize(
    "old, new, rule, says",
    [
        (GATE, "", "RB140", "no gate approves its draft"),
        (GATE, "    gate: triage\n", "RB140", "triage asks nobody"),
        (GATE, "    gate: reviw\n", "RB020", 'no stage is called "reviw"'),
        (
            "next: {approved: filing, rejected: closure,",
            "next: {approved: filing, rejected: filing,",
            "RB141",
            "ordered before review has approved",
        ),
        ("      source-type: voluntary\n", "", "RB143", 'nothing fills "source-type"'),
        (
            "      source-type: voluntary\n",
            "      source-type: voluntary\n      sorce-type: voluntary\n",
            "RB142",
            'no field "sorce-type"',
        ),
        (
            "source-type: voluntary",
            "source-type: memo:review.source",
            "RB142",
            'the memo of review has no "source"',
        ),
        ("done:apply-action", "done:aply-action", "RB021", "aply-action"),
        ("answer:kind", "answer:knd", "RB023", "knd"),
        ("source-type: voluntary", "source-type: rumour", "RB144", "not this"),
        (", suicide: self-harm}", "}", "RB144", "does not take the answer suicide"),
        (
            "{from: answer:kind, as: {fraud: scams-and-fraud, suicide: self-harm}}",
            "answer:kind",
            "RB144",
            "no answer to",
        ),
    ],
)
def test_a_fault_is_found_where_it_stands(old: str, new: str, rule: str, says: str) -> None:
    """Each with its rule, in the line that was changed or at the report itself."""
    found = findings(broken(old, new))

    fitting = [each for each in found if each.rule == rule]
    assert fitting, [str(each) for each in found]
    assert says in fitting[0].what
    assert fitting[0].mend


def test_an_optional_field_can_be_left_out_by_an_answer() -> None:
    """Translated to nothing an answer leaves an optional field out; a required one is a fault."""
    account = '{from: answer:kind, as: {fraud: suspended, suicide: ""}}'
    optional = f"source-type: voluntary\n      decision-account: {account}"
    required = '{from: answer:kind, as: {fraud: scams-and-fraud, suicide: ""}}'
    whole = "{from: answer:kind, as: {fraud: scams-and-fraud, suicide: self-harm}}"

    assert findings(broken("source-type: voluntary", optional)) == []
    assert [each.rule for each in findings(broken(whole, required))] == ["RB144"]


def test_a_way_past_the_gate_is_shown() -> None:
    """The shortest way to a report that nobody approved is told, step by step."""
    found = findings(
        broken(
            "next: {approved: filing, rejected: closure,",
            "next: {approved: filing, rejected: filing,",
        )
    )

    way = next(each for each in found if each.rule == "RB141").evidence
    assert way[-2:] == ("review -rejected-> filing", "filing -file-> closure")


@pytest.mark.parametrize(
    "old, new, rule",
    [
        ("by: report:dsa-statement", "by: report:dsa-statment", "RB013"),
        ("by: report:dsa-statement", "by: manual", "RB017"),
        ("source-type: voluntary", "source-type: answr:kind", "RB144"),
        ("source-type: voluntary", "source-type: answer:Kind", "RB013"),
    ],
)
def test_what_is_no_report_is_refused_or_found(old: str, new: str, rule: str) -> None:
    """An unknown form, a gate without a report, and a source that is none."""
    try:
        rules = {each.rule for each in findings(broken(old, new))}
    except RunbookProblems as problems:
        rules = {each.rule for each in problems.problems}

    assert rule in rules
