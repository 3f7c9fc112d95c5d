"""Appeals, precedents and visible cases without an engine: what is owed, and who has no say."""

import pytest

from runbooks import compile_runbook, library, load_runbook
from tests.workflows.test_library_at_a_desk import played


@pytest.mark.parametrize(
    "runbook,story,owed",
    [
        ("appeal", "another_reviewer_upholds_it", {"out-of-court"}),
        ("appeal", "one_senior_lifts_a_ban", {"lessons"}),
        ("appeal", "a_dispute_body_agrees", set()),
        (
            "policy-precedent",
            "a_precedent_is_set",
            {"recheck-30d", "lessons", "rule-guidance"},
        ),
        (
            "policy-precedent",
            "rules_suffice_in_an_attack",
            {"lessons", "decide-again", "rule-holding-rule"},
        ),
        ("policy-precedent", "a_precedent_applies", set()),
        ("visible-escalation", "the_press_has_a_statement", {"parity-check", "lessons"}),
    ],
)
async def test_what_is_owed_afterwards_follows_from_the_ending(
    runbook: str, story: str, owed: set[str]
) -> None:
    """Lessons of what was wrong, a question that comes again, a rule that outlives its case."""
    case = await played(runbook, story)

    assert {due.name for due in case.world.owed} == owed


def test_the_executive_decides_nothing_of_a_visible_case() -> None:
    """No vote, no veto, no tie, no objection: a stage of work that can only hasten is theirs."""
    name = "visible-escalation"
    pathway = compile_runbook(load_runbook(library()[name], file=f"{name}.yaml"))

    for stage in pathway.stages:
        rule = stage.gate
        if rule is None:
            continue
        deciding = {*rule.roles, *(part.to for part in (rule.split, rule.dissent) if part)}
        assert "executive" not in deciding, stage.name
    theirs = [stage for stage in pathway.stages if stage.owner == "executive"]
    assert [stage.name for stage in theirs] == ["briefing"]
    assert {outcome: step.do for outcome, step in theirs[0].next.items()} == {
        "briefed": (),
        "hasten": ("hasten-underlying",),
        "asks-for-another-decision": (),
    }


def test_no_row_of_a_visible_case_looks_at_who_is_concerned() -> None:
    """Fame adds a statement; how bad it is follows from the harm underneath and from time."""
    name = "visible-escalation"
    document = load_runbook(library()[name], file=f"{name}.yaml").document

    asked = {question for row in document.severity for question in (row.if_ or {})}

    assert asked == {"underlying-harm", "publication"}


def test_rules_last_as_long_as_who_issues_them_may_say() -> None:
    """Three days for incident manager and policy together, thirty for the policy executive."""
    name = "policy-precedent"
    pathway = compile_runbook(load_runbook(library()[name], file=f"{name}.yaml"))
    lasting = {rule.name: rule.after.days for rule in pathway.interim_rules}

    issued = {
        rule: (set(stage.gate.approve), lasting[f"rule-{rule}"])
        for stage in pathway.stages
        if stage.gate is not None
        for rule in stage.next["approved"].issue
    }

    assert issued == {
        "crisis-rule": ({"incident-manager", "policy"}, 3),
        "guidance": ({"policy-executive"}, 30),
        "holding-rule": ({"policy-executive"}, 30),
    }
