"""Which clocks a case has to carry and when each is due, worked out without the engine.

A case is told as a life: when it was received and opened, what was answered when, what was done
when. What the runbook's text and the law's rows make of that is written down here a second time,
on purpose: `make accept-2` holds the engine against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from runbooks.grammar.clocks import Clock
from runbooks.grammar.document import RunbookDocument
from runbooks.plan import ClockKind, ClockStart, Severity
from workers.simulation import counting, law, oracle
from workers.simulation.answers import asked_of

ANSWERED = {ClockStart.RECEIPT: "received-at", ClockStart.AWARENESS: "aware-at"}
"""Whose answer says that it happened earlier than the report does."""


@dataclass(frozen=True)
class Said:
    """What was answered at one instant, beside what was known already."""

    at: datetime
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Life:
    """What happened to a case, so far as clocks care."""

    runbook: str
    opened: datetime
    received: datetime
    said: tuple[Said, ...]
    """The first of it came with the report."""
    done: tuple[tuple[datetime, str], ...] = ()
    """Effects, and when each was done; all of them after what was said."""


@dataclass(frozen=True)
class Owed:
    """A clock that the case carries."""

    begun: datetime
    due: datetime
    latest: datetime


@dataclass
class _Standing:
    """What is so at one instant of the life."""

    at: datetime
    answers: dict[str, str]
    words: frozenset[str]
    severity: Severity


def clocks_expected(document: RunbookDocument, life: Life) -> dict[str, Owed]:
    """Every clock the case carries when all of it has happened, with its instants."""
    moments = _moments(document, life)
    found: dict[str, Owed] = {}
    for name, clock in document.clocks.items():
        begun = _begun(clock, life, moments, lawful=bool(document.law))
        if begun is not None:
            found[name] = _owed(clock, begun, moments[-1].answers)
    return found


def _moments(document: RunbookDocument, life: Life) -> list[_Standing]:
    moments: list[_Standing] = []
    answers: dict[str, str] = {}
    severity = oracle.judge(document)
    for said in life.said:
        answers = asked_of(document, {**answers, **said.answers})
        words = law.words_of(document, answers)
        moments.append(_Standing(said.at, answers, words, severity(answers)))
    return moments


def _begun(clock: Clock, life: Life, moments: list[_Standing], *, lawful: bool) -> datetime | None:
    """Since when it runs; None where the case does not carry it."""
    if clock.starts_after is not None:
        done = [at for at, effect in life.done if effect == clock.starts_after]
        held = done and (not lawful or _holds(clock, moments[-1], done[0]))
        return done[0] if held else None
    if clock.only_at is not None:
        return _begun_at_severity(clock, clock.only_at, life, moments, lawful=lawful)
    begun: datetime | None = None
    for moment in moments:
        event = _event(clock, life, moment)
        if lawful and not _holds(clock, moment, event or moment.at):
            begun = None
        elif event is not None and (begun is None or event < begun):
            # An earlier instant counts; a later one gives no time back, nor does one that is no
            # longer asked for.
            begun = event
    return begun


def _begun_at_severity(
    clock: Clock,
    grave: tuple[Severity, ...],
    life: Life,
    moments: list[_Standing],
    *,
    lawful: bool,
) -> datetime | None:
    """Since when a clock for grave cases runs: from its event, or from when the case became one.

    Answers count under the severity they find: the table judges them only then. Once the clock
    runs no severity stops it; the law may, and brings it back to where it was.
    """
    begun: datetime | None = None
    risen = stands = False
    found = moments[0].severity in grave
    for moment in moments:
        event = begun if risen else _event(clock, life, moment)
        was, found = found, moment.severity in grave
        if begun is None:
            if not was and not found:
                continue
            event = event if was else moment.at
        stands = event is not None and (not lawful or _holds(clock, moment, event))
        if stands and event is not None:
            risen = risen or (begun is None and not was)
            begun = event if begun is None else min(event, begun)
    return begun if stands else None


def _event(clock: Clock, life: Life, moment: _Standing) -> datetime | None:
    """When what the clock counts from happened, as far as is known."""
    if clock.starts_at is not None:
        answered = moment.answers.get(clock.starts_at)
        return min(_instant(answered), moment.at) if answered else None
    begins = clock.begins or ClockStart.RECEIPT
    if begins is ClockStart.OPENED:
        return life.opened
    answered = moment.answers.get(ANSWERED[begins])
    return min(life.received, _instant(answered)) if answered else life.received


def _holds(clock: Clock, moment: _Standing, event: datetime) -> bool:
    """Whether the clock's row holds; one of our own always does."""
    if clock.law is None:
        return True
    return law.applies(clock.law.row, moment.words, on=event.astimezone(UTC).date())


def _owed(clock: Clock, begun: datetime, answers: Mapping[str, str]) -> Owed:
    if clock.working_days is not None and clock.calendar is not None:
        return Owed(begun, *counting.after_working_days(clock.working_days, clock.calendar, begun))
    if clock.law is None:
        own = begun + clock.within if clock.within is not None else begun
        stated = answers.get(clock.due_at or "")
        due = max(_instant(stated), begun) if stated else own
        return Owed(begun, due, due)
    careful, latest = counting.bounds_of(clock.law, begun)
    # A hold is kept to its last possible instant, a deadline to its first.
    return Owed(begun, latest if clock.runs_as is ClockKind.MIN_HOLD else careful, latest)


def _instant(said: str) -> datetime:
    return datetime.fromisoformat(said)
