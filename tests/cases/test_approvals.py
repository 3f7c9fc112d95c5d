"""Everything an approver can say or take back, and what the case makes of it."""

from datetime import timedelta

import pytest

from cases.acts import Acknowledge, Hold, Verdict, Withdraw
from cases.acts_on_tasks import Settlement
from cases.clock import ClockVerb
from cases.file import Tell
from cases.gate import RoundKind, RoundState
from cases.notice import Purpose
from cases.permissions import Place, allowed_acts, waiting_on
from cases.receipts import Outcome, Reason
from cases.tasks import TaskState
from runbooks.plan import Assurance
from tests.cases.approving import GATE, Asked, condition, delegated
from tests.workflows.runbooks import RUNS_ON, UNBREAKABLE, UNDELEGATED

HOUR = timedelta(hours=1)


def test_an_abstention_counts_for_nobody_and_asks_the_others() -> None:
    """The round stays open, the quorum stays what it was, and the role is asked once more."""
    asked = Asked()
    asked.decide("lena", "legal")
    asked.house.file.wishes.clear()

    receipt = asked.decide("luca", "legal", Verdict.ABSTAIN)

    assert receipt.accepted
    assert asked.round.state is RoundState.OPEN
    told = [wish for wish in asked.house.file.wishes if isinstance(wish, Tell)]
    assert [(wish.purpose, wish.role, wish.step) for wish in told] == [
        (Purpose.ASK, "legal", "abstention")
    ]
    asked.decide("pia", "policy")
    assert asked.house.state.stage == GATE
    asked.decide("lars", "legal")
    assert asked.house.state.stage == "after"
    assert asked.recounted() == []


def test_an_approval_with_conditions_sets_tasks_that_gate_closure() -> None:
    """The tasks are there once the gate approves, not before; the case closes when they are met."""
    asked = Asked()
    asked.decide("lena", "legal", Verdict.CONDITIONS, conditions=(condition(asked),))
    assert asked.house.state.tasks == []
    asked.decide("luca", "legal")
    asked.decide("pia", "policy")

    (task,) = asked.house.state.tasks
    assert (task.id, task.owner, task.origin, task.by) == ("task-1", "triage", "condition", "lena")
    assert "task/task-1" in [clock.id for clock in asked.house.state.clocks]
    owed = waiting_on(asked.house.state, asked.house.file.pathway, at=asked.house.now)
    assert "settle task-1 (condition)" in [item.what for item in owed]
    assert all("Blur" not in item.what for item in owed)
    asked.house.state.effects[0].state = "done"
    asked.house.state.stage = "closure"

    refused = asked.close()
    assert (refused.reason, refused.detail) == (
        Reason.UNMET,
        "task-1 (condition), owed by triage",
    )
    assert asked.finish("task-1", "tess", "triage").accepted
    assert asked.close().accepted
    assert asked.recounted() == []


def test_conditions_of_a_verdict_that_is_taken_back_are_no_tasks() -> None:
    """A change of mind before the gate closes takes the conditions with it."""
    asked = Asked()
    asked.decide("lena", "legal", Verdict.CONDITIONS, conditions=(condition(asked),))

    asked.decide("lena", "legal")
    asked.decide("luca", "legal")
    asked.decide("pia", "policy")

    assert asked.house.state.tasks == []


@pytest.mark.parametrize(
    "verdict,owner,within,why",
    [
        (Verdict.CONDITIONS, None, HOUR, ""),
        (Verdict.APPROVE, "triage", HOUR, ""),
        (Verdict.CONDITIONS, "nobody", HOUR, "this runbook has"),
        (Verdict.CONDITIONS, "triage", -HOUR, "lies ahead"),
    ],
)
def test_conditions_that_bind_nobody_are_refused(
    verdict: Verdict, owner: str | None, within: timedelta, why: str
) -> None:
    """With the verdict and only with it, for a role of the runbook, due in the future."""
    asked = Asked()
    named = condition(asked, within=within).model_copy(update={"owner": owner})

    receipt = asked.decide("lena", "legal", verdict, conditions=(named,) if owner else ())

    assert receipt.reason is Reason.NO_CONDITIONS
    assert why in receipt.detail


def test_only_who_set_a_condition_waives_it() -> None:
    """Another person of the role cannot; the owner can only say that it is done."""
    asked = Asked()
    asked.decide("lena", "legal", Verdict.CONDITIONS, conditions=(condition(asked),))
    asked.decide("luca", "legal")
    asked.decide("pia", "policy")

    assert asked.finish("task-1", "luca", "legal", Settlement.WAIVED).reason is Reason.ROLE
    assert asked.finish("task-1", "pia", "policy").reason is Reason.ROLE
    assert asked.finish("task-9", "tess", "triage").reason is Reason.NO_SUCH_TASK
    assert asked.finish("task-1", "lena", "legal", Settlement.WAIVED, note=" ").reason is (
        Reason.REASON_REQUIRED
    )
    assert asked.finish("task-1", "lena", "legal", Settlement.WAIVED).accepted
    again = asked.finish("task-1", "tess", "triage")
    assert (again.outcome, again.reason) == (Outcome.ALREADY_DECIDED, Reason.SETTLED)
    assert asked.house.state.tasks[0].state is TaskState.WAIVED


def test_a_decision_taken_back_opens_a_correction() -> None:
    """The case stands at the gate again; nothing of the first decision is lost."""
    asked = Asked()
    asked.approve_all()
    assert asked.house.state.stage == "after"

    receipt = asked.revoke("lena", "legal")

    assert receipt.accepted
    first, second = asked.house.state.rounds
    assert (first.state, len(first.votes)) == (RoundState.APPROVED, 3)
    assert first.revoked is not None
    assert (first.revoked.by, first.revoked.reason) == ("lena", "I was wrong")
    assert (second.kind, second.corrects, second.state) == (
        RoundKind.CORRECTION,
        1,
        RoundState.OPEN,
    )
    assert asked.house.state.stage == GATE
    assert asked.recounted() == []


def test_a_correction_that_rejects_undoes_what_the_approval_did() -> None:
    """What was hidden is shown again: as an action with an owner, not as a hope."""
    asked = Asked()
    asked.approve_all()
    asked.house.state.effects[0].state = "done"
    asked.revoke("lena", "legal")

    asked.decide("lena", "legal", Verdict.REJECT)
    asked.decide("pia", "policy", Verdict.REJECT)

    assert asked.house.state.stage == "closure"
    assert [effect.name for effect in asked.house.state.effects] == ["hide", "undo-hide"]
    assert asked.close().reason is Reason.UNMET
    asked.house.state.effects[1].state = "done"
    assert "approved: review" in asked.close("done").detail
    assert asked.close("not-done").accepted
    assert asked.recounted() == []


def test_a_correction_that_approves_again_does_nothing_twice() -> None:
    """The action of the first approval stands."""
    asked = Asked()
    asked.approve_all()
    asked.revoke("pia", "policy")

    asked.approve_all()

    assert [effect.name for effect in asked.house.state.effects] == ["hide"]
    assert asked.house.state.stage == "after"
    assert asked.recounted() == []


def test_a_case_does_not_close_before_its_correction() -> None:
    """Also where the case has come to its closure some other way."""
    asked = Asked()
    asked.approve_all()
    asked.revoke("lena", "legal")
    asked.house.state.effects[0].state = "done"
    asked.house.state.stage = "closure"

    assert "correction: review" in asked.close("not-done").detail


def test_a_correction_asks_for_no_information() -> None:
    """It is decided before the case goes anywhere else."""
    asked = Asked()
    asked.approve_all()
    asked.revoke("lena", "legal")

    receipt = asked.decide("pia", "policy", Verdict.MORE_INFORMATION)

    assert receipt.reason is Reason.NO_SUCH_OUTCOME


def test_only_a_verdict_that_carried_the_decision_takes_it_back() -> None:
    """Who voted otherwise objects; who did not vote has nothing to take back."""
    asked = Asked()
    asked.decide("lars", "legal", Verdict.ABSTAIN)
    before = asked.house.binding(GATE)
    assert asked.revoke("lena", "legal", binding=before).reason is Reason.NOT_CARRIED
    asked.approve_all()

    assert asked.revoke("lars", "legal").reason is Reason.NOT_CARRIED
    assert asked.revoke("paul", "policy").reason is Reason.NO_VOTE
    assert asked.revoke("lena", "policy").reason is Reason.ROLE
    assert asked.revoke("lena", "legal").accepted
    again = asked.revoke("luca", "legal", binding=before)
    assert (again.outcome, again.reason) == (Outcome.SUPERSEDED, Reason.OLD_ROUND)


def test_a_revocation_waits_while_the_case_is_held() -> None:
    """Held is held: nothing is decided meanwhile."""
    asked = Asked()
    asked.approve_all()
    asked.house.act(
        Hold(reason="wait", review_at=asked.house.now + HOUR),
        person="ivan",
        role="incident-manager",
    )

    assert asked.revoke("lena", "legal").reason is Reason.ON_HOLD


def test_asking_for_information_pauses_the_target_where_the_runbook_says_so() -> None:
    """Half an hour was used before; half an hour is left after, however long it took."""
    asked = Asked()
    asked.house.later(timedelta(minutes=30))
    asked.decide("lena", "legal", Verdict.MORE_INFORMATION)
    assert asked.house.state.stage == "triage"
    asked.house.later(timedelta(hours=3))

    asked.escalate()

    clock = asked.house.state.stage_clock(GATE)
    assert clock is not None
    assert [event.verb for event in clock.events] == [
        ClockVerb.START,
        ClockVerb.PAUSE,
        ClockVerb.RESUME,
    ]
    assert clock.due_at(asked.house.now) == asked.house.now + timedelta(minutes=30)
    asked.approve_all()
    assert clock.ended


def test_asking_for_information_costs_time_where_the_target_runs_on() -> None:
    """The time counts as if nobody had asked, and the target can pass while the case is away."""
    asked = Asked(RUNS_ON)
    begun = asked.house.now
    asked.decide("lena", "legal", Verdict.MORE_INFORMATION)
    asked.house.later(timedelta(minutes=45))

    asked.escalate()

    clock = asked.house.state.stage_clock(GATE)
    assert clock is not None
    assert clock.due_at(asked.house.now) == begun + timedelta(hours=1)


def test_a_delegate_votes_in_the_place_of_whoever_is_away() -> None:
    """The vote is for lena, by dora; the envelope and the journal say both."""
    asked = Asked()
    now = asked.house.now
    place = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)

    receipt = asked.decide("dora", "legal", acting_for=place)

    assert receipt.accepted
    (vote,) = asked.round.votes
    assert (vote.person, vote.acting_for, vote.role) == ("dora", "lena", "legal")
    entry = asked.house.state.journal.pending[-1]
    assert (entry.body["who"], entry.body["acting_for"]) == ("dora", "lena")
    assert asked.recounted() == []


def test_a_delegation_is_over_at_its_end() -> None:
    """One instant before it counts, at its end it does not."""
    asked = Asked()
    now = asked.house.now
    over = delegated("lena", "legal", since=now - HOUR, until=now)
    ahead = delegated("lena", "legal", since=now + HOUR, until=now + 2 * HOUR)

    assert asked.decide("dora", "legal", acting_for=over).reason is Reason.NO_DELEGATION
    assert asked.decide("dora", "legal", acting_for=ahead).reason is Reason.NO_DELEGATION
    other = delegated("lena", "policy", since=now - HOUR, until=now + HOUR)
    assert asked.decide("dora", "legal", acting_for=other).reason is Reason.ROLE


def test_a_delegate_is_no_second_pair_of_eyes() -> None:
    """One human has one voice, whoever they speak for."""
    asked = Asked()
    now = asked.house.now
    for_lena = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)
    for_lars = delegated("lars", "legal", since=now - HOUR, until=now + HOUR)
    asked.decide("luca", "legal")

    assert asked.decide("luca", "legal", acting_for=for_lena).reason is Reason.SAME_PERSON
    assert asked.decide("dora", "legal", acting_for=for_lena).accepted
    assert asked.decide("dora", "legal", acting_for=for_lars).reason is Reason.SAME_PERSON
    assert asked.round.state is RoundState.OPEN
    # lena is back: her own word replaces what was said in her place.
    assert asked.decide("lena", "legal", Verdict.REJECT).accepted
    assert [vote.person for vote in asked.round.votes] == ["luca", "lena"]
    assert asked.recounted() == []


def test_who_is_away_takes_the_delegates_verdict_back() -> None:
    """It was given in her place: it is hers."""
    asked = Asked()
    now = asked.house.now
    place = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)
    asked.decide("dora", "legal", acting_for=place)

    receipt = asked.house.act(Withdraw(gate=GATE), person="lena", role="legal")

    assert receipt.accepted
    assert asked.round.votes == []
    asked.approve_all()
    assert asked.recounted() == []


def test_a_gate_can_refuse_delegates() -> None:
    """The runbook asks for the person, not for whoever answers for them."""
    asked = Asked(UNDELEGATED)
    now = asked.house.now
    place = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)

    assert asked.decide("dora", "legal", acting_for=place).reason is Reason.NOT_DELEGABLE
    hold = Hold(reason="wait", review_at=now + HOUR)
    lead = delegated("ivan", "incident-manager", since=now - HOUR, until=now + HOUR)
    refused = asked.house.act(hold, person="dora", role="incident-manager", acting_for=lead)
    assert refused.reason is Reason.NOT_DELEGABLE


def test_a_second_account_is_the_same_human() -> None:
    """Four eyes are two people, not two log-ins; the case remembers who is who."""
    asked = Asked()
    asked.decide("lena", "legal", accounts=("lena-admin",))

    second = asked.decide("lena-admin", "legal", accounts=("lena",))
    unstamped = asked.decide("lena-admin", "legal")

    assert second.reason is Reason.SAME_PERSON
    assert unstamped.reason is Reason.SAME_PERSON
    assert len(asked.round.votes) == 1


def test_a_conflict_takes_every_account_and_delegate_out() -> None:
    """Nobody votes for, or as, somebody who has declared a conflict."""
    asked = Asked()
    now = asked.house.now
    place = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)
    asked.decide("dora", "legal", acting_for=place)

    asked.house.act(
        Acknowledge(stage=GATE, conflicted=True),
        person="lena",
        role="legal",
        accounts=("lena-admin",),
    )

    assert asked.round.votes == []
    assert asked.decide("dora", "legal", acting_for=place).reason is Reason.CONFLICTED
    assert asked.decide("lena-admin", "legal").reason is Reason.CONFLICTED
    assert asked.recounted() == []


def test_two_people_break_the_glass_and_a_third_reviews() -> None:
    """The gate is passed, the review is a task that gates closure, and everybody is told."""
    asked = Asked()
    first = asked.break_glass("ivan", "incident-manager")
    assert first.accepted
    assert asked.round.state is RoundState.OPEN
    assert asked.break_glass("ivan", "incident-manager").reason is Reason.SAME_PERSON

    second = asked.break_glass("eve", "executive")

    assert second.accepted
    assert asked.house.state.stage == "after"
    assert asked.house.state.rounds[0].state is RoundState.APPROVED
    (task,) = asked.house.state.tasks
    assert (task.origin, task.owner) == ("break-glass", "privacy")
    assert task.due == asked.house.now + timedelta(hours=24)
    asked.house.state.effects[0].state = "done"
    asked.house.state.stage = "closure"
    assert "task-1 (break glass), owed by privacy" in asked.close().detail
    assert asked.finish("task-1", "eve", "privacy").reason is Reason.SAME_PERSON
    assert asked.finish("task-1", "petra", "legal").reason is Reason.ROLE
    assert asked.finish("task-1", "petra", "privacy", Settlement.WAIVED).reason is (
        Reason.NO_SUCH_OUTCOME
    )
    assert asked.finish("task-1", "petra", "privacy").accepted
    assert asked.close().accepted
    assert asked.recounted() == []


def test_the_first_hand_lapses() -> None:
    """After the time the runbook gives, the second person is a first one again."""
    asked = Asked()
    asked.break_glass("ivan", "incident-manager")
    asked.house.later(timedelta(minutes=30, seconds=1))

    late = asked.break_glass("eve", "executive")

    assert late.accepted
    assert asked.round.state is RoundState.OPEN
    assert [hand.person for hand in asked.round.glass] == ["eve"]
    assert asked.break_glass("ivan", "incident-manager").accepted
    assert asked.house.state.stage == "after"
    assert asked.recounted() == []


def test_a_review_can_overturn_the_broken_glass() -> None:
    """The gate is then asked after all, by the people it should have asked."""
    asked = Asked()
    asked.break_glass("ivan", "incident-manager")
    asked.break_glass("eve", "executive")

    receipt = asked.finish("task-1", "petra", "privacy", Settlement.OVERTURNED)

    assert receipt.accepted
    assert asked.house.state.stage == GATE
    assert asked.round.kind is RoundKind.CORRECTION
    assert asked.recounted() == []


def test_who_cannot_break_the_glass() -> None:
    """Not in another role, not without a second factor, not after working on the case."""
    asked = Asked()

    assert asked.break_glass("lena", "legal").reason is Reason.ROLE
    weak = asked.break_glass("ivan", "incident-manager", assurance=Assurance.L1)
    assert weak.reason is Reason.ASSURANCE
    assert asked.break_glass("tess", "executive").reason is Reason.SAME_PERSON
    linked = asked.break_glass("ivan", "incident-manager", accounts=("ivan-root",))
    assert linked.accepted
    assert asked.break_glass("ivan-root", "executive").reason is Reason.SAME_PERSON
    plain = Asked(UNBREAKABLE)
    assert plain.break_glass("ivan", "incident-manager").reason is Reason.NO_BREAK_GLASS


def test_what_is_refused_is_not_offered() -> None:
    """Pages show only what the desk would take, also to delegates and second accounts."""
    asked = Asked()
    house = asked.house

    def verbs(person: str, *roles: str, **how: object) -> list[tuple[str, str | None]]:
        found = allowed_acts(
            house.state,
            house.file.pathway,
            person=person,
            roles=frozenset(roles),
            at=house.now,
            **how,  # type: ignore[arg-type]
        )
        gate = ("decide", "withdraw", "revoke", "break-glass", "finish")
        return [(item.verb, item.acting_for) for item in found if item.verb in gate]

    place = Place(person="lena", roles=frozenset({"legal"}))
    assert verbs("dora", places=[place]) == [("decide", "lena")]
    assert verbs("tess", places=[place]) == []
    assert verbs("ivan", "incident-manager") == [("break-glass", None)]
    asked.decide("lena", "legal", accounts=("lena-admin",))
    assert verbs("lena", "legal") == [("decide", None), ("withdraw", None)]
    assert verbs("lena-admin", "legal") == []
    asked.decide("luca", "legal", Verdict.CONDITIONS, conditions=(condition(asked),))
    asked.decide("pia", "policy")
    assert verbs("lena", "legal") == [("revoke", None)]
    assert verbs("luca", "legal") == [("revoke", None), ("finish", None)]
    assert verbs("tess", "triage") == [("finish", None)]
