"""The account of a simulation on the terminal: what a team looks at first comes first."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape

from cli.output import table

if TYPE_CHECKING:
    from workers.simulation.account import Account
    from workers.simulation.coverage import Coverage
    from workers.simulation.figures import Spread
    from workers.simulation.simulation import Simulated

HOUR, DAY = 60, 24 * 60


def account_page(account: "Account") -> Iterator[RenderableType]:
    """Cases, clocks, stages, gates, notices, pages, and how right it went."""
    simulation = account.simulation
    faults = ", ".join(simulation.faults) or "no faults"
    yield (
        f"[bold]{account.cases} cases in {simulation.days} days from {simulation.begins}, "
        f"seed {simulation.seed}, {faults}[/] "
        f"({escape(simulation.provenance)}, model {simulation.model})"
    )
    yield (
        f"{account.closed} closed, {account.cancelled} cancelled, {len(account.stuck)} stuck, "
        f"{account.forks} forked journals, {account.worker_restarts} worker restarts\n"
    )
    yield table(
        *("runbook", "severity", "cases", "closed", "breached"),
        *("first human p50", "p95", "to close p50", "p95"),
        rows=[
            (
                *(group.runbook, group.severity, group.cases, group.closed, group.breached),
                *_both(group.first_human),
                *_both(group.to_close),
            )
            for group in account.groups
        ],
    )
    yield table(
        *("runbook", "clock", "ran", "breached"),
        rows=[(each.runbook, each.clock, each.ran, each.breached) for each in account.clocks],
    )
    yield table(
        *("runbook", "stage", "passages", "p50", "p95"),
        rows=[
            (each.runbook, each.stage, each.minutes.cases, *_both(each.minutes))
            for each in account.stages
        ],
    )
    yield table(
        *("runbook", "gate", "rounds"),
        rows=[(each.runbook, each.gate, _counted(each.rounds)) for each in account.gates],
    )
    yield table(
        *("runbook", "closed as"),
        rows=[(name, _counted(ends)) for name, ends in account.dispositions.items()],
    )
    for name, to in account.moves.items():
        yield f"Moved on from {name}: {_counted(to)}"
    pages = account.pages
    yield f"Notices: {_counted(account.notices)}; nobody to notify: {account.nobody_to_notify}"
    yield f"Refusals: {_counted(account.refusals) or 'none'}"
    yield (
        f"Pages: {pages.pages} to {pages.people} people, {pages.at_night} at night, "
        f"{pages.by_night_hour} a person and night hour"
    )
    yield table(
        *("most paged", "pages", "at night"),
        rows=[(each.person, each.pages, each.at_night) for each in pages.most],
    )
    yield from _truth(account)
    for stuck in account.stuck:
        yield f"[red]case {stuck.case} ({stuck.runbook}) is stuck: {escape(stuck.why)}[/]"


def coverage_page(coverage: "Sequence[Coverage]") -> Iterator[RenderableType]:
    """How much of each runbook was gone through, and what nobody came to."""
    for each in coverage:
        yield f"\n[bold]{each.runbook} {each.version}[/]: {each.share:.0%} gone through"
        yield table(
            *("what", "met", "of", "not met"),
            rows=[
                (kind, met, whole, ", ".join(i.name for i in each.missed if i.kind == kind))
                for kind, (met, whole) in each.by_kind().items()
            ],
        )


def machine_line(found: "Simulated") -> str:
    """What it took this machine: never part of the account, which is the same everywhere."""
    performance = found.performance
    return (
        f"{len(performance.played)} cases in {performance.seconds:.0f} s "
        f"({performance.per_second:.1f} cases/s), {performance.places} at once, "
        f"{performance.again} played again for punctuality"
    )


def undecided_line(found: "Simulated") -> str:
    """What another machine might make otherwise; empty where nothing is."""
    undecided = found.performance.undecided
    if not undecided:
        return ""
    return (
        f"this machine was too slow for {len(undecided)} of them, which may come out otherwise "
        f"elsewhere: {', '.join(undecided)}. Simulate again while less runs beside."
    )


def _truth(account: "Account") -> Iterator[RenderableType]:
    truth = account.truth
    yield (
        f"Against the truth: severity right {truth.severity.right} of {truth.severity.of} "
        f"({truth.under_triaged} too mild, {truth.over_triaged} too severe); escalation precision "
        f"{_share(truth.precision)}, recall {_share(truth.recall)}; disposition right "
        f"{truth.disposition.right} of {truth.disposition.of}; clocks as they had to be "
        f"{truth.clocks.right} of {truth.clocks.of}"
    )


def _both(spread: "Spread") -> tuple[str, str]:
    return _span(spread.p50), _span(spread.p95)


def _span(minutes: int | None) -> str:
    if minutes is None:
        return "—"
    if minutes < HOUR:
        return f"{minutes} m"
    if minutes < DAY:
        return f"{minutes / HOUR:.1f} h"
    return f"{minutes / DAY:.1f} d"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'none'} {count}" for name, count in counts.items())
