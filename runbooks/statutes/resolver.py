"""Which clocks one case carries, each with its reason, and what happens where they conflict."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from runbooks.statutes.calendar import Calendar
from runbooks.statutes.conflicts import Consequence, Duty, consequences
from runbooks.statutes.facts import CaseFacts, holds
from runbooks.statutes.grammar import Length
from runbooks.statutes.span import Basis, Due, due
from runbooks.statutes.table import Statute, calendars, statutes
from runbooks.statutes.vocabulary import Does, Party, RowKind, StartEvent

HOLDS = frozenset({RowKind.MIN_HOLD, RowKind.RENEWABLE_HOLD})
"""Kinds whose end is a fulfilment: nothing is late when it comes."""


@dataclass(frozen=True)
class Running:
    """The instants of one row, for one case."""

    begun: datetime
    due: Due | None
    """None where neither law nor target names a length."""
    opens: Due | None = None
    """Of a window: not before."""
    renewed: Due | None = None
    """Of a renewable hold: the end when every renewal is used."""

    def careful(self, kind: RowKind) -> datetime | None:
        """What we work to: the earlier instant of a deadline, the later one of a hold."""
        if self.due is None:
            return None
        return self.due.legal_latest if kind in HOLDS else self.due.conservative_due


@dataclass(frozen=True)
class Carried:
    """One row that this case carries."""

    statute: Statute
    reasons: tuple[str, ...]
    running: Running | None
    """None while the start event has no instant on record."""

    @property
    def waits_for(self) -> StartEvent | None:
        """The event that must be put on record before the clock runs."""
        return None if self.running is not None else self.statute.row.starts


@dataclass(frozen=True)
class Resolution:
    """Everything the law asks of one case, on the day its facts name."""

    carried: tuple[Carried, ...]
    watched: tuple[Carried, ...]
    """Rows that would hold if they were law."""
    consequences: tuple[Consequence, ...]
    governing: Carried | None
    """The hard clock that comes first among those that run."""


def resolve(facts: CaseFacts) -> Resolution:
    """The set of rows this case carries; a row that is not law is watched and never runs."""
    on = facts.at.date()
    carried: list[Carried] = []
    watched: list[Carried] = []
    for statute in statutes().values():
        reasons = holds(statute.row.if_, facts)
        if reasons is None:
            continue
        if statute.row.is_law(on):
            carried.append(Carried(statute, reasons, _running(statute, facts)))
        elif not _is_over(statute, on):
            watched.append(Carried(statute, reasons, None))
    return Resolution(
        carried=tuple(carried),
        watched=tuple(watched),
        consequences=tuple(consequences(facts, tuple(_duty(each.statute) for each in carried))),
        governing=_governing(carried),
    )


def _duty(statute: Statute) -> Duty:
    row = statute.row
    return Duty(id=statute.id, does=row.does, classes=row.if_.class_ or ())


def compute(statute: Statute, *, begun: datetime, calendar: Calendar | None = None) -> Running:
    """The row's instants for an event at `begun`, by its own calendar or another's."""
    row, days = statute.row, calendar or statute.calendar
    if row.every is not None:
        return Running(begun, _periodic(statute, begun, days))
    opens = due(row.span(row.opens), days, begun=begun) if row.opens else None
    if statute.span is None:
        return Running(begun, None, opens)
    first = due(statute.span, days, begun=begun)
    if row.renewals is None:
        return Running(begun, first, opens)
    longest = Length(n=row.renewals.by.n * row.renewals.times, unit=row.renewals.by.unit)
    ends = first.legal_latest - timedelta(microseconds=1)  # within the last day, not after it
    return Running(begun, first, opens, due(row.span(longest), days, begun=ends))


def _running(statute: Statute, facts: CaseFacts) -> Running | None:
    begun = facts.happened.get(statute.row.starts)
    if begun is None:
        return None
    return compute(statute, begun=begun, calendar=_calendar(statute, facts))


def _calendar(statute: Statute, facts: CaseFacts) -> Calendar | None:
    """The calendar of our member state, where the Union's law names it and we have one."""
    if statute.row.counted is not Basis.EU:
        return None
    ours = [place.lower() for place in facts.places(Party.ENTITY)]
    return next((calendars()[place] for place in ours if place in calendars()), None)


def _periodic(statute: Statute, begun: datetime, calendar: Calendar) -> Due:
    every = statute.row.every
    if every is not None and every.length is not None:
        return due(statute.row.span(every.length), calendar, begun=begun)
    month, day = (int(part) for part in (every.before if every and every.before else "").split("-"))
    today = calendar.local(begun).date()
    limit = date(today.year, month, day)
    if today >= limit:
        limit = date(today.year + 1, month, day)
    end = calendar.end_of(limit - timedelta(days=1))
    return Due(conservative_due=end, legal_latest=end)


def _is_over(statute: Statute, on: date) -> bool:
    ended = statute.row.effective.to
    return ended is not None and on > ended


def _governing(carried: list[Carried]) -> Carried | None:
    """Earliest hard clock wins; clocks of other bodies and holds do not press."""
    running = [
        (instant, each)
        for each in carried
        if each.statute.row.hard
        and each.statute.row.does is not Does.WATCH
        and each.statute.row.kind not in HOLDS
        and each.running is not None
        and (instant := each.running.careful(each.statute.row.kind)) is not None
    ]
    return min(running, key=lambda pair: pair[0], default=(None, None))[1]
