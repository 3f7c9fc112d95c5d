"""A backtest on the terminal: how sure it is, what differs how often, and some cases whole."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.markup import escape

from cli.output import table

if TYPE_CHECKING:
    from workers.backtest.backtest import Backtest
    from workers.backtest.differences import CaseChange, Changed

MOST_SHIFTS = 40


def backtest_page(found: "Backtest", *, examples: int) -> Iterator[RenderableType]:
    """What is known and what is assumed, counts, shifts, examples."""
    different = found.differences
    edited = ", ".join(f"{name} {version}" for name, version in found.edited.items())
    yield f"[bold]{different.cases} cases under {escape(edited)}[/]"
    yield (
        f"{found.simulated} simulated, {found.recorded} exported; {found.other} of other runbooks "
        f"are not touched\n{found.known} known whole, {found.assumed} with something assumed\n"
    )
    if different.none:
        yield "Every case came out exactly as before."
    else:
        yield from _counts(found)
        yield from _examples(found, examples)
    if found.rules:
        yield "\n[bold]What was assumed[/]"
        for rule, said in found.rules.items():
            number = sum(
                any(a.startswith(f"{rule}:") for a in e.assumed) for e in found.assumptions
            )
            yield f"{rule} ({number} cases): {escape(said)}"
    for moved in found.calendars:
        yield f"[yellow]{escape(moved)}[/]"
    for stuck in found.stuck:
        yield f"[red]case {stuck.case} does not end: {escape(stuck.why)}[/]"


def _counts(found: "Backtest") -> Iterator[RenderableType]:
    different = found.differences
    yield f"{different.unchanged} exactly as before, {len(different.changes)} different"
    if different.appeared or different.gone:
        yield f"{len(different.appeared)} move on that did not, {len(different.gone)} no longer do"
    yield table("differ in", "cases", rows=[(a.value, n) for a, n in different.by_aspect.items()])
    rows = [(s.aspect.value, s.what, s.before, s.after) for s in different.shifts]
    yield table("", "what", "before", "after", rows=rows[:MOST_SHIFTS])
    if len(rows) > MOST_SHIFTS:
        yield f"… and {len(rows) - MOST_SHIFTS} more in --json"
    before, after = different.minutes_before, different.minutes_after
    yield (f"Minutes to the end: p50 {before.p50} → {after.p50}, p95 {before.p95} → {after.p95}\n")


def _examples(found: "Backtest", number: int) -> Iterator[RenderableType]:
    doubtful = {each.case: each for each in found.assumptions}
    # What is known, and what matters most, is shown first.
    order = sorted(
        found.differences.changes, key=lambda change: (change.case in doubtful, _weight(change))
    )
    for change in order[:number]:
        known = doubtful.get(change.case)
        mark = " [yellow](assumed)[/]" if known is not None and known.assumed else ""
        yield f"[bold]case {escape(change.case)}[/]{mark}"
        for each in change.changed:
            yield f"  {each.aspect.value}: {escape(_both(each))}"
        if known is not None:
            for said in known.assumed:
                yield f"  [yellow]assumed[/] {escape(said)}"
            for said in known.dropped:
                yield f"  no place for {escape(said)}"


def _weight(change: "CaseChange") -> int:
    from workers.backtest.outcome import Aspect

    return min(list(Aspect).index(each.aspect) for each in change.changed)


def _both(changed: "Changed") -> str:
    before, after = (", ".join(words) or "nothing" for words in (changed.before, changed.after))
    return f"{before} → {after}"
