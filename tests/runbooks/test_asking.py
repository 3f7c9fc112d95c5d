"""Questions that are asked only when other answers say so."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import Runbook, RunbookProblems, assess, compile_runbook, lint, load_runbook
from runbooks.asking import asked, cell_of, counted, look
from runbooks.comparing import compare
from runbooks.severity import table_of
from runbooks.tables import Cell, Given, Not, Span, Words, checks, holds, instant_of, number_of
from tests.runbooks.texts import WHOLE, plain
from workers.simulation import oracle

TODAY = date(2026, 11, 22)
INTAKE = """\
intake:
  insured: {ask: "Is it insured?", answer: yes-no-unknown, asked-if: {amount: {above: 1000}}}
  kind: {ask: "What is reported?", choice: [fraud, harassment, other]}
  amount: {ask: "How much was lost?", answer: number, asked-if: {kind: fraud}}
  repeated: {ask: "More than once?", answer: yes-no, asked-if: {kind: {not: [fraud]}}}
"""
SEVERITY = """\
severity:
  - {if: {amount: {above: 1000}, insured: ["no", unknown]}, is: SEV1, because: "nobody bears it"}
  - {if: {amount: {above: 1000}, insured: "yes"}, is: SEV2, because: "somebody bears it"}
  - {if: {amount: {at-most: 1000}}, is: SEV3, because: "a small loss"}
  - {if: {amount: {given: false}, repeated: "yes"}, is: SEV2, because: "it goes on"}
  - {if: {amount: {given: false}, repeated: "no"}, is: SEV3, because: "it happened once"}
  - {if: {amount: {given: false}, repeated: {given: false}}, is: SEV4, because: "nothing is known"}
severity-table: {hit: unique}
"""
REST = """\
stages:
  - stage: triage
    owner: triage
    within: 1h
    needs: [kind, amount, insured, repeated]
    late: [{at: 50%, remind: triage}, {at: 75%, page: incident-manager}]
    next: {look: closure}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {looked-at: [decision-record, "answer:insured"]}
"""
HEAD = 'runbook: a\nversion: 1.0.0\ntitle: "A"\nowner: trust-and-safety\nreview-by: 2027-06-01\n'
TEXT = HEAD + INTAKE + SEVERITY + REST
ANSWERS = {
    "kind": [None, "fraud", "harassment", "other"],
    "amount": [None, "5", "1000", "1000.5", "many"],
    "insured": [None, "yes", "no", "unknown"],
    "repeated": [None, "yes", "no"],
}


def runbook(text: str = TEXT) -> Runbook:
    """The text, read."""
    return load_runbook(text.encode(), file="a.yaml")


def found(text: str) -> list[tuple[str, int, str]]:
    """What lint has to say: rule, line, what."""
    return [
        (each.rule, each.line, each.what) for each in lint(runbook(text), today=TODAY, library={})
    ]


@pytest.mark.parametrize(
    "answers,are_asked",
    [
        ({}, {"kind"}),
        ({"kind": "fraud"}, {"kind", "amount"}),
        ({"kind": "fraud", "amount": "1000"}, {"kind", "amount"}),
        ({"kind": "fraud", "amount": "1001"}, {"kind", "amount", "insured"}),
        ({"kind": "other", "amount": "1001"}, {"kind", "repeated"}),
        ({"amount": "1001", "insured": "no"}, {"kind"}),
    ],
)
def test_a_question_is_asked_when_all_its_cells_match(
    answers: dict[str, str], are_asked: set[str]
) -> None:
    """An answer to a question that is not asked asks no further question either."""
    assert set(asked(compile_runbook(runbook()).questions, answers)) == are_asked


def test_an_answer_nobody_was_asked_for_decides_nothing() -> None:
    """The amount of a case that is no fraud gives it no severity."""
    assert assess(runbook(), {"kind": "other", "amount": "5000"}).row == 6
    assert assess(runbook(), {"kind": "fraud", "amount": "5000"}).row == 1


def test_a_question_that_is_not_asked_is_not_unknown() -> None:
    """Only a yes-no-unknown question that is asked is unknown while nobody has answered it."""
    plans = compile_runbook(runbook()).questions

    assert "insured" not in counted(plans, {"kind": "fraud", "amount": "7"})
    assert counted(plans, {"kind": "fraud", "amount": "7000"})["insured"] == "unknown"


def test_a_table_is_whole_for_the_answers_that_can_be_given_together() -> None:
    """Neither a gap nor an overlap is told that no case can come to: each answer has one row."""
    assert found(TEXT) == []
    for values in product(*ANSWERS.values()):
        answers = {n: v for n, v in zip(ANSWERS, values, strict=True) if v is not None}
        if answers.get("amount") != "many":
            assert len(assess(runbook(), answers).matched) == 1, answers


def test_what_can_be_given_together_is_still_proved() -> None:
    """A row less is a gap, a row too wide an overlap, each shown by answers that exist."""
    gap = SEVERITY.replace('insured: ["no", unknown]', 'insured: "no"')
    wide = SEVERITY.replace('repeated: "no"}', "repeated: {given: true}}")

    with pytest.raises(RunbookProblems, match="insured: unknown, kind: fraud") as refused:
        runbook(HEAD + INTAKE + gap + REST)
    assert [each.rule for each in refused.value.problems] == ["RB015"]
    assert [rule for rule, _, _ in found(HEAD + INTAKE + wide + REST)] == ["RB092"]


def test_the_engine_and_the_oracle_ask_alike() -> None:
    """Two pieces of code that share nothing give every combination the same severity."""
    document = runbook().document
    judged = oracle.judge(document)
    for values in product(*ANSWERS.values()):
        answers = {n: v for n, v in zip(ANSWERS, values, strict=True) if v is not None}
        assert judged(answers) == assess(runbook(), answers).severity, answers


@pytest.mark.parametrize(
    "old,new,rule,what",
    [
        ("{kind: fraud}}", '{kind: fraud, repeated: "yes"}}', "RB136", '"amount" is never asked'),
        ("{kind: fraud}}", "{kind: theft}}", "RB025", '"kind" is never answered "theft"'),
        ("{kind: fraud}}", "{kind: {above: 3}}}", "RB025", "takes choice"),
        ('insured: "yes"}', 'insured: "yes", kind: other}', "RB137", "row 2 looks at amount"),
    ],
)  # fmt: skip
def test_lint_finds_questions_that_are_never_asked(
    old: str, new: str, rule: str, what: str
) -> None:
    """A condition nobody fulfils, one no answer fits, a row that needs what is not asked there."""
    text = (HEAD + INTAKE + SEVERITY.replace("hit: unique", "hit: first") + REST).replace(old, new)
    text = text.replace("severity-table", '  - {otherwise: SEV4, because: "x"}\nseverity-table')

    told = found(text)

    assert any(rule == each[0] and what in each[2] for each in told), told


@pytest.mark.parametrize(
    "condition,line",
    [
        ("{kind: fraud, amount: {above: 3}}", 9),
        ('{kind: fraud, insured: "yes"}', 7),
        ("{sort: fraud}", 9),
    ],
)
def test_conditions_go_in_no_circle(condition: str, line: int) -> None:
    """Itself, a question that waits for it, a question that is not there: refused at its place."""
    with pytest.raises(RunbookProblems) as refused:
        runbook(TEXT.replace("{kind: fraud}}", condition + "}"))

    assert [(each.rule, each.line) for each in refused.value.problems] == [("RB135", line)]


@given(st.sampled_from(["5", "10", "10.25", "2026-11-22T03:00:00Z", "2026-11-22T05:00:00+02:00"]))
def test_a_condition_survives_its_journey(said: str) -> None:
    """What a case carries finds what the table's cell finds, and nothing else."""
    ten, three = number_of("10"), instant_of("2026-11-22T03:00:00Z")
    value = number_of(said) or instant_of(said)
    cells: list[Cell] = [
        Words(("a", "b")), Given(given=True), Given(given=False), Not(Words(("a",))),
        Span(low=ten), Span(low=ten, with_low=False), Span(high=ten), Span(low=ten, high=ten),
        Span(high=ten, with_high=False), Span(low=three), Span(high=three, with_high=False),
        Not(Span(low=ten)), Not(Span(low=three, with_low=False)),
    ]  # fmt: skip

    assert value is not None
    for cell in cells:
        assert cell_of(look(cell)) == cell
        assert holds(cell_of(look(cell)), value) == holds(cell, value)


def test_a_condition_is_compared_in_words() -> None:
    """A condition that changes is a change of the question, and nothing else changes."""
    after = runbook(TEXT.replace("{above: 1000}}}", "{above: 500}}}"))

    (change,) = compare(runbook(), after).changes

    assert (change.where, change.now) == ("insured", "amount is above 500")


def test_the_runbook_of_everything_has_a_condition() -> None:
    """What a text leaves to the engine does not hide it from the checks either."""
    whole = plain(WHOLE)

    assert whole["intake"]["lost"]["asked-if"]
    assert checks(table_of(runbook())) == []
