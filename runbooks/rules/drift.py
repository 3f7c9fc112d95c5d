"""Where time alone carries a case: round in circles, past its own steps, or too late."""

from collections import deque
from collections.abc import Iterator
from datetime import timedelta

from runbooks.grammar.base import moment_of
from runbooks.grammar.stages import LateStep, Stage
from runbooks.grammar.times import distinct_times
from runbooks.plan import ClockKind, StageKind
from runbooks.planner import Hand, Move, Trail, moves, said
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.tree import Step


def circles(subject: Subject) -> Iterator[Finding]:
    """Ways back to the same stage that no person takes a step of; each circle once."""
    index = {stage.stage: number for number, stage in enumerate(subject.document.stages)}
    told: set[frozenset[str]] = set()
    for start in index:
        circle = _circle(subject, start)
        if circle is None or start not in subject.ways:
            continue
        stages = frozenset(move.stage for move in circle)
        if any(stages >= other for other in told):
            continue
        told.add(stages)
        last = circle[-1]
        yield subject.finding(
            "RB034",
            ("stages", index[last.stage], "next", last.outcome),
            f'a case comes from "{start}" back to "{start}", and nobody has done anything',
            evidence=(*subject.way_to(start), *said(circle)),
            at_key=True,
        )


def steps_that_never_come(subject: Subject) -> Iterator[Finding]:
    """Late steps, and silence, after the moment at which the stage has already left by itself."""
    for index, stage in enumerate(subject.document.stages):
        if stage.kind is not StageKind.CLOSURE:
            for within in distinct_times(stage.within):
                yield from _never(subject, stage, within, ("stages", index))


def _never(
    subject: Subject, stage: Stage, within: timedelta, path: tuple[Step, ...]
) -> Iterator[Finding]:
    left = _leaves_by_itself(stage, within)
    if left is None:
        return
    at, outcome = left
    for position, step in enumerate(stage.late):
        if moment_of(step.at, within=within) > at:
            yield subject.finding(
                "RB036",
                (*path, "late", position, "at"),
                f'by then "{stage.stage}" has taken {outcome} by itself',
                evidence=(*subject.way_to(stage.stage), *_by_itself(subject, stage, outcome)),
            )
    if stage.silence and stage.silence.go and at < within:
        yield subject.finding(
            "RB036",
            (*path, "silence", "go"),
            f'before silence, "{stage.stage}" has taken {outcome} by itself',
            evidence=(*subject.way_to(stage.stage), *_by_itself(subject, stage, outcome)),
        )


def help_in_time(subject: Subject) -> Iterator[Finding]:
    """Stages and clocks that call for help only when the time is already over."""
    for index, stage in enumerate(subject.document.stages):
        for within in distinct_times(stage.within):
            yield from _help(subject, stage.late, within, ("stages", index), law=False)
    for plan in subject.pathway.clocks:
        if plan.kind is not ClockKind.MIN_HOLD:
            late = subject.document.clocks[plan.id].late
            yield from _help(subject, late, plan.within, ("clocks", plan.id), law=plan.statutory)


def whole(subject: Subject) -> Iterator[Finding]:
    """A runbook with more situations than are looked at."""
    if not subject.exploration.whole:
        yield subject.finding(
            "RB037",
            ("stages",),
            f"only the first {len(subject.exploration.came)} situations were looked at",
            weight=Weight.WARNING,
            at_key=True,
        )


def _circle(subject: Subject, start: str) -> Trail | None:
    """The shortest way from the stage back to it that no person takes a step of."""
    stages = {stage.name: stage for stage in subject.pathway.stages}
    trails: dict[str, tuple[Move, ...]] = {start: ()}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for move in moves(stages[name]):
            if move.hand is Hand.PERSON or move.to is None or move.to not in stages:
                continue
            if move.to == start:
                return (*trails[name], move)
            if move.to not in trails:
                trails[move.to] = (*trails[name], move)
                queue.append(move.to)
    return None


def _leaves_by_itself(stage: Stage, within: timedelta) -> tuple[timedelta, str] | None:
    """When the stage takes an outcome though nobody does anything, and which."""
    leaving = [(moment_of(step.at, within=within), step.go) for step in stage.late if step.go]
    # A gate whose memo nobody wrote is not asked, and silence cannot answer it.
    if stage.silence and stage.silence.go and not stage.memo:
        leaving.append((within, stage.silence.go))
    return min(leaving, default=None)


def _by_itself(subject: Subject, stage: Stage, outcome: str) -> tuple[str, ...]:
    plan = subject.pathway.stage(stage.stage)
    return tuple(
        str(move) for move in moves(plan) if move.hand is Hand.SILENCE and move.outcome == outcome
    )


def _help(
    subject: Subject,
    late: tuple[LateStep, ...],
    within: timedelta,
    path: tuple[Step, ...],
    *,
    law: bool,
) -> Iterator[Finding]:
    calling = [
        (moment_of(step.at, within=within), position)
        for position, step in enumerate(late)
        if step.page or step.do or step.go or step.escalate
    ]
    if calling and min(calling)[0] > within:
        first = min(calling)[1]
        yield subject.finding(
            "RB065",
            (*path, "late", first, "at"),
            "the first call for help comes when the time is over",
            weight=Weight.ERROR if law else Weight.WARNING,
            evidence=subject.way_to(subject.document.stages[path[1]].stage)
            if path[0] == "stages" and isinstance(path[1], int)
            else (),
        )
