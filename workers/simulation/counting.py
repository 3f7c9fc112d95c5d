"""The law's deadlines worked out by another way than the engine's: zones by name, day by day.

The engine reads zones out of rules it has pinned and counts by its own calendar; here the
machine's zone table says where a day ends. Only the rows and the lists of holidays are shared.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import Basis, Unit
from runbooks.statutes.table import Statute, calendars

ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
_DECEMBER = 12
_WORKING_DAYS = 2

ZONES = {
    "utc": "UTC",
    "eu": "Europe/Brussels",
    "us-federal": "America/New_York",
    "us-ny": "America/New_York",
    "us-ca": "America/Los_Angeles",
    "be": "Europe/Brussels",
    "de": "Europe/Berlin",
    "fr": "Europe/Paris",
    "ie": "Europe/Dublin",
    "lu": "Europe/Luxembourg",
    "nl": "Europe/Amsterdam",
    "uk": "Europe/London",
    "au": "Australia/Sydney",
    "ca": "America/Toronto",
    "in": "Asia/Kolkata",
    "sg": "Asia/Singapore",
}
"""Where the calendars that rows name keep their clocks."""


@dataclass(frozen=True)
class Period:
    """A row's period, and how it is counted; a target of ours is counted by the wall clock."""

    n: int
    unit: Unit
    basis: Basis
    roll: bool
    until: time | None

    @classmethod
    def of(cls, statute: Statute) -> Self:
        """The row's number, else our target."""
        row = statute.row
        length = row.within or row.target
        if length is None:
            raise ValueError(f"{statute.reference} has no length")
        if row.within is None:
            return cls(length.n, length.unit, Basis.ELAPSED, roll=False, until=None)
        until = time.fromisoformat(row.until) if row.until else None
        return cls(length.n, length.unit, row.counted, roll=row.roll, until=until)


def bounds_of(statute: Statute, begun: datetime) -> tuple[datetime, datetime]:
    """The careful instant of the row's period for an event at `begun`, and the last lawful one."""
    period = Period.of(statute)
    zone = ZoneInfo(ZONES[statute.row.calendar])
    wall = begun.astimezone(zone)
    if period.unit in (Unit.MINUTE, Unit.HOUR):
        span = period.n * (ONE_HOUR if period.unit is Unit.HOUR else timedelta(minutes=1))
        if period.basis is not Basis.EU:
            return begun + span, begun + span
        # The hour in which the event falls is not counted.
        hour = begun - (wall - wall.replace(minute=0, second=0, microsecond=0))
        return begun + span, hour + ONE_HOUR + span
    if period.basis is Basis.ELAPSED and period.unit is Unit.DAY:
        return begun + period.n * ONE_DAY, begun + period.n * ONE_DAY
    last = _last_day(statute, wall.date(), period)
    careful = _at(last, wall.time(), zone)
    if period.unit is Unit.DAY:
        careful = min(careful, begun + period.n * ONE_DAY)
    if period.basis is Basis.ELAPSED and period.unit is not Unit.BUSINESS_DAY:
        return careful, careful
    last = _lengthened(statute, wall.date(), last, period)
    if period.until is None:
        return careful, _at(last + ONE_DAY, time(), zone)
    end = _at(last, period.until, zone)
    return min(careful, end), end


def after_working_days(number: int, calendar: str, begun: datetime) -> tuple[datetime, datetime]:
    """Both instants of a promise of ours that is counted in working days."""
    zone, known = ZoneInfo(ZONES[calendar]), calendars()[calendar]
    wall = begun.astimezone(zone)
    day, left = wall.date(), number
    while left:
        day += ONE_DAY
        left -= _open(known, day)
    return _at(day, wall.time(), zone), _at(day + ONE_DAY, time(), zone)


def _at(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks of the zone say so."""
    return datetime.combine(day, wall.replace(tzinfo=None, fold=0), tzinfo=zone).astimezone(UTC)


def works(statute: Statute, day: date) -> bool:
    """Whether people work that day where the row is counted."""
    return _open(statute.calendar, day)


def _open(known: Calendar, day: date) -> bool:
    closed = {f"{day.year}{each}" for each in known.yearly}
    closed |= {f"{day.year}{each}" for each in known.dates.get(str(day.year), "").split()}
    return day.strftime("%a") not in ("Sat", "Sun") and day.strftime("%Y%m%d") not in closed


def _last_day(statute: Statute, event: date, period: Period) -> date:
    match period.unit:
        case Unit.BUSINESS_DAY:
            day, left = event, period.n
            while left:
                day += ONE_DAY
                left -= works(statute, day)
            return day
        case Unit.DAY:
            return event + period.n * ONE_DAY
        case _:
            months = period.n * (_DECEMBER if period.unit is Unit.YEAR else 1)
            return _same_date(event, months)


def _same_date(day: date, months: int) -> date:
    """The same date of a later month; its last day where it has no such date."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
    beyond = date(year + month // _DECEMBER, month % _DECEMBER + 1, 1)
    return min(date(year, month, 1) + (day.day - 1) * ONE_DAY, beyond - ONE_DAY)


def _lengthened(statute: Statute, event: date, last: date, period: Period) -> date:
    """The last day, moved where it is no working day or leaves too few of them."""
    if period.unit is Unit.BUSINESS_DAY:
        return last
    union = period.basis is Basis.EU
    short = event + ONE_DAY == last
    if union or period.roll:
        while not works(statute, last):
            last += ONE_DAY
    if union and not short:
        # Article 3(5): a period of two days or more has at least two working days in it.
        days = (event + n * ONE_DAY for n in range(1, (last - event).days + 1))
        worked = sum(works(statute, day) for day in days)
        while worked < _WORKING_DAYS:
            last += ONE_DAY
            worked += works(statute, last)
    return last
