"""A clock is a fold over its events: any of them can be recomputed at any past instant (I12)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cases.values import Instant, Mutable
from runbooks.compact import Compact
from runbooks.grammar.base import moment_of
from runbooks.plan import Late
from runbooks.statutes.span import Due

ZERO = timedelta(0)


class ClockVerb(StrEnum):
    """The six things that can happen to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESET = "reset"
    """It runs again from nothing, from this instant on."""
    STOP = "stop"
    CANCEL = "cancel"


class ClockEvent(Compact):
    """One of them, at its instant; the instant may lie before the case was opened."""

    verb: ClockVerb
    at: Instant
    because: str = ""
    due: Instant | None = None
    """At a start or a reset: the deadline a calendar sets for it, worked out once and kept."""
    latest: Instant | None = None
    """The last lawful instant, where that is another."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A clock read at one instant; read too often to be validated."""

    running: bool
    ended: bool
    started_at: datetime | None = None
    elapsed: timedelta = ZERO
    """Time that counted, pauses left out."""
    stopped_at: datetime | None = None
    resumed_at: datetime | None = None
    """Since when it has been running without a pause."""
    counted_from: datetime | None = None
    """The start, or the last reset."""
    due: datetime | None = None
    """The deadline computed for it, pauses left out; None where a fixed time is the target."""
    latest: datetime | None = None

    def reached(self, target: timedelta, *, at: datetime) -> datetime | None:
        """When a clock that reads so at `at` will have run for `target`; it may be in the past.

        None when it does not run.
        """
        if self.resumed_at is None:
            return None
        return at + (target - self.elapsed)


def read(events: Iterable[ClockEvent], *, at: datetime) -> Reading:
    """The clock as it stood at `at`; events after it are not looked at.

    Events are taken in the order of their instants, and in their given order where these are
    equal. One that makes no sense (a pause of a paused clock) changes nothing.
    """
    started: datetime | None = None
    since: datetime | None = None
    counted = ZERO
    ended: datetime | None = None
    counting: ClockEvent | None = None
    for event in sorted(events, key=lambda event: event.at):
        if event.at > at or ended is not None:
            break
        match event.verb:
            case ClockVerb.START if started is None:
                started = since = event.at
                counting = event
            case ClockVerb.PAUSE if since is not None:
                counted += event.at - since
                since = None
            case ClockVerb.RESUME if started is not None and since is None:
                since = event.at
            case ClockVerb.RESET if started is not None:
                counted = ZERO
                since = event.at
                counting = event
            case ClockVerb.STOP | ClockVerb.CANCEL:
                if since is not None:
                    counted += event.at - since
                since = None
                ended = event.at
            case _:
                continue
    elapsed = counted + (at - since if since is not None else ZERO)
    return Reading(
        running=since is not None,
        ended=ended is not None,
        started_at=started,
        elapsed=elapsed,
        stopped_at=ended,
        resumed_at=since,
        counted_from=counting.at if counting is not None else None,
        due=counting.due if counting is not None else None,
        latest=counting.latest if counting is not None else None,
    )


class Retarget(Compact):
    """What a clock's target was until a change of severity set another."""

    at: Instant
    within: timedelta


class ClockRun(Mutable):
    """A clock of this case: its target, its events, and which of its steps have happened."""

    id: str
    title: str
    within: timedelta
    statutory: bool
    owner: str
    stage: str | None = None
    """Set for a stage's own target."""
    late: list[Late] = []
    events: list[ClockEvent] = []
    retargeted: list[Retarget] = []
    """Its earlier targets, so that it can be read at a past instant as it stood then (I12)."""
    fired: list[str] = []
    breached_at: Instant | None = None
    hold: bool = False
    """A minimum hold: reaching the end is its fulfilment, not a breach."""
    source: str = ""
    opens_at: Instant | None = None
    """When a window opens, or a hold has been kept: what waits for it can be done from then on."""

    def note(
        self, verb: ClockVerb, *, at: datetime, because: str = "", due: Due | None = None
    ) -> None:
        """The event is on the clock's record, with the deadline that was computed for it.

        A hold is kept to its last possible instant, a deadline to its first.
        """
        careful = latest = None
        if due is not None:
            latest = due.legal_latest
            careful = latest if self.hold else due.conservative_due
        self.events.append(
            ClockEvent(verb=verb, at=at, because=because, due=careful, latest=latest)
        )

    def reading(self, at: datetime) -> Reading:
        """The clock read at `at`."""
        return read(self.events, at=at)

    def due_at(self, at: datetime) -> datetime | None:
        """When the target is reached; None while the clock does not run."""
        reading = self.reading(at)
        return reading.reached(self._target(reading, at), at=at)

    def target(self, at: datetime) -> timedelta:
        """How long it may run: as long as was computed for its beginning, else `within`."""
        return self._target(self.reading(at), at)

    def _target(self, reading: Reading, at: datetime) -> timedelta:
        if reading.due is None or reading.counted_from is None:
            earlier = (change.within for change in self.retargeted if at < change.at)
            return next(earlier, self.within)
        return reading.due - reading.counted_from

    def latest_at(self, at: datetime) -> datetime | None:
        """The last lawful instant; pauses move it as they move the deadline."""
        reading, due = self.reading(at), self.due_at(at)
        if due is None or reading.due is None or reading.latest is None:
            return None
        return due + (reading.latest - reading.due)

    @property
    def ended(self) -> bool:
        """Whether it was stopped or cancelled."""
        return any(event.verb in (ClockVerb.STOP, ClockVerb.CANCEL) for event in self.events)

    @property
    def backups(self) -> dict[str, str]:
        """Who has been paged in place of which role, so far."""
        return {
            step.page: step.instead_of
            for step in self.late
            if step.page and step.instead_of and _name(step) in self.fired
        }

    def forget_escalating(self) -> None:
        """Every step that escalates is still to come, or comes again."""
        again = {_name(step) for step in self.late if step.escalate is not None}
        self.fired = [label for label in self.fired if label not in again]

    def steps(self, at: datetime) -> list[tuple[datetime, str, Late | None]]:
        """What is still to come: (instant, label, step), the target itself as a step of None."""
        reading = self.reading(at)
        if not reading.running:
            return []
        target = self._target(reading, at)
        coming: list[tuple[datetime, str, Late | None]] = []
        for step in self.late:
            name = _name(step)
            if name in self.fired:
                continue
            # A share is one of the computed time.
            plain = reading.due is None or step.label == OPENS
            after = step.at if plain else moment_of(step.label, within=target)
            instant = reading.reached(after, at=at)
            if instant is not None:
                coming.append((instant, name, step))
        if TARGET not in self.fired:
            instant = reading.reached(target, at=at)
            if instant is not None:
                coming.append((instant, TARGET, None))
        return sorted(coming, key=lambda item: (item[0], item[2] is None))


TARGET = "target"
OPENS = "opens"
"""The step at which a window opens."""


def _name(step: Late) -> str:
    what = step.remind or step.page or step.do or step.go or step.escalate or ""
    return f"{step.label}:{what}"
