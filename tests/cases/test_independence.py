"""Whoever decided the matter before does not decide it again, and nobody is asked too early."""

from audit.quorum import Count
from cases.acts import Acknowledge, Answer, Complete, Decide, Dissent, Verdict
from cases.file import Look, Tell
from cases.journal import Kind
from cases.notice import Purpose
from cases.permissions import allowed_acts, next_step
from cases.pinning import people_of, pin_case
from cases.receipts import Reason
from cases.records import Decider, Pinned
from cases.rounds import facts_changed
from cases.stages import ask_when_ready
from tests.cases.house import House
from workflows.notices import notice_for

REVIEW = b"""
runbook: second-look
version: 1.0.0
title: "Second look"
owner: quality
review-by: 2027-02-01
intake:
  original: {ask: "Which case?", answer: case}
  reviewers: {ask: "Who decided, if no case of ours?", answer: people}
severity:
  - {otherwise: SEV3, because: "nothing burns"}
stages:
  - stage: reading
    owner: triage
    within: 4h
    independent-of: [original, reviewers]
    next: {read: review}
  - stage: review
    owner: policy
    within: 8h
    independent-of: [original, reviewers]
    ask: "Does the decision stand?"
    approve: {policy: 1}
    reject: {policy: 1, reason: required}
    dissent: {who: policy, to: executive, within: 60m}
    next: {approved: closure, rejected: closure, more-information: reading}
  - stage: closure
    owner: incident-manager
    within: 24h
    dispositions: {done: [decision-record]}
"""
FOUND = Pinned(
    number="77",
    case="case/other",
    people=(Decider(person="pia", did="decided"), Decider(person="tess", did="led")),
)


def looked_up(house: House, found: Pinned = FOUND) -> None:
    """What the look-up says has come in."""
    pin_case(house.file, "original", found, at=house.now)
    ask_when_ready(house.file, at=house.now)


def named(house: House, **answers: str) -> None:
    """The questions are answered, and the severity table has nothing new to say."""
    receipt = house.act(Answer(answers=answers), person="ines", role="incident-manager")
    assert receipt.accepted, receipt
    house.state.reassess = False
    ask_when_ready(house.file, at=house.now)


def at_the_gate(*, found: Pinned = FOUND) -> House:
    """The case is at its gate, and who decided before is known."""
    house = House.of(text=REVIEW)
    named(house, original="77")
    looked_up(house, found)
    done = house.act(Complete(stage="reading", outcome="read"), person="tom", role="triage")
    assert done.accepted, done
    return house


def vote(house: House, person: str) -> Reason:
    """Why the vote was refused; NONE when it counts."""
    body = Decide(gate="review", verdict=Verdict.APPROVE)
    return house.act(body, person=person, role="policy").reason


def test_whoever_decided_before_may_not_decide() -> None:
    """The vote of the first reviewer is refused, and that of another counts."""
    house = at_the_gate()

    assert vote(house, "pia") is Reason.NOT_INDEPENDENT
    assert vote(house, "paul") is Reason.NONE
    assert house.state.stage == "closure"


def test_whoever_led_before_may_not_complete_a_stage() -> None:
    """A stage of work is kept from them as well, and cannot be taken on by them."""
    house = House.of(text=REVIEW)
    named(house, original="77")
    looked_up(house)

    done = house.act(Complete(stage="reading", outcome="read"), person="tess", role="triage")
    taken = house.act(Acknowledge(stage="reading"), person="tess", role="triage")

    assert (done.reason, taken.reason) == (Reason.NOT_INDEPENDENT, Reason.NOT_INDEPENDENT)


def test_a_declared_conflict_is_taken_from_anybody() -> None:
    """Who is kept out anyway may still say that they have a conflict."""
    house = House.of(text=REVIEW)
    named(house, original="77")
    looked_up(house)

    said = house.act(Acknowledge(stage="reading", conflicted=True), person="tess", role="triage")

    assert said.accepted


def test_nobody_is_asked_before_it_is_known_who_decided() -> None:
    """Without an answer, and until the look-up is back, the gate has no round."""
    house = House.of(text=REVIEW)
    early = house.act(Complete(stage="reading", outcome="read"), person="tom", role="triage")
    named(house, original="77")
    waiting = house.act(Complete(stage="reading", outcome="read"), person="tom", role="triage")

    assert (early.reason, early.detail) == (Reason.ORIGINAL_UNKNOWN, "original, reviewers")
    assert (waiting.reason, waiting.detail) == (Reason.ORIGINAL_UNKNOWN, "original")
    assert Look(question="original", number="77") in house.file.wishes


def test_another_answer_asks_again_once_it_is_known() -> None:
    """The open round is void at once; the next is asked when the other case has been looked up."""
    house = at_the_gate()

    named(house, original="78")
    before = house.state.open_round("review")
    sentence = next_step(house.state, house.file.pathway, at=house.now)
    looked_up(house, FOUND)  # Of the case that was named before: too late to count.
    stale = house.state.open_round("review")
    looked_up(house, Pinned(number="78", people=(Decider(person="paul", did="decided"),)))

    assert (before, stale) == (None, None)
    assert sentence == "Review: who decided before is looked up by the answer to original."
    assert house.state.open_round("review") is not None
    assert vote(house, "paul") is Reason.NOT_INDEPENDENT
    assert vote(house, "pia") is Reason.NONE


def test_a_case_that_is_not_there_is_told_and_names_can_stand_in_its_place() -> None:
    """The incident manager learns that nobody was found; who decided is then said by name."""
    house = House.of(text=REVIEW)
    named(house, original="404")
    looked_up(house, Pinned(number="404", failed="no-such-case"))

    assert any(
        isinstance(wish, Tell) and wish.purpose is Purpose.FAILED and wish.step == "original"
        for wish in house.file.wishes
    )
    named(house, reviewers="pia, tess")
    done = house.act(Complete(stage="reading", outcome="read"), person="tom", role="triage")
    assert done.accepted
    assert vote(house, "pia") is Reason.NOT_INDEPENDENT


def test_names_are_names() -> None:
    """Commas alone name nobody."""
    house = House.of(text=REVIEW)

    empty = house.act(Answer(answers={"reviewers": " , "}), person="ines", role="incident-manager")

    assert empty.reason is Reason.BAD_ANSWER


def test_they_are_not_told_and_are_offered_nothing() -> None:
    """Notices leave them out, and their pages show neither vote nor objection."""
    house = at_the_gate()
    wish = next(
        wish
        for wish in house.file.wishes
        if isinstance(wish, Tell) and wish.purpose is Purpose.ASK and wish.role == "policy"
    )

    order = notice_for(house.file, wish, at=house.now)
    offered = {
        person: {
            act.verb
            for act in allowed_acts(
                house.state,
                house.file.pathway,
                person=person,
                roles=frozenset({"policy"}),
                at=house.now,
            )
        }
        for person in ("pia", "paul")
    }

    assert set(order.except_people) == {"pia", "tess"}
    assert not {"decide", "dissent", "acknowledge"} & offered["pia"]
    assert {"decide", "dissent", "acknowledge"} <= offered["paul"]


def test_they_may_not_object_either() -> None:
    """An objection would bring the decision back to them."""
    house = at_the_gate()

    objection = house.act(
        Dissent(gate="review", reason="it was right"), person="pia", role="policy"
    )

    assert objection.reason is Reason.NOT_INDEPENDENT


def test_the_record_of_the_other_case_says_who_decided_and_who_led() -> None:
    """Voters and who completed a stage decided; who closed it, had it or set its severity led."""
    other = at_the_gate()
    assert vote(other, "paul") is Reason.NONE
    other.state.assignments["policy"] = "lars"

    found = people_of(other.state, other.file.pathway)

    assert {each.person: each.did for each in found} == {
        "tom": "decided",
        "paul": "decided",
        "lars": "led",
    }


def test_a_recount_finds_whoever_should_have_been_kept_out() -> None:
    """The journal alone tells who decided before; a vote of theirs in it is found."""
    good = at_the_gate()
    assert vote(good, "paul") is Reason.NONE
    entries = good.state.journal.pending
    bad = [
        entry.model_copy(update={"body": {**entry.body, "who": "pia"}})
        if entry.kind is Kind.VOTE_CAST
        else entry
        for entry in entries
    ]
    blind = [entry for entry in entries if entry.kind is not Kind.DECIDERS_PINNED]

    assert list(Count(good.file.pathway).check(entries)) == []
    assert any("pia had decided before" in each for each in Count(good.file.pathway).check(bad))
    assert any("nobody knew" in each for each in Count(good.file.pathway).check(blind))


def test_new_facts_do_not_ask_while_it_is_unknown() -> None:
    """A round that other facts void is not asked again either before the look-up is back."""
    house = at_the_gate()
    named(house, original="78")
    before = house.state.facts()
    house.state.memos["review"] = {"facts": "new"}

    facts_changed(house.file, before, at=house.now)

    assert house.state.open_round("review") is None
