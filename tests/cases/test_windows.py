"""A window of the law: nothing before it opens, a deadline where it closes."""

from datetime import UTC, datetime, timedelta

from cases.acts import Answer, Complete
from cases.clocks import take_due
from cases.journal import Kind
from cases.receipts import Reason
from tests.cases.house import House

COUNTER = b"""
runbook: counter-notice
version: 1.0.0
title: "Counter-notice"
owner: legal
review-by: 2027-02-01
intake:
  counter-notice-at: {ask: "When did the counter-notice come?", answer: instant}
severity:
  - {otherwise: SEV3, because: "nothing burns"}
clocks:
  US-DMCA-ctr:
    use: US-DMCA-ctr@1
    starts-at: counter-notice-at
    stops: [effect:restore, closed]
    late: [{at: 90%, page: incident-manager}]
    owner: legal
stages:
  - stage: window
    owner: legal
    within: 20d
    next:
      restored: {not-before: US-DMCA-ctr, do: [restore], then: closure}
      suit: closure
  - stage: closure
    owner: incident-manager
    within: 24h
    dispositions: {done: [decision-record]}
effects:
  restore: {title: "Put it back", owner: legal, within: 1h, compensate: "Take it down again."}
"""
NOTICED = datetime(2026, 1, 5, 9, tzinfo=UTC)
OPENS = datetime(2026, 1, 21, 5, tzinfo=UTC)
"""The end, in Washington, of the tenth business day: the third Monday of January is none."""
CLOSES = datetime(2026, 1, 26, 9, tzinfo=UTC)


def restored(house: House, at: datetime) -> tuple[Reason, str]:
    """What is answered to a restoration at that instant."""
    house.now = at
    act = Complete(stage="window", outcome="restored")
    receipt = house.act(act, person="lena", role="legal")
    return receipt.reason, receipt.detail


def noticed() -> House:
    """The counter-notice came on the fifth of January."""
    house = House.of(text=COUNTER)
    answers = {"counter-notice-at": NOTICED.isoformat()}
    assert house.act(Answer(answers=answers), person="lena", role="legal").accepted
    return house


def test_nothing_is_restored_before_the_window_opens() -> None:
    """Ten business days are full ones, by the federal calendar; a minute early is too early."""
    house = noticed()

    early = restored(house, OPENS - timedelta(minutes=1))
    in_time = restored(house, OPENS)

    assert early == (Reason.NOT_DUE, "not before 2026-01-21 05:00:00Z")
    assert in_time == (Reason.NONE, "")


def test_a_window_that_has_not_begun_is_shut() -> None:
    """Without the instant of the counter-notice nobody can say when it opens."""
    house = House.of(text=COUNTER)

    assert restored(house, CLOSES) == (Reason.NOT_DUE, "US-DMCA-ctr has not begun")


def test_another_outcome_does_not_wait() -> None:
    """Notice of a suit ends it on any day."""
    house = noticed()

    done = house.act(Complete(stage="window", outcome="suit"), person="lena", role="legal")

    assert done.accepted


def test_both_ends_are_on_record_and_the_owner_is_told_when_it_opens() -> None:
    """The entry holds when it opens and when it closes; it closes as a deadline does."""
    house = noticed()
    clock = house.state.clock("US-DMCA-ctr")
    assert clock is not None
    body = next(
        entry.body for entry in house.state.journal.pending if entry.kind is Kind.CLOCK_DEADLINE
    )

    told = take_due(house.file, at=OPENS)

    assert body["opens"] == OPENS.isoformat()
    assert body["conservative_due"] == CLOSES.isoformat()
    assert [step.remind for each, step, _ in told if step and each is clock] == ["legal"]
    assert clock.due_at(OPENS) == CLOSES


def test_an_earlier_notice_opens_it_earlier() -> None:
    """The corrected instant moves both ends, and the owner is told once, at the right one."""
    house = noticed()
    clock = house.state.clock("US-DMCA-ctr")
    assert clock is not None
    earlier = {"counter-notice-at": "2026-01-02T09:00:00+00:00"}
    assert house.act(Answer(answers=earlier), person="lena", role="legal").accepted

    assert clock.opens_at == datetime(2026, 1, 17, 5, tzinfo=UTC)
    assert [late.label for late in clock.late] == ["90%", "opens"]


def test_a_hold_has_to_be_kept_first() -> None:
    """What waits for a hold is refused until it is over: six calendar months, not about so many."""
    text = COUNTER.replace(b"    use: US-DMCA-ctr@1\n", b"    use: EU-DSA20@1\n")
    house = House.of(text=text)
    told = {"counter-notice-at": "2025-08-31T18:00:00+00:00"}
    assert house.act(Answer(answers=told), person="lena", role="legal").accepted

    early = restored(house, datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
    in_time = restored(house, datetime(2026, 3, 2, 23, tzinfo=UTC))

    assert early == (Reason.NOT_DUE, "not before 2026-03-02 23:00:00Z")
    assert in_time == (Reason.NONE, "")
