"""A person may set another severity than the table; what the table said stays beside it."""

import pytest

from cases.acts import ChangeSeverity
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import SeverityRecord
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
