"""What a shadow case comes to, in sentences: the page, the terminal and whoever else shows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.file import SYSTEM
from gateway.phrases import words
from gateway.times import span
from insights.comparison import Clocked, Comparison, Told

Instant = Callable[[datetime], str]


@dataclass(frozen=True)
class Part:
    """Some lines under their heading."""

    title: str
    lines: tuple[str, ...]


def parts(comparison: Comparison, *, at: Instant) -> list[Part]:
    """The comparison from what today's process did to what the runbook would have done."""
    found = (
        Part("What today's process did", tuple(_today(comparison, at))),
        Part("Where the runbook would have been", tuple(_where(comparison, at))),
        Part("Clocks", tuple(_clock(clock, comparison, at) for clock in comparison.clocks)),
        Part("Gates", tuple(_gates(comparison, at))),
        Part("Who would have been told", tuple(_told(comparison, at))),
        Part("What would have been done", tuple(_acted(comparison, at))),
    )
    return [part for part in found if part.lines]


def _today(comparison: Comparison, at: Instant) -> Iterator[str]:
    today = comparison.today
    yield f"Received {at(today.received)}."
    if today.ended is None or today.took is None:
        yield "When it ended there is not known: no ticket and no person said so."
        return
    said = f"the ticket was {today.status}" if today.by == SYSTEM else f"{today.by} said so"
    yield f"Ended {at(today.ended)}, after {span(today.took)}: {said}."
    if today.tags:
        yield f"Tagged {', '.join(today.tags)}."
    if today.record:
        yield today.record


def _where(comparison: Comparison, at: Instant) -> Iterator[str]:
    if comparison.stage:
        yield f"In {comparison.stage}."
    elif comparison.gone_on_as:
        yield f"Gone on under {comparison.gone_on_as}."
    else:
        yield f"Closed: {words(comparison.disposition)}."
    for step in comparison.went:
        yield f"{at(step.at)}: {words(step.stage)}, {words(step.outcome)}, on nobody's word."
    if comparison.notes:
        yield f"The ticket would have got {_times(comparison.notes, 'note')}."
    if comparison.owed:
        yield f"Owed after closing: {', '.join(words(name) for name in comparison.owed)}."


def _clock(clock: Clocked, comparison: Comparison, at: Instant) -> str:
    whose = " (the law's)" if clock.statutory else " (a stage's own)" if clock.of_stage else ""
    said = f"{clock.title}{whose}, due {at(clock.due)}: "
    if clock.of_stage:
        if clock.met:
            return said + "met."
        return said + (f"missed by {span(clock.left)}." if clock.missed else "still running.")
    runbook = " The runbook would have met it." if clock.met else ""
    if comparison.today.ended is None:
        return said + ("passed." if clock.missed else f"{span(clock.left)} left.") + runbook
    if clock.missed:
        return said + f"today's process ended {span(clock.left)} after it." + runbook
    return said + f"{span(clock.left)} left when today's process ended." + runbook


def _gates(comparison: Comparison, at: Instant) -> Iterator[str]:
    for gate in comparison.asked:
        roles = " and ".join(words(role) for role in gate.roles)
        said = f"{gate.title}: {roles} would have been asked {at(gate.at)}; "
        if gate.answer:
            by = f" by {', '.join(gate.by)}, who practised" if gate.by else ""
            yield said + f"{words(gate.answer)}{by}."
        else:
            yield said + "nobody answered."
    for title in comparison.ahead:
        yield f"{title}: could still have come."


def _told(comparison: Comparison, at: Instant) -> Iterator[str]:
    for told in comparison.told:
        yield f"{at(told.at)}: {_notice(told)}."


def _notice(told: Told) -> str:
    who = words(told.role) + (f" ({told.person})" if told.person else "")
    why = words(told.purpose.value)
    stage = f" at {words(told.stage)}" if told.stage else ""
    step = f", {words(told.step)}" if told.step else ""
    return f"{who}, {why}{stage}{step}"


def _acted(comparison: Comparison, at: Instant) -> Iterator[str]:
    for done in comparison.acted:
        alone = ", because nobody had acted" if done.unattended else ""
        how = "by hand" if done.by == "manual" else f"by {done.by}"
        yield f"{at(done.at)}: {done.title} ({how}, {words(done.owner)}){alone}."


def _times(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def length(seconds: timedelta | None) -> str:
    """A length of time, or a dash."""
    return span(seconds) if seconds is not None else "—"
