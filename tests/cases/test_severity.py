"""A person may set another severity than the table; what the table said stays beside it."""

from datetime import timedelta

import pytest

from cases.acts import ChangeSeverity
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import SeverityRecord
from cases.severity import lapse
from runbooks.plan import Severity
from tests.cases.house import House


def house() -> House:
    """A case whose table said SEV3 by its second row."""
    made = House.of()
    made.state.severity = SeverityRecord(
        current=Severity.SEV3, computed=Severity.SEV3, row="2", because="no sign of imminent harm"
    )
    return made


@pytest.mark.parametrize("reason", ["", "   "])
def test_another_severity_needs_a_reason(reason: str) -> None:
    """Without a reason nothing changes, and the refusal says what is wanting."""
    made = house()

    receipt = made.act(
        ChangeSeverity(severity=Severity.SEV1, reason=reason),
        person="mira",
        role="incident-manager",
    )

    assert receipt.reason is Reason.REASON_REQUIRED
    assert made.state.severity.current is Severity.SEV3
    assert made.state.severity.set_by is None


def test_the_computed_severity_stays_beside_the_one_that_was_set() -> None:
    """Who set it and why is on record; so are the table's severity, its row and its reason."""
    made = house()

    receipt = made.act(
        ChangeSeverity(severity=Severity.SEV1, reason="seen before"),
        person="mira",
        role="incident-manager",
    )

    assert receipt.accepted
    assert made.state.severity == SeverityRecord(
        current=Severity.SEV1,
        computed=Severity.SEV3,
        row="2",
        because="no sign of imminent harm",
        set_by="mira",
        reason="seen before",
    )
    entry = next(e for e in made.state.journal.pending if e.kind is Kind.SEVERITY_SET)
    assert {key: entry.body[key] for key in ("severity", "was", "computed", "by")} == {
        "severity": "SEV1",
        "was": "SEV3",
        "computed": "SEV3",
        "by": "mira",
    }


def test_what_is_set_for_a_time_ends_by_itself() -> None:
    """To the instant it is the person's, then the table's again; the case wakes for it."""
    made = house()
    until = made.now + timedelta(hours=1)
    body = ChangeSeverity(severity=Severity.SEV1, reason="cannot be ruled out", until=until)

    assert made.act(body, person="mira", role="incident-manager").accepted
    made.state.clocks.clear()
    assert made.state.next_instant(made.now) == (until, "severity: the table's again")
    lapse(made.file, at=until - timedelta(seconds=1))
    assert made.state.severity.current is Severity.SEV1

    lapse(made.file, at=until)
    assert made.state.severity == house().state.severity
    entry = [e for e in made.state.journal.pending if e.kind is Kind.SEVERITY_SET][-1]
    assert (entry.body["severity"], entry.body["was"], entry.body["by"]) == (
        "SEV3",
        "SEV1",
        "escalate",
    )
    lapse(made.file, at=until + timedelta(hours=1))
    assert sum(e.kind is Kind.SEVERITY_SET for e in made.state.journal.pending) == 2


def test_a_severity_cannot_have_ended_before_it_is_set() -> None:
    """The instant lies ahead, or nothing changes."""
    made = house()
    body = ChangeSeverity(severity=Severity.SEV1, reason="seen before", until=made.now)

    assert made.act(body, person="mira", role="incident-manager").reason is Reason.SEVERITY_UNTIL
    assert made.state.severity.set_by is None


def test_without_an_end_nothing_new_is_written() -> None:
    """A worker of the release before reads the act and the record as ever."""
    body = ChangeSeverity(severity=Severity.SEV1, reason="seen before")

    assert "until" not in body.model_dump(mode="json")
    assert "until" not in house().state.severity.model_dump(mode="json")
