"""`escalate keys`: show public keys, renew keys, revoke those that got into wrong hands."""

import asyncio
from typing import Annotated

import typer

from cli.output import AsJson, note, print_json, say, stop
from workers.clock import SystemClock
from workers.settings import Settings

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


@app.command(name="renew-kek")
def renew_kek(*, json_: AsJson = False) -> None:
    """Every case key is wrapped by a new key-encryption key; wants workers and gateways stopped."""
    from workers import rekeying

    async def run() -> rekeying.Renewed:
        return await rekeying.renew_kek(Settings.load(), at=await SystemClock().now())

    renewed = asyncio.run(run())
    if json_:
        print_json(renewed.model_dump())
        return
    say(f"key-encryption key {renewed.before} gave way to {renewed.after}")
    note("make a backup now; the old key is kept beside the new one for older backups")


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
