"""Instants as a person reads them: in their own zone, named, with the span from now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from markupsafe import Markup


def zone_of(*names: str) -> ZoneInfo:
    """The first of the zones that exists; UTC when none does."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return ZoneInfo("UTC")


def span(length: timedelta) -> str:
    """A length of time in its two largest units: `2 h 5 min`."""
    seconds = abs(int(length.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) if said else f"{seconds} s"


@dataclass(frozen=True)
class Due:
    """A deadline, seen from now."""

    at: Markup
    span: str
    overdue: bool


@dataclass(frozen=True)
class Show:
    """Writes instants for one reader at one moment."""

    zone: ZoneInfo
    now: datetime

    def text(self, at: datetime) -> str:
        """`Sun 22 Nov, 03:04 GMT`."""
        return f"{at.astimezone(self.zone):%a %d %b, %H:%M %Z}"

    def at(self, at: datetime | None) -> Markup:
        """The instant, marked up so that machines read it too."""
        return self._marked(at, self.text(at)) if at is not None else Markup("—")

    def precise(self, at: datetime | None) -> Markup:
        """The instant to the second."""
        if at is None:
            return Markup("—")
        return self._marked(at, f"{at.astimezone(self.zone):%a %d %b %Y, %H:%M:%S %Z}")

    def clock(self, at: datetime) -> str:
        """`03:04:05`, for "as of" and "recorded at"."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def due(self, at: datetime) -> Due:
        """The deadline with the time left, or the time it is overdue by."""
        return Due(at=self.at(at), span=span(at - self.now), overdue=at <= self.now)

    def written(self, text: str) -> str:
        """An instant that stands somewhere as ISO text, as this reader reads it."""
        try:
            return self.text(datetime.fromisoformat(text))
        except ValueError:
            return text

    def read_local(self, text: str) -> datetime:
        """The instant a `datetime-local` field of this reader means, or ValueError."""
        read = datetime.fromisoformat(text)
        if read.tzinfo is None:
            read = read.replace(tzinfo=self.zone)
        return read.astimezone(UTC)

    def _marked(self, at: datetime, text: str) -> Markup:
        utc = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Markup('<time datetime="{}">{}</time>').format(utc, text)
