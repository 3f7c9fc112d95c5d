"""`escalate audit replay`: today's code does it all again, for an export or for all that runs."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.at_work import Address, at_work
from cli.output import REFUSED, USAGE, AsJson, print_json, say, stop
from cli.reading_text import span

if TYPE_CHECKING:
    from audit.findings import Replayed
    from audit.live_replay import Seen

_MOST_JOBS = 8
_INCOMPLETE = 2


def register(app: typer.Typer) -> None:
    """The command stands in `escalate audit`."""
    app.command()(replay)


def replay(
    folder: Annotated[Path | None, typer.Argument(help="An export's folder.")] = None,
    *,
    every: Annotated[
        bool,
        typer.Option("--all", help="Everything that runs in the namespace: the gate of a release."),
    ] = False,
    closed: Annotated[
        str, typer.Option(metavar="SPAN", help="--all: also what ended so lately, like 12h or 7d.")
    ] = "1d",
    most_closed: Annotated[
        int, typer.Option(min=0, help="--all: of that so many at most; 0: none.")
    ] = 200,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="--all: processes; default: processors, 8 at most.")
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="--all: show what differs, which is the case's content")
    ] = False,
    address: Address = None,
    json_: AsJson = False,
) -> None:
    """Today's code does it all again; every difference is named with its event.

    Exit code 1 when something differs. A case that goes on is replayed as far as it is. With --all
    2 when nothing differs in what was looked at, and something could not be looked at.
    """
    from audit.errors import AuditError

    if (folder is None) is not every:
        stop("name one export's folder, or --all", code=USAGE)
    try:
        if folder is not None:
            _tell_export(asyncio.run(_replay_one(folder)), json_=json_)
            return
        within = span(closed)
        bounds = (within, most_closed, jobs or min(os.cpu_count() or 1, _MOST_JOBS))
        seen = asyncio.run(_replay_all(address, *bounds, values=values))
    except AuditError as error:
        stop(str(error), code=REFUSED)
    _tell_all(seen, json_=json_)


def _tell_export(replayed: "dict[str, Replayed]", *, json_: bool) -> None:
    if json_:
        print_json(
            {
                name: {**item.model_dump(mode="json", exclude={"derived"}), "ok": item.ok}
                for name, item in replayed.items()
            }
        )
    else:
        for name, item in replayed.items():
            state = ("replays" if item.ok else "DIFFERS") + (", goes on" if item.open else "")
            state += ", shadow" if item.shadow else ""
            say(
                f"case {name}: {state} ({item.events} events, {item.commands} commands, "
                f"{item.entries} entries)"
            )
            for finding in item.findings:
                say(f"  {finding}")
    if not all(item.ok for item in replayed.values()):
        raise typer.Exit(REFUSED)


async def _replay_one(folder: Path) -> "dict[str, Replayed]":
    from audit.strict_replay import strict_replay
    from audit.verify import read_export

    export = read_export(folder)
    number = export.manifest.number
    replayed = {number: await strict_replay(export.history, export.entries)}
    for name, owed in export.owed.items():
        if owed.history.runs:
            replayed[f"{number} {name}"] = await strict_replay(owed.history, owed.lines.entries)
    return replayed


async def _replay_all(
    address: str | None, within: timedelta, most: int, jobs: int, *, values: bool
) -> "list[Seen]":
    from audit.live_replay import Looking, ahead, look_at
    from audit.live_runs import Lately, live_runs
    from audit.replay_pool import replaying

    async with at_work(address) as (home, client):
        lately = Lately(within=within, most=most)
        going_on, ended = await live_runs(
            client, home.store, at=await home.clock.now(), lately=lately
        )
        workflows = [*going_on, *ended]
        seen: list[Seen] = []
        with _bar(len(workflows)) as told:
            async with replaying(len(workflows), jobs=jobs) as one:
                looking = Looking(client=client, store=home.store, replay=one, values=values)
                async for each in look_at(workflows, looking.at, at_once=ahead(jobs)):
                    seen.append(each)
                    told(sum(bool(item.breaks) for item in seen))
    return sorted(seen, key=lambda each: (not each.breaks, not each.unseen, each.workflow_id))


@contextmanager
def _bar(number: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, with how many would break; nothing where no terminal is."""
    columns = (
        TextColumn("replayed"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[breaks]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=number, breaks="")

        def told(breaks: int) -> None:
            bar.update(task, advance=1, breaks=f"{breaks} would break" if breaks else "")

        yield told


def _tell_all(seen: "list[Seen]", *, json_: bool) -> None:
    breaks = [each for each in seen if each.breaks]
    unseen = [each for each in seen if each.unseen]
    outcome, code = "PASS", 0
    if breaks:
        outcome, code = "FAIL", REFUSED
    elif unseen:
        outcome, code = "INCOMPLETE", _INCOMPLETE
    if json_:
        print_json({"outcome": outcome, **_counted(seen), "workflows": [*map(_written, seen)]})
    else:
        for each in breaks:
            for finding in each.breaks:
                place = f"{each.workflow_id} (case {each.number}) run {finding.run or '?'}"
                say(f"{place}: would break: {finding}")
        for each in unseen:
            say(f"{each.workflow_id} (case {each.number or '?'}): not looked at: {each.unseen}")
        counted = ((name.replace("_", " "), number) for name, number in _counted(seen).items())
        told = ", ".join(f"{number} {name}" for name, number in counted if number)
        say(f"{outcome}: {told or 'nothing runs here'}")
    if code:
        raise typer.Exit(code)


def _counted(seen: "list[Seen]") -> dict[str, int]:
    looked = [each for each in seen if not each.unseen and not each.erased]
    return {
        "replayed": len(looked),
        "open": sum(each.open for each in looked),
        "would_break": sum(bool(each.breaks) for each in seen),
        "not_looked_at": sum(bool(each.unseen) for each in seen),
        "erased": sum(each.erased for each in seen),
        "events": sum(each.events for each in looked),
    }


def _written(each: "Seen") -> dict[str, Any]:
    return {**each.model_dump(mode="json"), "ok": each.ok}
