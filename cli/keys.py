"""`escalate keys`: show public keys, renew keys, revoke those that got into wrong hands."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from cli.output import AsJson, errors, local, note, print_json, say, show, stop, table
from workers.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from store import Rotated

app = typer.Typer(help="Renew keys, and revoke those in wrong hands.", no_args_is_help=True)


@app.command()
def public() -> None:
    """The public keys of root and log, as `escalate audit verify --keys` takes them.

    Hand them to whoever is to check exports, by another way than the exports.
    """
    from gateway.log_key import log_key_in
    from gateway.signer import ROOT_FILE, load_or_create_keys

    folder = Settings.load().keys
    log = log_key_in(folder)
    if log is None or not (folder / ROOT_FILE).is_file():
        stop(f"there are no keys in {folder}", mend="They are made at the gateway's first start.")
    print_json({"root": load_or_create_keys(folder).root_key, "log": str(log)})


@app.command(name="renew-door")
def renew_door(*, json_: AsJson = False) -> None:
    """New acts are signed by a new door key, from the gateway's next start on."""
    from workers.rekeying import renew_door_key

    renewed = renew_door_key(Settings.load())
    if json_:
        print_json(renewed.model_dump())
        return
    say(f"door key {renewed.before} gave way to {renewed.after}")
    note("restart every gateway; acts signed before stay valid")


@app.command(name="list")
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


@app.command(name="rotate-kek")
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


@app.command(name="retire-kek")
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


@app.command()
def revoke(
    keys: Annotated[list[str], typer.Argument(help="Key ids, as renew-door printed them.")],
    *,
    address: Annotated[
        str | None, typer.Option(help="host:port of the running engine; default: the settings'.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in every open case.")] = "",
    json_: AsJson = False,
) -> None:
    """Acts under these door keys count no more in any open case; their rounds ask again."""
    from workers import rekeying
    from workers.errors import NotSetUpError
    from workers.house import house
    from workers.worker import client_of

    async def run() -> rekeying.Revoked:
        settings = Settings.load()
        port = settings.engine.port
        where = address or settings.engine.address or (f"127.0.0.1:{port}" if port else None)
        if where is None:
            raise NotSetUpError(
                "the running engine's address is not known",
                mend="Give --address as `escalate up` printed it, or set ESCALATE_ENGINE__PORT.",
            )
        async with house(settings) as home:
            client = await client_of(home, address=where)
            return await rekeying.revoke_door_keys(
                settings,
                home.store,
                client,
                keys=tuple(keys),
                reason=reason,
                at=await home.clock.now(),
            )

    revoked = asyncio.run(run())
    if json_:
        print_json(revoked.model_dump())
    else:
        say(f"{revoked.told} open cases were told; {revoked.gone} had ended")
