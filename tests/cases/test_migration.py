"""A running case moves to another version: two people, one preview, a way back (I2)."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.explain import explain_state
from cases.acts import ActBody, Answer, Complete, Decide, Hold, Migrate, Resume, Verdict
from cases.clock import TARGET, ClockRun
from cases.clock_rules import OTHER_RULES
from cases.clocks import take_due
from cases.effects import settle
from cases.gate import RoundState
from cases.journal import Entry, Kind
from cases.migration_preview import MigrationPreview, preview
from cases.receipts import ActReceipt, Outcome, Reason
from cases.records import SHADOWED
from cases.stages import ask_when_ready
from runbooks.plan import Pathway
from tests.cases.house import BEGIN, House, compiled

HOUR = timedelta(hours=1)
FIRST = (Path(__file__).parent / "moved.yaml").read_text(encoding="utf-8")
BIGGER = "[harassment, fraud, other]"

CHANGES = {
    "shorter clock": ("within: 72h", "within: 24h"),
    "longer clock": ("within: 72h", "within: 96h"),
    "other steps": ("{at: 48h, page: legal}", "{at: 30h, page: duty-manager}"),
    "no clock": (FIRST[FIRST.index("clocks:") : FIRST.index("stages:")], ""),
    "new clock": (
        "stages:\n",
        """  SHORT-12h:
    title: "Half a day"
    within: 12h
    stops: [closed]
    late: [{at: 6h, page: legal}]
    owner: legal
    source: "An act"
stages:
""",
    ),
    "shorter triage": ("within: 4h", "within: 2h"),
    "two lawyers": ("approve: {legal: 1}", "approve: {legal: 2}"),
    "no place": ('  place: {ask: "Where?", answer: reference}\n', ""),
    "fewer kinds": (BIGGER, "[harassment, other]"),
    "shield first": ("    owner: triage\n", "    owner: triage\n    do: [shield]\n"),
    "another question": (
        "severity:\n",
        '  since: {ask: "Since when?", answer: instant}\nseverity:\n',
    ),
    "graver table": ("{otherwise: SEV3,", "{otherwise: SEV2,"),
}
"""By name: what stands in the first version, and what in its place in the second."""


def version(*changes: str, number: str = "2.0.0") -> Pathway:
    """The runbook with those changes, under a number of its own."""
    text = FIRST.replace("version: 1.0.0", f"version: {number}")
    for change in changes:
        old, new = CHANGES[change]
        assert text.count(old) == 1, change
        text = text.replace(old, new)
    return compiled(text.encode())


def house(*answers: tuple[str, str]) -> House:
    """A case in triage under the first version, with those answers."""
    made = House.of(text=FIRST.encode())
    if answers:
        did(made, Answer(answers=dict(answers)), person="tom", role="triage")
    judged(made)
    return made


def judged(made: House) -> None:
    """The severity table has been read, and what waited for it is asked."""
    made.state.reassess = False
    ask_when_ready(made.file, at=made.now)


def did(made: House, body: ActBody, *, person: str, role: str) -> None:
    """The act was accepted."""
    receipt = made.act(body, person=person, role=role)
    assert receipt.accepted, (receipt.reason, receipt.detail)


def ask(made: House, pathway: Pathway, *, person: str = "imani", reason: str = "why") -> ActReceipt:
    """The person asks for the version, or agrees to it."""
    role = "incident-manager" if person == "imani" else "duty-manager"
    body = Migrate(version=pathway.version, reason=reason, pathway=pathway)
    return made.act(body, person=person, role=role)


def moved(made: House, pathway: Pathway) -> House:
    """The case is under that version: two people said so."""
    for person in ("imani", "dora"):
        receipt = ask(made, pathway, person=person)
        assert receipt.accepted, (receipt.reason, receipt.detail)
    return made


def clock(made: House, name: str = "REPLY-72h") -> ClockRun:
    """The newest run of the clock."""
    found = made.state.clock(name)
    assert found is not None
    return found


def last(made: House, kind: Kind) -> Entry:
    """The newest entry of that kind."""
    return [entry for entry in made.state.journal.pending if entry.kind is kind][-1]


def test_one_person_asks_and_another_agrees() -> None:
    """Nothing moves before a second person has signed the same rules."""
    made, second = house(), version("shorter clock")

    assert ask(made, second).accepted
    assert made.state.version == "1.0.0"
    again = ask(made, second)
    assert (again.outcome, again.reason) == (Outcome.NOT_YOURS, Reason.SAME_PERSON)
    assert ask(made, second, person="dora", reason="").accepted

    assert (made.state.version, made.file.pathway) == ("2.0.0", second)
    assert made.state.proposed is None
    [record] = made.state.migrations
    assert record.by == ("imani", "dora")
    entry = last(made, Kind.CASE_MIGRATED)
    assert (entry.body["asked_by"], entry.body["by"]) == ("imani", "dora")
    assert entry.body["digest"] == second.digest


def test_a_second_person_agrees_to_what_was_asked_for_only() -> None:
    """Another version, or other rules under its number, is a question of its own."""
    made = house()
    assert ask(made, version("shorter clock")).accepted

    assert ask(made, version("longer clock"), person="dora").accepted

    assert made.state.version == "1.0.0"
    assert made.state.proposed is not None
    assert made.state.proposed.by == "dora"


def test_whoever_may_not_is_refused() -> None:
    """Neither other roles, nor somebody with a conflict, nor an act without rules or a reason."""
    made, second = house(), version("shorter clock")
    body = Migrate(version="2.0.0", reason="why", pathway=second)

    assert made.act(body, person="tom", role="triage").reason is Reason.ROLE
    assert ask(made, second, reason=" ").reason is Reason.REASON_REQUIRED
    empty = Migrate(version="2.0.0", reason="why")
    assert made.act(empty, person="imani", role="incident-manager").reason is Reason.MALFORMED
    made.state.conflicts["imani"] = "triage"
    assert ask(made, second).reason is Reason.CONFLICTED
    assert made.state.proposed is None


def test_the_version_it_has_and_another_runbook_are_refused() -> None:
    """A case is moved to another version of its own runbook, once."""
    made = house()

    assert ask(made, compiled(FIRST.encode())).reason is Reason.UNCHANGED
    other = compiled(FIRST.replace("runbook: moved", "runbook: other").encode())
    assert ask(made, other).reason is Reason.DOES_NOT_FIT


def test_a_stage_it_has_been_in_must_be_there() -> None:
    """What the case has walked is named by the record: a version without it does not fit."""
    made = house()
    text = FIRST.replace("triage", "sorting").replace("1.0.0", "2.0.0")
    text = text.replace("owner: sorting", "owner: triage").replace(
        "remind: sorting", "remind: legal"
    )

    receipt = ask(made, compiled(text.encode()))

    assert receipt.reason is Reason.DOES_NOT_FIT
    assert "triage" in receipt.detail


SPLIT = FIRST.replace("approve: {legal: 1}", "approve: {legal: 1, policy: 1}").replace(
    "reject: {legal: 1, reason: required}",
    "reject: {legal: 1, policy: 1, reason: required}\n    split: {to: executive, within: 60m}",
)


def test_whoever_was_asked_alone_must_be_asked_there_too() -> None:
    """A split that the executive has yet to settle is not moved to where nobody would."""
    made = House.of(text=SPLIT.encode())
    did(made, Answer(answers={"kind": "fraud"}), person="tom", role="triage")
    judged(made)
    did(made, Complete(stage="triage", outcome="escalate"), person="tom", role="triage")
    yes = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    no = Decide(gate="legal-review", verdict=Verdict.REJECT, reason="not lawful")
    did(made, yes, person="lena", role="legal")
    did(made, no, person="pia", role="policy")
    assert made.state.rounds[-1].approve == {"executive": 1}
    same = SPLIT.replace("1.0.0", "2.0.0").replace("within: 60m", "within: 30m")
    other = SPLIT.replace("1.0.0", "2.0.0").replace("to: executive", "to: policy-lead")

    refused = ask(made, compiled(other.encode()))
    assert refused.reason is Reason.DOES_NOT_FIT
    assert "executive has yet to answer at legal-review (split)" in refused.detail
    moved(made, compiled(same.encode()))
    judged(made)

    asked = made.state.open_round("legal-review")
    assert asked is not None
    assert asked.approve == {"executive": 1}


def test_an_action_under_way_must_be_there() -> None:
    """Nothing is left half done by a version that does not know of it."""
    made = house(("kind", "fraud"))
    did(made, Complete(stage="triage", outcome="escalate"), person="tom", role="triage")
    did(made, Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena", role="legal")
    text = (
        FIRST.replace("1.0.0", "2.0.0").replace("do: [reply], ", "").replace("effect:reply, ", "")
    )
    text = text.replace(", receipt:reply", "")
    text = text.replace(
        '  reply: {title: "Reply", owner: legal, within: 24h, irreversible: true}\n', ""
    )
    text = text.replace("  - stage: triage\n", "  - stage: triage\n    do: [shield]\n")

    receipt = ask(made, compiled(text.encode()))

    assert receipt.reason is Reason.DOES_NOT_FIT
    assert "Reply" in receipt.detail


@pytest.mark.parametrize(
    "change, due", [("shorter clock", 24), ("longer clock", 96)], ids=["shorter", "longer"]
)
def test_a_clock_is_read_again_from_its_own_beginning(change: str, due: int) -> None:
    """The time that has passed counts; the earlier run is cancelled on record."""
    made = house()
    made.later(10 * HOUR)

    moved(made, version(change))

    assert clock(made).due_at(made.now) == BEGIN + due * HOUR
    runs = [run for run in made.state.clocks if run.id == "REPLY-72h"]
    assert [run.ended for run in runs] == [True, False]
    assert runs[0].events[-1].because == OTHER_RULES
    assert runs[0].reading(BEGIN + HOUR).running


def test_steps_that_have_come_due_by_the_new_rule_are_taken_once() -> None:
    """What was told stays told, what would have been told is told now, what lies ahead comes."""
    made = house()
    made.later(31 * HOUR)
    take_due(made.file, at=made.now)

    moved(made, version("other steps"))

    assert clock(made).fired == ["24h:legal"]
    assert [label for _, label, _ in clock(made).steps(made.now)] == ["30h:duty-manager", TARGET]
    took = [step.label for _, step, _ in take_due(made.file, at=made.now) if step is not None]
    assert "30h" in took
    assert "24h" not in took


def test_a_longer_time_takes_a_breach_back_and_a_shorter_one_finds_it() -> None:
    """Whether a deadline was missed is read by the rule in force; both readings are on record."""
    made = house()
    made.later(80 * HOUR)
    take_due(made.file, at=made.now)
    assert clock(made).breached_at is not None

    moved(made, version("longer clock"))
    assert clock(made).breached_at is None
    moved(made, version("shorter clock", number="3.0.0"))
    take_due(made.file, at=made.now)

    assert clock(made).breached_at == BEGIN + 24 * HOUR


def by_row(row: str, number: str) -> Pathway:
    """The runbook with a clock of the law, by that row."""
    clocks = FIRST[FIRST.index("clocks:") : FIRST.index("stages:")]
    law = (
        f"clocks:\n  BREACH:\n    use: {row}\n    title: Notify\n    stops: [closed]\n"
        "    late: [{at: 50%, page: legal}]\n    owner: legal\n"
    )
    text = FIRST.replace(clocks, law).replace("version: 1.0.0", f"version: {number}")
    return compiled(text.encode())


def test_a_law_that_changes_moves_no_case_before_people_do() -> None:
    """The case keeps the row it pinned; moved, it carries the new row with its own pin."""
    made = moved(house(), by_row("EU-GDPR33@1", "2.0.0"))
    made.later(10 * HOUR)
    assert clock(made, "BREACH").due_at(made.now) == BEGIN + 72 * HOUR
    later = by_row("EU-GDPR-96@1", "3.0.0")

    shown = preview(made.state, made.file.pathway, later, at=made.now)
    [change] = shown.clocks
    assert (change.was, change.now) == (BEGIN + 72 * HOUR, BEGIN + 96 * HOUR)
    assert clock(made, "BREACH").due_at(made.now) == BEGIN + 72 * HOUR
    moved(made, later)

    assert clock(made, "BREACH").due_at(made.now) == BEGIN + 96 * HOUR
    entry = last(made, Kind.CLOCK_DEADLINE)
    assert entry.body["row"] == "EU-GDPR-96@1"
    assert entry.body["begun"] == BEGIN.isoformat()


def test_clocks_come_and_go_with_the_version() -> None:
    """One that is no part of it is cancelled; a new one counts from the event it names."""
    made = house()
    made.later(7 * HOUR)

    moved(made, version("no clock"))
    assert clock(made).ended
    moved(made, version("new clock", number="3.0.0"))

    assert clock(made, "SHORT-12h").due_at(made.now) == BEGIN + 12 * HOUR
    assert clock(made).due_at(made.now) == BEGIN + 72 * HOUR


@pytest.mark.parametrize("state", ["done", SHADOWED])
def test_a_clock_that_comes_counts_from_what_was_performed_before(state: str) -> None:
    """Also in a shadow case, where it only would have been."""
    made = house(("kind", "fraud"), ("danger", "no"))
    made.state.shadow = state == SHADOWED
    did(made, Complete(stage="triage", outcome="escalate"), person="tom", role="triage")
    did(made, Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena", role="legal")
    [reply] = made.state.effects
    settle(made.file, reply, state=state, at=made.now)
    made.later(2 * HOUR)
    after = """clocks:
  KEEP:
    title: "Keep what was replied"
    within: 24h
    starts-after: reply
    stops: [closed]
    late: [{at: 6h, page: legal}]
    owner: legal
    source: "An act"
"""
    text = FIRST.replace("clocks:\n", after).replace("version: 1.0.0", "version: 2.0.0")

    moved(made, compiled(text.encode()))

    assert clock(made, "KEEP").due_at(made.now) == BEGIN + 24 * HOUR


def test_an_open_question_is_asked_again_by_the_new_rule() -> None:
    """A vote given under other rules counts for nothing; the change is shown to who is asked."""
    made = house(("kind", "fraud"), ("danger", "no"))
    did(made, Complete(stage="triage", outcome="escalate"), person="tom", role="triage")

    moved(made, version("two lawyers"))
    assert [round_.state for round_ in made.state.rounds] == [RoundState.SUPERSEDED]
    judged(made)

    asked = made.state.open_round("legal-review")
    assert asked is not None
    assert asked.approve == {"legal": 2}
    assert [change.what for change in asked.changed] == ["runbook"]


def test_answers_that_the_version_does_not_take_are_put_away() -> None:
    """They are asked anew where it asks otherwise, and come back with the way back."""
    made = house(("kind", "fraud"), ("place", "r-1"), ("danger", "no"))

    moved(made, version("no place", "fewer kinds"))
    assert set(made.state.answers) == {"danger"}
    assert made.state.reassess
    assert ask(made, compiled(FIRST.encode()), person="dora", reason="a mistake").accepted

    given = {name: answer.value for name, answer in made.state.answers.items()}
    assert given == {"kind": "fraud", "place": "r-1", "danger": "no"}


def test_the_stage_under_way_has_the_targets_and_first_actions_of_the_version() -> None:
    """Its time counts from its beginning, and what the version does first is ordered."""
    made = house()
    made.later(HOUR)

    moved(made, version("shorter triage", "shield first"))

    target = made.state.stage_clock("triage")
    assert target is not None
    assert target.due_at(made.now) == BEGIN + 2 * HOUR
    assert [effect.name for effect in made.state.effects] == ["shield"]


def test_one_person_takes_the_case_back_until_somebody_decides() -> None:
    """After a decision the way back is a migration like any other."""
    made, first = house(("kind", "fraud")), compiled(FIRST.encode())
    moved(made, version("shorter clock"))
    assert ask(made, first, reason="").reason is Reason.REASON_REQUIRED
    assert ask(made, first).accepted
    assert (made.state.version, made.state.proposed) == ("1.0.0", None)
    assert last(made, Kind.CASE_MIGRATED).body["back"] is True

    moved(made, version("shorter clock"))
    made.later(HOUR)
    did(made, Complete(stage="triage", outcome="escalate"), person="tom", role="triage")
    assert ask(made, first).accepted

    assert made.state.version == "2.0.0"
    assert made.state.proposed is not None


def test_a_hold_goes_on_under_the_version() -> None:
    """Our own targets stand still, the law's go on, and both go on with the resumption."""
    made = house()
    made.later(HOUR)
    hold = Hold(reason="why", review_at=made.now + 5 * HOUR)
    did(made, hold, person="imani", role="incident-manager")
    moved(made, version("shorter triage", "shorter clock"))
    made.later(3 * HOUR)
    did(made, Resume(), person="imani", role="incident-manager")

    target = made.state.stage_clock("triage")
    assert target is not None
    assert target.due_at(made.now) == BEGIN + 5 * HOUR
    assert clock(made).due_at(made.now) == BEGIN + 24 * HOUR


def test_an_explanation_says_that_it_was_moved_by_whom_and_why() -> None:
    """While a second person is waited for, that is said too; nothing else waits for it."""
    made = house()
    assert ask(made, version("shorter clock")).accepted
    waiting = explain_state(made.state, made.file.pathway, at=made.now)
    assert ask(made, version("shorter clock"), person="dora").accepted
    said = explain_state(made.state, made.file.pathway, at=made.now)

    assert "agree to version 2.0.0, or not" in [owed.what for owed in waiting.owed]
    assert "agree to version 2.0.0, or not" not in [owed.what for owed in said.owed]
    told = {each.what: (each.who, each.rule) for each in said.because}
    assert told["moved from version 1.0.0 to 2.0.0"] == ("imani and dora", "why")
    assert told["opened on A runbook that changes"][1] == "moved 1.0.0"


SOME = st.lists(st.sampled_from(sorted(CHANGES)), max_size=4, unique=True).filter(
    lambda names: (
        not {"no clock", "new clock"} <= set(names)
        and len({"shorter clock", "longer clock", "other steps", "no clock"} & set(names)) <= 1
    )
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "danger": st.sampled_from(["yes", "no", "unknown"]),
        "kind": st.sampled_from(["harassment", "fraud", "other"]),
        "place": st.just("r-1"),
    },
)


def readings(made: House) -> dict[str, object]:
    """What of the case a way back has to bring back: what runs, what is answered and asked."""
    return {
        "answers": dict(made.state.answers),
        "due": {run.id: run.due_at(made.now) for run in made.state.clocks if not run.ended},
        "late": {run.id: list(run.late) for run in made.state.clocks if not run.ended},
        "stage": made.state.stage,
        "asked": made.file.asked(),
        "facts": made.state.facts(),
    }


@given(changes=SOME, answers=ANSWERS, hours=st.integers(0, 120), late=st.booleans())
def test_the_way_back_brings_everything_back(
    changes: list[str], answers: dict[str, str], hours: int, *, late: bool
) -> None:
    """However a version differs, a case that comes back from it stands where it stood."""
    made = house(*answers.items())
    made.later(hours * HOUR)
    if late:
        take_due(made.file, at=made.now)
    before = readings(made)
    told = {run.id: set(run.fired) for run in made.state.clocks if not run.ended}

    moved(made, version(*changes))
    assert ask(made, compiled(FIRST.encode())).accepted

    assert readings(made) == before
    assert {run.id: set(run.fired) for run in made.state.clocks if not run.ended} == told


@given(changes=SOME, answers=ANSWERS, hours=st.integers(0, 120), late=st.booleans())
def test_the_preview_is_what_happens(
    changes: list[str], answers: dict[str, str], hours: int, *, late: bool
) -> None:
    """What is shown beforehand is what the case reads afterwards, and showing changes nothing."""
    made = house(*answers.items())
    made.later(hours * HOUR)
    if late:
        take_due(made.file, at=made.now)
    second, was = version(*changes), made.state.model_copy(deep=True)

    shown = preview(made.state, made.file.pathway, second, at=made.now)
    assert made.state == was
    running = {run.id: run.due_at(made.now) for run in made.state.clocks if not run.ended}
    moved(made, second)

    assert shown.fits
    now = {run.id: run.due_at(made.now) for run in made.state.clocks if not run.ended}
    differing = {name for name in now.keys() | running.keys() if now.get(name) != running.get(name)}
    assert {item.clock for item in shown.clocks} == differing
    assert all(
        (item.was, item.now) == (running.get(item.clock), now.get(item.clock))
        for item in shown.clocks
    )
    assert set(shown.unasked) == set(answers) - set(made.state.answers)
    assert list(shown.ordered) == [effect.title for effect in made.state.effects]


def test_a_preview_says_why_a_case_cannot_be_moved() -> None:
    """The same words as the refusal."""
    made = house()
    text = FIRST.replace("triage", "sorting").replace("owner: sorting", "owner: triage")
    text = text.replace("remind: sorting", "remind: legal").replace("1.0.0", "2.0.0")

    shown = preview(made.state, made.file.pathway, compiled(text.encode()), at=made.now)

    assert shown == MigrationPreview(
        version_was="1.0.0",
        version="2.0.0",
        wrong=("it has been in the stage triage, which the version does not have",),
    )
