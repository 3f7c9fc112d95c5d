"""Which reports are held back, for how long, and which never are."""

from datetime import UTC, datetime

import pytest

from runbooks import RouteFacts, RunbookProblems, Severity, load_routing
from runbooks.suppressing import suppressed

TABLE = """\
routing: 1.0.0
default: user-safety-escalation
rows: []
suppress:
  - name: bounces
    if: {tag: bounce}
    owner: incident-manager
    since: 2026-11-20
    until: 2026-12-20
    tell-at: 50
    because: "a newsletter bounces"
  - name: one-account
    if: {source: form}
    subject: 0123456789abcdef
    owner: incident-manager
    since: 2026-11-20
    until: 2026-11-21
    tell-at: 5
    because: "one account, looked at"
"""
IN_TIME = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rule(
    *tags: str,
    severity: Severity = Severity.SEV3,
    subject: str | None = None,
    at: datetime = IN_TIME,
    source: str = "form",
) -> str | None:
    """The rule that hides such a report."""
    table = load_routing(TABLE.encode(), file="routing.yaml")
    facts = RouteFacts(source=source, tags=frozenset(tags))
    found = suppressed(table, facts, severity=severity, subject=subject, at=at)
    return found.name if found is not None else None


@pytest.mark.parametrize("severity", Severity)
def test_grave_reports_are_never_hidden(severity: Severity) -> None:
    """What the table calls SEV0 or SEV1 opens a case, whatever a rule says."""
    hidden = rule("bounce", severity=severity)

    assert (hidden is None) is (severity in {Severity.SEV0, Severity.SEV1})


@pytest.mark.parametrize(
    "day,hidden",
    [("11-19T23:59", None), ("11-20T00:00", "bounces"), ("12-20T23:59", "bounces"),
     ("12-21T00:00", None)],
)  # fmt: skip
def test_a_rule_holds_from_its_first_day_to_its_last(day: str, hidden: str | None) -> None:
    """Expiry needs nobody: after its last day the rule hides nothing."""
    assert rule("bounce", at=datetime.fromisoformat(f"2026-{day}:00+00:00")) == hidden


def test_a_rule_may_be_about_one_subject() -> None:
    """By the beginning of its digest; nobody else's report is hidden."""
    assert rule(subject="0123456789abcdef00") == "one-account"
    assert rule(subject="ff23456789abcdef00") is None
    assert rule(subject=None) is None
    assert rule(subject="0123456789abcdef00", source="zendesk") is None


@pytest.mark.parametrize(
    "old,new,told,line",
    [
        ("until: 2026-12-20", "until: 2026-12-21", "RB138", 9),
        ("until: 2026-12-20", "until: 2026-11-19", "RB138", 9),
        ("    tell-at: 50\n", "", "RB011", 5),
        ('    because: "a newsletter bounces"\n', "", "RB011", 5),
        ("name: one-account", "name: bounces", "RB018", 12),
        ("0123456789abcdef", "account-9", "RB014", 14),
    ],
)  # fmt: skip
def test_a_rule_says_why_until_when_and_whom_to_tell(
    old: str, new: str, told: str, line: int
) -> None:
    """One that never ends, tells nobody, has no reason, or names a person is refused."""
    with pytest.raises(RunbookProblems) as refused:
        load_routing(TABLE.replace(old, new, 1).encode(), file="routing.yaml")

    assert [(each.rule, each.line) for each in refused.value.problems] == [(told, line)]
