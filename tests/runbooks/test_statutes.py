"""The table of the law's clocks: whole, sourced, pinned, and never more certain than its facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import calendars as written_calendars
from deploy import clock_pins
from runbooks import RunbookProblems, Weight, library, lint, load_runbook
from runbooks.library import clock_tables, pinned_calendars
from runbooks.reading import read_model
from runbooks.rules.clocks import not_law
from runbooks.statutes.grammar import ClockTable
from runbooks.statutes.table import (
    Statute,
    calendars,
    every_version,
    find,
    pins,
    statutes,
    versions,
)
from runbooks.statutes.vocabulary import RowKind

TODAY = date(2026, 11, 25)

FACTS = {
    "US-2258A-report", "US-2258A-fines", "US-2258A-imminent", "US-2258A-preserve",
    "UK-OSA66-NCA", "CA-internet-child", "COPPA", "US-2702-emerg", "US-2703f", "EU-DSA18",
    "EU-TCO14-5", "EU-EPOC", "EU-EPOC-PR", "EU-DSA10", "IN-72h", "CA-C34", "EU-TCO3-1h",
    "EU-TCO3-first", "EU-TCO3-toll", "EU-TCO4", "EU-TCO5", "EU-TCO6", "EU-TCO10/11", "EU-TCO7",
    "EU-DSA9", "EU-DSA16", "EU-DSA22", "EU-DSA17", "EU-DSA24-5", "EU-DSA20", "EU-DSA21",
    "EU-DSA23", "EU-DSA15/24/42", "DE-NetzDG", "IN-3h", "IN-griev", "AU-24h", "SG-POFMA",
    "SG-OSRA", "US-DMCA-out", "US-DMCA-ctr", "US-TIDA", "UK-NCII", "IN-2h", "EU-GDPR33",
    "EU-GDPR34", "EU-GDPR33-2", "EU-GDPR-96", "EU-NIS2", "EU-CRA14", "US-CA-446", "US-SEC-105",
    "EU-AIA73", "EU-AIA55", "US-CA-SB53", "US-NY-RAISE", "US-CA-SB243", "US-NY-47", "GIFCT-IRF",
    "NCMEC-TID/StopNCII",
}  # fmt: skip
"""Every line of part B of the facts."""

NUMBERS = {
    "US-2258A-preserve": "1 year", "CA-internet-child-keep": "21 d", "US-2703f": "90 d",
    "EU-EPOC-10d": "10 d", "EU-EPOC-8h": "8 h", "EU-EPOC-objection": "96 h", "EU-EPOC-PR": "60 d",
    "IN-72h": "72 h", "IN-180d": "180 d", "EU-TCO3-1h": "1 h", "EU-TCO3-first": "12 h",
    "EU-TCO3-toll": "1 h", "EU-TCO4-48h": "48 h", "EU-TCO4-72h": "72 h", "EU-TCO5-3m": "3 month",
    "EU-TCO6": "6 month", "EU-TCO10": "14 d", "EU-DSA20": "6 month", "EU-DSA21": "90 d",
    "DE-NetzDG-24h": "24 h", "DE-NetzDG-7d": "7 d", "IN-3h": "3 h", "IN-griev-ack": "24 h",
    "IN-griev-7d": "7 d", "IN-griev-36h": "36 h", "AU-24h": "24 h", "AU-48h": "48 h",
    "US-DMCA-ctr": "14 bd", "US-TIDA": "48 h", "UK-NCII": "48 h", "IN-2h": "2 h",
    "EU-GDPR33": "72 h", "UK-GDPR33": "72 h", "EU-GDPR-96": "96 h", "EU-NIS2-24h": "24 h",
    "EU-NIS2-72h": "72 h", "EU-NIS2-1m": "1 month", "EU-CRA14-24h": "24 h", "EU-CRA14-72h": "72 h",
    "EU-CRA14-14d": "14 d", "EU-CRA14-1m": "1 month", "US-CA-446-30d": "30 d",
    "US-CA-446-15d": "15 d", "US-SEC-105": "4 bd", "EU-AIA73-15d": "15 d", "EU-AIA73-10d": "10 d",
    "EU-AIA73-2d": "2 d", "EU-GPAI-15d": "15 d", "EU-GPAI-10d": "10 d", "EU-GPAI-5d": "5 d",
    "EU-GPAI-2d": "2 d", "EU-GPAI-final": "60 d", "US-CA-SB53-15d": "15 d",
    "US-CA-SB53-24h": "24 h", "US-NY-RAISE-72h": "72 h", "US-NY-RAISE-24h": "24 h",
}  # fmt: skip
"""Every number of the law, typed from the facts; a row that is not here has none."""

ZONES = {
    "eu": "Europe/Brussels", "us-federal": "America/New_York", "us-ca": "America/Los_Angeles",
    "us-ny": "America/New_York", "be": "Europe/Brussels", "de": "Europe/Berlin",
    "fr": "Europe/Paris", "ie": "Europe/Dublin", "lu": "Europe/Luxembourg",
    "nl": "Europe/Amsterdam", "uk": "Europe/London", "au": "Australia/Sydney",
    "ca": "America/Toronto", "in": "Asia/Kolkata", "sg": "Asia/Singapore", "utc": "UTC",
}  # fmt: skip

ROWS = list(statutes().values())


def test_every_line_of_the_facts_is_a_row() -> None:
    """Nothing of part B is left out, and no row comes from nowhere."""
    assert {row.row.of or row.id for row in ROWS} == FACTS


def test_the_numbers_of_the_law_are_those_of_the_facts() -> None:
    """Every number of law in the table was typed from the facts, and none was added."""
    found = {row.id: f"{row.row.within.n} {row.row.within.unit}" for row in ROWS if row.row.within}

    assert found == NUMBERS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_where_it_comes_from(row: Statute) -> None:
    """Source, mark, record, reviewer and day of review; nothing is signed that nobody signed."""
    assert row.row.source
    assert row.row.record
    assert row.mark in "VSKL"
    assert row.reviewer == "legal"
    assert row.review_by >= TODAY
    assert row.row.signed_off is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_number_the_law_does_not_name_is_called_ours(row: Statute) -> None:
    """A prompt row has no number of law; a target beside it is told apart, in its note too."""
    if row.row.kind is RowKind.PROMPT:
        assert row.row.within is None
        assert row.row.mark_note or row.row.target is None
    assert row.ours == (row.row.within is None and row.row.target is not None)


@pytest.mark.parametrize("row", [row for row in ROWS if row.mark == "L"], ids=lambda row: row.id)
def test_a_low_mark_says_what_is_low(row: Statute) -> None:
    """What could not be confirmed is explained, and is a question to a lawyer or has no number."""
    assert row.row.mark_note
    assert row.row.open_question or row.row.within is None


def test_what_is_not_law_never_runs() -> None:
    """Bills, proposals and what is not commenced are watched, on any day."""
    watched = {row.id for row in ROWS if row.row.effective.from_ is None}

    assert watched == {"CA-C34", "SG-OSRA", "UK-NCII", "EU-GDPR-96"}
    assert not any(row.row.is_law(date(2040, 1, 1)) for row in ROWS if row.id in watched)


@pytest.mark.parametrize(
    "name,before,since",
    [
        ("US-TIDA", date(2026, 5, 18), date(2026, 5, 19)),
        ("EU-EPOC-10d", date(2026, 8, 17), date(2026, 8, 18)),
        ("US-NY-RAISE-72h", date(2026, 12, 31), date(2027, 1, 1)),
        ("EU-AIA73-15d", date(2027, 12, 1), date(2027, 12, 2)),
        ("UK-OSA66-NCA", date(2026, 4, 6), date(2026, 4, 7)),
    ],
)
def test_a_row_is_law_from_its_day_on(name: str, before: date, since: date) -> None:
    """The day before it is not."""
    row = statutes()[name].row

    assert not row.is_law(before)
    assert row.is_law(since)


def test_an_old_law_ended() -> None:
    """The NetzDG's clocks are law for old cases only."""
    row = statutes()["DE-NetzDG-24h"].row

    assert row.is_law(date(2024, 1, 1))
    assert not row.is_law(TODAY)


def test_a_version_keeps_its_text_for_ever() -> None:
    """Every row is pinned as it stands; changed without a new version, this fails."""
    assert clock_pins.changed() == []
    assert set(every_version()) == set(pins())


def test_the_digest_holds_the_calendar_too() -> None:
    """Equal digests compute equal deadlines: another calendar is another digest."""
    row = statutes()["US-SEC-105"]
    moved = Statute(
        id=row.id,
        row=row.row,
        calendar=calendars()["us-ny"],
        group=row.group,
        reviewer=row.reviewer,
        review_by=row.review_by,
    )

    assert moved.text_digest == row.text_digest
    assert moved.digest != row.digest


def test_calendars_are_what_the_pinned_package_says() -> None:
    """The file is the one `python -m deploy.calendars` writes from the version in the lock."""
    assert pinned_calendars().decode() == written_calendars.written()


@pytest.mark.parametrize("name", ZONES)
@given(
    minutes=st.integers(0, 12 * 366 * 24 * 60),
)
def test_a_pinned_zone_is_the_real_one(name: str, minutes: int) -> None:
    """The POSIX rule and the zone database agree at any minute of the calendar's years."""
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    assert calendars()[name].offset(at) == at.astimezone(ZoneInfo(ZONES[name])).utcoffset()


@pytest.mark.parametrize("name", ZONES)
def test_a_pinned_zone_turns_at_the_real_hour(name: str) -> None:
    """Every half hour of the months in which clocks change, on either side of the world."""
    zone, calendar = ZoneInfo(ZONES[name]), calendars()[name]
    for year in (2026, 2033):
        for month in (3, 4, 10, 11):
            begin = datetime(year, month, 1, tzinfo=UTC)
            hours = [begin + number * timedelta(minutes=30) for number in range(31 * 48)]
            wrong = [at for at in hours if calendar.offset(at) != at.astimezone(zone).utcoffset()]

            assert wrong == []


@pytest.mark.parametrize("name", ZONES)
@given(minutes=st.integers(0, 12 * 366 * 24 * 60))
def test_a_local_time_is_the_instant_clocks_show_it(name: str, minutes: int) -> None:
    """Of two instants the first, past a jump as before it: what the zone database does as well."""
    wall = datetime(2024, 1, 1) + timedelta(minutes=minutes)  # noqa: DTZ001 - what a wall shows
    real = wall.replace(tzinfo=ZoneInfo(ZONES[name])).astimezone(UTC)

    assert calendars()[name].instant(wall) == real


def test_a_row_that_was_not_reviewed_stops_the_runbook_that_uses_it() -> None:
    """Past its day of review no row goes on silently: lint points at where it is used."""
    text = library()["terrorist-content-removal-order"]
    runbook = load_runbook(text, file="order.yaml")

    found = lint(runbook, today=date(2027, 2, 2), library={})

    late = [each for each in found if each.rule == "RB061"]
    lines = text.decode().splitlines()
    assert [lines[each.line - 1].strip() for each in late] == [
        "use: EU-TCO3-1h@1",
        "use: EU-TCO4-48h@1",
        "use: EU-TCO4-72h@1",
        "use: EU-TCO11@1",
        "use: EU-TCO14-5@1",
        "use: EU-TCO6@1",
    ]
    assert all(each.severity is Weight.ERROR for each in late)


def test_a_row_is_found_by_its_version_only() -> None:
    """Without a version it is the present one; a version that is not here is not found."""
    assert find("EU-TCO6") is find("EU-TCO6@1")
    assert find("EU-TCO6@2") is None
    assert find("EU-TCO6@") is None


def changed_law() -> dict[str, bytes]:
    """The tables after the United Kingdom has made 96 hours of the 72."""
    tables = clock_tables()
    name = "b5-breach-and-ai-incidents.yaml"
    _, before, rest = tables[name].decode().partition("  UK-GDPR33:\n")
    row = rest.partition("  EU-GDPR34:\n")[0]
    newer = row.replace("version: 1", "version: 2").replace("n: 72", "n: 96")
    kept = "superseded:\n  UK-GDPR33:\n    - " + row.strip().replace("\n    ", "\n      ") + "\n"
    text = tables[name].decode().replace(before + row, before + newer) + kept
    return {**tables, name: text.encode()}


def test_a_law_that_changes_leaves_its_old_version_where_cases_find_it() -> None:
    """What a running case pinned computes what it computed; the newer version is another row."""
    pinned = find("UK-GDPR33@1")
    assert pinned is not None

    rows = versions(changed_law())

    old, new = rows["UK-GDPR33@1"], rows["UK-GDPR33@2"]
    assert (old.digest, old.superseded, new.superseded) == (pinned.digest, True, False)
    assert (str(old.span), str(new.span)) == ("72h elapsed", "96h elapsed")
    assert new.pin != pinned.pin


def test_a_version_stands_in_one_place() -> None:
    """Two rows that claim to be the present one, or the same version twice, are refused."""
    tables = clock_tables()
    twice = {**tables, "b7-again.yaml": tables["b5-breach-and-ai-incidents.yaml"]}

    with pytest.raises(ValueError, match="stands in another table already"):
        versions(twice)


def test_a_replaced_row_is_a_finding_in_a_runbook_that_names_it() -> None:
    """Who reads the runbook learns which version has taken its place."""
    row = find("UK-GDPR33@1")
    assert row is not None

    assert not_law(row, on=TODAY, waits=False) == ""
    said = not_law(replace(row, superseded=True), on=TODAY, waits=False)

    assert said == "UK-GDPR33@1 has been replaced by UK-GDPR33@1"


@pytest.mark.parametrize(
    "name,waits,says",
    [
        ("US-NY-RAISE-72h", False, "US-NY-RAISE-72h@1 is not law on 2026-11-25"),
        ("US-NY-RAISE-72h", True, ""),
        ("EU-GDPR-96", True, "EU-GDPR-96@1 is not law on 2026-11-25"),
        ("DE-NetzDG-24h", True, "DE-NetzDG-24h@1 is not law on 2026-11-25"),
    ],
)
def test_only_a_law_with_a_day_can_be_waited_for(name: str, *, waits: bool, says: str) -> None:
    """A case that looks at the day may carry tomorrow's law; a bill or a dead rule never runs."""
    assert not_law(statutes()[name], on=TODAY, waits=waits) == says


@pytest.mark.parametrize(
    "replace,by,rule",
    [
        ("    kind: tolling\n", "    kind: window\n", "RB011"),
        ("within: {n: 1, unit: h}", "within: {n: 1, unit: min}", "RB013"),
        ("    restart: full\n", "", "RB017"),
        ("jurisdiction: EU", "jurisdiction: europe", "RB014"),
        ("mark: V\n", "mark: Q\n", "RB013"),
        ("effective: {from: in-force}", "effective: {from: soon}", "RB014"),
        ("starts: receipt", "starts: whenever", "RB013"),
    ],
)
def test_a_broken_row_is_refused_at_its_place(replace: str, by: str, rule: str) -> None:
    """A table is read as strictly as a runbook is: file, line, column, rule."""
    text = clock_tables()["b3-orders-and-notices.yaml"].decode().replace(replace, by, 1)

    with pytest.raises(RunbookProblems) as refused:
        read_model(ClockTable, text.encode(), file="b3.yaml")

    problem = refused.value.problems[0]
    assert (problem.rule, problem.file) == (rule, "b3.yaml")
    assert 8 <= problem.line <= 36
