"""The order of the inbox: what is overdue, then harm, then priority, then time left."""

from datetime import UTC, datetime, timedelta

from gateway.pages.inbox import Owed, sorted_by_turn

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def owed(number: str, severity: str, priority: str, minutes: float | None) -> Owed:
    """Something that is due in so many minutes."""
    return Owed(
        number=number,
        severity=severity,
        priority=priority,
        stage="triage",
        role="triage",
        what="look",
        due_at=NOW + timedelta(minutes=minutes) if minutes is not None else None,
        as_of=NOW,
    )


def test_overdue_comes_first_then_severity_then_priority_then_time() -> None:
    """Severity is harm, priority the order of work among equals: neither stands for the other."""
    right = [
        owed("1", "SEV3", "P4", -60),
        owed("2", "SEV0", "P1", -5),
        owed("3", "SEV1", "P2", 300),
        owed("4", "SEV1", "P3", 10),
        owed("5", "SEV1", "", 5),
        owed("6", "SEV3", "P1", 20),
        owed("7", "SEV3", "P1", 90),
        owed("8", "SEV3", "P1", None),
    ]

    assert sorted_by_turn(list(reversed(right))) == right
