"""In which locale and zone somebody is told something, and how an instant is written there.

One person is told in their own locale and zone. What several people see, a room, a pager's service
or a tracker, is said in the locale set up for that place, else in English, and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal

from activities.catalogues import Catalogue, catalogue_for
from activities.catalogues.catalogue import DEFAULT
from integrations.ports.directory import Person
from runbooks.grammar.locales import fallbacks, spoken

_UTC = ZoneInfo("UTC")
_PLAIN = "en-GB"
"""English of no country writes day before month and counts hours to 24, as most who read it do."""


@dataclass(frozen=True)
class Voice:
    """Words and instants for one reader, or for all who see the same message."""

    locale: str
    """As it is spoken: another one than was wished where that is not."""
    catalogue: Catalogue
    zone: ZoneInfo
    alone: bool
    """For one person, in their zone, with UTC beside."""

    @classmethod
    def of(cls, locale: str, zone: ZoneInfo = _UTC, *, alone: bool = False) -> "Voice":
        """The voice nearest to the locale: `de-AT` speaks German; English where nothing does."""
        return cls(
            locale=locale if spoken(locale) else DEFAULT,
            catalogue=catalogue_for(locale),
            zone=zone,
            alone=alone,
        )

    def say(self, message: str, /, **values: str | int | datetime) -> str:
        """The message with exactly the values it takes; WordsError for others."""
        self.catalogue.check(message, values)
        count = values.get("count")
        template = self.catalogue.template(message, count=count if isinstance(count, int) else None)
        return template.format_map({name: self._written(value) for name, value in values.items()})

    @property
    def words(self) -> str:
        """By which words it speaks: the catalogue's language and version."""
        return self.catalogue.version

    def together(self, names: tuple[str, ...]) -> str:
        """The names as one enumeration."""
        return format_list(list(names), locale=self.cldr)

    def instant(self, at: datetime) -> str:
        """An instant as a person reads it at night; alone with UTC beside their own time."""
        local = at.astimezone(self.zone)
        day = self.say(
            "instant.day",
            date=format_skeleton("MMMEd", local, locale=self.cldr),
            time=self._time(local),
            zone=local.tzname() or "",
        )
        return f"{day} ({at.astimezone(UTC):%Y-%m-%d %H:%M}Z)" if self.alone else day

    def numeric(self, at: datetime) -> str:
        """An instant in figures, with its year: as a runbook's own words name it.

        In plain English the day is written as ISO 8601 has it: 04/03 is two days to two readers.
        """
        local = at.astimezone(self.zone)
        plain = self.locale == DEFAULT
        return self.say(
            "instant.numeric",
            date=f"{local:%Y-%m-%d}"
            if plain
            else format_skeleton("yMMdd", local, locale=self.cldr),
            time=self._time(local),
            zone=local.tzname() or "",
        )

    def _written(self, value: str | int | datetime) -> str:
        if isinstance(value, datetime):
            return self.instant(value)
        return value if isinstance(value, str) else format_decimal(value, locale=self.cldr)

    def _time(self, local: datetime) -> str:
        return format_time(local, "short", locale=self.cldr)

    @property
    def cldr(self) -> Locale:
        """Where Unicode says how dates, figures and enumerations are written."""
        wished = _PLAIN if self.locale == DEFAULT else self.locale
        for tag in fallbacks(wished):
            try:
                return Locale.parse(tag, sep="-")
            except UnknownLocaleError:
                continue
        return Locale.parse(_PLAIN, sep="-")


@dataclass(frozen=True)
class Locales:
    """Which locale holds for whom: for people without one of their own, and for each place."""

    people: str = DEFAULT
    places: Mapping[str, str] = field(default_factory=dict)
    """By system (`slack`, `zendesk`), and by a part of one (`slack/C0456EFGH`): that is first."""

    def for_person(self, person: Person, *, zone: ZoneInfo) -> Voice:
        """How that person is told; `zone` is for whoever's own cannot be read."""
        locale = person.locale or self.people
        return Voice.of(locale, zone_of(person, zone), alone=True)

    def for_place(self, system: str, part: str = "") -> Voice:
        """How everybody is told who sees that room, service or tracker."""
        locale = self.places.get(f"{system}/{part}") or self.places.get(system) or DEFAULT
        return Voice.of(locale)


def zone_of(person: Person, fallback: ZoneInfo) -> ZoneInfo:
    """The person's own zone; where it cannot be read, the installation's."""
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return fallback
