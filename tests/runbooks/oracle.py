"""Deadlines by another way: the machine's zone rules, typed lists of holidays, day by day.

Nothing of `runbooks` is used. `python -m tests.runbooks.oracle` writes `dated.csv`.
"""

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

FILE = Path(__file__).parent / "dated.csv"
HEAD = ["row", "begun", "conservative_due", "legal_latest", "source"]

BRUSSELS, NEW_YORK = ZoneInfo("Europe/Brussels"), ZoneInfo("America/New_York")
LOS_ANGELES, KOLKATA = ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Kolkata")
LONDON, SYDNEY, TORONTO = (
    ZoneInfo("Europe/London"),
    ZoneInfo("Australia/Sydney"),
    ZoneInfo("America/Toronto"),
)

FEDERAL = {
    date.fromisoformat(day)
    for day in [
        "2026-01-01",
        "2026-01-19",
        "2026-02-16",
        "2026-05-25",
        "2026-06-19",
        "2026-07-03",
        "2026-09-07",
        "2026-10-12",
        "2026-11-11",
        "2026-11-26",
        "2026-12-25",
        "2027-01-01",
        "2027-01-18",
        "2027-02-15",
        "2027-05-31",
        "2027-06-18",
        "2027-07-05",
        "2027-09-06",
        "2027-10-11",
        "2027-11-11",
        "2027-11-25",
        "2027-12-24",
        "2027-12-31",
        "2028-01-17",
        "2028-02-21",
        "2028-05-29",
        "2028-06-19",
        "2028-07-04",
        "2028-09-04",
        "2028-10-09",
        "2028-11-10",
        "2028-11-23",
        "2028-12-25",
    ]
}
"""Days federal offices are closed, as OPM lists them; observed days for those on week-ends."""

UNION = {date(year, month, day) for year in range(2026, 2031) for month, day in ((1, 1), (12, 25))}
"""New Year's Day and Christmas Day: holidays in each of the 27 member states."""

EU_HOURS = {
    "EU-TCO3-1h": 1,
    "EU-TCO4-48h": 48,
    "EU-TCO4-72h": 72,
    "EU-EPOC-8h": 8,
    "EU-GDPR33": 72,
    "EU-NIS2-24h": 24,
    "EU-CRA14-72h": 72,
    "EU-TCO3-first": 12,
}
EU_DAYS = {
    "EU-EPOC-10d": 10,
    "EU-EPOC-PR": 60,
    "EU-TCO10": 14,
    "EU-DSA21": 90,
    "EU-CRA14-14d": 14,
    "EU-AIA73-15d": 15,
    "EU-AIA73-10d": 10,
    "EU-AIA73-2d": 2,
    "EU-GPAI-5d": 5,
    "EU-GPAI-final": 60,
}
EU_MONTHS = {"EU-TCO5-3m": 3, "EU-TCO6": 6, "EU-DSA20": 6, "EU-NIS2-1m": 1, "EU-CRA14-1m": 1}
HOURS = {
    "US-TIDA": (48, NEW_YORK),
    "IN-2h": (2, KOLKATA),
    "IN-3h": (3, KOLKATA),
    "IN-72h": (72, KOLKATA),
    "IN-griev-36h": (36, KOLKATA),
    "AU-24h": (24, SYDNEY),
    "AU-48h": (48, SYDNEY),
    "UK-GDPR33": (72, LONDON),
    "UK-NCII": (48, LONDON),
    "US-CA-SB53-24h": (24, LOS_ANGELES),
    "US-NY-RAISE-72h": (72, NEW_YORK),
}
DAYS = {
    "US-CA-446-30d": (30, LOS_ANGELES),
    "US-CA-446-15d": (15, LOS_ANGELES),
    "US-CA-SB53-15d": (15, LOS_ANGELES),
    "IN-griev-7d": (7, KOLKATA),
    "IN-180d": (180, KOLKATA),
    "US-2703f": (90, NEW_YORK),
    "CA-internet-child-keep": (21, TORONTO),
}

MOMENTS = [
    "2026-11-20T16:59",
    "2026-12-24T18:00",
    "2026-12-31T23:59",
    "2027-01-30T08:15",
    "2027-08-31T00:00",
    "2027-03-26T12:30",
    "2027-10-30T12:30",
    "2026-10-31T22:45",
]
"""Friday before closing, before holidays, year's end, month's end, and before the clocks change."""
BUSINESS = [
    "2026-06-17T09:00",
    "2026-06-18T16:59",
    "2026-07-01T12:00",
    "2026-07-02T16:59",
    "2026-07-03T10:00",
    "2026-09-03T16:59",
    "2026-09-05T10:00",
    "2026-10-08T16:59",
    "2026-10-30T16:59",
    "2026-11-06T16:59",
    "2026-11-10T23:30",
    "2026-11-24T16:59",
    "2026-12-21T09:00",
    "2026-12-24T16:59",
    "2026-12-31T23:59",
    "2027-01-14T16:59",
    "2027-02-11T08:00",
    "2027-03-11T16:59",
    "2027-05-27T16:59",
    "2027-06-15T16:59",
    "2027-07-01T16:59",
    "2027-11-05T16:59",
    "2027-12-22T16:59",
    "2027-12-30T12:00",
    "2028-02-25T16:59",
    "2028-02-28T10:00",
    "2028-11-08T10:00",
]

ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)


def at(wall: str, zone: ZoneInfo) -> datetime:
    """The instant at which clocks of the zone say so."""
    return datetime.fromisoformat(wall).replace(tzinfo=zone)


def passed(begun: datetime, span: timedelta) -> datetime:
    """So much later as time passes, whatever clocks do."""
    return (begun.astimezone(UTC) + span).astimezone(begun.tzinfo)


def midnight_after(day: date, zone: ZoneInfo) -> datetime:
    """When that day is over."""
    return datetime.combine(day + ONE_DAY, time(), tzinfo=zone)


def works(day: date, holidays: set[date]) -> bool:
    """Whether people work that day."""
    return day.strftime("%a") not in ("Sat", "Sun") and day not in holidays


def by_article_3(event: date, last: date) -> date:
    """The last day after Article 3(4) and (5): a working day, and the second one at least."""
    while not works(last, UNION):
        last += ONE_DAY
    worked = 0
    day = event
    while day < last:
        day += ONE_DAY
        worked += works(day, UNION)
    while worked < 2:
        last += ONE_DAY
        worked += works(last, UNION)
    return last


def same_date(day: date, months: int) -> date:
    """The same date of a later month; its last day where it has no such date."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError(day)


def examples() -> list[list[str]]:
    """Every dated example of the table."""
    found: list[list[str]] = []

    def add(row: str, begun: datetime, careful: datetime, latest: datetime, source: str) -> None:
        instants = (moment.isoformat(timespec="minutes") for moment in (begun, careful, latest))
        found.append([row, *instants, source])

    for moment in MOMENTS:
        for row, hours in EU_HOURS.items():
            begun = at(moment, BRUSSELS)
            hour = begun.replace(minute=0)
            latest = passed(passed(hour, ONE_HOUR), hours * ONE_HOUR)
            add(row, begun, passed(begun, hours * ONE_HOUR), latest, "1182/71 Art. 3(1), (2)(a)")
        for row, days in EU_DAYS.items():
            begun = at(moment, BRUSSELS)
            last = begun.date() + days * ONE_DAY
            wall = datetime.combine(last, begun.time(), tzinfo=BRUSSELS)
            careful = min(
                wall, passed(begun, days * ONE_DAY), key=lambda each: each.astimezone(UTC)
            )
            latest = midnight_after(by_article_3(begun.date(), last), BRUSSELS)
            add(row, begun, careful, latest, "1182/71 Art. 3(1), (2)(b), (4), (5)")
        for row, months in EU_MONTHS.items():
            begun = at(moment, BRUSSELS)
            last = same_date(begun.date(), months)
            careful = datetime.combine(last, begun.time(), tzinfo=BRUSSELS)
            latest = midnight_after(by_article_3(begun.date(), last), BRUSSELS)
            add(row, begun, careful, latest, "1182/71 Art. 3(1), (2)(c), (4)")
        for row, (hours, zone) in HOURS.items():
            begun = at(moment, zone)
            due = passed(begun, hours * ONE_HOUR)
            add(row, begun, due, due, "hours as they pass, zoneinfo")
        for row, (days, zone) in DAYS.items():
            begun = at(moment, zone)
            last = begun.date() + days * ONE_DAY
            wall = datetime.combine(last, begun.time(), tzinfo=zone)
            careful = min(
                wall, passed(begun, days * ONE_DAY), key=lambda each: each.astimezone(UTC)
            )
            add(row, begun, careful, midnight_after(last, zone), "the day after is the first")
    for moment in BUSINESS:
        begun = at(moment, NEW_YORK)
        last = begun.date()
        for _ in range(4):
            last += ONE_DAY
            while not works(last, FEDERAL):
                last += ONE_DAY
        careful = datetime.combine(last, begun.time(), tzinfo=NEW_YORK)
        latest = midnight_after(last, NEW_YORK)
        add("US-SEC-105", begun, careful, latest, "four working days, OPM list of federal holidays")
    return found


if __name__ == "__main__":
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(examples())
