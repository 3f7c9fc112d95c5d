"""A pinned calendar: the hours of one place and its public holidays, as plain data.

Zone rules and holiday tables change between machines and releases, so neither is looked up: a zone
is the POSIX rule it follows (`CET-1CEST,M3.5.0,M10.5.0/3`) and holidays are dates. Both stand in
the case's own pathway, under the digest of the row; an old case computes what it computed.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from pydantic import field_validator

from runbooks.compact import Compact

DAY = timedelta(days=1)
_SATURDAY = 5
_LAST_WEEK = 5

_NAME = r"(?:[A-Za-z]{3,}|<[^>]+>)"
_HOURS = r"[-+]?\d{1,2}(?::\d{2})?"
_TURN = r"M\d{1,2}\.[1-5]\.[0-6](?:/\d{1,2})?"
_RULE = re.compile(rf"{_NAME}({_HOURS})(?:{_NAME},({_TURN}),({_TURN}))?")
_MOMENT = re.compile(r"M(\d{1,2})\.([1-5])\.([0-6])(?:/(\d{1,2}))?")


class Calendar(Compact):
    """Where a day ends, and which days are working days."""

    zone: str
    """A POSIX rule. West is positive there; summer is one hour ahead."""
    yearly: tuple[str, ...] = ()
    """Holidays that fall on the same day every year, `MMDD`."""
    dates: dict[str, str] = {}
    """Every other holiday: by year, `MMDD MMDD …`."""

    @field_validator("zone")
    @classmethod
    def _is_a_rule(cls, value: str) -> str:
        if not _RULE.fullmatch(value):
            raise ValueError(f"{value} is not a POSIX rule")
        return value

    def offset(self, at: datetime) -> timedelta:
        """How far local time is ahead of UTC at that instant."""
        standard, begin, end = self._rule()
        if begin is None or end is None:
            return standard
        # A rule is turned in local time; the year is the local one, which standard time decides.
        year = (at.astimezone(UTC).replace(tzinfo=None) + standard).year
        summer = timedelta(hours=1)
        begins = _turn(begin, year) - standard
        ends = _turn(end, year) - standard - summer
        now = at.astimezone(UTC).replace(tzinfo=None)
        ahead = begins <= now < ends if begins < ends else not ends <= now < begins
        return standard + summer if ahead else standard

    def local(self, at: datetime) -> datetime:
        """What clocks on the wall say at that instant, without a zone."""
        return at.astimezone(UTC).replace(tzinfo=None) + self.offset(at)

    def instant(self, local: datetime) -> datetime:
        """The instant at which clocks on the wall say so.

        Of two such instants the first; of none, the one as far past the jump as clocks were before.
        """
        guesses = {
            local - offset
            for around in (-DAY, DAY)
            for offset in (self.offset((local + around).replace(tzinfo=UTC)),)
        }
        at = [guess.replace(tzinfo=UTC) for guess in sorted(guesses)]
        return next((each for each in at if self.local(each) == local), at[-1])

    def end_of(self, day: date) -> datetime:
        """The instant at which that local day is over."""
        return self.instant(datetime.combine(day + DAY, time()))

    def works(self, day: date) -> bool:
        """Whether it is neither Saturday, Sunday nor a public holiday."""
        written = f"{day:%m%d}"
        holiday = written in self.yearly or written in self.dates.get(str(day.year), "").split()
        return day.weekday() < _SATURDAY and not holiday

    def knows(self, day: date) -> bool:
        """Whether the calendar has the holidays of that year; beyond it, only week-ends count."""
        return not self.dates or str(day.year) in self.dates

    def working_day(self, day: date, *, after: int) -> date:
        """The working day that many working days after `day`, which itself does not count."""
        for _ in range(after):
            day += DAY
            while not self.works(day):
                day += DAY
        return day

    def _rule(self) -> tuple[timedelta, str | None, str | None]:
        matched = _RULE.fullmatch(self.zone)
        if matched is None:
            raise ValueError(self.zone)
        return -_hours(matched[1]), matched[2], matched[3]

    @classmethod
    def utc(cls) -> Self:
        """A calendar of hours alone: UTC, and no holidays."""
        return cls(zone="UTC0")


def _hours(written: str) -> timedelta:
    sign = -1 if written.startswith("-") else 1
    hours, _, minutes = written.lstrip("+-").partition(":")
    return sign * timedelta(hours=int(hours), minutes=int(minutes or 0))


def _turn(rule: str, year: int) -> datetime:
    """The local moment of `M3.5.0/2`: month, week (5 is the last), weekday (0 is Sunday), hour."""
    matched = _MOMENT.fullmatch(rule)
    if matched is None:
        raise ValueError(rule)
    month, week, weekday = int(matched[1]), int(matched[2]), int(matched[3])
    first = date(year, month, 1)
    day = first + DAY * ((weekday - first.isoweekday() % 7) % 7 + 7 * (week - 1))
    if week == _LAST_WEEK and day.month != month:
        day -= 7 * DAY
    return datetime.combine(day, time()) + timedelta(hours=int(matched[4] or 2))
