"""`escalate log …`: the transparency log, who vouches for it, and going on without it."""

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from cases.journal import Stream
from cli.log_glass import app as break_glass
from cli.log_witness import witness
from cli.output import REFUSED, USAGE, AsJson, note, print_json, say, stop
from workers.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from audit.log.checkpoint import Checkpoint
    from store import Backlog, LogHead, Pressing, Spooled, Standing, Store

Result = TypeVar("Result")

app = typer.Typer(
    help="Show the transparency log, its checkpoint, and proofs; vouch for one.",
    no_args_is_help=True,
)
app.add_typer(break_glass, name="break-glass")
app.command()(witness)


class Signed(NamedTuple):
    """The last checkpoint, believed under this installation's own key."""

    head: "LogHead"
    checkpoint: "Checkpoint"
    key: str


@app.command()
def show(*, json_: AsJson = False) -> None:
    """How large the log is, under which key, who vouched for it last, and what waits for it."""
    found, behind, standing, pressing, spool = asyncio.run(_with_store(_standing))
    vouched = {
        "stamped_size": standing.stamped_size,
        "stamped_at": standing.stamped_at.isoformat() if standing.stamped_at else None,
        "cosigned_at": {
            key.partition("+")[0]: at.isoformat() for key, at in sorted(standing.cosigned.items())
        },
    }
    signed = found.head.signed_at.isoformat() if found and found.head.signed_at else None
    said: dict[str, Any] = {
        "origin": found.checkpoint.origin if found else None,
        "size": found.checkpoint.size if found else 0,
        "root": _base64(found.checkpoint.root) if found else None,
        "key": found.key if found else None,
        "signed_at": signed,
        **vouched,
        "waiting": behind.pending,
        "oldest_at": behind.oldest_at.isoformat() if behind.oldest_at else None,
        "decisions_waiting": pressing.acts,
        "actions_waiting": pressing.effects,
        "waiting_since": pressing.since.isoformat() if pressing.since else None,
        "spooled": spool.waiting,
    }
    if json_:
        print_json(said)
        return
    by = said.pop("cosigned_at")
    for name, value in said.items():
        say(f"{name.replace('_', ' '):<18} {'—' if value is None else value}")
    for witness_, at in by.items():
        say(f"{'cosigned at':<18} {at} by {witness_}")


@app.command()
def checkpoint(
    *,
    since: Annotated[
        Path | None,
        typer.Option(help="A checkpoint you kept: the log of then must begin the log of now."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """The last checkpoint, as C2SP spells it: keep it where nobody who runs the log can reach it.

    With --since exit code 1 when the log is not what it was: somebody has rewritten it.
    """
    found, kept, proof = asyncio.run(_with_store(lambda store: _since(store, since)))
    said: dict[str, Any] = {"checkpoint": found.head.checkpoint, **_told(found.checkpoint)}
    if kept is not None:
        said["since"] = _told(kept)
        said["consistency"] = [_base64(step) for step in proof]
    if json_:
        print_json(said)
        return
    typer.echo(found.head.checkpoint, nl=False)
    if kept is not None:
        note(f"the log of {kept.size} leaves is the beginning of the log of {said['size']}")


@app.command()
def proof(
    case: Annotated[str, typer.Argument(help="The case's number.")],
    entry: Annotated[int, typer.Argument(min=1, help="Which entry of the stream.")],
    *,
    stream: Annotated[Stream, typer.Option(help="Whose entry: the case's or the doors'.")] = (
        Stream.CASE
    ),
    branch: Annotated[str | None, typer.Option(help="After a reset: the run's own.")] = None,
    json_: AsJson = False,
) -> None:
    """That the entry is in the log, as a C2SP tlog-proof; exit code 2 while it is not yet."""

    async def run(store: "Store") -> dict[str, Any]:
        from audit.log.reader import proofs_of
        from store import MAIN, LogKey

        row = await store.cases.by_number(case)
        if row is None:
            stop(f"there is no case {case}", mend="escalate case list")
        found = await _signed(store)
        key = LogKey(row.id, stream, branch or MAIN, entry)
        made = (await proofs_of(store, row.id, head=found.head)).get(key)
        if made is None:
            stop(
                f"entry {entry} of the {stream} stream is not under a checkpoint",
                mend=f"escalate case timeline {case} shows the entries; escalate log show the rest",
                code=USAGE,
            )
        return {
            "proof": made.data.decode(),
            "index": made.index,
            "leaf": made.extra.decode(),
            **_told(found.checkpoint),
        }

    said = asyncio.run(_with_store(run))
    if json_:
        print_json(said)
    else:
        typer.echo(said["proof"], nl=False)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The log as files: checkpoint and tile/.")],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(help="JSON with the log's key under `log`; else this installation's own."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Check a whole log from its files: leaves, tiles, root and signature.

    Exit code 1 when one of them does not hold, 2 when no key is known.
    """
    from audit.log.errors import LogError
    from audit.log.exported import parse_logs
    from audit.log.whole import check_folder
    from gateway.log_key import log_keys_in

    if keys is not None:
        trusted = parse_logs(keys.read_text(encoding="utf-8"))
    else:
        trusted = frozenset(log_keys_in(Settings.load().keys))
    if not trusted:
        stop(
            "no key of a log is known",
            mend="--keys FILE, with what `escalate keys public` says",
            code=USAGE,
        )
    try:
        found = check_folder(folder, trusted)
    except (LogError, OSError) as error:
        stop(f"{folder}: {error}", mend="It is not the log that was signed.", code=REFUSED)
    if json_:
        print_json(_told(found))
    else:
        say(f"{found.size} leaves are what {found.origin} signed.")


async def _standing(
    store: "Store",
) -> "tuple[Signed | None, Backlog, Standing, Pressing, Spooled]":
    head = await store.log.head()
    return (
        await _signed(store) if head.checkpoint else None,
        await store.log.backlog(),
        await store.vouching.standing(),
        await store.log.pressing(),
        await store.log_spool.standing(),
    )


async def _since(
    store: "Store", since: Path | None
) -> "tuple[Signed, Checkpoint | None, tuple[bytes, ...]]":
    from audit.log.checkpoint import trusted_checkpoint
    from audit.log.errors import LogError
    from audit.log.merkle import extends
    from audit.log.reader import consistency
    from gateway.log_key import log_keys_in

    found = await _signed(store)
    if since is None:
        return found, None, ()
    try:
        kept = trusted_checkpoint(since.read_bytes(), log_keys_in(Settings.load().keys))
    except (OSError, LogError) as error:
        stop(f"{since}: {error}", mend="It is a checkpoint of this log, byte for byte.", code=USAGE)
    now = found.checkpoint
    made: tuple[bytes, ...] = ()
    if kept.size <= now.size:
        made = await consistency(store, earlier=kept.size, size=now.size)
    told = extends(
        earlier=kept.size, earlier_root=kept.root, size=now.size, root=now.root, proof=made
    )
    if not told:
        stop(
            f"the log of {now.size} leaves does not begin with the {kept.size} that were signed "
            "before: it was rewritten or set back",
            mend="Both checkpoints together prove it: keep them, and call your auditors.",
            code=REFUSED,
        )
    return found, kept, made


async def _signed(store: "Store") -> Signed:
    from audit.log.checkpoint import trusted_checkpoint
    from audit.log.vouched import published_head
    from gateway.log_key import log_keys_in

    keys = log_keys_in(Settings.load().keys)
    head = await published_head(store)
    if not keys or not head.checkpoint:
        stop(
            "there is no checkpoint yet",
            mend="A gateway signs the first one with the first case: escalate gateway",
            code=USAGE,
        )
    return Signed(head, trusted_checkpoint(head.checkpoint.encode(), keys), str(keys[0]))


async def _with_store(work: "Callable[[Store], Awaitable[Result]]") -> Result:
    from workers.house import house

    async with house(Settings.load()) as home:
        return await work(home.store)


def _told(checkpoint: "Checkpoint") -> dict[str, Any]:
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": _base64(checkpoint.root),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
