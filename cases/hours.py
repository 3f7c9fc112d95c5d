"""When somebody may be told: their own days, hours and quiet hours, on the clock of their own wall.

Pure: the zone is handed in and nothing is looked up. Everything is worked out from local days, so
an hour that a change of clocks takes away or gives twice is where it is on that person's wall.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from cases.values import Value
from runbooks.plan import Obeys

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FURTHEST = 366
"""Days that are looked ahead: whoever has no hours in a year is told at once."""


class Span(Value):
    """From one time of the day to another; one that ends no later than it begins ends next day."""

    begin: time
    end: time

    def on(self, day: date, zone: tzinfo) -> "tuple[datetime, datetime]":
        """Its instants where it begins on that day."""
        last = day if self.end > self.begin else day + DAY
        return (
            instant(datetime.combine(day, self.begin), zone),
            instant(datetime.combine(last, self.end), zone, latest=True),
        )


class Hours(Value):
    """The hours somebody keeps. With nothing said they keep none: they may be told at any time."""

    week: dict[int, tuple[Span, ...]] = {}
    """By weekday, Monday is 0; a day that is not there has no hours. Empty: every day, all day."""
    holidays: tuple[date, ...] = ()
    """Days without hours."""
    other_days: dict[date, tuple[Span, ...]] = {}
    """Days with other hours than their weekday's: half days."""
    quiet: Span | None = None
    """When nothing reaches them that is not grave enough, every day."""

    @property
    def kept(self) -> bool:
        """Whether there is any instant at which they would not be told."""
        return bool(self.week or self.holidays or self.other_days or self.quiet)


class Why(StrEnum):
    """Why somebody is told at that instant."""

    PIERCED = "so grave that nobody's hours count"
    AT_ONCE = "no hours stand against it"
    LATER = "kept until their hours"
    QUIET = "kept until their quiet hours are over"
    NEVER = "they have no hours within a year, so they are told at once"


@dataclass(frozen=True, slots=True)
class Telling:
    """When somebody is told, and why then."""

    at: datetime
    why: Why


def told_at(
    hours: Hours,
    *,
    zone: tzinfo,
    begun: datetime,
    after: timedelta = timedelta(),
    obeys: Obeys | None = None,
    pierced: bool = False,
) -> Telling:
    """When somebody of these hours is told what is due `after` that long from `begun`.

    Never before it is due by the clock on the wall of the case. Where the step obeys nothing only
    their quiet hours count.
    """
    due = begun + after
    if pierced:
        return Telling(due, Why.PIERCED)
    if not hours.kept:
        return Telling(due, Why.AT_ONCE)
    match obeys:
        case Obeys.START:
            opened = next_open(hours, begun, zone=zone)
            at = None if opened is None else opened + after
        case Obeys.WAIT:
            at = after_working(hours, begun, after, zone=zone)
        case Obeys.DELIVERY:
            at = next_open(hours, due, zone=zone)
        case None:
            at = due
    if at is None:
        return Telling(due, Why.NEVER)
    awake = _awake(hours, at, zone=zone)
    if awake > at:
        return Telling(awake, Why.QUIET)
    return Telling(at, Why.LATER if at > due else Why.AT_ONCE)


def next_open(hours: Hours, at: datetime, *, zone: tzinfo) -> datetime | None:
    """The first instant from `at` on that is in their hours; None where none comes in a year."""
    return next((max(begin, at) for begin, _ in openings(hours, at, zone=zone)), None)


def after_working(hours: Hours, at: datetime, span: timedelta, *, zone: tzinfo) -> datetime | None:
    """When so much of their hours has passed since `at`; None where a year has not enough."""
    left = span
    for begin, end in openings(hours, at, zone=zone):
        begins = max(begin, at)
        if end - begins >= left:
            return begins + left
        left -= end - begins
    return None


def openings(hours: Hours, at: datetime, *, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Their hours that are not over at `at`, in order, without their quiet hours; a year of them.

    No two overlap: a night shift that runs into the next day's hours is one with them.
    """
    local = at.astimezone(zone).date()
    done = datetime.min.replace(tzinfo=UTC)
    for number in range(-1, FURTHEST + 1):
        day = local + number * DAY
        for begin, end in sorted(_spans(hours, day, zone)):
            for opens, closes in _without_quiet(hours, max(begin, done), end, zone):
                if closes > max(at, opens):
                    yield opens, closes
            done = max(done, end)


def _spans(hours: Hours, day: date, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    if day in hours.other_days:
        said = hours.other_days[day]
    elif day in hours.holidays:
        return
    elif not hours.week:
        yield (
            instant(datetime.combine(day, time()), zone),
            instant(datetime.combine(day + DAY, time()), zone),
        )
        return
    else:
        said = hours.week.get(day.weekday(), ())
    yield from (span.on(day, zone) for span in said)


def _without_quiet(
    hours: Hours, begin: datetime, end: datetime, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    """The parts of a span in which they may be told."""
    here = begin
    while here < end:
        here = _awake(hours, here, zone=zone)
        asleep = min(
            (starts for starts, _ in _nights(hours, here, zone) if starts > here), default=end
        )
        if here < min(asleep, end):
            yield here, min(asleep, end)
        here = min(asleep, end)


def _awake(hours: Hours, at: datetime, *, zone: tzinfo) -> datetime:
    """The first instant from `at` on outside their quiet hours."""
    return max(
        (ends for begins, ends in _nights(hours, at, zone) if begins <= at < ends), default=at
    )


def _nights(hours: Hours, at: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Their quiet hours around that instant."""
    if hours.quiet is None:
        return
    local = at.astimezone(zone).date()
    for number in (-1, 0, 1):
        yield hours.quiet.on(local + number * DAY, zone)


def instant(local: datetime, zone: tzinfo, *, latest: bool = False) -> datetime:
    """The instant at which clocks on that wall say so.

    Where they say so twice the first, or the `latest`; where they never do, the instant at which
    they jump past it.
    """
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return second if latest else first
    # A time that is jumped over lies between what either side would make of it.
    low, high = second, first
    before = second.astimezone(zone).utcoffset()
    while high - low > MINUTE:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)
