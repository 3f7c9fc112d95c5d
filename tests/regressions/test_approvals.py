"""What other houses' approval engines got wrong, each by the name of its report.

Mozilla's second-level approval (mozilla/addons), preloop's approvals and StackStorm's inquiries:
`facts/lessons-and-glossary.md` §4 and §5 say why they matter. What Mozilla's #16258 and #15278 say
could not be read when these were written: their two tests are called by what they show instead.
"""

from datetime import timedelta

import pytest

from cases.acts import Complete, Decide, Evidence, Hold, Resume, Verdict
from cases.clocks import take_due
from cases.gate import RoundKind, RoundState
from cases.permissions import allowed_acts
from cases.receipts import Outcome, Reason
from cases.records import AnswerGiven
from runbooks.plan import Severity
from tests.cases.approving import GATE, Asked, delegated
from tests.cases.house import House
from tests.workflows.runbooks import APPROVALS, SILENT

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

SET = APPROVALS.replace(
    b"  kind: {ask",
    b'  together: {ask: "When do we act?", answer: instant}\n  kind: {ask',
    1,
).replace(b"{do: [hide], then: after}", b"{do: [hide], set-for: together, then: after}", 1)
"""The same gate; what it approves happens at an instant of its own."""

GRAVE_ONLY = APPROVALS.replace(
    b"  - stage: review\n", b"  - stage: review\n    only-at: [SEV0, SEV1]\n", 1
).replace(b"      rejected: closure\n", b"      rejected: closure\n      skipped: closure\n", 1)
"""The same gate; only grave cases come to it."""


def test_mozilla_addons_15252_a_timer_passes_no_gate() -> None:
    """An expired delay carried out what had to be held for a second level of approval."""
    asked = Asked()
    asked.decide("lena", "legal")

    asked.house.later(timedelta(days=30))
    take_due(asked.house.file, at=asked.house.now)
    asked.house.walk()

    assert asked.house.state.breached
    assert asked.house.state.stage == GATE
    assert asked.round.state is RoundState.OPEN
    assert asked.house.state.effects == []


def test_mozilla_addons_15398_a_newer_question_stops_what_the_older_decision_had_set() -> None:
    """A pending rejection went ahead while another one was being approved."""
    asked = Asked(SET)
    house = asked.house
    instant = house.now + 24 * HOUR
    house.state.answers["together"] = AnswerGiven(
        value=instant.isoformat(), by="tess", at=house.now
    )
    asked.approve_all()
    (effect,) = house.state.effects
    assert (effect.state, effect.set_for) == ("set", instant)

    asked.revoke("lena", "legal")
    house.later(25 * HOUR)

    assert effect.state == "skipped"
    assert asked.round.kind is RoundKind.CORRECTION


def test_mozilla_addons_15568_nothing_is_held_that_the_rule_does_not_hold() -> None:
    """A rejection waited for an approval which its specification did not ask for."""
    mild = House.of(text=GRAVE_ONLY)
    grave = House.of(text=GRAVE_ONLY)
    grave.state.severity = grave.state.severity.model_copy(update={"current": Severity.SEV1})

    for house in (mild, grave):
        _escalate(house)

    assert mild.state.stage == "closure"
    assert mild.state.rounds == []
    assert grave.state.stage == GATE
    assert grave.state.rounds


def test_two_who_approve_at_once_count_once_each() -> None:
    """Two approvers at one instant: both count, in either order, and a third is told so.

    It stands for mozilla/addons #16258, whose text could not be read: that it is about this is what
    our own notes say of it.
    """
    for order in (("lena", "luca"), ("luca", "lena")):
        asked = Asked()
        asked.decide("pia", "policy")
        shown = asked.house.binding(GATE)

        receipts = [asked.decide(person, "legal", binding=shown) for person in order]
        third = asked.decide("lars", "legal", binding=shown)

        assert all(receipt.accepted for receipt in receipts)
        assert (third.outcome, third.reason) == (Outcome.ALREADY_DECIDED, Reason.DECIDED)
        assert third.detail == ", ".join(("pia", *order))
        assert len(asked.house.state.effects) == 1
        assert asked.recounted() == []


def test_who_asked_does_not_approve_through_a_delegate() -> None:
    """Neither as a delegate, nor by one, nor under a second account.

    It stands for mozilla/addons #15278, whose text could not be read: that it is about this is what
    our own notes say of it.
    """
    asked = Asked()
    now = asked.house.now
    by_tess = delegated("lena", "legal", since=now - HOUR, until=now + HOUR)
    for_tess = delegated("tess", "legal", since=now - HOUR, until=now + HOUR)

    as_delegate = asked.decide("tess", "legal", acting_for=by_tess)
    by_delegate = asked.decide("dora", "legal", acting_for=for_tess)
    second_account = asked.decide("tess-legal", "legal", accounts=("tess",))

    for receipt in (as_delegate, by_delegate, second_account):
        assert (receipt.outcome, receipt.reason) == (Outcome.NOT_YOURS, Reason.SAME_PERSON)
    assert asked.round.votes == []


def test_mozilla_addons_15330_an_overridden_decision_can_be_acted_on_no_more() -> None:
    """The first of two decisions stayed in the queue, with a button that still worked."""
    asked = Asked()
    old = asked.house.binding(GATE)
    asked.house.act(
        Evidence(label="policy", reference="store", digest="a" * 64),
        person="ivan",
        role="incident-manager",
    )

    clicked = asked.decide("lena", "legal", binding=old)

    assert (clicked.outcome, clicked.reason) == (Outcome.SUPERSEDED, Reason.OLD_ROUND)
    first, second = asked.house.state.rounds
    assert (first.state, first.votes) == (RoundState.SUPERSEDED, [])
    assert [(change.what, change.was) for change in second.changed] == [("evidence", "")]
    offered = allowed_acts(
        asked.house.state,
        asked.house.file.pathway,
        person="lena",
        roles=frozenset({"legal"}),
        at=asked.house.now,
    )
    assert [item.round for item in offered if item.verb == "decide"] == [second.number]


def test_preloop_510_an_approval_after_its_time_is_told_that_it_came_too_late() -> None:
    """An approval 27 seconds after the time-out was taken, and attached to nothing."""
    house = House.of(text=SILENT)
    house.later(HOUR + timedelta(seconds=27))

    receipt = house.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="lena", role="legal")

    assert (receipt.outcome, receipt.reason) == (Outcome.TOO_LATE, Reason.AFTER_DEADLINE)
    round_ = house.state.round_of(GATE)
    assert round_ is not None
    assert round_.votes == []


def test_st2_4135_an_answer_that_comes_at_once_is_neither_lost_nor_stuck() -> None:
    """An inquiry answered while its workflow was still pausing was used up, and resumed nothing."""
    asked = Asked()
    assert asked.house.now == asked.round.asked_at
    at_once = asked.decide("lena", "legal")
    assert at_once.accepted

    hold = Hold(reason="wait", review_at=asked.house.now + HOUR)
    asked.house.act(hold, person="ivan", role="incident-manager")
    while_held = asked.decide("luca", "legal")
    assert (while_held.outcome, while_held.reason) == (Outcome.REFUSED, Reason.ON_HOLD)
    asked.house.act(Resume(), person="ivan", role="incident-manager")

    assert asked.decide("luca", "legal").accepted
    assert asked.decide("pia", "policy").accepted
    assert asked.house.state.stage == "after"


@pytest.mark.parametrize("early,counts", [(SECOND, True), (timedelta(0), True), (-SECOND, False)])
def test_an_approval_around_its_expiry(early: timedelta, counts: bool) -> None:  # noqa: FBT001 - a table
    """One second before the end and at it an approval counts; one second after it does not."""
    house = House.of(text=SILENT)
    round_ = house.state.round_of(GATE)
    assert round_ is not None
    assert round_.expires_at is not None
    house.now = round_.expires_at - early

    receipt = house.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="lena", role="legal")

    assert receipt.accepted is counts
    assert (round_.state is RoundState.APPROVED) is counts


def _escalate(house: House) -> None:
    receipt = house.act(Complete(stage="triage", outcome="escalate"), person="tess", role="triage")
    assert receipt.accepted
