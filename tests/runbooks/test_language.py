"""The language itself: the blocks of the design, defaults, and what problems look like."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from runbooks import RunbookProblems, compile_runbook, lint, load_runbook
from runbooks.grammar import RunbookDocument
from runbooks.grammar.intake import PINNED
from runbooks.plan import AnswerKind, GateRule, Ratify, Split, StageKind, StandIn, Votes
from runbooks.rules.catalogue import RULES
from runbooks.template import new_runbook

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)


def design(name: str) -> str:
    """A block of design §11, word for word."""
    return (HERE / "design" / name).read_text(encoding="utf-8")


def imminent_threat() -> str:
    """The gate of the design as a stage of a whole runbook."""
    whole = design("imminent-threat.yaml")
    before, after = whole.split("# <the gate of the design stands here, word for word>\n")
    return before + design("imminent-threat-gate.yaml") + after


def test_the_default_pathway_of_the_design_is_a_runbook() -> None:
    """The first block of design §11 loads, and lint has only its unknown neighbour to mention."""
    runbook = load_runbook(design("user-safety-escalation.yaml").encode(), file="design.yaml")

    findings = lint(runbook, today=TODAY, library={})

    assert [finding.rule for finding in findings] == ["RB071"]


def test_the_gate_of_imminent_threat_is_a_stage() -> None:
    """The second block of design §11 loads in a runbook, and lint has nothing to say."""
    runbook = load_runbook(imminent_threat().encode(), file="design.yaml")
    default = load_runbook(design("user-safety-escalation.yaml").encode(), file="design.yaml")

    assert lint(runbook, today=TODAY, library={}) == []
    assert lint(default, today=TODAY, library={runbook.name: runbook}) == []


def test_the_gate_of_imminent_threat_compiles_to_its_rules() -> None:
    """Quorum per role, split, silence with ratification and dissent arrive as they are written."""
    runbook = load_runbook(imminent_threat().encode(), file="design.yaml")

    stage = compile_runbook(runbook).stage("legal-review")

    assert stage.kind is StageKind.GATE
    assert isinstance(stage.gate, GateRule)
    assert stage.gate.approve == {"safety-expert": 1, "duty-counsel": 1}
    assert stage.gate.reject == {"safety-expert": 1, "duty-counsel": 1}
    assert stage.gate.votes is Votes.BLIND
    assert stage.gate.split == Split(to="executive", within=timedelta(hours=1))
    assert stage.gate.silence.stand_in == StandIn(
        allow={"incident-manager": 1},
        instead_of="duty-counsel",
        only="approve",
        ratify=Ratify(by="duty-counsel", within=timedelta(hours=24)),
    )
    assert stage.late[0].at == timedelta(minutes=10)
    assert stage.late[0].label == "50%"


@pytest.mark.parametrize(
    "approve,votes", [("{policy: 1}", Votes.OPEN), ("{policy: 2}", Votes.BLIND)]
)
def test_four_eyes_vote_blind(approve: str, votes: Votes) -> None:
    """Votes are hidden until one has voted wherever two or more people must agree."""
    text = design("user-safety-escalation.yaml").replace(
        "approve: {policy: 1}", f"approve: {approve}"
    )

    gate = compile_runbook(load_runbook(text.encode(), file="a.yaml")).stage("policy-sign-off").gate

    assert gate is not None
    assert gate.votes is votes


def test_silence_waits_unless_the_runbook_says_otherwise() -> None:
    """A gate without `silence` waits; nothing is decided by default."""
    text = design("user-safety-escalation.yaml").replace("    silence: wait\n", "")

    gate = compile_runbook(load_runbook(text.encode(), file="a.yaml")).stage("legal-review").gate

    assert gate is not None
    assert gate.silence.go is None
    assert gate.silence.stand_in is None


def test_several_problems_are_told_at_once() -> None:
    """One reading tells every problem, in the order of the text, each with its place."""
    text = (
        design("user-safety-escalation.yaml")
        .replace("version: 1.0.0", "version: 1.0")
        .replace("owner: triage", "ownr: triage")
        .replace("within: 4h", "within: 4")
    )

    with pytest.raises(RunbookProblems) as caught:
        load_runbook(text.encode(), file="bad.yaml")

    assert [(p.line, p.column, p.rule) for p in caught.value.problems] == [
        (2, 10, "RB012"),
        (13, 5, "RB011"),
        (14, 5, "RB010"),
        (20, 13, "RB014"),
    ]
    assert str(caught.value.problems[0]) == (
        "bad.yaml:2:10: RB012 found the number 1.0, expected text"
    )


def test_every_missing_key_is_told() -> None:
    """A runbook of one line is told all it lacks, not only the first key."""
    with pytest.raises(RunbookProblems) as caught:
        load_runbook(b"runbook: bare\n", file="bare.yaml")

    assert {each.expected for each in caught.value.problems} == {
        "`version`", "`title`", "`owner`", "`review-by`", "`intake`", "`severity`", "`stages`",
    }  # fmt: skip


def test_yes_and_no_are_answers_not_booleans() -> None:
    """An unquoted `yes` in a severity cell is the answer yes."""
    text = design("user-safety-escalation.yaml").replace('["yes", "unknown"]', "[yes, unknown]")

    runbook = load_runbook(text.encode(), file="a.yaml")

    assert (runbook.document.severity[0].if_ or {})["danger"] == ("yes", "unknown")


def test_every_kind_of_answer_can_be_asked() -> None:
    """Every kind of question arrives in the pathway, with what is immaterial."""
    kinds = [kind for kind in AnswerKind if kind is not AnswerKind.CHOICE]
    questions = "".join(
        f'  q{n}: {{ask: "?", answer: {kind}, material: {str(kind in PINNED).lower()}}}\n'
        for n, kind in enumerate(kinds)
    )
    text = design("user-safety-escalation.yaml").replace("intake:\n", f"intake:\n{questions}")

    plan = compile_runbook(load_runbook(text.encode(), file="a.yaml")).questions

    assert [plan[f"q{n}"].kind for n in range(len(kinds))] == kinds
    assert not plan["q0"].material
    assert plan["kind"].kind is AnswerKind.CHOICE
    assert plan["danger"].material


def test_a_reviewed_runbook_is_reviewed_again() -> None:
    """A runbook past its review date is told so, against the day lint is given."""
    runbook = load_runbook(design("user-safety-escalation.yaml").encode(), file="a.yaml")

    findings = lint(runbook, today=date(2027, 2, 2), library={})

    assert {(f.rule, f.line, f.severity) for f in findings} >= {("RB062", 5, "warning")}


def test_the_directory_shows_gates_nobody_is_left_to_pass() -> None:
    """With a directory, lint counts who is left once the excluded have decided."""
    text = design("user-safety-escalation.yaml").replace("{policy: 1}", "{legal: 1}")
    runbook = load_runbook(text.encode(), file="a.yaml")
    people = {
        "triage": 2, "incident-manager": 1, "legal": 1, "policy": 1,
        "deputy-counsel": 1, "policy-lead": 0, "trust-and-safety": 1,
    }  # fmt: skip

    findings = lint(runbook, today=TODAY, library={}, directory=people)

    told = {finding.rule: finding.what for finding in findings}
    assert (
        told["RB043"]
        == "1 of legal must agree; the directory has 1, of whom 1 decided legal-review"
    )
    assert told["RB070"] == 'the directory has nobody as "policy-lead"'


def test_prose_without_quotes_is_mentioned() -> None:
    """A hash in an unquoted sentence would cut it, so sentences are quoted."""
    text = design("user-safety-escalation.yaml").replace(
        '"User safety escalation"', "User safety # yes"
    )
    runbook = load_runbook(text.encode(), file="a.yaml")

    findings = lint(runbook, today=TODAY, library={})

    assert ("RB074", 3) in {(finding.rule, finding.line) for finding in findings}


def test_evidence_is_the_shortest_way() -> None:
    """A disclosure by silence is shown with the moves that lead to it."""
    text = imminent_threat().replace(
        "silence: {allow: {incident-manager: 1}, instead-of: duty-counsel, only: approve, "
        "ratify: {by: duty-counsel, within: 24h}}",
        "silence: {go: approved}",
    )
    runbook = load_runbook(text.encode(), file="a.yaml")

    findings = lint(runbook, today=TODAY, library={})

    disclosure = next(finding for finding in findings if finding.rule == "RB050")
    assert disclosure.evidence == (
        "investigation -credible-> legal-review",
        "legal-review -approved (by silence)-> disclosure",
    )


def test_a_new_runbook_has_nothing_to_mend() -> None:
    """The template loads, lints clean and compiles."""
    runbook = load_runbook(new_runbook("my-team", review_by=date(2027, 5, 1)), file="my-team.yaml")

    assert lint(runbook, today=TODAY, library={}) == []
    assert compile_runbook(runbook).closure.name == "closure"


def test_the_schema_knows_the_keys_as_they_are_written() -> None:
    """Editors are offered the kebab-case keys of the language."""
    schema = RunbookDocument.model_json_schema(by_alias=True)

    assert {"review-by", "after-closing"} <= set(schema["properties"])
    assert "not-the-same-person-as" in schema["$defs"]["Stage"]["properties"]


def test_every_rule_is_documented() -> None:
    """The documentation names every rule, with what it says."""
    docs = (HERE.parent.parent / "docs" / "runbooks.md").read_text(encoding="utf-8")

    assert [rule for rule in RULES if f"| {rule} |" not in docs] == []


def test_the_runbook_of_the_documentation_is_in_order() -> None:
    """The example people copy from loads, and lint has nothing to say."""
    docs = (HERE.parent.parent / "docs" / "runbooks.md").read_text(encoding="utf-8")
    example = docs.split("```yaml\n")[1].split("```")[0]

    runbook = load_runbook(example.encode(), file="docs.yaml")

    assert lint(runbook, today=TODAY, library={}) == []
