"""Targets, endings, promises in working days: what lint adds up, and what it knows of the law."""

from datetime import UTC, date, datetime, timedelta

import pytest

from runbooks import Finding, RunbookProblems, compile_runbook, library, lint, load_runbook
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import due
from tests.runbooks.faults import BASES
from workers.simulation.counting import after_working_days

TODAY = date(2026, 11, 22)
BOOKS = {name: load_runbook(text, file=f"{name}.yaml") for name, text in library().items()}
THREAT, REQUEST = "imminent-threat-to-life", "law-enforcement-request"
ORDER = "terrorist-content-removal-order"
DAYS = "    working-days: 10\n    calendar: eu\n"


def found(name: str, old: str, new: str) -> list[Finding]:
    """What lint has to say of the shipped runbook with one place changed."""
    text = library()[name].decode()
    assert text.count(old) == 1
    edited = load_runbook(text.replace(old, new).encode(), file=f"{name}.yaml")
    return lint(edited, today=TODAY, library=BOOKS)


def own(days: str, more: str = "") -> bytes:
    """The base runbook, whose own promise has that length."""
    text = BASES["base"]
    assert text.count("    within: 72h\n") == 1
    return text.replace("    within: 72h\n", f"{days}{more}").encode()


def test_a_clock_that_begins_with_a_decision_is_counted_from_there() -> None:
    """Ten minutes more at the gate after awareness are too many; the hours before it count not."""
    longer = found(
        THREAT,
        "    within: 20m\n    memo: [facts, legal-basis",
        "    within: 30m\n    memo: [facts, legal-basis",
    )
    slow = "    within: {}\n    do: [safe-state"
    earlier = found(THREAT, slow.format("5m"), slow.format("50m"))

    assert [each.rule for each in longer] == ["RB067"]
    assert "at SEV0 the shortest way to effect:disclose-us takes 40m" in longer[0].what
    assert longer[0].evidence[-1] == "disclosure -disclose-> receipt"
    assert {each.what.split()[-3] for each in earlier} == {"UNCERTAIN-60m"}


def test_a_clock_of_what_came_from_outside_is_counted_from_the_first_stage() -> None:
    """The order's eight hours run while triage still looks at it."""
    slow = found(
        REQUEST,
        "    within: {SEV0: 30m, SEV1: 2h, otherwise: 4h}\n",
        "    within: {SEV0: 7h, SEV1: 7h, otherwise: 7h}\n",
    )

    assert {each.rule for each in slow} == {"RB067"}
    assert any("EU-EPOC-8h runs 8h" in each.what for each in slow)


def test_an_outcome_that_the_law_rules_out_is_no_way_to_leave_its_clock_running() -> None:
    """Only what asks for preservation alone ends there; without that, eight hours would run on."""
    old = "{if: {instrument: [epoc-preservation, preservation-request]}, do: [confirm-preservation]"
    loose = found(REQUEST, old, "{do: [confirm-preservation]")

    assert {each.rule for each in loose} == {"RB068"}
    assert any(each.what.endswith("EU-EPOC-8h") for each in loose)


def test_a_refusal_that_ends_no_clock_is_found_with_its_way() -> None:
    """Not to refer is a decision of two roles with reasons, and the law's clocks must end there."""
    stops = 'stops: [effect:disclose-us, "rejected:legal-review", "approved:refusal", closed]'
    left = found(THREAT, stops, 'stops: [effect:disclose-us, "approved:refusal", closed]')

    assert [each.rule for each in left] == ["RB068"]
    assert left[0].evidence[-2:] == ("legal-review -rejected-> watch", "watch -settled-> closure")


def test_a_row_that_another_runbook_is_said_to_run_is_looked_for_there() -> None:
    """Whoever says that a duty is somebody else's must be right."""
    wrong = found(ORDER, "elsewhere: {EU-TCO10: appeal}", "elsewhere: {EU-TCO10: policy-precedent}")
    nobody = found(ORDER, "elsewhere: {EU-TCO10: appeal}\n", "")

    assert [each.rule for each in wrong] == ["RB123"]
    assert [each.rule for each in nobody] == ["RB123"]


def test_a_row_nobody_has_written_cannot_run_elsewhere() -> None:
    """A misspelt row would silence the finding for ever."""
    with pytest.raises(RunbookProblems) as refused:
        found(ORDER, "elsewhere: {EU-TCO10:", "elsewhere: {EU-TCO110:")

    assert [each.rule for each in refused.value.problems] == ["RB026"]


@pytest.mark.parametrize(
    "days,more,rule",
    [
        ("    working-days: 10\n", "", "RB011"),
        ("    working-days: 10\n    calendar: mars\n", "", "RB014"),
        ("    working-days: 0\n    calendar: eu\n", "", "RB014"),
        (DAYS, "    within: 72h\n", "RB017"),
        (DAYS, "    kind: tolling\n", "RB017"),
        ("    within: 72h\n", "    calendar: eu\n", "RB017"),
        ("", "", "RB011"),
    ],
)
def test_working_days_have_a_number_and_a_calendar(days: str, more: str, rule: str) -> None:
    """A length without whose days, or two lengths, is refused where it stands."""
    with pytest.raises(RunbookProblems) as refused:
        load_runbook(own(days, more), file="base.yaml")

    assert [each.rule for each in refused.value.problems] == [rule]


@pytest.mark.parametrize(
    "begun,expected",
    [
        (datetime(2026, 12, 18, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)),
        (datetime(2026, 3, 27, 16, 59, tzinfo=UTC), datetime(2026, 4, 10, 15, 59, tzinfo=UTC)),
    ],
    ids=["over Christmas and New Year", "Friday 16:59, over the change of the clocks"],
)
def test_ten_working_days_leave_out_what_is_no_working_day(
    begun: datetime, expected: datetime
) -> None:
    """Week-ends and what is a holiday in all of the Union do not count; the pathway has both."""
    pathway = compile_runbook(load_runbook(own(DAYS), file="base.yaml"))
    clock = next(clock for clock in pathway.clocks if clock.id == "REPLY-72h")
    assert clock.span is not None
    assert clock.within == timedelta(days=10)

    found = due(clock.span, pathway.calendars[clock.calendar], begun=begun)

    assert isinstance(pathway.calendars["eu"], Calendar)
    assert (found.conservative_due, found.legal_latest) == after_working_days(10, "eu", begun)
    assert found.conservative_due == expected
