"""`escalate keys list|rotate-kek|retire-kek`: the key that wraps the keys of cases."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from cli.output import AsJson, errors, local, note, print_json, say, show, table
from workers.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from store import Rotated


def register(app: typer.Typer) -> None:
    """The commands belong to the others on keys."""
    app.command(name="list")(list_epochs)
    app.command(name="rotate-kek")(rotate_kek)
    app.command(name="retire-kek")(retire_kek)


def list_epochs(*, json_: AsJson = False) -> None:
    """The key-encryption keys there were: which wraps what is new, and what each wraps still."""
    from workers import rekeying

    lines = asyncio.run(rekeying.epochs_of(Settings.load()))
    if json_:
        print_json([line.model_dump(mode="json") for line in lines])
        return
    show(
        table(
            "epoch",
            "kept in",
            "state",
            "wraps",
            "begun",
            rows=[
                (
                    line.epoch,
                    line.source,
                    line.state,
                    line.wraps,
                    local(line.begun_at.isoformat() if line.begun_at else None),
                )
                for line in lines
            ],
        )
    )


def rotate_kek(
    *,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Keys in one transaction.")] = 200,
    json_: AsJson = False,
) -> None:
    """A new epoch wraps every case's key, while everything runs; killed half-way, call it again."""
    from workers import rekeying

    async def run(tell: Callable[[int, int], None]) -> "Rotated":
        at = await SystemClock().now()
        return await rekeying.rotate_kek(Settings.load(), at=at, batch=batch, tell=tell)

    with Progress(console=errors, transient=True) as progress:
        bar = progress.add_task("wrapping keys anew", total=None)
        rotated = asyncio.run(run(lambda done, of: progress.update(bar, completed=done, total=of)))
    if json_:
        print_json(rotated.model_dump())
        return
    say(f"{rotated.wrapped} keys wrapped anew; the epoch is {rotated.after}")
    for before in rotated.before:
        note(f"{before} wraps nothing now: `escalate keys retire-kek {before}` destroys it")
    note("make a backup now: those made before need the earlier key")


def retire_kek(
    epoch: Annotated[str, typer.Argument(help="Which, as `keys list` names it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: AsJson = False,
) -> None:
    """The epoch's key is destroyed: backups made in its time can be read by nobody any more."""
    from workers import rekeying

    if not yes:
        typer.confirm(
            f"Backups made while {epoch} was present become unreadable for ever. Go on?",
            abort=True,
            err=True,
        )

    async def run() -> None:
        await rekeying.retire_kek(Settings.load(), epoch, at=await SystemClock().now())

    asyncio.run(run())
    if json_:
        print_json({"retired": epoch})
        return
    say(f"epoch {epoch} is retired")
