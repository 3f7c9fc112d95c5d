"""The severity table: the first row that matches holds, and some row always does."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import Runbook, RunbookProblems, Severity, assess, compile_runbook, lint, load_runbook
from runbooks.plan import Pathway

BASE = (Path(__file__).parent / "broken" / "base.yaml").read_text(encoding="utf-8")
RUNBOOK = load_runbook(BASE.encode(), file="base.yaml")
WORDS = st.sampled_from(["yes", "no", "unknown", "fraud", "other", "harassment", "", "nonsense"])


def with_table(rows: str) -> Runbook:
    """The base runbook with another severity table."""
    before, _, rest = BASE.partition("severity:\n")
    after = rest[rest.index("clocks:") :]
    return load_runbook(f"{before}severity:\n{rows}{after}".encode(), file="table.yaml")


@given(st.dictionaries(st.sampled_from(["danger", "kind", "story", "unasked"]), WORDS))
def test_every_case_has_a_severity(answers: dict[str, str]) -> None:
    """Whatever is answered, or not, some row holds, and it is the first that matches."""
    assessment = assess(RUNBOOK, answers)

    danger = answers.get("danger") or "unknown"
    if danger in {"yes", "unknown"}:
        assert (assessment.severity, assessment.row) == (Severity.SEV1, 1)
    elif answers.get("kind") == "fraud":
        assert (assessment.severity, assessment.row) == (Severity.SEV2, 2)
    else:
        assert (assessment.severity, assessment.row) == (Severity.SEV3, 3)


def test_an_unanswered_question_counts_as_unknown() -> None:
    """Danger nobody has ruled out is treated as danger, with its reason."""
    assessment = assess(RUNBOOK, {})

    assert assessment.severity is Severity.SEV1
    assert assessment.because == "harm is possible soon"


def test_an_unanswered_choice_matches_no_cell() -> None:
    """A choice nobody made does not make the case fraud."""
    assert assess(RUNBOOK, {"danger": "no"}).row == 3


def test_a_table_may_end_without_otherwise_when_it_answers_everything() -> None:
    """A table that lists every answer of a yes-no-unknown question needs no last row."""
    runbook = with_table(
        '  - {if: {danger: ["yes", "unknown"]}, is: SEV1, because: "danger"}\n'
        '  - {if: {danger: "no"}, is: SEV3, because: "no danger"}\n'
    )

    assert assess(runbook, {}).severity is Severity.SEV1
    assert assess(runbook, {"danger": "no"}).severity is Severity.SEV3
    assert assess(runbook, {"danger": "nonsense"}).severity is Severity.SEV1


CELL = st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=1, max_size=3, unique=True)


@given(
    cells=st.lists(CELL, max_size=4),
    answers=st.dictionaries(st.just("danger"), st.sampled_from(["yes", "no", "unknown"])),
)
def test_otherwise_always_matches(cells: list[list[str]], answers: dict[str, str]) -> None:
    """The row that holds is the first whose cell has the answer, else the last."""
    rows = "".join(
        f'  - {{if: {{danger: {cell!r}}}, is: SEV{n}, because: "row"}}\n'
        for n, cell in enumerate(cells)
    )
    runbook = with_table(rows + '  - {otherwise: SEV4, because: "nothing else holds"}\n')

    assessment = assess(runbook, answers)

    answer = answers.get("danger", "unknown")
    expected = next((n for n, cell in enumerate(cells, 1) if answer in cell), len(cells) + 1)
    assert assessment.row == expected


def with_questions(questions: str, rows: str) -> Runbook:
    """The base runbook with more questions and another table."""
    text = BASE.replace("severity:\n", f"{questions}severity:\n", 1)
    before, _, rest = text.partition("severity:\n")
    after = rest[rest.index("clocks:") :]
    return load_runbook(f"{before}severity:\n{rows}{after}".encode(), file="table.yaml")


LOSSES = with_questions(
    "  loss: {ask: 'How much?', answer: number}\n"
    "  insured: {ask: 'How much is insured?', answer: number}\n"
    "  noticed: {ask: 'When?', answer: instant}\n",
    "  - {if: {loss: {at-least: 1000, below: 5000.5}, kind: {not: other}},"
    " is: SEV2, because: 'a'}\n"
    "  - {if: {noticed: {since: '2026-01-01T00:00:00Z', before: '2026-02-01T00:00:00Z'}},"
    " is: SEV1, because: 'b'}\n"
    "  - {when: 'loss - insured > 9000 || danger == \"yes\"', is: SEV0, because: 'c'}\n"
    "  - {if: {story: {given: false}, loss: {given: true}}, is: SEV3, because: 'd'}\n"
    "  - {otherwise: SEV4, because: 'e'}\n",
)


@pytest.mark.parametrize(
    "answers,row",
    [
        ({"loss": "1000", "kind": "fraud"}, 1),
        ({"loss": "5000.4", "kind": "fraud"}, 1),
        ({"loss": "5000.5", "kind": "fraud"}, 4),
        ({"loss": "1000", "kind": "other"}, 4),
        ({"loss": "1000", "story": "x"}, 5),
        ({"noticed": "2026-01-01T01:00:00+01:00"}, 2),
        ({"noticed": "2026-02-01T00:00:00Z"}, 5),
        ({"loss": "10000.01", "insured": "1000"}, 3),
        ({"loss": "10000", "insured": "1000", "story": "x"}, 5),
        ({"danger": "yes"}, 3),
        ({"loss": "-3"}, 4),
    ],
)
def test_cells_say_ranges_instants_absence_and_expressions(
    answers: dict[str, str], row: int
) -> None:
    """Numbers are exact, instants are compared across offsets, and a missing answer is a cell."""
    assert assess(LOSSES, answers).row == row


def test_an_expression_without_its_answer_is_told() -> None:
    """A row that might have decided, had somebody answered, stands in the reason."""
    assessment = assess(LOSSES, {"loss": "50000", "story": "x"})

    assert assessment.row == 5
    assert assessment.because == "e (row 3 could not be asked without insured)"


def test_an_answer_of_another_kind_is_told() -> None:
    """What nobody can read matches nothing, not even absence, and the reason says so."""
    assessment = assess(LOSSES, {"loss": "plenty", "story": "x"})

    assert assessment.row == 5
    assert "the answer to loss is not one the question takes" in assessment.because
    assert "plenty" not in assessment.because


def test_the_worst_row_that_matches_decides_where_the_policy_says_so() -> None:
    """Under `priority` order does not matter; the answer names every row that matched."""
    runbook = with_table(
        '  - {if: {danger: ["yes", "unknown"]}, is: SEV2, because: "danger"}\n'
        '  - {if: {kind: fraud}, is: SEV1, because: "fraud"}\n'
        '  - {otherwise: SEV3, because: "neither"}\n'
        "severity-table: {hit: priority, worse: {danger: [no, unknown, yes]}}\n"
    )

    assessment = assess(runbook, {"danger": "yes", "kind": "fraud"})

    assert (assessment.severity, assessment.row) == (Severity.SEV1, 2)
    assert assessment.matched == (1, 2)
    assert lint(runbook, today=date(2026, 11, 22), library={}) == []


def test_a_table_of_many_answers_needs_no_otherwise() -> None:
    """Completeness is proved however many combinations there are: here 5⁸."""
    words = "[a, b, c, d]"
    questions = "".join(f"  q{n}: {{ask: 'Which?', choice: {words}}}\n" for n in range(8))
    rows = "".join(f"  - {{if: {{q{n}: a}}, is: SEV2, because: 'x'}}\n" for n in range(8))
    rest = ", ".join(f"q{n}: {{not: a}}" for n in range(8))
    absent = "".join(
        f"  - {{if: {{q{n}: {{given: false}}}}, is: SEV3, because: 'x'}}\n" for n in range(8)
    )

    whole = rows + absent + f"  - {{if: {{{rest}}}, is: SEV4, because: 'x'}}\n"

    assert assess(with_questions(questions, whole), {"q0": "b"}).severity is Severity.SEV3
    with pytest.raises(RunbookProblems, match="no row for"):
        with_questions(questions, rows + absent)


NAME = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True)


@given(
    names=st.lists(
        NAME.filter(lambda name: name != "closure"), min_size=1, max_size=6, unique=True
    ),
    minutes=st.integers(min_value=1, max_value=10_000),
    percent=st.integers(min_value=1, max_value=300),
)
def test_what_is_compiled_reads_back_the_same(names: list[str], minutes: int, percent: int) -> None:
    """A pathway written and read is the same pathway, and its times are those of the text."""
    stages = ""
    for here, there in zip(names, [*names[1:], "closure"], strict=True):
        stages += (
            f"  - stage: '{here}'\n    owner: triage\n    within: {minutes}m\n"
            f"    late: [{{at: {percent}%, page: incident-manager}}]\n    next: {{on: '{there}'}}\n"
        )
    head = BASE[: BASE.index("clocks:")]
    closure = BASE[BASE.index("  - stage: closure") : BASE.index("effects:")].replace(
        ", receipt:disclose", ""
    )
    runbook = load_runbook(f"{head}stages:\n{stages}{closure}".encode(), file="made.yaml")

    pathway = compile_runbook(runbook)

    assert Pathway.model_validate_json(pathway.model_dump_json()) == pathway
    assert [stage.name for stage in pathway.stages] == [*names, "closure"]
    within = pathway.stages[0].within
    assert within.total_seconds() == minutes * 60
    assert pathway.stages[0].late[0].at == within * percent / 100
