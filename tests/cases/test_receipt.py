"""When an order really reached us: an answered instant, on which a statutory clock counts."""

from datetime import timedelta

from cases.acts import Answer, Complete
from cases.journal import Kind
from cases.receipts import Outcome
from tests.cases.house import BEGIN, House, looked_at

CLOCK = "EU-TCO3-1h"
MINUTES = timedelta(minutes=1)


def received(house: House, ago: timedelta) -> Outcome:
    """The answer that the order had been received so long before the case was opened."""
    instant = (BEGIN - ago).isoformat()
    receipt = house.act(
        Answer(answers={"received-at": instant}), person="carl", role="counter-terror"
    )
    return receipt.outcome


def due_in(house: House) -> timedelta:
    """How long after the opening the hour is over."""
    clock = house.state.clock(CLOCK)
    assert clock is not None
    due = clock.due_at(house.now)
    assert due is not None
    return due - BEGIN


def test_an_earlier_receipt_moves_the_deadline_forward() -> None:
    """The hour runs from the receipt, which may lie before the webhook."""
    house = House.of("terrorist-content-removal-order")
    before = due_in(house)

    outcome = received(house, 40 * MINUTES)

    assert outcome is Outcome.ACCEPTED
    assert (before, due_in(house)) == (60 * MINUTES, 20 * MINUTES)
    recorded = [entry for entry in house.state.journal.pending if entry.kind is Kind.CLOCK_STARTED]
    assert recorded[-1].body["because"] == "received-at answered"


def test_a_later_receipt_gives_no_time_back() -> None:
    """A clock that ran is never slowed by an answer."""
    house = House.of("terrorist-content-removal-order")

    received(house, -30 * MINUTES)

    assert due_in(house) == 60 * MINUTES


def test_a_suspended_clock_is_not_breached_by_an_answer() -> None:
    """While the law has stopped the clock, an earlier receipt declares no breach."""
    house = House.of("terrorist-content-removal-order")
    looked_at(house)
    house.act(
        Complete(stage="act-on-order", outcome="impossible"), person="carl", role="counter-terror"
    )
    clock = house.state.clock(CLOCK)
    assert clock is not None
    assert not clock.reading(house.now).running

    received(house, 90 * MINUTES)

    assert clock.breached_at is None
