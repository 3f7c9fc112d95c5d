"""The retention table: what holds for a case, and tables that do not hold together."""

from datetime import UTC, datetime, timedelta

import pytest

from runbooks import RunbookProblems
from runbooks.library import library, retention_text
from runbooks.retention import CLASSES, Ends, read_retention, shipped

ENDED = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = retention_text().decode()


def test_every_line_has_its_law_its_source_and_its_mark() -> None:
    """Nothing is kept or dropped on nobody's word, and no line names a runbook we do not know."""
    table = shipped().table
    for rule in (*table.classes.values(), *table.overrides):
        assert rule.law
        assert rule.source
        assert rule.mark in "VSKL"
    assert {line.runbook for line in table.overrides} <= library().keys()
    assert "Not legal advice" in table.note
    assert not shipped().automatic


@pytest.mark.parametrize(
    "runbook,disposition,days",
    [
        ("personal-data-breach", None, 1096),
        ("user-safety-escalation", None, 1096),
        ("user-safety-escalation", "no-violation", 184),
        ("child-safety-report", None, 396),
        (None, None, 1096),
    ],
)
def test_content_goes_when_the_longer_of_both_times_is_over(
    runbook: str | None, disposition: str | None, days: int
) -> None:
    """One key opens content and the references to evidence."""
    over = shipped().content_over_at(ended_at=ENDED, runbook=runbook, disposition=disposition)
    assert over - ENDED == timedelta(days=days)


def test_the_more_special_line_holds_and_of_two_minima_the_longer() -> None:
    """A disposition goes before a runbook, a runbook before the class; a minimum before both."""
    retention = shipped()
    rule = retention.rule("B", runbook="user-safety-escalation", disposition="no-violation")
    assert rule.keep == timedelta(days=184)
    longer = TEXT.replace(
        "  - class: B\n    runbook: law-enforcement-request\n",
        "  - class: B\n    runbook: terrorist-content-removal-order\n    disposition: removed\n"
        "    keep: 10d\n    law: x\n    source: x\n    mark: K\n"
        "  - class: B\n    runbook: law-enforcement-request\n",
    )
    floor = read_retention(longer.encode(), file="t.yaml").rule(
        "B", runbook="terrorist-content-removal-order", disposition="removed"
    )
    assert floor.keep == timedelta(days=184)


@pytest.mark.parametrize(
    "was,now",
    [
        ("    ends: by-hand\n", ""),
        ("    mark: V\n", "    mark: Z\n"),
        ("  D:\n", "  E:\n"),
        ("    keep: 366d\n", "    keep: forever\n"),
        ("    disposition: no-violation\n", "    disposition: no-violation\n    more: 1\n"),
        ("  - class: C\n    runbook: child-safety-report\n", ("  - class: B\n    runbook: "
         "child-safety-report\n")),
    ],
    ids=["skeleton", "mark", "class", "duration", "unknown key", "one line twice"],
)  # fmt: skip
def test_a_table_that_does_not_hold_together_is_refused(was: str, now: str) -> None:
    """With the place of the mistake, at the start and not when something is to be erased."""
    assert was in TEXT
    with pytest.raises(RunbookProblems):
        read_retention(TEXT.replace(was, now, 1).encode(), file="t.yaml")


def test_automatic_needs_both_classes_under_the_key() -> None:
    """Only then does the table decide by itself."""
    for classes, expected in ((("B",), False), (("B", "C"), True)):
        text = TEXT
        for name in classes:
            text = text.replace(f"  {name}:\n", f"  {name}:\n    ends: {Ends.AUTOMATIC.value}\n", 1)
        assert read_retention(text.encode(), file="t.yaml").automatic is expected
    assert CLASSES == ("A", "B", "C", "D")
