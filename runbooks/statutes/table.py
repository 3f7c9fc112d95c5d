"""The rows that ship, each with its version, its calendar, and the digest that pins both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from runbooks.grammar.base import Name, Prose, Strict
from runbooks.library import clock_pins, clock_tables, pinned_calendars
from runbooks.reading import nearest, read_model
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.grammar import ClockTable, Length, Mark, Row
from runbooks.statutes.span import Span, Unit

NOT_ADVICE = "Engineering input, not legal advice: a lawyer signs every row before it is relied on."


class CalendarRow(Strict):
    """A calendar of the library, with where its days come from."""

    title: Prose
    source: Prose
    zone: Prose
    yearly: tuple[str, ...] = ()
    dates: dict[str, str] = {}


class CalendarDocument(Strict):
    """Every calendar of the library."""

    calendars: dict[Name, CalendarRow]


class PinDocument(Strict):
    """What every version said, kept after the version has gone."""

    pins: dict[str, str]


@dataclass(frozen=True)
class Statute:
    """One version of one row, and everything it takes to compute it."""

    id: str
    row: Row
    calendar: Calendar
    group: str
    reviewer: str
    review_by: date
    superseded: bool = False
    """Whether a newer version has taken its place."""

    @property
    def reference(self) -> str:
        """How a runbook names it: `EU-TCO3-1h@1`."""
        return f"{self.id}@{self.row.version}"

    @property
    def mark(self) -> Mark:
        """How well its source was read."""
        return self.row.mark

    @property
    def digest(self) -> str:
        """SHA-256 of the row and its calendar: equal digests compute equal deadlines."""
        written: dict[str, Any] = {
            "row": self.text_digest,
            "calendar": self.calendar.model_dump(mode="json"),
        }
        return _digest(written)

    @property
    def text_digest(self) -> str:
        """SHA-256 of the row alone: one version has one, for ever (`pins.yaml`)."""
        return _digest({"id": self.id, "row": self.row.model_dump(mode="json", by_alias=True)})

    @property
    def pin(self) -> str:
        """The first half of the digest, as a running case carries it."""
        return self.digest[:32]

    @property
    def length(self) -> Length | None:
        """What it runs for: the law's number, else our target, else nothing."""
        return self.row.within or self.row.target

    @property
    def span(self) -> Span | None:
        """The same, and how it is counted; a target of ours is counted by the wall clock."""
        if self.length is None:
            return None
        if self.ours:
            return Span(n=self.length.n, unit=self.length.unit)
        return self.row.span(self.length)

    @property
    def opens(self) -> Span | None:
        """How long its window stays shut; None for other kinds."""
        return self.row.span(self.row.opens) if self.row.opens is not None else None

    @property
    def needs_calendar(self) -> bool:
        """Whether its deadlines hang on where a day ends; hours are the same everywhere."""
        length = self.length
        return length is not None and length.unit not in (Unit.MINUTE, Unit.HOUR)

    @property
    def ours(self) -> bool:
        """Whether the number is a target of ours because the law names none."""
        return self.row.within is None and self.row.target is not None


def _digest(written: dict[str, Any]) -> str:
    return sha256(json.dumps(written, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pins() -> Mapping[str, str]:
    """The text digest of every version of every row that was ever shipped, by its reference."""
    document, _ = read_model(PinDocument, clock_pins(), file="pins.yaml")
    return document.pins


@cache
def statutes() -> Mapping[str, Statute]:
    """Every row that ships, by id; RunbookProblems where a table is refused."""
    return {each.id: each for each in every_version().values() if not each.superseded}


def versions(tables: Mapping[str, bytes]) -> Mapping[str, Statute]:
    """Every row of these tables in every version they hold, by its reference."""
    known = calendars()
    found: dict[str, Statute] = {}
    present: set[str] = set()
    for file, text in tables.items():
        table, _ = read_model(ClockTable, text, file=file)
        rows = [(name, row, False) for name, row in table.clocks.items()]
        rows += [(name, row, True) for name, kept in table.superseded.items() for row in kept]
        for name, row, superseded in rows:
            statute = Statute(
                id=name,
                row=row,
                calendar=known[row.calendar],
                group=table.group,
                reviewer=row.reviewer or table.reviewer,
                review_by=row.review_by or table.review_by,
                superseded=superseded,
            )
            if statute.reference in found or (not superseded and name in present):
                raise ValueError(f"{file}: {name} stands in another table already")
            found[statute.reference] = statute
            present |= set() if superseded else {name}
    return found


@cache
def every_version() -> Mapping[str, Statute]:
    """Every row that ships or shipped, by its reference."""
    return versions(clock_tables())


@cache
def calendars() -> Mapping[str, Calendar]:
    """Every pinned calendar, by name; `utc` has no holidays."""
    document, _ = read_model(CalendarDocument, pinned_calendars(), file="calendars.yaml")
    pinned = {
        name: Calendar(zone=row.zone, yearly=row.yearly, dates=row.dates)
        for name, row in document.calendars.items()
    }
    return {"utc": Calendar.utc(), **pinned}


def find(reference: str) -> Statute | None:
    """The row called `EU-TCO3-1h@1`, or `EU-TCO3-1h` in its present version; None without one.

    A version that was replaced is still found: cases and released runbooks have pinned it.
    """
    return every_version().get(reference) if "@" in reference else statutes().get(reference)


def meant(reference: str) -> str | None:
    """What a reference to no row most likely was meant to be."""
    name = reference.partition("@")[0]
    rows = statutes()
    close = name if name in rows else nearest(name, rows)
    return rows[close].reference if close else None
