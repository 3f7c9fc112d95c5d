"""`escalate clocks`: the law's clocks, where each comes from, and what one case carries."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import clocks_page as page
from cli.output import USAGE, AsJson, print_json, say, show, stop
from runbooks.errors import RunbookProblems
from runbooks.statutes.facts import read_facts
from runbooks.statutes.resolver import compute
from runbooks.statutes.resolver import resolve as resolved
from runbooks.statutes.table import Statute, calendars, find, meant, statutes
from workers.clock import SystemClock

app = typer.Typer(
    help="The law's clocks: rows with provenance, and what one case carries. Not legal advice.",
    no_args_is_help=True,
)

Day = Annotated[str | None, typer.Option("--on", help="The day of the law, yyyy-mm-dd.")]


@app.command(name="list")
def list_(
    *,
    on: Day = None,
    group: Annotated[str | None, typer.Option(help="B1 to B6 only.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="EU, US, US-CA, … only.")] = None,
    json_: AsJson = False,
) -> None:
    """Every row is listed with its length, its mark and whether it is law that day."""
    day = _day(on)
    rows = [
        statute
        for statute in statutes().values()
        if (group is None or statute.group == group.upper())
        and (jurisdiction is None or statute.row.jurisdiction == jurisdiction.upper())
    ]
    if json_:
        print_json([page.record(statute, day) for statute in rows])
        return
    show(page.listing(rows, day))
    say(page.advice())


@app.command(name="show")
def show_(row: str, *, on: Day = None, json_: AsJson = False) -> None:
    """The row ROW (`EU-TCO3-1h` or `EU-TCO3-1h@1`) is printed with everything that backs it."""
    statute = _find(row)
    day = _day(on)
    if json_:
        print_json(page.record(statute, day))
        return
    show(page.details(statute, day))
    say(page.advice())


@app.command()
def resolve(
    facts: Annotated[Path, typer.Argument(help="YAML: the facts of a case.", exists=True)],
    *,
    json_: AsJson = False,
) -> None:
    """The rows a case with these facts carries are printed, each with its reason."""
    try:
        known = read_facts(facts.read_bytes(), file=str(facts))
    except RunbookProblems as problems:
        stop(str(problems), mend=problems.problems[0].mend)
    found = resolved(known)
    if json_:
        print_json(page.resolution_record(found))
        return
    for part in page.resolution(found):
        show(part)
    say(page.advice())


@app.command()
def due(
    row: str,
    *,
    from_: Annotated[
        str, typer.Option("--from", help="The instant of the start event, with its offset.")
    ],
    calendar: Annotated[
        str | None, typer.Option(help="Another calendar than the row's: ie, de, us-ny, …")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Both instants of ROW for an event at that instant are printed: careful, and last lawful."""
    statute = _find(row)
    begun = _instant(from_)
    known = calendars()
    if calendar is not None and calendar not in known:
        stop(
            f'no calendar is called "{calendar}"', mend=f"There are: {', '.join(known)}", code=USAGE
        )
    days = known[calendar or statute.row.calendar]
    try:
        running = compute(statute, begun=begun, calendar=days)
    except (OverflowError, ValueError):
        stop(f"{from_} is too far from now for a calendar", code=USAGE)
    if json_:
        written: dict[str, Any] = page.due_record(statute, running)
        print_json(written | {"calendar": calendar or statute.row.calendar})
        return
    for line in page.timeline(statute, running, days):
        say(line)
    say(page.advice())


def _find(reference: str) -> Statute:

    statute = find(reference)
    if statute is None:
        close = meant(reference)
        stop(
            f'no row is called "{reference}"',
            mend=f'Did you mean "{close}"?' if close else "`escalate clocks list` shows them.",
            code=USAGE,
        )
    return statute


def _day(written: str | None) -> date:

    if written is None:
        return asyncio.run(SystemClock().now()).date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        stop("--on takes a day like 2026-11-22", code=USAGE)


def _instant(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = datetime.min  # noqa: DTZ901 - no instant at all, refused below
    if at.utcoffset() is None:
        stop("--from takes an instant with its offset, like 2026-11-20T16:59+01:00", code=USAGE)
    return at
