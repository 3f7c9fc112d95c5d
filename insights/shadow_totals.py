"""Many comparisons in total: what a week in the shadow says."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from cases.values import Value
from insights.comparison import Comparison

WORST = 5


class RoleTold(Value):
    """How often a role would have been told."""

    role: str
    pages: int
    others: int


class ClockMissed(Value):
    """In how many cases a clock ran, and in how many of them today's process missed it."""

    title: str
    statutory: bool
    ran: int
    missed: int
    longest: timedelta
    """By how much it was missed at the worst; nothing where it never was."""


class GatePassed(Value):
    """A gate that the runbook asks, and what became of it."""

    title: str
    asked: int
    answered: int
    """By people who practised."""
    passed_over: int
    """Asked, and today's process ended without an answer."""
    not_reached: int
    """It could still have come when today's process ended."""


class EffectActed(Value):
    """An action, and in how many cases it would have been carried out."""

    title: str
    times: int
    unattended: int


class Worst(Value):
    """A case in which the two differ most, and why it is here."""

    number: str
    runbook: str
    why: tuple[str, ...]


class Totals(Value):
    """What the shadow cases come to."""

    cases: int
    ended: int
    """Cases whose end in today's process is known."""
    open: int
    by_runbook: dict[str, int]
    median: timedelta | None = None
    """How long today's process took."""
    longest: timedelta | None = None
    pages: int = 0
    pages_a_case: float = 0.0
    told: tuple[RoleTold, ...] = ()
    clocks: tuple[ClockMissed, ...] = ()
    gates: tuple[GatePassed, ...] = ()
    effects: tuple[EffectActed, ...] = ()
    worst: tuple[Worst, ...] = ()


def total(compared: Iterable[Comparison], *, worst: int = WORST) -> Totals:
    """The sum; the same cases in any order come to the same."""
    cases = sorted(compared, key=lambda each: (each.today.received, each.number))
    took = sorted(each.today.took for each in cases if each.today.took is not None)
    pages = sum(each.pages for each in cases)
    return Totals(
        cases=len(cases),
        ended=len(took),
        open=sum(not each.over for each in cases),
        by_runbook=dict(sorted(Counter(f"{it.runbook} {it.version}" for it in cases).items())),
        median=took[len(took) // 2] if took else None,
        longest=took[-1] if took else None,
        pages=pages,
        pages_a_case=round(pages / len(cases), 2) if cases else 0.0,
        told=_told(cases),
        clocks=_clocks(cases),
        gates=_gates(cases),
        effects=_effects(cases),
        worst=tuple(_worst(cases)[:worst]),
    )


def _told(cases: list[Comparison]) -> tuple[RoleTold, ...]:
    pages = Counter(told.role for each in cases for told in each.told if told.paged)
    others = Counter(told.role for each in cases for told in each.told if not told.paged)
    rows = (
        RoleTold(role=role, pages=pages[role], others=others[role])
        for role in pages.keys() | others.keys()
    )
    return tuple(sorted(rows, key=lambda row: (-row.pages, -row.others, row.role)))


def _clocks(cases: list[Comparison]) -> tuple[ClockMissed, ...]:
    ended = [each for each in cases if each.today.ended is not None]
    ran: Counter[tuple[str, bool]] = Counter()
    missed: dict[tuple[str, bool], list[timedelta]] = {}
    for each in ended:
        for clock in each.clocks:
            if not clock.of_stage:
                ran[(clock.title, clock.statutory)] += 1
        for clock in each.breached:
            missed.setdefault((clock.title, clock.statutory), []).append(-clock.left)
    rows = (
        ClockMissed(
            title=title,
            statutory=statutory,
            ran=times,
            missed=len(missed.get((title, statutory), [])),
            longest=max(missed.get((title, statutory), []), default=timedelta(0)),
        )
        for (title, statutory), times in ran.items()
    )
    return tuple(sorted(rows, key=lambda row: (not row.statutory, -row.missed, row.title)))


def _gates(cases: list[Comparison]) -> tuple[GatePassed, ...]:
    ended = [each for each in cases if each.today.ended is not None]
    asked = Counter(gate.title for each in ended for gate in each.asked)
    answered = Counter(gate.title for each in ended for gate in each.asked if gate.answer)
    over = Counter(gate.title for each in ended for gate in each.passed_over)
    ahead = Counter(title for each in ended for title in each.ahead)
    rows = (
        GatePassed(
            title=title,
            asked=asked[title],
            answered=answered[title],
            passed_over=over[title],
            not_reached=ahead[title],
        )
        for title in asked.keys() | ahead.keys()
    )
    return tuple(sorted(rows, key=lambda row: (-row.passed_over, -row.not_reached, row.title)))


def _effects(cases: list[Comparison]) -> tuple[EffectActed, ...]:
    times = Counter(done.title for each in cases for done in each.acted)
    alone = Counter(done.title for each in cases for done in each.acted if done.unattended)
    rows = (
        EffectActed(title=title, times=number, unattended=alone[title])
        for title, number in times.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.unattended, -row.times, row.title)))


def _worst(cases: list[Comparison]) -> list[Worst]:
    """The cases that differ at all, what the law says before all else."""
    different = [each for each in cases if each.today.ended is not None and _why(each)]
    different.sort(key=_turn)
    return [Worst(number=it.number, runbook=it.runbook, why=_why(it)) for it in different]


def _turn(each: Comparison) -> tuple[object, ...]:
    law = [clock for clock in each.breached if clock.statutory]
    latest = min((clock.left for clock in each.breached), default=timedelta(0))
    alone = sum(done.unattended for done in each.acted)
    return (-len(law), -len(each.breached), latest, -alone, -len(each.passed_over), each.number)


def _why(each: Comparison) -> tuple[str, ...]:
    missed = [f"missed {clock.title}" for clock in each.breached]
    alone = [f"unattended: {done.title}" for done in each.acted if done.unattended]
    over = [f"not asked at {gate.title}" for gate in each.passed_over]
    return (*missed, *alone, *over)
