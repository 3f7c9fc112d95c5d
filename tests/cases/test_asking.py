"""Conditional questions in a running case: who is asked, what is struck, what is not waited for."""

from cases.acts import ActBody, Answer, Close, Complete
from cases.journal import Kind
from cases.permissions import allowed_acts
from cases.receipts import ActReceipt, Outcome, Reason
from tests.cases.house import BEGIN, House
from tests.runbooks.test_asking import TEXT


def act(house: House, body: ActBody) -> ActReceipt:
    """What triage does."""
    return house.act(body, person="tess", role="triage")


def asked_of(house: House) -> set[str]:
    """The questions the case offers to the one who may answer them."""
    offered = allowed_acts(
        house.state, house.file.pathway, person="tess", roles=frozenset({"triage"}), at=BEGIN
    )
    return {name for act in offered if act.verb == "answer" for name in act.choices}


def answered(house: House) -> dict[str, str]:
    """What is on record."""
    return {name: answer.value for name, answer in house.state.answers.items()}


def test_questions_appear_as_answers_ask_for_them() -> None:
    """First one is offered, then what follows from it, then what follows from that."""
    house = House.of(text=TEXT.encode())
    assert asked_of(house) == {"kind"}

    act(house, Answer(answers={"kind": "fraud"}))
    assert asked_of(house) == {"kind", "amount"}

    act(house, Answer(answers={"amount": "5000"}))
    assert asked_of(house) == {"kind", "amount", "insured"}


def test_one_act_may_answer_what_it_asks_for_itself() -> None:
    """Whoever knows the whole of it says it at once."""
    house = House.of(text=TEXT.encode())

    receipt = act(house, Answer(answers={"insured": "no", "amount": "5000", "kind": "fraud"}))

    assert receipt.accepted
    assert answered(house) == {"insured": "no", "amount": "5000", "kind": "fraud"}


def test_an_answer_nobody_asked_for_is_refused() -> None:
    """It would decide nothing, so it is not taken as if it did."""
    house = House.of(text=TEXT.encode())

    receipt = act(house, Answer(answers={"amount": "5000"}))

    assert receipt.outcome is Outcome.REFUSED
    assert (receipt.reason, receipt.detail) == (Reason.NOT_ASKED, "amount")
    assert answered(house) == {}


def test_answers_are_struck_when_they_are_not_asked_any_more() -> None:
    """The journal says which; asked again, the question is open again."""
    house = House.of(text=TEXT.encode())
    act(house, Answer(answers={"kind": "fraud", "amount": "5000", "insured": "no"}))

    act(house, Answer(answers={"kind": "other", "amount": "6000"}))

    assert answered(house) == {"kind": "other"}
    entry = [e for e in house.state.journal.pending if e.kind is Kind.INTAKE_ANSWERED][-1]
    assert entry.body["questions"] == ["kind"]
    assert entry.body["unasked"] == ["amount", "insured"]
    act(house, Answer(answers={"kind": "fraud"}))
    assert answered(house) == {"kind": "fraud"}


def test_a_stage_does_not_wait_for_what_is_not_asked() -> None:
    """`needs` names four questions; of a case that is no fraud two are asked."""
    house = House.of(text=TEXT.encode())
    act(house, Answer(answers={"kind": "other"}))

    early = act(house, Complete(stage="triage", outcome="look"))
    act(house, Answer(answers={"repeated": "no"}))
    then = act(house, Complete(stage="triage", outcome="look"))

    assert (early.reason, early.detail) == (Reason.UNANSWERED, "repeated")
    assert then.accepted
    assert house.state.stage == "closure"


def test_an_ending_does_not_require_what_is_not_asked() -> None:
    """`answer:insured` is owed by a case in which that is asked, and by no other."""
    for answers, closes in (
        ({"kind": "other", "repeated": "no"}, True),
        ({"kind": "fraud", "amount": "10"}, True),
    ):
        house = House.of(text=TEXT.encode())
        act(house, Answer(answers=answers))
        act(house, Complete(stage="triage", outcome="look"))
        receipt = house.act(
            Close(disposition="looked-at", record="As decided."),
            person="ines",
            role="incident-manager",
        )
        assert receipt.accepted is closes
    house = House.of(text=TEXT.encode())
    act(house, Answer(answers={"kind": "fraud", "amount": "10"}))
    act(house, Complete(stage="triage", outcome="look"))
    act(house, Answer(answers={"amount": "5000"}))
    receipt = house.act(
        Close(disposition="looked-at", record="As decided."), person="ines", role="incident-manager"
    )
    assert (receipt.reason, receipt.detail) == (Reason.UNMET, "answer: insured")
