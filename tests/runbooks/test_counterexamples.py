"""What lint calls a way that goes wrong goes wrong when a case is driven along it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.acts import Complete, Dissent, Verdict
from cases.file import SYSTEM
from cases.gate import RoundKind, RoundState, Vote, tally
from cases.journal import Kind
from cases.receipts import Reason
from cases.stages import enter, leave
from runbooks.plan import Assurance, GateRule, Next, Severity
from runbooks.quorums import roles_in
from runbooks.votes import Ballot, result, stalemate
from tests.cases.house import BEGIN
from tests.runbooks.driving import Drive
from tests.runbooks.faults import Fault, faults


def _stands(fault: Fault, drive: Drive) -> None:
    """The case stands where none of the outcomes comes near an end."""
    reached, queue = set[str](), [str(drive.house.state.stage)]
    while queue:
        stage = drive.house.file.pathway.stage(queue.pop())
        reached.add(stage.name)
        queue += [step.then for step in stage.next.values() if step.then not in {None, *reached}]  # type: ignore[misc]
        assert not any(step.move_to for step in stage.next.values())
    assert drive.house.file.pathway.closure.name not in reached


def _outcome_leads_nowhere(fault: Fault, drive: Drive) -> None:
    """Something gives the stage an outcome that the pathway has no step for."""
    stage = drive.house.file.stage
    assert stage is not None
    given_ = {step.go for step in stage.late if step.go}
    given_ |= {"done"} if stage.skip_when_done else set()
    if stage.gate is not None:
        given_ |= {"approved", "rejected", "more-information"}
    assert given_ - set(stage.next)


def _outcome_is_never_given(fault: Fault, drive: Drive) -> None:
    """A person who tries to give the gate that outcome is refused."""
    stage = drive.house.file.stage
    assert stage is not None
    other = next(
        outcome
        for outcome in stage.next
        if outcome not in {"approved", "rejected", "more-information"}
    )
    receipt = drive.house.act(
        Complete(stage=stage.name, outcome=other), person="p", role=stage.owner
    )
    assert not receipt.accepted


def _goes_round_alone(fault: Fault, drive: Drive) -> None:
    """The case stands where it stood, and on the way nobody left a stage."""
    visits = drive.house.state.visits
    before = [visit.stage for visit in visits[:-1]]
    assert visits[-1].stage in before
    last = len(before) - 1 - before[::-1].index(visits[-1].stage)
    assert all(visit.by == SYSTEM for visit in visits[last:-1])


def _cannot_be_closed(fault: Fault, drive: Drive) -> None:
    """Every disposition is refused, whatever people add."""
    closure = drive.house.file.pathway.closure
    for disposition in closure.dispositions:
        assert drive.close(disposition).reason is Reason.UNMET


def _cannot_be_closed_as(fault: Fault, drive: Drive) -> None:
    """The disposition is refused for the requirement that lint named."""
    name = fault.finding().what.partition('"')[2].partition('"')[0]
    closure = drive.house.file.pathway.closure
    name = name if name in closure.dispositions else fault.finding().what.split('"')[3]

    assert drive.close(name).reason is Reason.UNMET


def _step_never_came(fault: Fault, drive: Drive) -> None:
    """The stage left, and one of its steps, or its silence, had not come."""
    left = [visit for visit in drive.house.state.visits if visit.left_at is not None][-1]
    plan = drive.house.file.pathway.stage(left.stage)
    drive.pass_time(plan.within * 3)
    silent = plan.gate is not None and plan.gate.silence.go not in {None, left.outcome}
    assert silent or any(step not in drive.steps for step in plan.late)


def _nothing_is_decided(fault: Fault, drive: Drive) -> None:
    """Everybody the quorum asks for was heard, the round is open, and nobody breaks the tie."""
    round_ = drive.round()
    assert round_.kind is RoundKind.ASK
    assert round_.state is RoundState.OPEN
    assert drive.house.state.pending_outcome is None
    heard = {role: sum(vote.role == role for vote in round_.votes) for role in round_.asked}
    assert all(heard[role] >= round_.approve.get(role, 1) for role in round_.approving)


def _too_few_are_left(fault: Fault, drive: Drive) -> None:
    """Fewer people may vote than the gate needs."""
    what = fault.finding().what
    round_ = drive.round()
    if "hears a dissent" in what:
        drive.vote("legal", Verdict.APPROVE)
        dissent = Dissent(gate=round_.gate, reason="too broad")
        assert drive.house.act(dissent, person="safety-expert-1", role="safety-expert").accepted
        assert drive.round().kind is RoundKind.DISSENT
        assert drive.able("legal") == []
        return
    if "nobody is left as" in what:
        number, _, named = what.partition(" must ")[0].partition(" of ")
        assert sum(bool(drive.able(role)) for role in named.split(", ")) < int(number)
        return
    number, _, role = what.partition(";")[0].partition(" of ")
    if not role:
        assert drive.people(what.split()[0]) == []
        return
    role = role.split()[0]
    if "stand in" in what:
        drive.pass_time(timedelta(days=1))
    assert len(drive.able(role)) < int(number)


def _cannot_be_approved(fault: Fault, drive: Drive) -> None:
    """Every role has approved, and the round is still open."""
    for role in drive.round().asked:
        drive.vote(role, Verdict.APPROVE)
    assert drive.round().state is RoundState.OPEN


def _who_is_quicker_decides(fault: Fault, drive: Drive) -> None:
    """One approves, and nobody hears the other, who would have rejected."""
    drive.vote(drive.round().asked[0], Verdict.APPROVE)
    assert drive.house.state.visits[-2].outcome == "approved"


def _a_voter_breaks_the_tie(fault: Fault, drive: Drive) -> None:
    """Whoever voted in that role is refused as the tie-breaker."""
    drive.vote("duty-counsel", Verdict.APPROVE)
    drive.vote("counter-terror", Verdict.REJECT)
    assert drive.round().kind is RoundKind.SPLIT
    assert "duty-counsel-1" not in drive.able("duty-counsel")


def _discloses_by_silence(fault: Fault, drive: Drive) -> None:
    """User data is handed over, and the last word was nobody's."""
    effects = drive.house.state.effects
    plans = [drive.house.file.effect_plan(effect.name) for effect in effects]
    assert any(plan is not None and plan.discloses for plan in plans)
    left = [visit for visit in drive.house.state.visits if visit.left_at is not None]
    assert drive.steps or left[-1].by == SYSTEM


def _discloses_unasked(fault: Fault, drive: Drive) -> None:
    """User data is handed over though no gate was approved."""
    plans = [drive.house.file.effect_plan(effect.name) for effect in drive.house.state.effects]
    assert any(plan is not None and plan.discloses for plan in plans)
    assert all(round_.state is not RoundState.APPROVED for round_ in drive.house.state.rounds)


def _happens_unattended(fault: Fault, drive: Drive) -> None:
    """The action was ordered, by time alone, and is a person's or shields nobody."""
    left = [visit for visit in drive.house.state.visits if visit.left_at is not None]
    assert any(step.do for step in drive.steps) or left[-1].by == SYSTEM
    newest = drive.house.file.effect_plan(drive.house.state.effects[-1].name)
    assert newest is not None
    assert newest.by == "manual" if fault.rule == "RB052" else not newest.protective


def _pauses_the_law(fault: Fault, drive: Drive) -> None:
    """A clock of law that does not toll stands still."""
    plans = {clock.id: clock for clock in drive.house.file.pathway.clocks}
    still = [
        clock
        for clock in drive.house.state.clocks
        if clock.id in plans and not clock.reading(drive.house.now).running
    ]
    assert any(plans[clock.id].kind != "tolling" for clock in still)


def _nobody_is_paged(fault: Fault, drive: Drive) -> None:
    """The stage's whole time passes, and nobody but who is late hears of it."""
    stage = drive.house.file.stage
    assert stage is not None
    if drive.people(stage.owner) == []:
        return
    before = len(drive.steps)
    drive.pass_time(stage.within - timedelta(seconds=1))
    own = [step for step in drive.steps[before:] if step in stage.late]
    assert not any(step.page or step.do or step.go for step in own)


def _is_slower_when_graver(fault: Fault, drive: Drive) -> None:
    """Raised by one, the case that stands there is due later than it was."""
    stage = drive.house.file.stage
    assert stage is not None
    clock = drive.house.state.stage_clock(stage.name)
    assert clock is not None
    due = dict[Severity, datetime]()
    for severity in reversed(Severity):
        drive.grade(severity)
        at = clock.due_at(drive.house.now)
        assert at is not None
        due[severity] = at
    assert any(due[graver] > due[milder] for graver, milder in pairwise(Severity))


def _is_passed_over_into_nothing(fault: Fault, drive: Drive) -> None:
    """A milder case that comes to the stage is passed over, and stands nowhere."""
    house = drive.house
    stage = house.file.stage
    assert stage is not None
    drive.grade(next(severity for severity in Severity if not stage.comes_at(severity)))
    enter(house.file, stage, at=house.now)
    assert leave(house.file, stage, str(house.state.pending_outcome), at=house.now) == Next()


def _goes_on_unanswered(fault: Fault, drive: Drive) -> None:
    """The case has left the stage, and nobody gave the answer that its outcome needs."""
    left = [visit for visit in drive.house.state.visits if visit.outcome is not None][-1]
    needs = drive.house.file.pathway.stage(left.stage).next[str(left.outcome)].needs
    assert set(needs) - set(drive.house.state.answers)


def _nobody_was_asked(fault: Fault, drive: Drive) -> None:
    """The stage keeps out whoever decided before, and nobody has said who that was."""
    stage = drive.house.file.stage
    assert stage is not None
    assert stage.independent_of
    assert not set(stage.independent_of) & set(drive.house.state.answers)


def _one_is_too_few(fault: Fault, drive: Drive) -> None:
    """Without one who decided before, too few of a role are left for the stage."""
    stage = drive.house.file.stage
    assert stage is not None
    wanted = stage.gate.approve if stage.gate is not None else {stage.owner: 1}
    assert any(len(drive.people(role)) - 1 < number for role, number in wanted.items())


def _some_severity_is_stuck(fault: Fault, drive: Drive) -> None:
    """At some severity nobody may take any of the stage's outcomes."""
    stage = drive.house.file.stage
    assert stage is not None
    steps = stage.next.values()
    assert any(
        all(step.only_at and each not in step.only_at for step in steps) for each in Severity
    )


def _a_rule_is_not_issued(fault: Fault, drive: Drive) -> None:
    """The outcome that names a rule was taken; nobody had approved it, so it holds nowhere."""
    left = [visit for visit in drive.house.state.visits if visit.outcome is not None][-1]
    assert drive.house.file.pathway.stage(left.stage).next[str(left.outcome)].issue
    assert Kind.RULE_ISSUED not in [entry.kind for entry in drive.house.state.journal.pending]


def _targets_do_not_add_up(fault: Fault, drive: Drive) -> None:
    """Whoever keeps exactly to every target comes to the stop when the clock is over."""
    what = fault.finding().what
    severity, stop, name = Severity(what.split()[1]), what.split()[6], what.split()[-3]
    pathway, visits = drive.house.file.pathway, drive.house.state.visits
    passed = [visit for visit in visits if visit.left_at is not None or stop == "closed"]
    spent = sum((pathway.stage(v.stage).time_at(severity) for v in passed), timedelta())
    assert spent > next(clock.within for clock in pathway.clocks if clock.id == name)


def _a_clock_runs_on(fault: Fault, drive: Drive) -> None:
    """The case waits for nothing but its closing, and the clock has not ended."""
    clock = drive.house.state.clock(fault.finding().what.split()[-1])
    assert drive.house.state.stage == drive.house.file.pathway.closure.name
    assert clock is not None
    assert not clock.reading(drive.house.now).ended


CLAIMS: dict[str, Callable[[Fault, Drive], None]] = {
    "RB031": _stands,
    "RB032": _outcome_leads_nowhere,
    "RB033": _outcome_is_never_given,
    "RB034": _goes_round_alone,
    "RB035": _cannot_be_closed,
    "RB036": _step_never_came,
    "RB041": _nothing_is_decided,
    "RB043": _too_few_are_left,
    "RB045": _a_voter_breaks_the_tie,
    "RB050": _discloses_by_silence,
    "RB051": _discloses_unasked,
    "RB052": _happens_unattended,
    "RB053": _happens_unattended,
    "RB063": _pauses_the_law,
    "RB065": _nobody_is_paged,
    "RB067": _targets_do_not_add_up,
    "RB068": _a_clock_runs_on,
    "RB070": _nobody_is_paged,
    "RB072": _cannot_be_closed_as,
    "RB111": _is_slower_when_graver,
    "RB112": _is_passed_over_into_nothing,
    "RB116": _goes_on_unanswered,
    "RB120": _cannot_be_approved,
    "RB122": _who_is_quicker_decides,
    "RB131": _nobody_was_asked,
    "RB132": _one_is_too_few,
    "RB133": _some_severity_is_stuck,
    "RB134": _a_rule_is_not_issued,
}
"""What a way is evidence of, by rule: read off the case itself."""

ONLY_BY_A_WAY = ("RB070", "RB065", "RB133", "RB134")
"""Of these only the findings that show a way can be driven to; others need none."""

SHOWN = [
    fault
    for fault in faults()
    if fault.rule in CLAIMS
    and (fault.way or fault.rule not in ONLY_BY_A_WAY)
    and "nobody holds" not in fault.name.replace("-", " ")
]


def test_every_rule_that_shows_a_way_is_driven() -> None:
    """No rule prints a way that this module does not try out."""
    assert {fault.rule for fault in faults() if fault.way} == set(CLAIMS)


@pytest.mark.parametrize("fault", SHOWN, ids=lambda fault: fault.name)
def test_a_way_that_goes_wrong_goes_wrong(fault: Fault) -> None:
    """Every step of the way can be taken, and at its end stands what lint said."""
    drive = Drive.of(fault.text.encode(), directory=fault.directory)

    drive.along(fault.finding().evidence)

    CLAIMS[fault.rule](fault, drive)


ROLES = ("legal", "policy", "executive")
SEVERAL = "privacy or quality or engineering"
quorums = st.one_of(
    st.dictionaries(st.sampled_from(ROLES), st.integers(1, 2), min_size=1),
    st.dictionaries(st.sampled_from((*ROLES, SEVERAL)), st.integers(1, 3), min_size=1),
)
VOTING = (*ROLES, *roles_in(SEVERAL))


@given(
    approve=quorums,
    reject=quorums,
    prevails=st.booleans(),
    veto=st.lists(st.sampled_from(ROLES), unique=True, max_size=1),
    cast=st.lists(st.tuples(st.sampled_from(VOTING), st.booleans()), max_size=8),
)
def test_the_planner_counts_as_the_gate_counts(
    *,
    approve: dict[str, int],
    reject: dict[str, int],
    prevails: bool,
    veto: list[str],
    cast: list[tuple[str, bool]],
) -> None:
    """For any rule and any votes, the planner's result is the gate's."""
    rule = GateRule(
        ask="?", approve=approve, reject=reject, veto=tuple(veto), approval_prevails=prevails
    )

    assert result(rule, _ballots(cast)).value == _tallied(rule, cast).value


@given(approve=quorums, reject=quorums)
def test_a_stalemate_is_one(approve: dict[str, int], reject: dict[str, int]) -> None:
    """What is called a stalemate decides nothing when it is counted at the gate."""
    rule = GateRule(ask="?", approve=approve, reject=reject)

    found = stalemate(rule)

    if found is not None:
        cast = [(ballot.role, ballot.approves) for ballot in found]
        assert _tallied(rule, cast) in {RoundState.OPEN, RoundState.SPLIT}


def _ballots(cast: list[tuple[str, bool]]) -> tuple[Ballot, ...]:
    return tuple(Ballot(role=role, approves=approves) for role, approves in cast)


def _tallied(rule: GateRule, cast: list[tuple[str, bool]]) -> RoundState:
    votes = [
        Vote(
            person=f"person-{number}",
            role=role,
            verdict=Verdict.APPROVE if approves else Verdict.REJECT,
            at=BEGIN,
            act=str(number),
            assurance=Assurance.L1,
            door="web",
            key="key",
        )
        for number, (role, approves) in enumerate(cast)
    ]
    return tally(
        votes,
        approve=rule.approve,
        reject=rule.reject,
        veto=rule.veto,
        approval_prevails=rule.approval_prevails,
    )
