"""Where it stands who is on call: a schedule of PagerDuty, a calendar file, or the file itself.

A source names people as it knows them: by e-mail, by PagerDuty's id, or by our own id. Who that
is in the directory of people is decided above it.
"""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol

import httpx
import recurring_ical_events
from icalendar import Calendar
from pydantic import SecretStr

from cases.canonical import canonical, sha256
from cases.values import Value
from integrations._http import VendorHttp
from integrations.errors import RotaUnreadableError
from integrations.ports.clock import Clock

API_URL = "https://api.pagerduty.com"
_LARGEST = 8 * 1024 * 1024
_ACCEPT = "application/vnd.pagerduty+json;version=2"
_INSTANT = timedelta(seconds=1)


class Named(Value):
    """Somebody, as a source knows them."""

    email: str = ""
    pagerduty: str = ""
    person: str = ""


class Shift(Value):
    """Who is on call at an instant, and the digest of what the source said."""

    on_call: tuple[Named, ...]
    digest: str


class Source(Protocol):
    """One rota."""

    name: str

    async def at(self, at: datetime) -> Shift:
        """Who is on call at the instant."""
        ...


class StaticRota:
    """The same people around the clock."""

    name = "static"

    def __init__(self, people: tuple[str, ...]) -> None:
        self._people = people

    async def at(self, at: datetime) -> Shift:
        """Everybody who is listed."""
        named = tuple(Named(person=person) for person in self._people)
        return Shift(on_call=named, digest=_digest(named))


class CalendarRota:
    """An iCalendar file: who is in an event at the instant is on call.

    The people of an event are its attendees; without any, its title is one person's e-mail or id.
    Cancelled events and attendees who declined count for nothing. A time without a zone is UTC.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.name = f"calendar {file.name}"

    async def at(self, at: datetime) -> Shift:
        """Who is in an event that covers the instant; its end is not covered any more."""
        return await asyncio.to_thread(self._at, at)

    def _at(self, at: datetime) -> Shift:
        content = self._read()
        try:
            calendar = Calendar.from_ical(content)
            found = recurring_ical_events.of(calendar).between(at, at + _INSTANT)
            named = [
                one
                for event in sorted(found, key=_order)
                if _covers(event, at) and str(event.get("STATUS", "")).upper() != "CANCELLED"
                for one in _people(event)
            ]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            # The parser fails on a broken file in whatever way the broken part leads to.
            raise self._unreadable(f"is not a calendar ({type(error).__name__})") from error
        unique = tuple(dict.fromkeys(named))
        return Shift(on_call=unique, digest=hashlib.sha256(content).hexdigest())

    def _read(self) -> bytes:
        try:
            if self._file.stat().st_size > _LARGEST:
                raise self._unreadable(f"is larger than {_LARGEST} bytes")
            return self._file.read_bytes()
        except OSError as error:
            raise self._unreadable(f"cannot be read ({error.strerror})") from error

    def _unreadable(self, what: str) -> RotaUnreadableError:
        return RotaUnreadableError(self._file.name, what)


class PagerDutyRota:
    """A schedule of PagerDuty, asked over its REST API with a read-only key."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        schedule: str,
        *,
        token: SecretStr,
        clock: Clock,
        url: str = API_URL,
    ) -> None:
        self.name = f"pagerduty {schedule}"
        self._address = f"{url.rstrip('/')}/schedules/{schedule}/users"
        self._http = VendorHttp(
            client,
            vendor="pagerduty",
            clock=clock,
            headers={
                "Accept": _ACCEPT,
                "Authorization": f"Token token={token.get_secret_value()}",
            },
        )

    async def at(self, at: datetime) -> Shift:
        """Who the schedule has on call in the second that begins at the instant."""
        answer = await self._http.call(
            "who is on call",
            "GET",
            self._address,
            params={"since": _written(at), "until": _written(at + _INSTANT)},
        )
        users = answer.object().get("users")
        if not isinstance(users, list):
            raise answer.misanswered("there is no list of users")
        named = tuple(
            Named(pagerduty=_text(user.get("id")), email=_text(user.get("email")))
            for user in users
            if isinstance(user, dict)
        )
        return Shift(on_call=named, digest=_digest(named))


def _digest(named: tuple[Named, ...]) -> str:
    return sha256(canonical([one.model_dump() for one in named]))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _covers(event: Any, at: datetime) -> bool:
    return _instant(event["DTSTART"].dt) <= at < _instant(event["DTEND"].dt)


def _order(event: Any) -> tuple[datetime, str]:
    return _instant(event["DTSTART"].dt), str(event.get("UID", ""))


def _instant(value: Any) -> datetime:
    """An event's instant; a day begins at midnight UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _people(event: Any) -> list[Named]:
    attendees = event.get("ATTENDEE", [])
    if not isinstance(attendees, list):
        attendees = [attendees]
    if not attendees:
        return [_named(str(event.get("SUMMARY", "")))]
    return [
        _named(str(attendee))
        for attendee in attendees
        if str(attendee.params.get("PARTSTAT", "")).upper() != "DECLINED"
    ]


def _named(text: str) -> Named:
    plain = text.strip()
    if plain.lower().startswith("mailto:"):
        plain = plain[len("mailto:") :]
    address = parseaddr(plain)[1] if "@" in plain else ""
    return Named(email=address) if address else Named(person=plain)
