"""`escalate log witness`: the one elsewhere who vouches that a log only ever grows.

Runs where nobody who runs the log can reach it, with a folder of its own: no store, no engine, no
setting of an installation is read.
"""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import USAGE, note, say, stop

if TYPE_CHECKING:
    from audit.log.cosignature import WitnessSigner
    from audit.log.note import NoteKey
    from audit.log.witness_state import WitnessState

KEY_FILE, PUBLIC_FILE = "witness.pem", "witness.vkey"
_AT_ONCE = 64
"""Logs ask one after the other, and each request is one signature and one sync of the disk."""


def witness(
    folder: Annotated[Path, typer.Argument(help="The witness's own folder: its key, its state.")],
    *,
    log: Annotated[
        list[str],
        typer.Option(help="Public key of a log to vouch for, as `keys public` prints it; repeat."),
    ],
    name: Annotated[
        str, typer.Option(help="What a witness that begins now is called: a host and path.")
    ] = "",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = a free one.")] = 8090,
) -> None:
    """Vouches for logs it watches grow (C2SP tlog-witness), until it is stopped.

    Prints its public key and where it listens. Put TLS before it where others can reach it.
    """
    from audit.log.errors import LogError
    from audit.log.note import NoteKey
    from gateway.errors import KeysUnusableError
    from workers.telemetry import log_alone

    try:
        logs = [NoteKey.parse(each) for each in log]
    except LogError as error:
        stop(f"--log: {error}", mend="`escalate keys public` prints it under log.", code=USAGE)
    log_alone("witness")
    try:
        signer, state = open_witness(folder, name=name)
        with state:
            asyncio.run(_serve(signer, state, logs, host=host, port=port))
    except (LogError, KeysUnusableError) as error:
        stop(str(error), mend=error.mend)
    except OSError as error:
        stop(f"{folder}, or {host}:{port}: {error.strerror}")


def open_witness(folder: Path, *, name: str) -> "tuple[WitnessSigner, WitnessState]":
    """Key and state of this witness; both are made where there is neither."""
    from audit.log.witness_state import WitnessState

    file, public = folder / KEY_FILE, folder / PUBLIC_FILE
    state = WitnessState.opened(folder, has_key=file.exists() or public.exists())
    try:
        return _signer(file, public, name=name), state
    except BaseException:
        state.close()
        raise


def _signer(file: Path, public: Path, *, name: str) -> "WitnessSigner":
    from audit.log.cosignature import WitnessKey, WitnessSigner
    from audit.log.witness_state import WitnessStateError
    from gateway.signer import read_or_create

    if public.exists() and not file.exists():
        raise WitnessStateError(f"{KEY_FILE} is missing beside {PUBLIC_FILE}")
    if not public.exists():
        if not name:
            stop("a new witness needs a --name", mend="For example witness.example.org/w1.")
        made = WitnessSigner(name=name, private=read_or_create(file))
        public.write_text(f"{made.key}\n", encoding="utf-8")
    key = WitnessKey.parse(public.read_text(encoding="utf-8").strip())
    signer = WitnessSigner(name=key.name, private=read_or_create(file))
    if signer.key != key:
        raise WitnessStateError(f"{PUBLIC_FILE} is not the public key of {KEY_FILE}")
    return signer


async def _serve(
    signer: "WitnessSigner", state: "WitnessState", logs: "list[NoteKey]", *, host: str, port: int
) -> None:
    import uvicorn

    from audit.log.witness import Witness
    from audit.log.witness_door import witness_app
    from gateway.serve import listen
    from workers.clock import SystemClock

    app = witness_app(Witness(signer, logs=logs, state=state), key=signer.key, clock=SystemClock())
    listening = listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=_AT_ONCE,
    )
    server = uvicorn.Server(config)
    say(str(signer.key))
    bound = listening.getsockname()
    say(f"http://{bound[0]}:{bound[1]}")
    note(f"vouches for {', '.join(each.name for each in logs)}; Ctrl-C ends it")
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        await server.serve(sockets=[listening])
    listening.close()
