"""When somebody is told, row by row: other zones, clocks that change, holidays, Friday 16:59."""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.hours import Hours, Span, Why, next_open, told_at
from integrations.people_hours import read_hours
from runbooks.plan import Obeys, Severity, graver_or_as_grave

with (Path(__file__).parent / "recipient_hours.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def _hours(row: dict[str, str]) -> Hours:
    """The hours as the people's file would have them."""
    words = row["working"].split()
    working = dict(zip(words[::2], (each.split("+") for each in words[1::2]), strict=True))
    half = row["half_days"].split()
    return read_hours(
        working=working,
        quiet=row["quiet"] or None,
        holidays=row["holidays"].split(),
        half_days=dict(zip(half[::2], half[1::2], strict=True)),
    )


def _at(written: str, zone: str) -> datetime:
    """The instant at which that wall says so; `*` is the second time it does."""
    local = datetime.strptime(written.rstrip("*"), "%Y-%m-%d %H:%M")  # noqa: DTZ007 -- a wall's time
    return local.replace(tzinfo=ZoneInfo(zone), fold=int(written.endswith("*"))).astimezone(UTC)


def test_the_table_has_a_hundred_rows_and_a_reason_for_each() -> None:
    """No two rows ask the same, and zones, changes of clocks and holidays are among them."""
    asked = [tuple(v for k, v in row.items() if k not in ("told_at", "reason")) for row in ROWS]

    assert len(ROWS) >= 100
    assert len(set(asked)) == len(asked)
    assert all(row["reason"] for row in ROWS)
    assert sum(row["zone"] != row["case_zone"] for row in ROWS) >= 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["reason"].replace(" ", "-")[:60])
def test_somebody_is_told_when_the_table_says(row: dict[str, str]) -> None:
    """By the recipient's own wall, whatever the case's clock says."""
    obeys = Obeys(row["obeys"]) if row["obeys"] else None

    telling = told_at(
        _hours(row),
        zone=ZoneInfo(row["zone"]),
        begun=_at(row["begun"], row["case_zone"]),
        after=timedelta(minutes=int(row["after"])),
        obeys=obeys,
        pierced=graver_or_as_grave(Severity(row["severity"]), Severity(row["pierced_by"])),
    )

    assert telling.at.astimezone(UTC) == _at(row["told_at"], row["zone"]), row["reason"]


def test_whoever_has_no_hours_within_a_year_is_told_at_once() -> None:
    """Nothing is kept for ever."""
    hours = Hours(week={0: ()}, holidays=(date(2026, 1, 1),))
    begun = datetime(2026, 1, 1, 3, tzinfo=UTC)

    telling = told_at(hours, zone=ZoneInfo("UTC"), begun=begun, obeys=Obeys.DELIVERY)

    assert telling.at == begun
    assert telling.why is Why.NEVER


instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(  # noqa: DTZ001 -- made aware
    lambda at: at.replace(tzinfo=UTC, second=0, microsecond=0)
)
spans = st.builds(
    Span,
    begin=st.times().map(lambda at: time(at.hour, at.minute)),
    end=st.times().map(lambda at: time(at.hour, at.minute)),
)
kept = st.builds(
    Hours,
    week=st.dictionaries(st.integers(0, 6), st.tuples(spans), min_size=1),
    quiet=st.none() | spans.filter(lambda span: span.begin != span.end),
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@given(
    hours=kept,
    zone=zones,
    begun=instants,
    after=st.integers(0, 3000).map(lambda number: timedelta(minutes=number)),
    obeys=st.none() | st.sampled_from(list(Obeys)),
)
def test_nobody_is_told_before_it_is_due(
    hours: Hours, zone: str, begun: datetime, after: timedelta, obeys: Obeys | None
) -> None:
    """Hours only ever keep something back; a second look at that instant keeps it no longer."""
    telling = told_at(hours, zone=ZoneInfo(zone), begun=begun, after=after, obeys=obeys)

    assert telling.at >= begun + after
    again = told_at(hours, zone=ZoneInfo(zone), begun=begun, after=after, obeys=obeys)
    assert again == telling


@given(hours=kept, zone=zones, at=instants)
def test_what_is_open_is_open(hours: Hours, zone: str, at: datetime) -> None:
    """The first instant in somebody's hours is in their hours."""
    opened = next_open(hours, at, zone=ZoneInfo(zone))

    if opened is not None:
        assert next_open(hours, opened, zone=ZoneInfo(zone)) == opened
