"""Targets that add up: what stops a clock is reached in the clock's time, on every way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from runbooks.grammar.clocks import Clock
from runbooks.grammar.stages import Stage
from runbooks.grammar.times import time_at
from runbooks.plan import SKIPPED, ClockKind, ClockPlan, ClockStart, Severity, StageKind
from runbooks.planner import Move, Trail, moves, said
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.rules.triggers import can_hold
from runbooks.statutes.vocabulary import Does, StartEvent

CLOSED = "closed"
_COUNTED = (ClockKind.DEADLINE, ClockKind.PROMPT, ClockKind.TOLLING)
AWARE = "aware-at"
ARRIVES = frozenset(
    {
        StartEvent.COMPLAINT,
        StartEvent.DIRECTION,
        StartEvent.DISCOVERY,
        StartEvent.ORDER_GIVEN,
        StartEvent.PLATFORM_COMPLAINT,
        StartEvent.RECEIPT,
        StartEvent.VALID_REQUEST,
    }
)
"""Events that happen before a case is opened; the others are decided in it."""


def targets(subject: Subject) -> Iterator[Finding]:
    """Clocks whose stops lie beyond their time, though everybody keeps to their target.

    Every action that stops one must be in time by itself: that it can also be refused in time is no
    comfort to whoever has to do it.
    """
    for name, clock, plan in _deadlines(subject):
        if not _known(subject, clock):
            continue
        reached = next(
            (
                (severity, found)
                for severity in _severities(subject, clock)
                for each in _each_action(clock)
                if (found := _Walk(subject, each, severity, name).to_stop()) is not None
                and found.time > plan.within
            ),
            None,
        )
        if reached is not None:
            severity, found = reached
            yield subject.finding(
                "RB067",
                ("clocks", name),
                f"at {severity} the shortest way to {found.to} takes {_said(found.time)}, "
                f"and {name} runs {_said(plan.within)}",
                weight=Weight.ERROR if plan.statutory else Weight.WARNING,
                evidence=said(found.trail),
                at_key=True,
            )


def endings(subject: Subject) -> Iterator[Finding]:
    """Clocks of the law that some way leaves running until somebody closes the case, too late."""
    for name, clock, plan in _deadlines(subject):
        asked = plan.starts_at is None or plan.starts_at in _needed(subject)
        if not plan.statutory or not asked or set(plan.stops) <= {CLOSED}:
            continue
        for severity in _severities(subject, clock):
            reached = _Walk(subject, clock, severity, name).to_closing()
            if reached is None or reached.time <= plan.within:
                continue
            yield subject.finding(
                "RB068",
                ("clocks", name, "stops"),
                f"a case comes to its closure and nothing has stopped {name}",
                evidence=said(reached.trail),
            )
            break


def awareness(subject: Subject) -> Iterator[Finding]:
    """Clocks that count from awareness in a runbook that never asks since when we were aware."""
    if AWARE in _needed(subject):
        return
    for name, clock in subject.document.clocks.items():
        if clock.statutory and clock.starts_at is None and _question(clock) == AWARE:
            yield subject.finding(
                "RB069",
                ("clocks", name),
                f"{name} counts from awareness, and nobody has to say when that was",
                weight=Weight.WARNING,
                at_key=True,
            )


@dataclass(frozen=True)
class _Reached:
    """The nearest end, by which moves, and how much of the clock is gone there."""

    time: timedelta
    trail: Trail
    to: str


@dataclass
class _Walk:
    """A case of one severity on its shortest ways, with the clock counting once it has begun."""

    subject: Subject
    clock: Clock
    severity: Severity
    name: str = ""
    stages: dict[str, Stage] = field(init=False)

    def __post_init__(self) -> None:
        self.stages = {stage.stage: stage for stage in self.subject.document.stages}

    def to_stop(self) -> _Reached | None:
        """The nearest of what stops the clock; closing counts where nothing else does."""
        only_closing = set(self.clock.stops) <= {CLOSED}
        return min(
            (end for end in self._ends() if (end.to == CLOSED) is only_closing),
            key=lambda end: end.time,
            default=None,
        )

    def to_closing(self) -> _Reached | None:
        """The nearest closing that comes with the clock running."""
        return min(
            (end for end in self._ends() if end.to == CLOSED),
            key=lambda end: end.time,
            default=None,
        )

    def _ends(self) -> Iterator[_Reached]:
        """Every stop of the clock, nearest first, with the shortest way to it."""
        order = count()
        queue: list[tuple[timedelta, int, str, bool, tuple[Move, ...]]] = []
        first = self.subject.pathway.first
        heappush(queue, (timedelta(), next(order), first, self._begun is None, ()))
        seen: set[tuple[str, bool]] = set()
        while queue:
            time, _, name, running, trail = heappop(queue)
            stage = self.stages[name]
            running = running or self.clock.starts_after in stage.do
            if (name, running) in seen:
                continue
            seen.add((name, running))
            entered = self._ordered(stage.do) if running else None
            if entered is not None:
                yield _Reached(time + entered[0], trail, entered[1])
                continue
            if stage.kind is StageKind.CLOSURE:
                if running:
                    yield _Reached(time + time_at(stage.within, self.severity), trail, CLOSED)
                continue
            for move in self._moves(name):
                spent = time + (self._time(stage, move) if running or self._came else timedelta())
                counts = running or self._begins(stage, move)
                stopped = self._stopped(stage, move) if counts else None
                way = (*trail, move)
                if stopped is not None:
                    yield _Reached(spent + stopped[0], way, stopped[1])
                elif move.to in self.stages:
                    heappush(queue, (spent, next(order), str(move.to), counts, way))

    def _moves(self, name: str) -> Iterator[Move]:
        plan = self.subject.pathway.stage(name)
        stage = self.stages[name]
        passed = stage.only_at is not None and self.severity not in stage.only_at
        for move in moves(plan):
            step = (stage.next or {})[move.outcome]
            if (move.outcome == SKIPPED and stage.only_at is not None) is not passed:
                continue
            if step.only_at and self.severity not in step.only_at:
                continue
            law = self.clock.law if self.subject.document.law else None
            if step.if_ and law is not None and not can_hold(self.subject, law, step.if_):
                continue
            yield move

    def _time(self, stage: Stage, move: Move) -> timedelta:
        if move.outcome == SKIPPED and stage.only_at is not None:
            return timedelta()
        return time_at(stage.within, self.severity)

    @property
    def _begun(self) -> str | None:
        """What happens in the case and begins the clock; None where it runs from the start."""
        if self.clock.starts_after is not None:
            return self.clock.starts_after
        asked = _question(self.clock)
        return asked if asked in _needed(self.subject) else None

    @property
    def _came(self) -> bool:
        """Whether the event came before the case was opened, however late somebody says so."""
        law = self.clock.law
        return law is not None and law.row.starts in ARRIVES

    def _begins(self, stage: Stage, move: Move) -> bool:
        step = (stage.next or {})[move.outcome]
        if self.clock.starts_after is not None:
            return self.clock.starts_after in step.do
        return _question(self.clock) in (*stage.needs, *step.needs)

    def _stopped(self, stage: Stage, move: Move) -> tuple[timedelta, str] | None:
        """What stops the clock when the move is made, and how long that still takes."""
        step = (stage.next or {})[move.outcome]
        for stop in (f"{move.outcome}:{stage.stage}", f"stage:{stage.stage}"):
            if stop in self.clock.stops:
                return timedelta(), stop
        if self.name in step.suspend:
            return timedelta(), "its suspension"
        return self._ordered(step.do)

    def _ordered(self, effects: tuple[str, ...]) -> tuple[timedelta, str] | None:
        """The quickest of these effects that stops the clock, and how long a person has for it."""
        known = self.subject.document.all_effects
        return min(
            (
                (known[name].within if known[name].manual else timedelta(), f"effect:{name}")
                for name in effects
                if f"effect:{name}" in self.clock.stops and name in known
            ),
            default=None,
        )


def _each_action(clock: Clock) -> list[Clock]:
    """The clock as if only one of its effects stopped it, for each; as it is where none does."""
    effects = [stop for stop in clock.stops if stop.startswith("effect:")]
    return [clock.model_copy(update={"stops": (stop,)}) for stop in effects] or [clock]


def _question(clock: Clock) -> str | None:
    """The question whose answer says when the clock's event was."""
    if clock.starts_at is None and clock.starts_after is None:
        return AWARE if clock.begins is ClockStart.AWARENESS else None
    return clock.starts_at


def _needed(subject: Subject) -> set[str]:
    """Every question that some stage or outcome waits for."""
    return {
        question
        for stage in subject.document.stages
        for questions in (stage.needs, *(step.needs for step in (stage.next or {}).values()))
        for question in questions
    }


def _known(subject: Subject, clock: Clock) -> bool:
    """Whether the runbook says when in a case the clock begins."""
    if clock.starts_at is None or clock.starts_at in _needed(subject):
        return True
    return clock.law is not None and clock.law.row.starts in ARRIVES


def _deadlines(subject: Subject) -> Iterator[tuple[str, Clock, ClockPlan]]:
    """Clocks that we can miss: no holds, none of others, and none that ends by itself in time.

    A window is waited for: the stage of its outcome is as long as that takes.
    """
    plans = {plan.id: plan for plan in subject.pathway.clocks}
    for name, clock in subject.document.clocks.items():
        plan = plans[name]
        by_itself = any(
            late.do and f"effect:{late.do}" in plan.stops and late.at < plan.within
            for late in plan.late
        )
        others = clock.law is not None and clock.law.row.does is Does.WATCH
        if plan.kind in _COUNTED and plan.stops and not by_itself and not others:
            yield name, clock, plan


def _severities(subject: Subject, clock: Clock) -> tuple[Severity, ...]:
    """The severities with which the clock runs: of one the law asks for, surely the gravest."""
    given = sorted({row.severity for row in subject.document.severity})
    if clock.only_at is not None:
        return tuple(each for each in given if each in clock.only_at)
    return tuple(given[:1]) if subject.document.law and clock.law is not None else tuple(given)


def _said(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    days, minutes = divmod(minutes, 60 * 24)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0m"
