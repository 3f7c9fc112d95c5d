"""Two runbooks compared: the same meaning is the same, and a change is said as what it means."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.app import app
from runbooks import Severity, assess, library
from runbooks.comparing import Change, Direction, Group, compare
from tests.runbooks.faults import BASES, Fault, faults
from tests.runbooks.texts import WHOLE, load, plain, written

RUNNER = CliRunner()
EXAMPLES = 50 if settings.get_current_profile_name() == "full" else 3
"""Orders of each runbook: every level of it is shuffled in each."""
TEXTS = {**{name: text.decode() for name, text in library().items()}, "whole": WHOLE}


parsed = cache(plain)
known = cache(load)
"""The runbook in a text that many tests begin with: read once."""


def changes(old: str, new: str) -> tuple[Change, ...]:
    """What the second means that the first did not."""
    return compare(known(old), load(new)).changes


def edited(what: str, by_what: str, text: str = BASES["base"]) -> tuple[Change, ...]:
    """What changes in meaning when that changes in the text."""
    assert text.count(what) == 1
    return changes(text, text.replace(what, by_what))


# ── the same meaning ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_runbook_means_what_it_means(name: str) -> None:
    """Compared with itself nothing has changed."""
    assert compare(known(TEXTS[name]), load(TEXTS[name])).same


@pytest.mark.parametrize("name", sorted(TEXTS))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_layout_and_order_mean_nothing(name: str, data: st.DataObject) -> None:
    """However it is indented, commented and ordered, a runbook means the same."""
    document = parsed(TEXTS[name])
    shuffled = _shuffled(document, data)
    text = "# Another comment.\n" + written(shuffled, width=data.draw(st.sampled_from([60, 4096])))

    assert changes(TEXTS[name], text) == ()


@pytest.mark.parametrize(
    "what,by_what",
    [
        ("    votes: blind\n", ""),
        ("    silence: wait\n", ""),
        ("reject: {legal: 1, safety-expert: 1, reason: required}\n", "distinct: people\n"),
        ("starts: receipt", "statutory: true"),
        ('{danger: ["yes", "unknown"]}', '{danger: ["unknown", "yes"]}'),
        ("{at: 50%, remind: triage}", "{at: 450s, remind: triage}"),
        ("version: 1.0.0", "version: 1.0.1"),
        ("escalate: legal-review", "escalate: {then: legal-review}"),
    ],
)
def test_what_is_written_out_means_what_was_left_out(what: str, by_what: str) -> None:
    """Defaults, short forms, shares and times, and the order of answers change nothing."""
    assert edited(what, by_what) == ()


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_a_fault_is_a_change_of_meaning(fault: Fault) -> None:
    """Whatever breaks a runbook is told when the broken one is compared with the one in order."""
    base = next(text for text in BASES.values() if load(text).name == fault.runbook.name)
    unchanged = fault.text == base  # Some faults are in the directory, not in the text.

    assert compare(known(base), fault.runbook).same == unchanged


# ── what is said of a change ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "what,by_what,group,direction,says",
    [
        ("approve: {policy: 1}", "approve: {policy: 2}", Group.APPROVAL, Direction.TIGHTER,
         "sign-off: who must approve was one of policy, is two of policy"),
        ("approve: {policy: 1}", "approve: {legal: 2}", Group.APPROVAL, Direction.OTHER,
         "sign-off: who must approve was one of policy, is two of legal"),
        ("silence: wait", "silence: {go: approved}", Group.SILENCE, Direction.LOOSER,
         "legal-review: the outcome silence takes is new: approved"),
        ("assurance: L2", "assurance: L1", Group.APPROVAL, Direction.LOOSER,
         "legal-review: the proof of person was L2, is L1"),
        ("votes: blind", "votes: open", Group.APPROVAL, Direction.LOOSER,
         "legal-review: whether votes are hidden was blind, is open"),
        ("    split: {to: executive, within: 60m}\n", "", Group.APPROVAL, Direction.OTHER,
         "legal-review: who breaks a tie is gone; it was executive"),
        ("silence: wait", "silence: {go: rejected}", Group.SILENCE, Direction.LOOSER,
         "legal-review: the outcome silence takes is new: rejected"),
        ("{at: 50m, do: shield}", "{at: 55m, page: duty-manager}", Group.SILENCE, Direction.TIGHTER,
         "ACT-1h: when nobody acts: do shield is gone; it was 50m"),
        ("within: 8h", "within: 2d", Group.TIME, Direction.LOOSER,
         "sign-off: the time was 8 hours, is 48 hours"),
        ("protective: true, ", "", Group.EFFECTS, Direction.TIGHTER,
         "shield: that it may go ahead on silence is gone; it was so"),
        (', compensate: "Lift the shield."', "", Group.EFFECTS, Direction.LOOSER,
         "shield: how it is undone is gone; it was Lift the shield."),
        ("no-violation: [decision-record]", "no-violation: []", Group.CLOSING, Direction.LOOSER,
         "closure, no-violation: what it requires is gone; it was decision-record"),
        ("unclear: {suspend: [ACT-1h], then: waiting}, ", "", Group.WAY, Direction.LOOSER,
         "triage: the outcome “unclear” is gone"),
        ("rejected: closure, more-information: triage}\n  - stage: sign-off",
         "rejected: sign-off, more-information: triage}\n  - stage: sign-off",
         Group.WAY, Direction.OTHER, "legal-review, rejected: where it leads was closure, is"),
        ("within: 72h", "within: 96h", Group.CLOCKS, Direction.LOOSER,
         "REPLY-72h: the time was 72 hours, is 4 days"),
        ("{at: 75%, page: policy-lead}", "{at: 90%, page: policy-lead}", Group.TELLING,
         Direction.OTHER, "sign-off: when late: page policy-lead was 75%, is 90%"),
    ],
)  # fmt: skip
def test_a_change_is_said_as_what_it_means(
    what: str, by_what: str, group: Group, direction: Direction, says: str
) -> None:
    """Where, what it was and is, and whether less holds than before."""
    found = edited(what, by_what)

    fitting = [each for each in found if str(each).startswith(says)]
    assert fitting, [str(each) for each in found]
    assert (fitting[0].group, fitting[0].direction) == (group, direction)


def test_a_severity_that_changes_comes_with_an_example() -> None:
    """The fewest answers for which the severity differs are told, and they do differ."""
    changed = BASES["base"].replace("{kind: fraud}, is: SEV2", "{kind: other}, is: SEV0")

    found = [each for each in changes(BASES["base"], changed) if each.group is Group.SEVERITY]

    assert [(each.was, each.now, each.direction) for each in found] == [
        ("SEV2", "SEV3", Direction.LOOSER),
        ("SEV3", "SEV0", Direction.TIGHTER),
    ]
    for each in found:
        answers = dict(pair.split(": ") for pair in each.example.split(", "))
        assert assess(load(BASES["base"]), answers).severity == Severity(each.was)
        assert assess(load(changed), answers).severity == Severity(each.now)


def test_rows_that_change_no_answer_change_nothing() -> None:
    """A row nobody can reach is text, not meaning."""
    row = '  - {if: {danger: "yes", kind: fraud}, is: SEV4, because: "never reached"}\n'
    before = '  - {if: {kind: fraud}, is: SEV2, because: "money is at stake"}\n'

    assert edited(before, row + before) == ()


def test_the_most_dangerous_comes_first() -> None:
    """Silence before approval before everything else, and looser before tighter."""
    text = (
        BASES["base"]
        .replace("silence: wait", "silence: {go: rejected}")
        .replace("assurance: L2", "assurance: L3")
        .replace("memo: [facts]", "votes: open")
        .replace("    votes: blind\n", "")
        .replace("within: 8h", "within: 9h")
    )

    found = [(each.group, each.direction) for each in changes(BASES["base"], text)]

    order = [list(Group).index(group) for group, _ in found]
    assert order == sorted(order)
    assert found[0] == (Group.SILENCE, Direction.LOOSER)
    approval = [direction for group, direction in found if group is Group.APPROVAL]
    assert approval == [Direction.LOOSER, Direction.LOOSER, Direction.TIGHTER]


def test_tables_too_large_to_enumerate_are_still_compared() -> None:
    """With more combinations than are looked at, rows and single answers are."""
    wide = "".join(
        f'  q{n}: {{ask: "?", choice: [{", ".join(f"a{m}" for m in range(9))}]}}\n'
        for n in range(6)
    )
    rows = "".join(f'  - {{if: {{q{n}: a1}}, is: SEV2, because: "row {n}"}}\n' for n in range(6))
    text = (
        BASES["base"]
        .replace("intake:\n", f"intake:\n{wide}")
        .replace("severity:\n", f"severity:\n{rows}")
    )

    found = changes(text, text.replace("{q5: a1}, is: SEV2", "{q5: a1}, is: SEV4"))
    hidden = changes(text, text.replace("{q5: a1}", "{q5: a1, q4: a1}"))

    assert [(each.was, each.now, each.example) for each in found] == [("SEV2", "SEV4", "q5: a1")]
    assert hidden


def _shuffled(value: Any, data: st.DataObject, *, key: str = "") -> Any:
    """The same document with its keys, and the lists whose order says nothing, in any order."""
    if isinstance(value, dict):
        names = data.draw(st.permutations(sorted(value)))
        return {name: _shuffled(value[name], data, key=name) for name in names}
    if isinstance(value, list):
        kept = [_shuffled(each, data) for each in value]
        if key in {"late", "requires", "stops", "needs", "veto", "memo", "after-closing"}:
            return list(data.draw(st.permutations(kept)))
        return kept
    return deepcopy(value)


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_the_command_tells_what_changed(tmp_path: Path) -> None:
    """Exit code 0 for the same meaning and 1 for another, in words and as JSON."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(BASES["base"], encoding="utf-8")
    new.write_text(BASES["base"].replace("approve: {policy: 1}", "approve: {policy: 2}"), "utf-8")

    same = RUNNER.invoke(app, ["runbook", "diff", str(old), str(old)])
    told = RUNNER.invoke(app, ["runbook", "diff", str(old), str(new)])
    data = RUNNER.invoke(app, ["runbook", "diff", str(old), str(new), "--json"])

    assert (same.exit_code, told.exit_code, data.exit_code) == (0, 1, 1)
    assert "Both mean the same." in same.stdout
    assert "+ sign-off: who must approve was one of policy, is two of policy" in told.stdout
    answer = json.loads(data.stdout)
    assert not answer["same"]
    assert answer["changes"][0]["group"] == "Who must agree"
    assert answer["old"]["digest"] != answer["new"]["digest"]


def test_versions_are_named_as_people_say_them(tmp_path: Path) -> None:
    """`name` and `name@version` find the library's; a version nobody has is told so."""
    same = RUNNER.invoke(
        app, ["runbook", "diff", "user-safety-escalation", "user-safety-escalation@1.0.0", "--json"]
    )
    missing = RUNNER.invoke(
        app, ["runbook", "diff", "user-safety-escalation", "user-safety-escalation@9.9.9"]
    )

    assert same.exit_code == 0
    assert json.loads(same.stdout)["same"]
    assert missing.exit_code == 2
    assert "user-safety-escalation@1.0.0" in missing.stderr


def test_a_row_that_cannot_be_asked_without_an_answer_is_told() -> None:
    """Severities stay as they were; that a row was passed over is another reason for them."""
    number = '  reach: {ask: "How many are reached?", answer: number}\nseverity:\n'
    base = BASES["base"].replace("severity:\n", number, 1)
    row = '  - {when: "reach > 5", is: SEV1, because: "harm is possible soon"}\n'
    found = changes(base, base.replace("severity:\n", f"severity:\n{row}", 1))

    assert any("could not be asked without reach" in each.now for each in found), found
