"""What the language refuses about effects on many, and about effects set for an instant."""

from datetime import date

import pytest

from runbooks import RunbookProblems, compile_runbook, lint, load_runbook
from runbooks.rendering import markdown, playbook
from tests.cases.many import TEXT

TODAY = date(2026, 11, 22)
MARK = "¦"


def broken(what: str, by: str) -> tuple[bytes, tuple[int, int]]:
    """The text with one thing broken, and the place its reader must be pointed at."""
    text = TEXT.decode()
    assert text.count(what) == 1, what
    before, _, after = text.replace(what, by).partition(MARK)
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    return (before + after).encode(), place


def test_what_is_in_order_has_no_finding() -> None:
    """The text that the others break is whole."""
    assert lint(load_runbook(TEXT, file="a.yaml"), today=TODAY, library={}) == []


@pytest.mark.parametrize(
    "what,by,rule,says",
    [
        ("approved-by: review", "approved-by: ¦triage", "RB125", "no gate"),
        ("approved-by: review", "approved-by: ¦together-review", "RB125", "legal alone"),
        (
            "approved-by: review\n",
            "approved-by: ¦review\n",
            "RB125",
            "by silence",
        ),
        ("    bulk:\n", "    ¦bulk:\n", "RB126", "cannot be rolled back"),
        ("count: accounts", "count: ¦account-list", "RB126", "by a reference, not by a number"),
        ("list: account-list", "list: ¦accounts", "RB126", "by a number, not by a reference"),
        ("count: accounts", "count: ¦accounts", "RB126", "while the gate is open"),
        ("set-for: commit-at", "set-for: ¦account-list", "RB127", "no instant"),
        ("set-for: commit-at", "set-for: ¦commit-at", "RB127", "while the gate is open"),
        (
            "together: together-review}",
            "together: {do: [tell-partners], set-for: ¦commit-at, then: window}}",
            "RB127",
            "without the approval of people",
        ),
        (
            "set-for: commit-at, then: window",
            "set-for: ¦commit-at, then: ramp",
            "RB128",
            'calls "take-down" off',
        ),
        (
            "page: incident-manager}]\n    next: {few",
            "page: incident-manager}, {at: 75%, do: ¦lock}]\n    next: {few",
            "RB129",
            "time alone",
        ),
        (
            "    within: 4h\n",
            "    within: 4h\n    do: [¦lock]\n",
            "RB129",
            'begins with "ramp" by itself',
        ),
    ],
)
def test_a_fault_is_found_at_its_place(what: str, by: str, rule: str, says: str) -> None:
    """Rule, line and column are told, and what is wrong there."""
    text, place = broken(what, by)
    match says:
        case "by silence":
            waits, passes = b"    silence: wait\n", b"    silence: {go: approved}\n"
            text = text.replace(waits, passes, 1)
        case "cannot be rolled back":
            text = text.replace(b'    compensate: "Unlock them."\n', b"    irreversible: true\n")
        case "while the gate is open":
            text = text.replace(b"answer: number}", b"answer: number, material: false}")
            text = text.replace(b"answer: instant}", b"answer: instant, material: false}")

    found = lint(load_runbook(text, file="a.yaml"), today=TODAY, library={})

    fitting = [each for each in found if each.rule == rule and says in each.what]
    assert fitting, [f"{each}" for each in found]
    assert place in {(each.line, each.column) for each in fitting}


@pytest.mark.parametrize(
    "what,by,rule",
    [
        ("{share: 1%, watch: 30m}", "{share: ¦0%, watch: 30m}", "RB014"),
        ("{share: 1%, watch: 30m}", "{share: ¦101%, watch: 30m}", "RB014"),
        ("{share: 1%, watch: 30m}, {share: 10%,", "{share: 10%}, {share: ¦1%,", "RB017"),
        ("above: 5%,", "above: ¦much,", "RB014"),
        ("by: policy}", "by: policy, from: ¦appeals}", "RB013"),
        (
            "    bulk:\n",
            "    clearance: ¦{by: legal, within: 2h}\n    bulk:\n",
            "RB017",
        ),
        ("    bulk:\n", "    discloses: ¦true\n    bulk:\n", "RB017"),
        (
            "undo: {undo: [lock], then: closure}",
            "undo: {undo: [lock], set-for: ¦commit-at, then: closure}",
            "RB017",
        ),
    ],
)
def test_a_text_is_refused_at_its_place(what: str, by: str, rule: str) -> None:
    """What cannot be meant is refused before it is a runbook."""
    text, place = broken(what, by)

    with pytest.raises(RunbookProblems) as refused:
        load_runbook(text, file="a.yaml")

    assert (rule, *place) in {(p.rule, p.line, p.column) for p in refused.value.problems}


@pytest.mark.parametrize(
    "what,by,rule,says",
    [
        ("many: review", "many: {if: {sure: ¦perhaps}, then: review}", "RB025", "never answered"),
        (
            "next: {few: {do: [lock], then: ramp}, many: review, together: together-review}",
            'next: ¦{few: {if: {sure: "yes"}, then: review}}',
            "RB031",
            'no outcome of "triage" can be taken with sure: no',
        ),
    ],
)
def test_an_outcome_that_depends_on_answers_can_be_taken(
    what: str, by: str, rule: str, says: str
) -> None:
    """Every answer it waits for can be given, and every answer has a way on."""
    text, place = broken(what, by)
    asked = b'  sure: {ask: "Are we sure?", answer: yes-no}\n'
    text = text.replace(b"intake:\n", b"intake:\n" + asked)

    found = lint(load_runbook(text, file="a.yaml"), today=TODAY, library={})

    fitting = [each for each in found if each.rule == rule and says in each.what]
    assert (place[0] + 1, place[1]) in {(each.line, each.column) for each in fitting}, found


@pytest.mark.parametrize(
    "what,by",
    [
        ("silence: wait\n    dissent: {who: any-reviewer", None),
        (
            "page: incident-manager}]\n    next: {few: {do: [lock], then: ramp}, many: review,",
            """page: incident-manager}, {at: 75%, go: ¦many}]
    next: {few: {do: [lock], then: ramp}, many: {if: {sure: x}, then: review},""",
        ),
    ],
)
def test_neither_a_gate_nor_time_reads_answers(what: str, by: str | None) -> None:
    """A gate is decided by votes, and time takes what it takes."""
    if by is None:
        what = "rejected: {undo: [lock], then: closure}"
        by = "rejected: {if: ¦{sure: x}, undo: [lock], then: closure}"
    text, place = broken(what, by)

    with pytest.raises(RunbookProblems) as refused:
        load_runbook(text, file="a.yaml")

    assert ("RB017", *place) in {(p.rule, p.line, p.column) for p in refused.value.problems}


def test_after_the_last_step_the_rest_follows() -> None:
    """Nobody forgets the rest: a ramp that is not written to its end still ends at everybody."""
    bulk = compile_runbook(load_runbook(TEXT, file="a.yaml")).effect("lock").bulk

    assert bulk is not None
    assert [step.share for step in bulk.steps] == ["1%", "10%", "100%"]


def test_the_playbook_says_how_an_effect_on_many_goes() -> None:
    """Approval, steps and guard are sentences; so is the one instant."""
    runbook = load_runbook(TEXT, file="a.yaml")

    said = markdown(playbook(runbook), runbook=runbook)

    assert "above 500 only once review has approved that number." in said
    steps = "up to 1%, watched for 30 minutes, up to 10%, watched for 30 minutes then up to 100%."
    assert steps in said
    assert "Locks overturned. Above 5% within 2 hours and at least 10 were checked it stops" in said
    assert "at the instant commit-at: Take the network down and Tell partners" in said
