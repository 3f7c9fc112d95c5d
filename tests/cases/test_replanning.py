"""A change of severity plans the rest anew: targets, stages ahead, clocks of graver cases (I12)."""

from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cases.acts import (
    Answer,
    ChangeSeverity,
    Complete,
    Decide,
    Dissent,
    Verdict,
)
from cases.clock import TARGET, ClockRun
from cases.clock_starts import follow
from cases.clocks import pause_operational, resume_operational, take_due
from cases.journal import Entry, Kind
from cases.receipts import Outcome, Reason
from cases.records import SeverityRecord
from cases.severity import severity_changed
from cases.stages import enter
from runbooks.plan import Severity
from tests.cases.house import BEGIN, House

MINUTE = timedelta(minutes=1)

TEXT = (Path(__file__).parent / "by-severity.yaml").read_bytes()

SEVERITIES = st.sampled_from(list(Severity))
CHANGES = st.lists(st.tuples(st.integers(1, 90), SEVERITIES), max_size=6)
"""Minutes that pass, and the severity that is set then."""


def house(severity: Severity = Severity.SEV3) -> House:
    """A case of that severity, in its first stage."""
    made = House.of(text=TEXT)
    if severity is not Severity.SEV3:
        grade(made, severity)
    return made


def grade(made: House, severity: Severity) -> None:
    """The severity is that one now; who set it is another test's affair."""
    before = made.state.facts()
    made.state.severity = made.state.severity.model_copy(update={"current": severity})
    severity_changed(made.file, before, at=made.now)


def played(changes: list[tuple[int, Severity]], *, holding: bool = False) -> House:
    """A case whose severity changed so; with `holding` it is held for a while between."""
    made = house()
    for turn, (minutes, severity) in enumerate(changes):
        made.later(minutes * MINUTE)
        take_due(made.file, at=made.now)
        grade(made, severity)
        if holding and turn == 0:
            pause_operational(made.file, at=made.now)
            made.later(7 * MINUTE)
        elif holding and turn == 1:
            resume_operational(made.file, at=made.now, because="resumed")
    take_due(made.file, at=made.now)
    return made


def target(made: House) -> ClockRun:
    """The target of the stage under way."""
    clock = made.state.stage_clock(made.state.stage or "")
    assert clock is not None
    return clock


def replanned(made: House) -> list[Entry]:
    """The entries that say how the plan changed."""
    return [entry for entry in made.state.journal.pending if entry.kind is Kind.REPLANNED]


@given(changes=CHANGES, holding=st.booleans())
def test_the_law_does_not_move_by_severity(
    *, changes: list[tuple[int, Severity]], holding: bool
) -> None:
    """The law's clock is due when it was, whatever people make of the severity (I12)."""
    made, still = played(changes, holding=holding), house()
    law, untouched = made.state.clock("LAW-1d"), still.state.clock("LAW-1d")
    assert law is not None
    assert untouched is not None

    assert law.events == untouched.events
    assert (law.within, law.late, law.retargeted) == (untouched.within, untouched.late, [])
    assert law.due_at(made.now) == untouched.due_at(made.now)


@given(changes=CHANGES, holding=st.booleans())
def test_a_clock_of_grave_cases_begins_once_and_stays(
    *, changes: list[tuple[int, Severity]], holding: bool
) -> None:
    """It counts from the first change to such a severity, and no later one stops or moves it."""
    made = played(changes, holding=holding)

    grave = [entry for entry in made.state.journal.pending if entry.body.get("clock") == "GRAVE-1h"]
    begun = [entry.at for entry in grave if entry.kind is Kind.CLOCK_STARTED]
    first = next(
        (
            change.at
            for change in made.state.plan_changes
            if change.now in (Severity.SEV0, Severity.SEV1)
        ),
        None,
    )
    assert begun == ([first] if first else [])
    assert not any(entry.kind in (Kind.CLOCK_PAUSED, Kind.CLOCK_STOPPED) for entry in grave)


@given(changes=CHANGES, holding=st.booleans())
def test_a_target_counts_from_the_beginning_of_its_stage(
    *, changes: list[tuple[int, Severity]], holding: bool
) -> None:
    """However often severity changed: it is due as if it had been this one all along."""
    made = played(changes, holding=holding)
    clock, now = target(made), made.state.severity.current
    stage = made.file.pathway.stage("work")

    assert clock.within == stage.time_at(now)
    assert clock.reading(made.now).elapsed <= made.now - BEGIN
    due = clock.due_at(made.now)
    if due is not None:
        pauses = (made.now - BEGIN) - clock.reading(made.now).elapsed
        assert due == BEGIN + pauses + stage.time_at(now)
    assert [step.at for step in clock.late if step.label == "75%"] == [clock.within * 3 / 4]


@given(changes=CHANGES, holding=st.booleans())
def test_no_step_happens_twice(*, changes: list[tuple[int, Severity]], holding: bool) -> None:
    """What was reminded, paged or breached by one target is not so again by the next."""
    made = played(changes, holding=holding)

    fired = target(made).fired
    told = [
        entry
        for entry in made.state.journal.pending
        if entry.kind is Kind.CLOCK_BREACHED and entry.body["clock"] == "work#1"
    ]
    assert len(fired) == len(set(fired))
    assert len(told) == (1 if TARGET in fired else 0)


@given(CHANGES)
def test_a_target_reads_at_a_past_instant_as_it_stood_then(
    changes: list[tuple[int, Severity]],
) -> None:
    """Between two changes the target was what the severity of that time made it (I12)."""
    made = house()
    stood: list[tuple[datetime, timedelta, datetime | None]] = []
    for minutes, severity in changes:
        made.later(minutes * MINUTE)
        before = made.now - timedelta(seconds=1)
        stood.append((before, target(made).target(before), target(made).due_at(before)))
        grade(made, severity)

    clock = target(made)
    for at, within, due in stood:
        assert (clock.target(at), clock.due_at(at)) == (within, due)


@given(st.integers(0, 59), SEVERITIES, st.integers(1, 30), SEVERITIES)
def test_silence_never_overtakes_what_was_shown(
    first: int, one: Severity, then: int, other: Severity
) -> None:
    """Where silence decides, a shorter time counts from the change, and is never a longer one."""
    made = house()
    made.act(Complete(stage="work", outcome="hide"), person="tess", role="triage")
    stage = made.file.pathway.stage("quiet")
    for minutes, severity in ((first, one), (then, other)):
        made.later(minutes * MINUTE)
        before = target(made).due_at(made.now)
        assert before is not None
        if before <= made.now:
            return
        grade(made, severity)

        after = target(made).due_at(made.now)
        assert after is not None
        asked_for = stage.time_at(severity)
        assert after > made.now
        assert after >= min(before, made.now + asked_for)
        assert after <= max(before, BEGIN + asked_for)
        round_ = made.state.open_round("quiet")
        assert round_ is not None
        assert round_.expires_at == after


def test_what_changed_from_when_to_when_is_on_record() -> None:
    """Severity, target, both instants and every later stage that is different; once a change."""
    made = house()
    made.later(30 * MINUTE)

    grade(made, Severity.SEV0)

    entry = replanned(made)[-1]
    assert entry.body == {
        "stage": "work",
        "severity": "SEV0",
        "was": "SEV3",
        "target": "15 minutes",
        "due_was": (BEGIN + timedelta(hours=4)).isoformat(),
        "due": (BEGIN + timedelta(minutes=15)).isoformat(),
        "ahead": ["second-look: now 30 minutes", "quiet: 20 minutes instead of 1 hour"],
    }
    change = made.state.plan_changes[-1]
    assert (change.stage, change.ahead) == (
        "work",
        ("second-look: now 30 minutes", "quiet: 20 minutes instead of 1 hour"),
    )
    assert [step.label for _, step, _ in take_due(made.file, at=made.now) if step] == [
        "50%",
        "10m",
        "75%",
    ]
    assert target(made).breached_at == BEGIN + timedelta(minutes=15)


def test_a_milder_severity_gives_time_and_takes_no_breach_back() -> None:
    """What was late stays late on record; what has not happened yet happens later."""
    made = house(Severity.SEV0)
    made.later(12 * MINUTE)
    take_due(made.file, at=made.now)
    grade(made, Severity.SEV2)
    clock = target(made)

    assert clock.due_at(made.now) == BEGIN + timedelta(hours=4)
    assert clock.breached_at is None
    assert replanned(made)[-1].body["ahead"] == [
        "second-look: passed over",
        "quiet: 1 hour instead of 20 minutes",
    ]


def test_a_severity_with_the_same_plan_changes_nothing() -> None:
    """Where no time and no stage is different, nobody reads of a plan that changed."""
    made = house()

    grade(made, Severity.SEV4)

    assert replanned(made) == []
    assert made.state.plan_changes == []


def test_a_person_who_sets_the_severity_plans_the_rest_anew() -> None:
    """The act that sets it and the change of the plan stand side by side on record."""
    made = house()
    body = ChangeSeverity(severity=Severity.SEV1, reason="seen before")

    assert made.act(body, person="mira", role="incident-manager").accepted

    kinds = [entry.kind for entry in made.state.journal.pending]
    assert kinds.index(Kind.SEVERITY_SET) < kinds.index(Kind.REPLANNED)
    assert target(made).within == timedelta(hours=1)


def test_votes_are_bound_to_the_round_and_not_to_the_plan() -> None:
    """The gate is asked again under the new severity; a vote on the old round is void (I5)."""
    made = house(Severity.SEV1)
    made.act(Complete(stage="work", outcome="go-on"), person="tess", role="triage")
    shown = made.binding("second-look")
    made.later(10 * MINUTE)
    grade(made, Severity.SEV0)

    late = made.act(
        Decide(gate="second-look", verdict=Verdict.APPROVE),
        person="lena",
        role="legal",
        binding=shown,
    )

    assert late.outcome is Outcome.SUPERSEDED
    assert target(made).due_at(made.now) == BEGIN + 30 * MINUTE
    again = made.act(
        Decide(gate="second-look", verdict=Verdict.APPROVE), person="lena", role="legal"
    )
    assert again.accepted


def test_a_stage_of_graver_cases_is_passed_over() -> None:
    """Nobody is asked, nothing runs, and the outcome is nobody's."""
    made = house()
    made.act(Complete(stage="work", outcome="go-on"), person="tess", role="triage")

    passed = made.state.visits[1]
    assert (passed.stage, passed.outcome, passed.by) == ("second-look", "skipped", "escalate")
    assert made.state.stage == "closure"
    assert made.state.round_of("second-look") is None
    assert made.state.stage_clock("second-look") is None


def test_a_stage_under_way_is_finished_whatever_the_severity() -> None:
    """It began at a severity that it is for, and is decided at one that it is not for."""
    made = house(Severity.SEV1)
    made.act(Complete(stage="work", outcome="go-on"), person="tess", role="triage")

    grade(made, Severity.SEV3)

    assert made.state.stage == "second-look"
    assert made.state.open_round("second-look") is not None


def test_an_objection_leads_back_to_its_gate_at_any_severity() -> None:
    """The higher role decides where somebody objected, though such cases are passed over there."""
    made = house(Severity.SEV1)
    made.act(Complete(stage="work", outcome="go-on"), person="tess", role="triage")
    made.act(Decide(gate="second-look", verdict=Verdict.APPROVE), person="lena", role="legal")
    assert made.state.stage == "closure"
    grade(made, Severity.SEV3)

    objection = Dissent(gate="second-look", reason="too quick")
    assert made.act(objection, person="luca", role="legal").accepted
    enter(made.file, made.file.pathway.stage("second-look"), at=made.now)

    assert made.state.stage == "second-look"
    assert made.state.open_round("second-look") is not None


def test_nobody_can_say_that_a_stage_was_passed_over() -> None:
    """`skipped` is the severity's to say: a person who tries is told what there is."""
    text = TEXT.replace(
        b"    next: {go-on", b"    only-at: [SEV3]\n    next: {skipped: closure, go-on"
    )
    made = House.of(text=text)

    receipt = made.act(Complete(stage="work", outcome="skipped"), person="tess", role="triage")

    assert receipt.reason is Reason.NO_SUCH_OUTCOME
    assert "skipped" not in receipt.detail


def test_an_earlier_awareness_does_not_move_what_severity_began() -> None:
    """The case was known long before; that it is grave was not."""
    made = house()
    made.later(10 * MINUTE)
    grade(made, Severity.SEV0)
    earlier = Answer(answers={"aware-at": (BEGIN - timedelta(hours=5)).isoformat()})

    assert made.act(earlier, person="tess", role="triage").accepted

    clock = made.state.clock("GRAVE-1h")
    assert clock is not None
    assert clock.due_at(made.now) == BEGIN + timedelta(minutes=70)


def test_a_case_that_opens_grave_counts_from_its_beginning() -> None:
    """Known to be grave at once: the clock counts from awareness, like all others."""
    made = House.of(text=TEXT)
    state = made.state.model_copy(
        update={
            "clocks": [],
            "severity": SeverityRecord(current=Severity.SEV0, computed=Severity.SEV0),
        }
    )
    made.file.state = state

    follow(made.file, changed=(), at=BEGIN)

    clock = state.clock("GRAVE-1h")
    assert clock is not None
    assert clock.due_at(BEGIN) == BEGIN + timedelta(hours=1)
