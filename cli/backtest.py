"""`escalate runbook backtest`: cases that are over, played under an edited runbook."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.output import REFUSED, UNREACHABLE, USAGE, AsJson, note, show, stop
from cli.simulate import bar, engine, quiet
from runbooks import Runbook, RunbookProblems, load_runbook

if TYPE_CHECKING:
    from workers.backtest.backtest import Backtest, Cases

Found = TypeVar("Found")

Edited = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", help="The edited runbooks.", exists=True, dir_okay=False, readable=True
    ),
]


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(backtest)


def backtest(
    files: Edited,
    *,
    cases: Annotated[
        list[Path],
        typer.Option(
            metavar="DIR",
            help="What `simulate --out` left, an export, or a folder of exports; may be repeated.",
            exists=True,
            file_okay=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write result, changed cases and picture into DIR.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="How many changed cases are shown.")] = 8,
    json_: AsJson = False,
) -> None:
    """What an edit would have made of cases that are over: differences, examples, assumptions.

    Exit code 1 when a case does not end under the edited runbook.
    """
    from workers.backtest.backtest import read_cases
    from workers.backtest.errors import BacktestError

    edited = {book.name: book for book in map(_loaded, files)}
    quiet()
    try:
        found = _run(_play(read_cases(cases), edited))
    except BacktestError as error:
        stop(str(error), code=USAGE)
    if out is not None:
        from workers.backtest.keeping import keep

        for path in keep(found, out=out):
            note(f"written: {path}")
    if json_:
        typer.echo(found.as_json, nl=False)
    else:
        from cli.backtest_page import backtest_page

        for part in backtest_page(found, examples=examples):
            show(part)
    raise typer.Exit(REFUSED if found.stuck else 0)


async def _play(cases: "Cases", edited: dict[str, Runbook]) -> "Backtest":
    from workers.backtest.backtest import backtest as played

    async with engine() as running:
        with bar() as seen:
            return await played(cases, edited, engine=running, progress=seen)


def _loaded(path: Path) -> Runbook:
    try:
        return load_runbook(path.read_bytes(), file=str(path))
    except RunbookProblems as problems:
        stop(str(problems))


def _run(work: Coroutine[None, None, Found]) -> Found:
    from workers.errors import EngineError

    try:
        return asyncio.run(work)
    except EngineError as error:
        stop(str(error), code=UNREACHABLE)
