"""`escalate runbook simulate`: a week of cases on the real engine, played by people of a model."""

import asyncio
import json
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.output import REFUSED, UNREACHABLE, USAGE, AsJson, note, show, stop
from cli.runbook_folder import texts_of
from runbooks import Runbook, RunbookProblems, load_runbook

if TYPE_CHECKING:
    from workers.engine import Engine
    from workers.simulation.model import Model
    from workers.simulation.play import Progress as Seen
    from workers.simulation.simulation import Order, Simulated


Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Runbooks; default: all there are.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--runbooks", help="A team's own runbooks, beside the library.", file_okay=False),
]


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(simulate)


def simulate(
    names: Names = None,
    *,
    cases: Annotated[int, typer.Option(min=1, help="How many cases arrive.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same account.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="Within how many days.")] = 7,
    begins: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The Monday on which the week begins; default: the coming one.",
        ),
    ] = None,
    faults: Annotated[
        str,
        typer.Option(
            help="no-shows, provider-outage, worker-crash, or a scenario of the model: "
            "order-storm, attack, leak, ban-wave, fake-requests, crisis, election; comma-separated."
        ),
    ] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show what the cases went through, and what not.")
    ] = False,
    tabletop: Annotated[
        bool, typer.Option("--tabletop", help="Step through one case yourself.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write account, coverage, cases and pictures into DIR.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Your own model instead of the one that ships.", exists=True)
    ] = None,
    runbooks: Folder = None,
    json_: AsJson = False,
) -> None:
    """Cases of these runbooks are played to their end on the real engine, in virtual time.

    Exit code 1 when a case is stuck or a journal forked.
    """
    chosen = _chosen(names or [], runbooks)
    order = replace(
        _order(chosen, cases=cases, seed=seed, days=days, faults=faults, model=model),
        begins=_monday(begins),
    )
    if not names and order.lacking:
        note(f"not played, for the library lacks them: {', '.join(order.lacking)}")
    quiet()
    if tabletop:
        from cli.tabletop import tabletop as play_one

        raise typer.Exit(_run(play_one(order)))
    raise typer.Exit(_run(_play(order, out=out, coverage=coverage, json_=json_)))


async def _play(order: "Order", *, out: Path | None, coverage: bool, json_: bool) -> int:
    from cli.simulate_page import account_page, coverage_page, machine_line, undecided_line
    from workers.simulation.simulation import simulate as simulated_by

    async with engine() as running:
        with bar() as seen:
            found = await simulated_by(order, engine=running, progress=seen)
    if out is not None:
        from workers.simulation.keeping import keep

        for path in keep(found, out=out):
            note(f"written: {path}")
    if json_:
        value = json.loads(found.account.as_json)
        if coverage:
            value["coverage"] = [each.model_dump(mode="json") for each in found.coverage]
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        for part in account_page(found.account):
            show(part)
        if coverage:
            for part in coverage_page(found.coverage):
                show(part)
    note(machine_line(found))
    if undecided := undecided_line(found):
        note(undecided)
    return 0 if _whole(found) else REFUSED


def _whole(found: "Simulated") -> bool:
    return not found.account.stuck and not found.account.forks


@contextmanager
def bar() -> Iterator["Seen"]:
    """A bar on stderr with the time that is left."""
    columns = (
        TextColumn("cases"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cases", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def engine() -> "Engine":
    """A server in memory whose cases can be moved in time; never an installation's own."""
    from workers.engine import Engine

    return Engine.start(simulation=True, listed=False)


def _run(work: Coroutine[None, None, int]) -> int:
    from workers.errors import EngineError

    try:
        return asyncio.run(work)
    except EngineError as error:
        stop(str(error), code=UNREACHABLE)


def _order(
    chosen: Mapping[str, Runbook],
    *,
    cases: int,
    seed: int,
    days: int,
    faults: str,
    model: Path | None,
) -> "Order":
    from pydantic import ValidationError

    from workers.simulation.model import load_model
    from workers.simulation.simulation import Order

    try:
        numbers = load_model(model.read_text(encoding="utf-8") if model is not None else None)
    except ValidationError as refused:
        stop(f"{model} is no model: {refused}", code=USAGE)
    return Order(
        runbooks=chosen,
        cases=cases,
        seed=seed,
        days=days,
        faults=_faults(faults, numbers),
        model=numbers,
    )


def _monday(day: datetime | None) -> datetime | None:
    """The instant at which that day begins, where it is a Monday that has not come."""
    if day is None:
        return None
    from workers.clock import SystemClock

    begins = day.replace(tzinfo=UTC)
    if begins.weekday() or begins <= asyncio.run(SystemClock().now()):
        stop(f"{begins.date()} is not a Monday that lies ahead", code=USAGE)
    return begins


def _faults(said: str, model: "Model") -> frozenset[str]:
    from workers.simulation.faults import Fault

    words = [word.strip() for word in said.split(",") if word.strip()]
    known = [*(fault.value for fault in Fault), *model.scenarios]
    for word in words:
        if word not in known:
            stop(f'no fault is called "{word}"; there are: {", ".join(known)}', code=USAGE)
    return frozenset(words)


def _chosen(names: list[str], folder: Path | None) -> dict[str, Runbook]:
    """The runbooks of these names, a team's own before the library's; all where none is named."""
    texts = texts_of(folder)
    try:
        there = [load_runbook(text, file=file) for file, text in texts.items()]
    except RunbookProblems as problems:
        stop(str(problems))
    by_name = {runbook.name: runbook for runbook in there}
    for name in names:
        if name not in by_name:
            known = ", ".join(sorted(by_name))
            stop(f'no runbook is called "{name}"; there are: {known}', code=USAGE)
    return {name: by_name[name] for name in sorted(set(names) or set(by_name))}


def quiet() -> None:
    """What goes wrong on the way is said once, by the command."""
    from workers.settings import Settings
    from workers.telemetry import configure_telemetry

    settings = Settings.load({"ESCALATE_TELEMETRY__LOG_LEVEL": "error"})
    configure_telemetry(settings, process="simulate")
