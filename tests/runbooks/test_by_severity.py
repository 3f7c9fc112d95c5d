"""What depends on severity, as it is written, compared, drawn and planned."""

import pytest

from runbooks import Runbook, RunbookProblems, compile_runbook, load_runbook
from runbooks.comparing import compare
from runbooks.comparing.change import Change, Direction
from runbooks.exploring import explore
from runbooks.plan import Severity
from runbooks.planner import Consent, Hand, moves, reachable, states
from runbooks.rendering import article, markdown, mermaid, playbook
from tests.runbooks.faults import BASES

BASE = BASES["base"]
SIGN_OFF = "    owner: policy\n    within: 8h\n"
SECOND = f"{SIGN_OFF}    only-at: [SEV0, SEV1]\n"
CLOSED_BY = "    owner: incident-manager\n"
STOPS = "    stops: [closed]\n"
SKIPS = "rejected: closure, more-information: triage, skipped: closure}\n  - stage: closure"
ENDS = "rejected: closure, more-information: triage}\n  - stage: closure"


def written(*edits: tuple[str, str]) -> Runbook:
    """The runbook that is in order, with those edits."""
    text = BASE
    for what, by in edits:
        assert text.count(what) == 1, what
        text = text.replace(what, by)
    return load_runbook(text.encode(), file="a.yaml")


def passed_over() -> Runbook:
    """The runbook whose sign-off is for grave cases only."""
    return written((SIGN_OFF, SECOND), (ENDS, SKIPS))


def told(before: Runbook, after: Runbook) -> list[tuple[Direction, str]]:
    """What the comparison says, and in which direction."""
    changes: tuple[Change, ...] = compare(before, after).changes
    return [(change.direction, change.what) for change in changes]


def test_one_time_is_the_time_of_every_severity() -> None:
    """A plain duration and `otherwise` alone are the same runbook to a case."""
    plain = compile_runbook(written()).stage("triage")
    alone = written(("    within: 15m\n", "    within: {otherwise: 15m}\n"))

    assert compile_runbook(alone).stage("triage") == plain
    assert {plain.time_at(severity) for severity in Severity} == {plain.within}
    assert compare(written(), alone).same


@pytest.mark.parametrize(
    "within,rule,column",
    [
        ("{SEV0: 15m}", "RB110", 13),
        ("{SEV9: 15m, otherwise: 4h}", "RB013", 20),
        ("{SEV0: soon, otherwise: 4h}", "RB014", 20),
    ],
)
def test_a_time_that_is_not_for_every_severity_is_refused(
    within: str, rule: str, column: int
) -> None:
    """Without `otherwise`, with a word for no severity, or with no duration: at its place."""
    with pytest.raises(RunbookProblems) as caught:
        written(("    within: 15m\n", f"    within: {within}\n"))

    assert (rule, column) in {(each.rule, each.column) for each in caught.value.problems}


@pytest.mark.parametrize(
    "what,by,rule",
    [
        (CLOSED_BY, f"{CLOSED_BY}    only-at: [SEV0]\n", "RB017"),
        (STOPS, f"{STOPS}    starts-after: shield\n    only-at: [SEV0]\n", "RB017"),
        (SIGN_OFF, f"{SIGN_OFF}    only-at: [SEV0, SEV0]\n", "RB017"),
        ("split: {to: executive, within: 60m}", "split: {to: executive}", "RB011"),
        ("split: {to: executive, within: 60m}", "split: {go: approved, to: executive}", "RB017"),
    ],
)
def test_what_excludes_one_another_is_refused(what: str, by: str, rule: str) -> None:
    """A closure is for everybody, a severity is named once, a tie is broken in one way."""
    with pytest.raises(RunbookProblems) as caught:
        written((what, by))

    assert rule in {each.rule for each in caught.value.problems}


def test_less_time_for_grave_cases_is_tighter() -> None:
    """What the grave ones lose is told as less time, what some gain and some lose as neither."""
    graver = written(("    within: 15m\n", "    within: {SEV0: 5m, otherwise: 15m}\n"))
    both = written(("    within: 15m\n", "    within: {SEV0: 5m, otherwise: 30m}\n"))

    assert told(written(), graver) == [(Direction.TIGHTER, "the time")]
    assert told(graver, written()) == [(Direction.LOOSER, "the time")]
    assert told(written(), both) == [(Direction.OTHER, "the time")]
    change = compare(written(), graver).changes[0]
    assert (change.was, change.now.startswith("5 minutes at SEV0")) == ("15 minutes", True)


def test_a_stage_for_fewer_severities_is_looser() -> None:
    """Cases that were stopped at a gate and now pass it by are the first thing that is told."""
    changes = told(written(), passed_over())

    assert (Direction.LOOSER, "the severities it is for") in changes
    assert (Direction.TIGHTER, "the severities it is for") in told(passed_over(), written())


def test_an_approval_that_holds_against_rejections_is_looser() -> None:
    """Who could stop it before and no longer can is told as such."""
    before = "split: {to: executive, within: 60m}"

    changes = told(written(), written((before, "split: {go: approved}")))

    assert (Direction.LOOSER, "that an approval holds, whoever rejects") in changes


def test_a_stage_that_is_passed_over_keeps_what_people_said() -> None:
    """Nobody is asked there: the approval of the gate before it still stands behind the case."""
    pathway = compile_runbook(passed_over())
    sign_off = pathway.stage("sign-off")

    passing = [move for move in moves(sign_off) if move.outcome == "skipped"]

    assert [(move.hand, move.to) for move in passing] == [(Hand.MACHINE, "closure")]
    assert ("closure", Consent.APPROVED) in states(pathway)
    assert "closure" in reachable(pathway)
    assert {each.passed for each in explore(pathway).at("sign-off")} == {True, False}


def test_pages_and_pictures_say_who_is_stopped_and_how_long_it_takes() -> None:
    """The playbook, the article and the chart say the times by severity, and who passes."""
    graver = SIGN_OFF.replace("8h", "{SEV0: 10m, otherwise: 8h}")
    runbook = written((SIGN_OFF, f"{graver}    only-at: [SEV0]\n"), (ENDS, SKIPS))

    page = markdown(playbook(runbook), runbook=runbook)

    assert "within 10 minutes at SEV0, otherwise 8 hours" in page
    assert "SEV0; passed over otherwise" in page
    assert "10 minutes at SEV0, otherwise 8 hours" in markdown(article(runbook), runbook=runbook)
    assert "only at SEV0" in mermaid(runbook)
    assert "skipped" in mermaid(runbook)
