"""Dated examples: deadlines worked out by hand or by another way, never by the code they try."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbooks.statutes.resolver import compute
from runbooks.statutes.span import Span, due
from runbooks.statutes.table import calendars, find
from tests.runbooks.oracle import examples

HERE = Path(__file__).parent


def table(name: str) -> list[dict[str, str]]:
    """The examples of one file."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BY_HAND = table("by_hand.csv")
DATED = table("dated.csv")


def test_there_are_more_than_three_hundred_examples_with_sources() -> None:
    """Nothing is tried where no example is; and each says where its expectation comes from."""
    assert len(BY_HAND) >= 30
    assert len(DATED) >= 300
    assert all(example["source"] for example in BY_HAND + DATED)


def test_the_table_is_what_the_other_way_computes() -> None:
    """The file of dated examples is the oracle's, and nobody has adjusted it."""
    assert [list(example.values()) for example in DATED] == examples()


@pytest.mark.parametrize(
    "example", BY_HAND + DATED, ids=lambda example: f"{example['row']}-{example['begun']}"
)
def test_a_deadline_falls_where_the_example_says(example: dict[str, str]) -> None:
    """Both instants, to the minute."""
    statute = find(example["row"])
    assert statute is not None

    due = compute(statute, begun=datetime.fromisoformat(example["begun"])).due

    assert due is not None
    assert due.certain
    assert due.conservative_due == datetime.fromisoformat(example["conservative_due"])
    assert due.legal_latest == datetime.fromisoformat(example["legal_latest"])


def test_a_window_opens_and_closes_on_business_days() -> None:
    """A counter-notice of Friday 18 December 2026: the tenth is 5 January, the fourteenth the 11th.

    21, 22, 23, 24, 28, 29, 30, 31 December and 4, 5, 6, 7, 8, 11 January, by the OPM list.
    """
    statute = find("US-DMCA-ctr")
    assert statute is not None

    running = compute(statute, begun=datetime.fromisoformat("2026-12-18T16:59-05:00"))

    assert running.opens is not None
    assert running.due is not None
    assert running.opens.conservative_due.isoformat() == "2027-01-05T21:59:00+00:00"
    assert running.opens.legal_latest.isoformat() == "2027-01-06T05:00:00+00:00"
    assert running.due.conservative_due.isoformat() == "2027-01-11T21:59:00+00:00"
    assert running.due.legal_latest.isoformat() == "2027-01-12T05:00:00+00:00"


def test_a_renewable_hold_has_two_ends() -> None:
    """Ninety days from 31 August 2026 end with 29 November, and with the renewal on 27 February."""
    statute = find("US-2703f")
    assert statute is not None

    running = compute(statute, begun=datetime.fromisoformat("2026-08-31T14:00-04:00"))

    assert running.due is not None
    assert running.renewed is not None
    assert running.due.legal_latest.isoformat() == "2026-11-30T05:00:00+00:00"
    assert running.renewed.legal_latest.isoformat() == "2027-02-28T05:00:00+00:00"
    assert running.careful(statute.row.kind) == running.due.legal_latest


@pytest.mark.parametrize(
    "begun,ends",
    [
        ("2026-08-31T20:00+02:00", "2027-02-28T23:00:00+00:00"),
        ("2027-02-28T20:00+01:00", "2027-02-28T23:00:00+00:00"),
        ("2027-03-01T00:00+01:00", "2028-02-29T23:00:00+00:00"),
    ],
)
def test_a_yearly_report_is_due_before_its_day(begun: str, ends: str) -> None:
    """Before 1 March: by the end of February, in a leap year of its twenty-ninth."""
    statute = find("EU-TCO7")
    assert statute is not None

    due = compute(statute, begun=datetime.fromisoformat(begun)).due

    assert due is not None
    assert due.conservative_due.astimezone(UTC).isoformat() == ends


def test_a_member_states_own_holidays_give_longer() -> None:
    """St Patrick's Day, a Tuesday in 2026, is a holiday in Ireland, not in every member state."""
    statute = find("EU-TCO10")
    assert statute is not None
    begun = datetime.fromisoformat("2026-03-03T10:00+00:00")

    everywhere = compute(statute, begun=begun).due
    in_ireland = compute(statute, begun=begun, calendar=calendars()["ie"]).due

    assert everywhere is not None
    assert in_ireland is not None
    assert everywhere.legal_latest.isoformat() == "2026-03-17T23:00:00+00:00"
    assert in_ireland.legal_latest.isoformat() == "2026-03-19T00:00:00+00:00"


@pytest.mark.parametrize(
    "span,begun,careful,latest",
    [
        # By hand: 30 days from 3 June are Friday 3 July, observed for the fourth; Monday 6 July.
        ("30d day-after roll", "2026-06-03T10:00-04:00", "07-03T14:00", "07-07T04:00"),
        ("30d day-after", "2026-06-03T10:00-04:00", "07-03T14:00", "07-04T04:00"),
        # By hand: the fourth working day after Monday 8 June is Friday 12; its office shuts 17:30.
        ("4bd day-after until 17:30", "2026-06-08T18:00-04:00", "06-12T21:30", "06-12T21:30"),
        ("4bd day-after until 17:30", "2026-06-08T16:00-04:00", "06-12T20:00", "06-12T21:30"),
    ],
)
def test_a_row_can_roll_and_a_day_can_end_early(
    span: str, begun: str, careful: str, latest: str
) -> None:
    """What no shipped row asks for, a team's own may: a last day that moves, or ends at closing."""
    found = due(
        Span.model_validate(span),
        calendars()["us-federal"],
        begun=datetime.fromisoformat(begun),
    )

    assert f"{found.conservative_due.astimezone(UTC):%m-%dT%H:%M}" == careful
    assert f"{found.legal_latest.astimezone(UTC):%m-%dT%H:%M}" == latest


def test_beyond_the_calendar_is_said() -> None:
    """A deadline for which holidays are not known is not called certain."""
    statute = find("US-SEC-105")
    assert statute is not None

    due = compute(statute, begun=datetime.fromisoformat("2041-03-05T10:00-05:00")).due

    assert due is not None
    assert not due.certain
