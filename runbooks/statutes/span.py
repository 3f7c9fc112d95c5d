"""How long a law gives, and the two instants that come of it: a careful one and a last one.

Nothing here knows the time or looks anything up: a span, a pinned calendar and the instant of the
event are all it takes, so any deadline can be worked out again at any time (I12).
"""

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_serializer, model_validator

from runbooks.statutes.calendar import DAY, Calendar

HOUR = timedelta(hours=1)
_TWO = 2
_MONTHS = 12
# Only minutes are ever many: a window that was counted out by a calendar is kept in them.
_SPAN = re.compile(
    r"(\d{1,4}|\d{5,7}(?=min))(min|h|d|bd|month|year) ([a-z0-9-]+)( roll)?( until \d{2}:\d{2})?"
)


class Unit(StrEnum):
    """What a law counts in."""

    MINUTE = "min"
    """Targets of ours only: no law of the table counts in minutes."""
    HOUR = "h"
    DAY = "d"
    BUSINESS_DAY = "bd"
    MONTH = "month"
    YEAR = "year"


class Basis(StrEnum):
    """By which rule it is counted."""

    ELAPSED = "elapsed"
    """From the instant of the event, hour by hour, day by twenty-four hours."""
    EU = "eu-1182-71"
    """Regulation (EEC, Euratom) 1182/71, Article 3."""
    DAY_AFTER = "day-after"
    """The day of the event does not count, and the last day counts to its end."""


class Due(BaseModel):
    """A deadline's two instants; for a hold they bound its end."""

    model_config = ConfigDict(frozen=True)

    conservative_due: datetime
    """By the wall clock from the event: what we work to."""
    legal_latest: datetime
    """The last instant the law allows, by the rule the row names."""
    certain: bool = True
    """False where the calendar does not reach that far, so that only week-ends were known."""


class Span(BaseModel):
    """So many units by one rule; written as `6month eu-1182-71`."""

    model_config = ConfigDict(frozen=True)

    n: int
    unit: Unit
    basis: Basis = Basis.ELAPSED
    roll: bool = False
    """Whether a last day that is no working day moves to the next; Article 3(4) always says so."""
    until: time | None = None
    """When the last day ends for this purpose, where that is before midnight."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        matched = _SPAN.fullmatch(value)
        if matched is None:
            raise ValueError(f"{value} is not a span")
        until = matched[5]
        return {
            "n": int(matched[1]),
            "unit": matched[2],
            "basis": matched[3],
            "roll": matched[4] is not None,
            "until": time.fromisoformat(until.removeprefix(" until ")) if until else None,
        }

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.n < 1:
            raise ValueError("a span is longer than nothing")
        return self

    @model_serializer
    def __str__(self) -> str:
        until = f" until {self.until:%H:%M}" if self.until else ""
        return f"{self.n}{self.unit} {self.basis}{' roll' if self.roll else ''}{until}"

    @property
    def nominal(self) -> timedelta:
        """About how long that is, for lists and for shares of it; never a deadline."""
        each = {
            Unit.MINUTE: timedelta(minutes=1),
            Unit.HOUR: HOUR,
            Unit.DAY: DAY,
            Unit.BUSINESS_DAY: DAY,
            Unit.MONTH: 30 * DAY,
            Unit.YEAR: 365 * DAY,
        }
        return self.n * each[self.unit]


def due(span: Span, calendar: Calendar, *, begun: datetime) -> Due:
    """Both instants of a period that the event at `begun` set going."""
    if span.unit in (Unit.MINUTE, Unit.HOUR):
        careful = begun + span.nominal
        latest = careful
        if span.basis is Basis.EU:
            # Article 3(1): the hour of the event is not counted; 3(4) leaves periods in hours out.
            wall = calendar.local(begun)
            full = wall.replace(minute=0, second=0, microsecond=0) + HOUR
            latest = begun + (full - wall) + span.nominal
        return Due(conservative_due=careful, legal_latest=latest)
    if span.basis is Basis.ELAPSED and span.unit is Unit.DAY:
        careful = begun + span.nominal
        return Due(conservative_due=careful, legal_latest=careful)
    wall = calendar.local(begun)
    day = _last_day(span, calendar, wall.date())
    careful = calendar.instant(datetime.combine(day, wall.time()))
    if span.unit is Unit.DAY:
        # Across a change of the clocks the shorter of the two days is the careful one.
        careful = min(careful, begun + span.nominal)
    if span.basis is Basis.ELAPSED and span.unit is not Unit.BUSINESS_DAY:
        return Due(conservative_due=careful, legal_latest=careful)
    last = _extended(span, calendar, event=wall.date(), last=day)
    latest = calendar.end_of(last)
    if span.until is not None:
        latest = calendar.instant(datetime.combine(last, span.until))
        careful = min(careful, latest)
    return Due(
        conservative_due=careful,
        legal_latest=latest,
        certain=calendar.knows(wall.date()) and calendar.knows(last),
    )


def _last_day(span: Span, calendar: Calendar, event: date) -> date:
    """The day on which the period ends, before anything moves it."""
    match span.unit:
        case Unit.BUSINESS_DAY:
            return calendar.working_day(event, after=span.n)
        case Unit.MONTH:
            return _months_on(event, span.n)
        case Unit.YEAR:
            return _months_on(event, span.n * _MONTHS)
        case _:
            return event + span.n * DAY


def _months_on(day: date, months: int) -> date:
    """The same date that many months on, or the last of that month where it has no such date."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _extended(span: Span, calendar: Calendar, *, event: date, last: date) -> date:
    """The last day after the rules that lengthen a period."""
    if span.unit is Unit.BUSINESS_DAY:
        return last
    if span.roll or span.basis is Basis.EU:
        while not calendar.works(last):
            last += DAY
    if span.basis is Basis.EU and (span.unit is not Unit.DAY or span.n >= _TWO):
        # Article 3(5): a period of two days or more includes at least two working days.
        last = max(last, calendar.working_day(event, after=_TWO))
    return last
