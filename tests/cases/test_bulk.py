"""An effect on many is approved, goes in steps, is watched, and can be undone (C-bis)."""

from datetime import timedelta

import pytest

from cases.acts import Cancel, Dissent, Hold, Resolution, Resume, Verdict
from cases.acts_between_cases import Move
from cases.batches import cut
from cases.effects import intend
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from cases.rules import unmet
from runbooks.plan import BulkPlan, BulkStepPlan
from tests.cases.many import WATCH_FOR, Many


def reaches(case: Many) -> list[tuple[int, int, str]]:
    """From where to where the steps went, and how they stand."""
    return [
        (step.part.first, step.part.last, step.state)
        for step in case.steps()
        if step.part is not None
    ]


def kinds(case: Many) -> list[Kind]:
    """What is on record."""
    return [entry.kind for entry in case.house.state.journal.pending]


def test_an_effect_on_many_goes_step_by_step() -> None:
    """Canary, ramp, rest: each once the one before is done, watched for its time and looked at."""
    case = Many(2000)
    case.approved()
    assert reaches(case) == [(1, 20, "intended")]

    case.answer_all()
    case.later(WATCH_FOR)
    assert reaches(case) == [(1, 20, "done")]
    case.look(20, 0)
    assert reaches(case) == [(1, 20, "done"), (21, 200, "intended")]

    case.answer_all()
    case.look(50, 1)
    assert len(case.steps()) == 2
    case.later(WATCH_FOR)
    case.answer_all()
    case.look(50, 1)

    assert reaches(case) == [(1, 20, "done"), (21, 200, "done"), (201, 2000, "done")]
    assert case.lock.state == "done"
    assert case.house.state.stage == "closure"


def test_more_than_the_threshold_needs_two_roles() -> None:
    """One role is not enough, and no outcome that orders it can be taken around the gate."""
    case = Many(501)
    refused = case.complete("few")
    case.complete("many")
    case.vote("enid", "engineering")

    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Reason.NOT_APPROVED)
    assert case.house.state.effects == []

    case.vote("pia", "policy")

    assert case.lock.run is not None
    assert (case.lock.run.gate, case.lock.run.round) == ("review", 1)


def test_so_few_need_no_gate_and_a_canary_is_never_empty() -> None:
    """Up to the threshold work goes on without a gate; steps that reach nobody new are left out."""
    case = Many(3)
    case.complete("few")

    assert reaches(case) == [(1, 1, "intended")]
    assert case.lock.run is not None
    assert [(batch.first, batch.last) for batch in case.lock.run.batches] == [(1, 1), (2, 3)]


def test_an_outcome_that_orders_it_needs_the_count_and_the_list() -> None:
    """Nobody orders an effect on nobody knows how many."""
    case = Many()
    unanswered = case.complete("few")
    case.answer(accounts="0", **{"account-list": "list-1"})
    nobody = case.complete("few")

    assert unanswered.reason is Reason.UNANSWERED
    assert nobody.reason is Reason.UNANSWERED


def test_an_approval_is_for_what_was_shown_and_used_once() -> None:
    """Another number afterwards needs another approval; so does a second run."""
    case = Many(2000)
    case.approved()
    case.roll_back()
    case.answer_all()
    assert case.lock.state == "rolled-back"
    again = case.complete("again")

    assert again.reason is Reason.NOT_APPROVED

    case.complete("review")
    case.vote("enid", "engineering")
    case.answer(accounts="3000")
    case.vote("pia", "policy")

    assert case.house.state.open_round("review") is not None
    case.vote("enid", "engineering")
    assert case.lock.run is not None
    assert case.lock.run.total == 3000


def test_what_time_orders_is_held_back_until_it_is_approved() -> None:
    """An order that nobody could refuse waits for its gate, and then goes."""
    case = Many(2000)
    case.complete("many")
    intend(case.house.file, "lock", stage="review", at=case.house.now)
    assert case.lock.state == "held-back"
    by_hand = case.receipt(case.lock, Resolution.DONE)
    assert by_hand.reason is Reason.SETTLED

    case.vote("enid", "engineering")
    case.vote("pia", "policy")

    assert case.lock.state == "in-steps"
    assert len(case.steps()) == 1


def test_too_many_wrong_ones_stop_it_and_undo_what_was_done() -> None:
    """The share over the last two hours counts, from a number on that means something."""
    case = Many(2000)
    case.approved()
    case.answer_all()
    case.look(9, 1)
    assert case.lock.state == "in-steps"
    case.look(11, 0)
    case.later(WATCH_FOR)
    assert case.lock.state == "in-steps"
    case.answer_all()
    case.look(100, 6)

    assert case.lock.state == "rolling-back"
    assert [item.compensates for item in case.undone()] == ["lock-step-2", "lock-step-1"]
    assert unmet(case.house.state, case.house.file.pathway, "ended")

    case.answer_all()

    assert case.lock.state == "rolled-back"
    assert Kind.EFFECT_ROLLED_BACK in kinds(case)
    assert unmet(case.house.state, case.house.file.pathway, "locked") == ["done: lock"]
    assert unmet(case.house.state, case.house.file.pathway, "settled") == []


def test_old_looks_count_no_more() -> None:
    """What was seen before the window says nothing about now."""
    case = Many(2000)
    case.approved()
    case.answer_all()
    case.look(20, 1)
    case.later(timedelta(hours=3))
    case.look(20, 1)

    assert case.lock.state == "in-steps"


def test_a_step_under_way_when_it_stops_is_undone_once_it_is_done() -> None:
    """Rollback is armed from the first step, also while nobody knows yet what became of it."""
    case = Many(2000)
    case.approved()
    case.roll_back()
    assert case.undone() == []

    case.answer_all()
    assert [item.state for item in case.undone()] == ["done"]
    assert case.lock.state == "rolled-back"


def test_a_failed_step_is_answered_before_the_rollback_ends() -> None:
    """Whether it was done is for a person to say: nothing is undone that was not done."""
    case = Many(2000)
    case.approved()
    case.settle(case.steps()[0], "failed")
    assert case.receipt(case.steps()[0], Resolution.SKIP).reason is Reason.SETTLED
    case.roll_back()
    assert case.receipt(case.steps()[0], Resolution.RETRY).reason is Reason.SETTLED
    case.receipt(case.steps()[0], Resolution.SKIP)

    assert case.undone() == []
    assert case.lock.state == "rolled-back"


def test_a_failed_undoing_cannot_be_left_out() -> None:
    """It is tried again or done by hand; the effect is not rolled back before."""
    case = Many(2000)
    case.approved()
    case.answer_all()
    case.roll_back()
    undoing = case.undone()[0]
    case.settle(undoing, "failed")
    assert case.receipt(undoing, Resolution.SKIP).reason is Reason.SETTLED
    assert case.lock.state == "rolling-back"
    case.receipt(undoing, Resolution.DONE)

    assert case.lock.state == "rolled-back"


def test_who_is_not_asked_can_neither_look_nor_roll_back() -> None:
    """The guard's role, the owner, those who approve, and the incident manager: each alone."""
    case = Many(2000)
    case.approved()
    case.answer_all()

    assert case.look(20, 0, role="triage").outcome is Outcome.NOT_YOURS
    assert case.roll_back(role="legal").outcome is Outcome.NOT_YOURS
    assert case.look(20, 21).reason is Reason.BAD_ANSWER
    assert case.roll_back(role="policy").accepted
    assert case.roll_back().outcome is Outcome.ALREADY_DECIDED


def test_a_hold_stops_the_ramp_and_the_watch() -> None:
    """While work is held no step follows; afterwards the watch goes on where it was."""
    case = Many(2000)
    case.approved()
    case.answer_all()
    case.later(timedelta(minutes=20))
    hold = Hold(reason="wait", review_at=case.house.now + timedelta(days=1))
    case.house.act(hold, person="ines", role="incident-manager")
    case.look(20, 0)
    case.later(timedelta(hours=5))
    assert len(case.steps()) == 1
    case.house.act(Resume(), person="ines", role="incident-manager")
    case.later(timedelta(minutes=9))
    assert len(case.steps()) == 1
    case.later(timedelta(minutes=1))

    assert len(case.steps()) == 2


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
def test_an_objection_stops_the_ramp_until_it_is_decided(verdict: Verdict) -> None:
    """A disputed approval carries no further step; overruled, what was done is undone."""
    case = Many(2000)
    case.approved()
    case.answer_all()
    case.house.act(Dissent(gate="review", reason="the list is old"), person="pia", role="policy")
    case.look(20, 0)
    case.later(WATCH_FOR)
    assert len(case.steps()) == 1
    case.vote("eve", "executive", verdict=verdict)

    if verdict is Verdict.APPROVE:
        assert len(case.steps()) == 2
    else:
        assert case.lock.state == "rolling-back"
        assert len(case.undone()) == 1


def test_a_case_does_not_end_while_steps_are_under_way() -> None:
    """Nothing is left half done by whoever cancels, moves or closes a case."""
    case = Many(2000)
    case.approved()

    for body in (Cancel(reason="a test"), Move(runbook="other", reason="belongs there")):
        refused = case.house.act(body, person="ines", role="incident-manager")
        assert refused.reason is Reason.UNMET


def test_the_longer_watch_of_two_steps_that_fall_together_holds() -> None:
    """Leaving a step out takes no time of watching away."""
    bulk = BulkPlan(
        count="c",
        listed="l",
        above=0,
        gate="g",
        steps=(
            BulkStepPlan(share="1%", watch=timedelta(minutes=5)),
            BulkStepPlan(share="50%", watch=timedelta(minutes=30)),
            BulkStepPlan(share="100%"),
        ),
    )

    (only,) = cut(bulk, 1)

    assert (only.first, only.last, only.share, only.watch) == (1, 1, "100%", timedelta(minutes=30))
