"""A report in two steps: a draft that people approve, and nothing else that is handed in (I5)."""

from cases.acts import Answer, Complete, Decide, Memo, Receipt, Resolution, Verdict
from cases.drafts.draft import draft_of
from cases.gate import RoundState
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from cases.records import HELD_BACK
from cases.stages import enter, leave
from tests.cases.house import House
from tests.cases.reporting import (
    ANSWERS,
    MEMO,
    TEXT,
    accepted,
    asked,
    at_review,
    done,
    drafted,
    ordered,
    settled,
)

APPROVE = Decide(gate="review", verdict=Verdict.APPROVE)


def entries(house: House, kind: Kind) -> list[dict[str, object]]:
    """The bodies of the case's entries of that kind."""
    return [dict(e.body) for e in house.state.journal.pending if e.kind is kind]


def wished(house: House) -> list[str]:
    """The names of effects that wait to be performed."""
    keys = [wish.key for wish in house.file.wishes if hasattr(wish, "key")]
    return [effect.name for effect in house.state.effects if effect.key in keys]


def test_a_gate_is_asked_about_a_draft_and_its_digest_is_on_record() -> None:
    """What the round shows names the draft's digest, and the journal has it."""
    house = asked()

    digest = drafted(house).digest
    assert house.state.facts()["drafts"] == {"statement": digest}
    assert entries(house, Kind.DRAFT_BUILT)[-1]["digest"] == digest
    assert drafted(house).draft.fields["category"] == "scams-and-fraud"
    assert drafted(house).draft.fields["application-date"] == "2026-01-05"


def test_an_approved_draft_is_ordered_as_it_was_approved() -> None:
    """The approval names digest and round, and the order waits to be performed once."""
    house = asked()

    ordered(house)

    approved = entries(house, Kind.DRAFT_APPROVED)
    assert [(each["round"], each["digest"]) for each in approved] == [(1, drafted(house).digest)]
    assert wished(house).count("statement") == 1


def test_an_incomplete_draft_cannot_be_approved_and_says_what_fills_it() -> None:
    """Who approves is told the field and the question; to reject stays possible."""
    house = House.of(text=TEXT)
    accepted(house, Answer(answers={"kind": "fraud"}), person="tess")
    accepted(house, Complete(stage="triage", outcome="restrict"), person="tess")
    done(house, "apply-action")
    accepted(house, Memo(gate="review", fields=MEMO), person="lena")

    refused = house.act(APPROVE, person="lena", role="legal")

    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, Reason.DRAFT_INCOMPLETE)
    assert "answer:content-date" in refused.detail
    accepted(house, Decide(gate="review", verdict=Verdict.REJECT, reason="no date"), person="lena")


def test_a_changed_draft_is_asked_again_even_by_an_answer_that_is_not_material() -> None:
    """An answer that would not disturb a gate does when it changes what the gate approves."""
    house = asked()
    before = drafted(house).digest

    accepted(house, Answer(answers={"category-specification": "phishing"}), person="tess")

    assert drafted(house).digest != before
    assert [round_.state for round_ in house.state.rounds] == [
        RoundState.SUPERSEDED,
        RoundState.OPEN,
    ]
    changed = house.state.rounds[-1].changed
    assert [change.what for change in changed] == [
        "answers: category-specification",
        "drafts: statement",
    ]


def test_an_action_that_a_draft_tells_of_changes_it() -> None:
    """The day of the restriction comes from the action itself: once it is done, people see it."""
    house = House.of(text=TEXT)
    accepted(house, Answer(answers=ANSWERS), person="tess")
    accepted(house, Complete(stage="triage", outcome="restrict"), person="tess")
    accepted(house, Memo(gate="review", fields=MEMO), person="lena")

    done(house, "apply-action")

    assert house.state.rounds[0].state is RoundState.SUPERSEDED
    assert drafted(house).draft.gaps == ()


def test_what_changed_after_the_approval_is_held_back_and_asked_about() -> None:
    """The line after the gate does not run on another draft than the gate approved."""
    house = asked()
    accepted(house, APPROVE, person="lena")
    accepted(house, Answer(answers={"kind": "suicide"}), person="tess")

    accepted(house, Complete(stage="filing", outcome="file"), person="tess")

    effect = house.state.effect_named("statement")
    assert effect is not None
    assert effect.state == HELD_BACK
    assert house.state.open_round("review") is not None
    assert "statement" not in wished(house)
    accepted(house, APPROVE, person="lena")
    assert wished(house) == ["apply-action", "statement"]
    assert drafted(house).draft.fields["category"] == "self-harm"


def test_nobody_settles_a_report_past_its_gate() -> None:
    """A report that waits for its gate is not done by hand either; it can be given up."""
    house = asked()
    accepted(house, APPROVE, person="lena")
    accepted(house, Answer(answers={"kind": "suicide"}), person="tess")
    accepted(house, Complete(stage="filing", outcome="file"), person="tess")

    by_hand = settled(house, "statement", Resolution.DONE, reference="r-2")
    given_up = settled(house, "statement", Resolution.SKIP, reason="not needed")

    assert (by_hand.outcome, by_hand.reason) == (Outcome.REFUSED, Reason.NOT_CLEARED)
    assert given_up.accepted


def test_facts_that_change_while_a_report_waits_ask_its_gate_again() -> None:
    """Also when the gate lies behind the case: the question is about the newest draft."""
    house = asked()
    accepted(house, APPROVE, person="lena")
    accepted(house, Answer(answers={"kind": "suicide"}), person="tess")
    accepted(house, Complete(stage="filing", outcome="file"), person="tess")
    more = Decide(gate="review", verdict=Verdict.MORE_INFORMATION, reason="which?")
    accepted(house, more, person="lena")

    accepted(house, Answer(answers={"category-specification": "suicide"}), person="tess")

    open_round = house.state.open_round("review")
    assert open_round is not None
    assert open_round.content_hash == house.state.content_hash()


def test_a_refused_report_is_corrected_approved_anew_and_tried_under_its_key() -> None:
    """The authority refuses a field; its source is corrected; a retry asks the gate first."""
    house = asked()
    ordered(house)
    effect = house.state.effect_named("statement")
    assert effect is not None
    key = effect.key
    effect.state = "failed"
    accepted(house, Answer(answers={"kind": "suicide"}), person="tess")

    assert settled(house, "statement", Resolution.RETRY).accepted

    assert effect.state == HELD_BACK
    held = entries(house, Kind.EFFECT_HELD_BACK)[-1]
    assert (held["who"], held["gate"]) == ("lena", "review")
    assert held["input"]
    accepted(house, APPROVE, person="lena")
    assert (effect.state, effect.key) == ("intended", key)


def test_a_draft_is_a_pure_function_of_the_case() -> None:
    """Built again from the same state it is the same, byte for byte."""
    house = at_review()
    plan = house.file.pathway.effect("statement")

    once = draft_of(house.state, house.file.pathway, plan)
    again = draft_of(house.state, house.file.pathway, plan)

    assert once == again
    assert {gap.fill for gap in once.gaps} == {
        "memo:review.decision-facts",
        "memo:review.incompatible-content-explanation",
    }


def test_what_was_handed_in_stays_as_it_was() -> None:
    """Later answers change what would be said now, never what was said."""
    house = asked()
    ordered(house)
    done(house, "statement")
    said = drafted(house).model_copy(deep=True)

    accepted(house, Answer(answers={"kind": "suicide"}), person="tess")

    assert drafted(house) == said


def removal_order() -> House:
    """A removal order that was followed; the authority waits for the form of Annex II."""
    house = House.of("terrorist-content-removal-order")
    answers = {
        "authority": "authority-1",
        "order-reference": "order-7",
        "received-at": "2026-01-05T08:50:00+00:00",
        "member-state": "member-state-3",
        "content": "list-4",
        "cross-border": "no",
        "real-world-attack": "no",
    }
    # Nobody looked within five minutes: it is followed all the same.
    assert house.file.stage is not None
    after = leave(house.file, house.file.stage, "not-looked-at", at=house.now)
    enter(house.file, house.file.pathway.stage(str(after.then)), at=house.now)
    accepted(house, Answer(answers=answers), person="cora")
    accepted(house, Complete(stage="act-on-order", outcome="disable"), person="cora")
    accepted(house, Complete(stage="confirmation", outcome="confirmed"), person="cora")
    confirm = house.state.effect_named("confirm-to-authority")
    assert confirm is not None
    confirm.state = "manual"
    return house


def test_a_form_of_the_law_is_not_settled_while_a_field_is_missing() -> None:
    """Annex II without the instant of removal is no confirmation; with it, the form is whole."""
    house = removal_order()
    confirm = house.state.effect_named("confirm-to-authority")
    assert confirm is not None
    receipt = Receipt(effect=confirm.key, resolution=Resolution.DONE, reference="mail 5")

    early = house.act(receipt, person="cora", role="counter-terror")
    done(house, "disable-content")
    whole = house.act(receipt, person="cora", role="counter-terror")

    assert (early.outcome, early.reason) == (Outcome.REFUSED, Reason.DRAFT_INCOMPLETE)
    assert "done:disable-content" in early.detail
    assert whole.accepted
    fields = house.state.drafts["confirm-to-authority"].draft.fields
    assert (fields["measure"], fields["measured-at"]) == ("disabled", "2026-01-05T09:00:00+00:00")
    assert fields["our-reference"] == "1001"


def test_a_form_that_cannot_be_completed_can_be_given_up() -> None:
    """To skip it stays possible, with a reason, by who owns it."""
    house = removal_order()
    confirm = house.state.effect_named("confirm-to-authority")
    assert confirm is not None
    given_up = Receipt(effect=confirm.key, resolution=Resolution.SKIP, reason="sent by post")

    assert house.act(given_up, person="cora", role="counter-terror").accepted
