"""Writes the calendars that statutory clocks are counted by, from the pinned `holidays` package.

`python -m deploy.calendars` writes the file anew. It is data from then on: cases pin it by digest,
nothing looks a holiday up, and a test says when the package and the file have come apart.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import holidays
from holidays.version import __version__

from runbooks.statutes.vocabulary import MEMBER_STATES

YEARS = range(2024, 2036)
SATURDAY = 5
FILE = Path(__file__).parent.parent / "runbooks" / "library" / "clocks" / "calendars.yaml"

CET = "CET-1CEST,M3.5.0,M10.5.0/3"
EASTERN = "EST5EDT,M3.2.0,M11.1.0"

PLACES: dict[str, tuple[str, str, str, str | None]] = {
    "us-federal": ("United States, federal holidays", EASTERN, "US", None),
    "us-ca": ("California", "PST8PDT,M3.2.0,M11.1.0", "US", "CA"),
    "us-ny": ("New York", EASTERN, "US", "NY"),
    "be": ("Belgium", CET, "BE", None),
    "de": ("Germany, holidays of all states", CET, "DE", None),
    "fr": ("France", CET, "FR", None),
    "ie": ("Ireland", "GMT0IST,M3.5.0/1,M10.5.0", "IE", None),
    "lu": ("Luxembourg", CET, "LU", None),
    "nl": ("Netherlands", CET, "NL", None),
    "uk": ("England", "GMT0BST,M3.5.0/1,M10.5.0", "GB", "ENG"),
    "au": ("Australia, Sydney time", "AEST-10AEDT,M10.1.0,M4.1.0/3", "AU", None),
    "ca": ("Canada, Toronto time", EASTERN, "CA", None),
    "in": ("India", "IST-5:30", "IN", None),
    "sg": ("Singapore", "SGT-8", "SG", None),
}
"""Title, POSIX rule of the zone, and what the package calls the place."""


def days_of(country: str, part: str | None) -> set[date]:
    """Every public holiday of the place in the years of the table."""
    return set(holidays.country_holidays(country, subdiv=part, years=YEARS))


def union_days() -> set[date]:
    """The days that are a public holiday in every member state.

    Where the member state of a case is not known, only such a day surely lengthens a period.
    """
    return set.intersection(*(days_of(country, None) for country in sorted(MEMBER_STATES)))


def written() -> str:
    """The whole file."""
    source = f"python package holidays {__version__}"
    lines = [
        "# Written by `python -m deploy.calendars`; change that, not this. Rows pin it.",
        "calendars:",
        *_calendar(
            "eu",
            "European Union, Brussels time",
            CET,
            f"{source}; days that are a holiday in every member state",
            union_days(),
        ),
    ]
    for name, (title, zone, country, part) in PLACES.items():
        lines += _calendar(name, title, zone, source, days_of(country, part))
    return "\n".join(lines) + "\n"


def _calendar(name: str, title: str, zone: str, source: str, days: Iterable[date]) -> list[str]:
    by_year: dict[int, list[str]] = {}
    for day in sorted(days):
        by_year.setdefault(day.year, []).append(f"{day:%m%d}")
    # On a Saturday or Sunday it does not matter whether a day is called a holiday.
    every = sorted(
        day
        for day in set[str]().union(*by_year.values())
        if all(day in by_year[year] or _week_end(year, day) for year in YEARS)
    )
    lines = [
        f"  {name}:",
        f'    title: "{title}"',
        f'    source: "{source}"',
        f'    zone: "{zone}"',
        f"    yearly: [{', '.join(map(_quoted, every))}]",
    ]
    others = {
        year: [each for each in found if each not in every] for year, found in by_year.items()
    }
    others = {
        year: [day for day in found if not _week_end(year, day) or name != "eu"]
        for year, found in others.items()
    }
    if any(others.values()):
        lines.append("    dates:")
        lines += [f'      "{year}": "{" ".join(others[year])}"' for year in YEARS]
    return lines


def _week_end(year: int, day: str) -> bool:
    return day != "0229" and date(year, int(day[:2]), int(day[2:])).weekday() >= SATURDAY


def _quoted(text: str) -> str:
    return f'"{text}"'


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
    print(f"{FILE}: written")
