"""`escalate keys build|certify-build|workers|revoke-worker`: which code may work, whose keys."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import AsJson, local, note, print_json, say, show, stop, table
from workers.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from workers.certifying import WorkerLine

_RootFile = Annotated[
    Path | None, typer.Option("--root", help="The root's private key; default: root.pem here.")
]
_SHOWN = 12


def register(app: typer.Typer) -> None:
    """The commands belong to the others on keys."""
    app.command(name="build")(build)
    app.command(name="certify-build")(certify_build)
    app.command(name="workers")(workers)
    app.command(name="revoke-worker")(revoke_worker)


def build(*, json_: AsJson = False) -> None:
    """The digest of the code that is installed here, as the keyring lists it."""
    from audit.bundle.code import source_digest
    from audit.log.keyring_note import build_digest

    digest = build_digest(source_digest())
    if json_:
        print_json({"build": digest})
        return
    say(digest)


def certify_build(
    digest: Annotated[
        str | None, typer.Argument(help="As `keys build` prints it; default: the code here.")
    ] = None,
    *,
    root: _RootFile = None,
    overlap: Annotated[
        int | None,
        typer.Option(min=0, help="Every other build counts so many days more; default: no end."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """The root says that workers may run this code; once it lists builds, no other code may work.

    The note goes into every export from then on; put it into the gateways' keys folder.
    """
    from audit.bundle.code import source_digest
    from audit.log.errors import LogError
    from workers import keyrings

    settings = Settings.load()
    wanted = digest or source_digest()
    try:
        made = keyrings.certify_build(
            settings,
            build=wanted,
            root=keyrings.root_in(settings, root),
            at=asyncio.run(SystemClock().now()),
            others=timedelta(days=overlap) if overlap is not None else None,
        )
    except LogError as error:
        stop(str(error), mend="`escalate keys build` prints a digest, `keys keyring` all of them.")
    if json_:
        print_json({"build": wanted.removeprefix("sha256:"), "keyring": made.number})
        return
    say(f"keyring {made.number}: workers may run {wanted.removeprefix('sha256:')[:_SHOWN]}")
    note("workers that were refused start again by hand")


def workers(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that ended days ago.")] = False,
    json_: AsJson = False,
) -> None:
    """Workers' own keys: which code each runs, how its certificate stands, until when it counts."""
    from workers.certifying import workers_of

    async def run() -> "list[WorkerLine]":
        return await workers_of(Settings.load(), at=await SystemClock().now(), every=every)

    lines = asyncio.run(run())
    if json_:
        print_json([line.model_dump(mode="json") for line in lines])
        return
    show(
        table(
            "key",
            "build",
            "on",
            "state",
            "runbooks",
            "until",
            rows=[
                (
                    line.key,
                    line.build[:_SHOWN],
                    line.host,
                    f"{line.state}: {line.said}" if line.said else line.state,
                    line.runbooks,
                    local(line.not_after.isoformat() if line.not_after else None),
                )
                for line in lines
            ],
        )
    )


def revoke_worker(
    keys: Annotated[list[str], typer.Argument(help="Keys, as `keys workers` lists them.")],
    *,
    root: _RootFile = None,
    reason: Annotated[str, typer.Option(help="Why; the worker says it when it stops.")] = "",
    json_: AsJson = False,
) -> None:
    """The keys count no more from now on, and the workers that have them stop.

    Take away what let them in as well: a process that starts anew asks with a new key.
    """
    from audit.log.errors import LogError
    from workers.certifying import revoke_workers
    from workers.keyrings import root_in

    async def run() -> int:
        settings = Settings.load()
        return await revoke_workers(
            settings,
            keys=tuple(keys),
            root=root_in(settings, root),
            reason=reason,
            at=await SystemClock().now(),
        )

    try:
        number = asyncio.run(run())
    except LogError as error:
        stop(str(error), mend="`escalate keys keyring` shows what the root has said.")
    if json_:
        print_json({"revoked": list(keys), "keyring": number})
        return
    say(f"keyring {number} revokes {len(keys)} keys of workers")
    note("hand the new note to verifiers: exports made before have the older one")
