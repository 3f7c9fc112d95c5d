"""What decisions are called: taxonomies with their source, and runbooks that cite them."""

import pytest

from runbooks import RunbookProblems, compile_runbook, load_runbook
from runbooks.library import library
from runbooks.taxonomies import taxonomies
from tests.runbooks.test_asking import HEAD, INTAKE, REST, SEVERITY

PINS = {
    "dsa-categories@2.0.0": "cd6dbae80c2f",
    "misp-incident-disposition@1.0.0": "c3caa8f8cf1e",
    "uk-osa-priority@1.0.0": "58d2f622a65a",
}
"""What every version said when it was released; other words are another version."""
RULE = """\
taxonomy:
  use: dsa-categories@2.0.0
  question: kind
  codes: {fraud: SCAMS_AND_FRAUD, harassment: CYBER_VIOLENCE}
  otherwise: OTHER_VIOLATION_TC
"""
TEXT = HEAD + INTAKE + SEVERITY + RULE + REST


def test_a_version_means_the_same_bytes_for_ever() -> None:
    """Nothing that was decided is relabelled: whoever changes a text gives it another version."""
    assert {name: each.digest[:12] for name, each in taxonomies().items()} == PINS


def test_every_taxonomy_says_where_it_comes_from() -> None:
    """Source and mark; codes that are elsewhere are codes there."""
    known = {each.document.taxonomy: each.document for each in taxonomies().values()}

    assert all(each.source and each.mark for each in known.values())
    assert len(known["dsa-categories"].codes) == 16
    for document in known.values():
        for label in document.codes.values():
            assert all(there in known[other].codes for other, there in label.maps.items())


@pytest.mark.parametrize(
    "answers,code",
    [
        ({"kind": "fraud"}, "SCAMS_AND_FRAUD"),
        ({"kind": "other"}, "OTHER_VIOLATION_TC"),
        ({}, "OTHER_VIOLATION_TC"),
    ],
)
def test_a_code_follows_from_the_answers(answers: dict[str, str], code: str) -> None:
    """What no answer says is the code of everything else; the text it was read from is pinned."""
    plan = compile_runbook(load_runbook(TEXT.encode(), file="a.yaml")).taxonomy

    assert plan is not None
    assert plan.code(answers) == code
    assert PINS[plan.use].startswith(plan.pin[:12])


@pytest.mark.parametrize(
    "old,new,line",
    [
        ("dsa-categories@2.0.0", "dsa-categories@1.0.0", 20),
        ("question: kind", "question: amount", 21),
        ("question: kind", "question: colour", 21),
        ("fraud: SCAMS", "theft: SCAMS", 22),
        ("SCAMS_AND_FRAUD", "SCAMS", 22),
        ("OTHER_VIOLATION_TC", "OTHER", 23),
    ],
)
def test_a_code_nobody_wrote_is_refused(old: str, new: str, line: int) -> None:
    """An unknown version, question, answer or code is told at its place."""
    with pytest.raises(RunbookProblems) as refused:
        load_runbook(TEXT.replace(old, new).encode(), file="a.yaml")

    assert [(each.rule, each.line) for each in refused.value.problems] == [("RB139", line)]


def test_the_default_pathway_cites_the_categories_of_the_act() -> None:
    """Every kind it asks about but `other` has a category of its own."""
    runbook = load_runbook(library()["user-safety-escalation"], file="a.yaml")
    plan = compile_runbook(runbook).taxonomy

    assert plan is not None
    assert set(plan.codes) == set(runbook.document.intake["kind"].answers) - {"other"}
