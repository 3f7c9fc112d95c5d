"""What a reopened case inherits and what begins afresh, and how long a hold may last: no engine."""

from datetime import timedelta

import pytest

from cases.acts import Cancel, Hold, Reopen
from cases.desk import Desk
from cases.file import CaseFile
from cases.journal import GENESIS, Kind, check_chain
from cases.receipts import Outcome, Reason
from cases.recording import Record
from cases.reopening import inherited
from cases.stages import close_case, record_closed
from cases.state import fields_of
from runbooks.plan import Severity
from tests.cases.house import ROOT, SALT, House

HOUR = timedelta(hours=1)
BOOK = b"""
runbook: again
version: 1.0.0
title: "Again"
owner: trust-and-safety
review-by: 2027-02-01
hold-at-most: {SEV0: 4h, otherwise: 2d}
intake:
  kind: {ask: "What is reported?", choice: [fraud, other]}
severity:
  - {otherwise: SEV3, because: "nothing presses"}
clocks:
  EU-TEST-1d:
    {title: "The law's", starts: opened, within: 72h, statutory: true, source: "a law",
     late: [{at: 75%, page: legal}]}
  OUR-TEST-1d:
    {title: "Ours", starts: opened, within: 48h, statutory: false,
     late: [{at: 75%, page: legal}]}
stages:
  - stage: triage
    owner: triage
    within: 4h
    late: [{at: 75%, page: incident-manager}]
    next: {done: closure}
  - stage: closure
    owner: incident-manager
    within: 24h
    late: [{at: 100%, page: incident-manager}]
    dispositions: {done: [decision-record]}
    reopen: {by: [incident-manager], within: 30d, most: 1, to: [triage, closure]}
"""


def ended() -> House:
    """A case that was cancelled two hours after it had come."""
    house = House.of(text=BOOK)
    house.later(2 * HOUR)
    receipt = house.act(Cancel(reason="a test"), person="ines", role="incident-manager")
    assert receipt.outcome is Outcome.ACCEPTED
    closing = house.state.closing_act
    assert closing is not None
    close_case(house.file, closing, at=house.now, cancelled=True)
    record_closed(house.file, at=house.now)
    return house


def reopened(house: House, *, to: str | None = None, head: str = "", role: str = "") -> House:
    """A new run of the case, begun by the act."""
    before = house.state
    state = inherited(fields_of(before), sequence=before.journal.sequence, head=before.journal.head)
    file = CaseFile(
        state=state,
        pathway=house.file.pathway,
        record=Record(state, salt=SALT),
        new_nonce=lambda: "nonce",
    )
    desk = Desk(file, root=ROOT.public_key().public_bytes_raw())
    body = Reopen(reason="a new report", to=to, head=head or before.journal.head)
    envelope = house.envelope(body, person="ines", role=role or "incident-manager")
    desk.reopen(envelope, owed=("recheck",), start="start", at=house.now)
    return House(file=file, desk=desk, now=house.now)


def test_it_goes_on_from_the_head_of_the_journal() -> None:
    """The entries of both runs are one chain; the first of the second says who and which ending."""
    house = ended()
    before = list(house.state.journal.pending)

    again = reopened(house)

    assert check_chain([*before, *again.state.journal.pending]) == again.state.journal.head
    first = again.state.journal.pending[0]
    assert (first.kind, first.previous) == (Kind.CASE_REOPENED, before[-1].hash)
    assert (first.body["by"], first.body["disposition"]) == ("ines", "cancelled")
    assert (again.state.status, again.state.stage, again.state.closing) == ("open", "triage", None)
    assert again.state.life == 2


def test_our_targets_begin_anew_and_the_law_s_go_on() -> None:
    """A day later ours has all its time; the law's is due when it was (I12)."""
    house = ended()
    law = house.state.clock("EU-TEST-1d")
    assert law is not None
    due = law.events[0].at + timedelta(hours=72)
    house.later(timedelta(days=1))

    again = reopened(house)

    clocks = {name: again.state.clock(name) for name in ("EU-TEST-1d", "OUR-TEST-1d")}
    assert {name: clock and clock.due_at(again.now) for name, clock in clocks.items()} == {
        "EU-TEST-1d": due,
        "OUR-TEST-1d": again.now + timedelta(hours=48),
    }
    stage = again.state.stage_clock("triage")
    assert stage is not None
    assert stage.due_at(again.now) == again.now + timedelta(hours=4)


@pytest.mark.parametrize(
    "later,how,why",
    [
        (timedelta(0), {"to": "nowhere"}, "stage"),
        (timedelta(0), {"head": GENESIS}, "ending"),
        (timedelta(0), {"role": "triage"}, "role"),
        (timedelta(days=31), {}, "window"),
    ],
)
def test_what_may_not_be_reopened_stays_as_it_was(
    later: timedelta, how: dict[str, str], why: str
) -> None:
    """Not one entry is written: the journal of a closed case is sealed."""
    house = ended()
    house.later(later)

    again = reopened(house, **how)

    assert again.state.closed, why
    assert again.state.journal.pending == []
    assert again.state.receipts == {}


def test_a_second_time_is_one_too_many_here() -> None:
    """The runbook says once."""
    house = reopened(ended())
    house.later(HOUR)
    house.act(Cancel(reason="a test"), person="ines", role="incident-manager")
    closing = house.state.closing_act
    assert closing is not None
    close_case(house.file, closing, at=house.now, cancelled=True)
    record_closed(house.file, at=house.now)

    assert reopened(house).state.closed


def test_it_returns_to_the_stage_that_was_asked_for() -> None:
    """Any of those the runbook names; the first is the usual one."""
    assert reopened(ended(), to="closure").state.stage == "closure"


@pytest.mark.parametrize(
    "severity,within,accepted",
    [
        (Severity.SEV0, timedelta(hours=4), True),
        (Severity.SEV0, timedelta(hours=5), False),
        (Severity.SEV3, timedelta(days=2), True),
        (Severity.SEV3, timedelta(days=3), False),
    ],
)
def test_a_hold_lasts_as_long_as_the_severity_lets_it(
    severity: Severity, within: timedelta, *, accepted: bool
) -> None:
    """The graver the case, the sooner somebody has to look again."""
    house = House.of(text=BOOK)
    house.state.severity = house.state.severity.model_copy(update={"current": severity})
    hold = Hold(reason="waits for the court", review_at=house.now + within)

    receipt = house.act(hold, person="ines", role="incident-manager")

    assert (receipt.outcome is Outcome.ACCEPTED) is accepted
    assert accepted or receipt.reason is Reason.REVIEW_DATE
