"""The hours people keep, as the people's file writes them.

working: {mon-thu: "09:00-17:00", fri: ["09:00-12:00", "13:00-15:00"]}
quiet: "22:00-07:00"
holidays: [2026-12-25, 2027-01-01]
half-days: {2026-12-24: "09:00-12:00"}
"""

import re
from datetime import date, time
from typing import Any

from cases.hours import Hours, Span

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_MOST = 400


def read_hours(
    *, working: Any, quiet: Any, holidays: Any, half_days: Any
) -> Hours:  # whatever stands in the file
    """The hours; ValueError says what is wrong with them."""
    asleep = _span(quiet) if quiet is not None else None
    if asleep is not None and asleep.begin == asleep.end:
        raise ValueError("quiet hours of a whole day would keep everything back")
    days = [_day(each) for each in holidays or ()]
    if len(days) > _MOST:
        raise ValueError(f"at most {_MOST} holidays")
    return Hours(
        week=_week(working or {}),
        holidays=tuple(sorted(days)),
        other_days={_day(day): _spans(said) for day, said in (half_days or {}).items()},
        quiet=asleep,
    )


def _week(working: Any) -> dict[int, tuple[Span, ...]]:
    if not isinstance(working, dict):
        raise ValueError('working hours are like {mon-fri: "09:00-17:00"}')  # noqa: TRY004 -- said to who wrote the file
    week: dict[int, tuple[Span, ...]] = {}
    for said, spans in working.items():
        for day in _named(str(said)):
            if day in week:
                raise ValueError(f"{_DAYS[day]} stands twice in the working hours")
            week[day] = _spans(spans)
    return week


def _named(said: str) -> range:
    first, _, last = said.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(f"{said} is no day like mon, or days like mon-fri")
    begin, end = _DAYS.index(first), _DAYS.index(last or first)
    if end < begin:
        raise ValueError(f"{said} runs backwards")
    return range(begin, end + 1)


def _spans(said: Any) -> tuple[Span, ...]:
    return tuple(_span(each) for each in (said if isinstance(said, list) else [said]))


def _span(said: Any) -> Span:
    found = _SPAN.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise ValueError(f"{said} is no time of the day like 09:00-17:00")
    hours = [int(part) for part in found.groups()]
    return Span(begin=time(hours[0], hours[1]), end=time(hours[2] % 24, hours[3]))


def _day(said: Any) -> date:
    if isinstance(said, date):
        return said
    return date.fromisoformat(str(said))
