"""`escalate keys`: public keys and the keyring; renew keys, revoke those in wrong hands."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import key_epochs, key_workers
from cli.output import USAGE, AsJson, note, print_json, say, show, stop, table
from workers.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from audit.log.keyring_note import KeyringNote, Role

app = typer.Typer(help="Renew keys, and revoke those in wrong hands.", no_args_is_help=True)
key_epochs.register(app)
key_workers.register(app)


@app.command()
def public() -> None:
    """The public keys of root and log, as `escalate audit verify --keys` takes them.

    Hand them to whoever is to check exports, by another way than the exports.
    """
    from gateway.log_key import log_keys_in
    from gateway.signer import ROOT_FILE, load_or_create_keys

    folder = Settings.load().keys
    logs = [str(key) for key in log_keys_in(folder)]
    if not logs or not (folder / ROOT_FILE).is_file():
        stop(f"there are no keys in {folder}", mend="They are made at the gateway's first start.")
    log = logs[0] if len(logs) == 1 else logs
    print_json({"root": load_or_create_keys(folder).root_key, "log": log})


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


@app.command(name="renew-log")
def renew_log(*, json_: AsJson = False) -> None:
    """The log is signed by a new key and the old one together, from the gateways' next start on."""
    from gateway.errors import KeysUnusableError
    from gateway.log_key import renew_log_key

    try:
        signer = renew_log_key(Settings.load().keys)
    except KeysUnusableError as error:
        stop(str(error), mend=error.mend)
    told = {"after": str(signer.key), "before": [str(each.key) for each in signer.beside]}
    if json_:
        print_json(told)
        return
    say(str(signer.key))
    note(
        "restart every gateway; give the new key to witnesses and verifiers and sign the keyring; "
        "then `escalate keys retire-log`"
    )


@app.command(name="retire-log")
def retire_log(*, json_: AsJson = False) -> None:
    """The log's key before the present one signs no more, from the gateways' next start on."""
    from gateway.errors import KeysUnusableError
    from gateway.log_key import retire_log_key

    try:
        retired = retire_log_key(Settings.load().keys)
    except KeysUnusableError as error:
        stop(str(error), mend=error.mend)
    if json_:
        print_json({"retired": str(retired)})
        return
    say(str(retired))
    note("restart every gateway, and sign the keyring: what it signed stays valid")


@app.command(name="sign-keyring")
def sign_keyring(
    *,
    root: Annotated[
        Path | None, typer.Option(help="The root's private key; default: root.pem of the keys.")
    ] = None,
    revoke: Annotated[
        list[str] | None,
        typer.Option(help="A key that counts no more from now on: as `keys keyring` spells it."),
    ] = None,
    overlap: Annotated[
        int, typer.Option(min=0, help="Days that a key which was replaced still counts.")
    ] = 0,
    add: Annotated[
        list[str] | None,
        typer.Option(help="ROLE=VKEY of a key no file here tells: approver, worker, break-glass."),
    ] = None,
    tsa_cert: Annotated[
        list[Path] | None, typer.Option(help="PEM of a certificate that stamps the time.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """The root says anew which keys count: doors, log, witnesses of the policy, and what is added.

    The note goes into every export from then on; hand it to verifiers after a revocation.
    """
    from audit.log.errors import LogError
    from workers.keyrings import root_in
    from workers.keyrings import sign_keyring as signed

    settings = Settings.load()
    try:
        made = signed(
            settings,
            root=root_in(settings, root),
            at=asyncio.run(SystemClock().now()),
            revoke=revoke or (),
            overlap=timedelta(days=overlap),
            add=_added(add or ()),
            certificates=[file.read_bytes() for file in tsa_cert or ()],
        )
    except (LogError, ValueError) as error:
        stop(str(error), mend="`escalate keys keyring` shows how keys are spelt.")
    except OSError as error:
        stop(f"--tsa-cert: {error.strerror}", code=USAGE)
    if json_:
        print_json(_told(made))
        return
    say(f"keyring {made.number} lists {len(made.keys)} keys")


@app.command()
def keyring(
    file: Annotated[
        Path | None, typer.Argument(help="A keyring note; default: this installation's.")
    ] = None,
    *,
    json_: AsJson = False,
) -> None:
    """Which keys count, since when and until when, once the root's signature is held against it."""
    from audit.log.errors import LogError
    from workers.keyrings import keyring_in

    try:
        note_ = keyring_in(Settings.load(), file=file)
    except LogError as error:
        stop(f"the keyring does not hold: {error}", mend="Sign it anew where the root key is.")
    if json_:
        print_json(_told(note_))
        return
    rows = [
        (each.role, each.key, *(_moment(at) for at in (each.since, each.until, each.revoked)))
        for each in note_.keys
    ]
    show(table("role", "key", "since", "until", "revoked", rows=rows))
    note(f"number {note_.number}, signed by the root at {_moment(note_.at)}")


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


def _added(words: Iterable[str]) -> "dict[str, Role]":
    from audit.log.keyring_note import Role

    found: dict[str, Role] = {}
    for word in words:
        role, _, key = word.partition("=")
        if role not in tuple(Role) or not key:
            stop(f"--add {word}: say ROLE=VKEY", code=USAGE)
        found[key] = Role(role)
    return found


def _told(note_: "KeyringNote") -> dict[str, Any]:
    return {
        "number": note_.number,
        "at": _moment(note_.at),
        "keys": [
            {
                "role": each.role.value,
                "key": each.key,
                "since": _moment(each.since),
                "until": _moment(each.until),
                "revoked": _moment(each.revoked),
            }
            for each in note_.keys
        ],
    }


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
