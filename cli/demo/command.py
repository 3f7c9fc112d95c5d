"""The command: what it prints, and how it ends."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from cli.demo.installation import Installation, installation
from cli.demo.play import Account, Told, play
from cli.demo.scenes import SEEDED
from cli.demo.stories import PLAYED
from workers.errors import EngineError, NotSetUpError
from workers.settings import Settings
from workers.telemetry import configure_telemetry

app = typer.Typer()

FAILED = 1
UNREACHABLE = 3


@app.command()
def demo(
    *,
    auto: Annotated[
        bool, typer.Option("--auto", help="Play the people too, verify every case, and exit.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Keep each closed case's export under DIR/exports/.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (with --auto).")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="Keep the demo's data here; default: a folder of its own.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.")] = 8080,
    runbooks: Annotated[
        Path | None,
        typer.Option(help="A team's folder, whose routing.yaml holds.", file_okay=False),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget what an earlier demo left in its folder.")
    ] = False,
) -> None:
    """Run the whole of escalate on this machine, with a dozen cases to play with.

    Example: escalate demo --auto --json --out demo-out
    """
    progress = Console(stderr=True)
    try:
        if auto:
            code = asyncio.run(_auto(progress, out=out, as_json=as_json))
        else:
            staying = _stay(progress, home=home, port=port, reset=reset, runbooks=runbooks)
            code = asyncio.run(staying)
    except (EngineError, NotSetUpError) as error:
        progress.print(f"[red]{error}[/red]")
        code = UNREACHABLE
    raise typer.Exit(code)


async def _auto(progress: Console, *, out: Path | None, as_json: bool) -> int:
    _quiet()
    progress.print("Starting Temporal, worker, gateway and watch …")
    async with installation(home=None) as place:
        progress.print(f"Engine: {place.engine.why}")
        progress.print(f"Playing {len(PLAYED)} cases at {place.base}")
        exports = out / "exports" if out is not None else None
        account = await play(
            place, PLAYED, exports=exports, progress=lambda told: _say(progress, told)
        )
        traces = place.theatre.deeds.failures
    tally = account.tally
    if as_json:
        typer.echo(tally.model_dump_json())
    else:
        _print_account(Console(), account)
    for trace in traces:
        progress.print(trace, markup=False, highlight=False)
    complete = tally.cases == tally.closed == tally.verified == tally.replayed
    return 0 if complete and not tally.failures else FAILED


async def _stay(
    progress: Console, *, home: Path | None, port: int, reset: bool, runbooks: Path | None
) -> int:
    _quiet()
    folder = home or Settings.load({}).home / "demo"
    if reset:
        _forget(folder)
    progress.print("Starting Temporal, worker, gateway and watch …")
    async with installation(home=folder, port=port, keep=True, runbooks=runbooks) as place:
        _print_welcome(progress, place)
        seeded = await place.house.store.views.counts()
        if not seeded.by_status:
            progress.print(f"Seeding {len(SEEDED)} cases …")
            await play(
                place,
                SEEDED,
                exports=None,
                progress=lambda told: _say(progress, told),
                checked=False,
            )
        _print_welcome(progress, place)
        progress.print("Press Ctrl-C to stop; everything is kept for the next time.")
        await _until_told_to_stop()
        progress.print("Stopping …")
    return 0


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _say(progress: Console, told: Told) -> None:
    if told.problem:
        progress.print(f"[red]✗[/red] {told.title}: {told.problem}", highlight=False)
    else:
        end = f" → {told.disposition}" if told.disposition else ""
        progress.print(f"[green]✓[/green] {told.title}: case {told.number}{end}", highlight=False)


def _print_welcome(progress: Console, place: Installation) -> None:
    progress.print()
    progress.print(f"[bold]Inbox and cases[/bold]  {place.base}/")
    progress.print(f"[bold]Demo page[/bold]        {place.base}/demo   (outbox, skip ten minutes)")
    progress.print(f"[bold]Temporal[/bold]         {place.engine.address}   {place.engine.why}")
    # The secret is to be copied: it may be folded, never cut short.
    secret_column = Column("second factor (TOTP secret)", overflow="fold")
    table = Table("log in as", "password", "roles", secret_column)
    for name, roles, secret in place.log_ins:
        table.add_row(name, "demo", roles, secret)
    progress.print(table)


def _print_account(console: Console, account: Account) -> None:
    table = Table("case", "story", "ended as", "entries", "verified")
    for told in account.told:
        table.add_row(
            told.number or "—",
            told.title,
            told.disposition or told.problem[:60] or "—",
            str(told.entries or "—"),
            told.verified or "—",
        )
    console.print(table)
    tally = account.tally
    console.print(
        f"{tally.cases} cases opened by signed webhooks, {tally.closed} closed. "
        f"{tally.decisions} decisions and {tally.acts} other acts through pages and links; "
        f"{tally.refusals} refused, as they should be. {tally.notices} notices, each with its "
        f"outcome; {tally.platform_orders} orders carried out by the platform."
    )
    console.print(
        f"{tally.verified} exports verified, {tally.replayed} replayed strictly, "
        f"{len(tally.failures)} failures, {tally.seconds} seconds."
    )


def _forget(folder: Path) -> None:
    for name in ("escalate.db", "escalate.db-wal", "escalate.db-shm", "engine.db", "temporal.log"):
        (folder / name).unlink(missing_ok=True)


def _quiet() -> None:
    configure_telemetry(Settings.load({"ESCALATE_TELEMETRY__LOG_LEVEL": "error"}), process="demo")
