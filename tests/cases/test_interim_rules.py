"""An interim rule: issued by those who may, watched to its end, and gone when its time is over."""

from datetime import timedelta

import pytest

from cases.acts import ActBody, Complete, Decide, Extend, Settle, Verdict
from cases.journal import Journal, Kind, obligation_stream
from cases.obligations.answers import answers_for, roles_of
from cases.obligations.desk import ObligationDesk
from cases.obligations.schedule import next_step, take_steps
from cases.obligations.state import ObligationFile, ObligationState
from cases.outcomes import take_silence
from cases.receipts import ActReceipt, Reason
from cases.recording import Record
from runbooks.plan import FollowUp, OwedKind, Severity
from tests.cases.house import BEGIN, CASE, ROOT, SALT, House

HOUR = timedelta(hours=1)
GUIDANCE = b"""
runbook: guidance
version: 1.0.0
title: "Guidance"
owner: policy
review-by: 2027-02-01
intake: {}
severity:
  - {otherwise: SEV3, because: "nothing burns"}
stages:
  - stage: issue
    owner: policy
    within: 4h
    ask: "Shall this hold for three days?"
    approve: {incident-manager: 1, policy: 1}
    reject: {incident-manager: 1, policy: 1, reason: required}
    split: {to: executive, within: 4h}
    next: {approved: {issue: [guidance], then: work}, rejected: work, more-information: work}
  - stage: work
    owner: policy
    within: 4h
    next: {again: issue, done: closure}
  - stage: closure
    owner: policy
    within: 24h
    dispositions: {done: [decision-record]}
interim-rules:
  guidance:
    title: "What holds for now"
    lasts: 72h
    owner: policy
    confirm: policy-executive
    remind: [24h]
"""


def voted(house: House, verdict: Verdict = Verdict.APPROVE) -> None:
    """Incident manager and policy say the same."""
    for person, role in (("ines", "incident-manager"), ("pia", "policy")):
        body = Decide(gate="issue", verdict=verdict, reason="so")
        assert house.act(body, person=person, role=role).accepted


def test_an_approval_issues_it_under_a_number_of_its_own() -> None:
    """Number, people, end, and what watches it are on record; the ticket is told."""
    house = House.of(text=GUIDANCE)

    voted(house)

    (rule,) = house.state.rules
    assert (rule.number, rule.obligation, rule.by) == (
        "1001-R1",
        "rule-guidance",
        ("ines", "pia"),
    )
    assert rule.expires_at == BEGIN + 72 * HOUR
    kinds = [entry.kind for entry in house.state.journal.pending]
    assert kinds.count(Kind.RULE_ISSUED) == kinds.count(Kind.OBLIGATION_RECORDED) == 1


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.MORE_INFORMATION])
def test_nothing_else_issues_it(verdict: Verdict) -> None:
    """A rejection and a question leave everything as it was."""
    house = House.of(text=GUIDANCE)
    body = Decide(gate="issue", verdict=verdict, reason="so")
    house.act(body, person="ines", role="incident-manager")
    if verdict is Verdict.REJECT:
        house.act(body, person="pia", role="policy")

    assert house.state.stage == "work"
    assert house.state.rules == []


def test_silence_issues_nothing() -> None:
    """An approval that nobody gave is none, whatever a pathway says."""
    house = House.of(text=GUIDANCE)
    round_ = house.state.open_round("issue")
    assert round_ is not None

    take_silence(house.file, round_, "approved", at=house.now)
    house.walk()

    assert house.state.stage == "work"
    assert house.state.rules == []


def test_the_same_rule_again_is_another_one() -> None:
    """It has a number and a record of its own; the earlier one goes on until it ends."""
    house = House.of(text=GUIDANCE)
    voted(house)
    again = Complete(stage="work", outcome="again")
    assert house.act(again, person="pia", role="policy").accepted

    voted(house)

    second = house.state.rules[-1]
    assert (second.number, second.obligation) == ("1001-R2", "rule-guidance-2")
    plan = house.file.pathway.owed_plan("rule-guidance-2")
    assert plan is not None
    assert (plan.name, plan.kind, plan.owner) == ("rule-guidance-2", OwedKind.RULE, "policy")
    assert house.file.pathway.owed_plan("rule-guidance-x") is None
    assert house.file.pathway.owed_plan("other-2") is None


def watched() -> tuple[ObligationFile, ObligationDesk, House]:
    """A rule that has just been issued, its desk, and a house that signs acts."""
    house = House.of(text=GUIDANCE)
    plan = house.file.pathway.owed_plan("rule-guidance")
    assert plan is not None
    state = ObligationState(
        case=CASE,
        number="1001",
        severity=Severity.SEV3,
        plan=plan,
        begun_at=BEGIN,
        planned_at=BEGIN,
        first_due=BEGIN + 72 * HOUR,
        due_at=BEGIN + 72 * HOUR,
        journal=Journal(case=CASE, stream=obligation_stream(plan.name)),
    )
    file = ObligationFile(state=state, record=Record(state, salt=SALT))
    return file, ObligationDesk(file, root=ROOT.public_key().public_bytes_raw()), house


def acted(
    desk: ObligationDesk, house: House, body: ActBody, *, person: str, role: str
) -> ActReceipt:
    """The desk's answer."""
    return desk.receive(house.envelope(body, person=person, role=role), at=house.now)


def settle(answer: str, *, reference: str = "", note: str = "") -> Settle:
    """The rule is decided on."""
    return Settle(obligation="rule-guidance", turn=1, answer=answer, reference=reference, note=note)


def test_it_is_told_before_it_expires_and_expires_by_itself() -> None:
    """A day before it ends its watcher and who could confirm it are told; then it is over."""
    file, _, _ = watched()
    told: list[tuple[str, set[str]]] = []
    while file.state.settled_by is None:
        step = next_step(file.state)
        take_steps(file, at=step.at)
        told.append((step.label, {wish.role for wish in file.wishes}))
        file.wishes.clear()

    assert told == [
        ("begun", {"policy", "policy-executive"}),
        ("1d before", {"policy", "policy-executive"}),
        ("expired", {"policy", "policy-executive", "incident-manager"}),
    ]
    last = file.state.journal.pending[-1]
    assert (last.kind, last.body["due"]) == (
        Kind.OBLIGATION_EXPIRED,
        file.state.due_at.isoformat(),
    )
    assert (file.state.answers[-1].answer, file.state.answers[-1].by) == ("expired", "escalate")


def test_a_worker_that_was_away_takes_every_step_it_missed() -> None:
    """Also the expiry, at the instant it was due."""
    file, _, _ = watched()

    take_steps(file, at=file.state.due_at + 90 * HOUR)

    assert file.state.taken == ["begun", "1d before", "expired"]
    assert file.state.answers[-1].at == file.state.due_at


@pytest.mark.parametrize("answer", ["confirmed", "replaced"])
def test_only_who_may_confirm_makes_it_last(answer: str) -> None:
    """Its watcher and the incident manager cannot; the policy executive can, with a reference."""
    file, desk, house = watched()
    body = settle(answer, reference="POL-9")

    watcher = acted(desk, house, body, person="pia", role="policy")
    manager = acted(desk, house, body, person="ines", role="incident-manager")
    bare = acted(desk, house, settle(answer), person="xena", role="policy-executive")
    executive = acted(desk, house, body, person="xena", role="policy-executive")

    assert (watcher.reason, manager.reason) == (Reason.ROLE, Reason.ROLE)
    assert bare.reason is Reason.REASON_REQUIRED
    assert executive.accepted
    assert file.state.settled_by is not None
    assert file.state.settled_by.answer == answer


def test_its_watcher_withdraws_it_with_a_word() -> None:
    """Who watches it can end it, and says why."""
    file, desk, house = watched()

    bare = acted(desk, house, settle("withdrawn"), person="pia", role="policy")
    done = acted(desk, house, settle("withdrawn", note="over"), person="pia", role="policy")

    assert bare.reason is Reason.REASON_REQUIRED
    assert done.accepted
    assert file.state.settled_by is not None


def test_it_is_never_extended() -> None:
    """Longer than its bound it would be policy that nobody decided."""
    file, desk, house = watched()
    body = Extend(
        obligation="rule-guidance", turn=1, until=file.state.due_at + HOUR, reason="not yet"
    )

    asked = acted(desk, house, body, person="xena", role="policy-executive")

    assert asked.reason is Reason.TOO_FAR


def test_answers_are_offered_to_who_can_give_them() -> None:
    """The watcher is offered its withdrawal only."""
    plan = FollowUp(
        name="rule-x",
        owner="policy",
        after=HOUR,
        kind=OwedKind.RULE,
        confirm="policy-executive",
    )

    assert roles_of(plan) == ("policy-executive", "policy", "incident-manager")
    assert set(answers_for(plan, "policy")) == {"withdrawn"}
    assert set(answers_for(plan, "policy-executive")) == {"confirmed", "replaced", "withdrawn"}
