"""`escalate backup` and `escalate restore`."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import REFUSED, UNREACHABLE, USAGE, AsJson, note, print_json, say, stop
from store import BackupFailed, StoreError
from workers.clock import SystemClock
from workers.errors import EngineError, NotSetUpError
from workers.settings import Settings

Folder = Annotated[Path, typer.Argument(help="The backup's folder.", file_okay=False)]


def backup(folder: Folder, *, json_: AsJson = False) -> None:
    """A consistent copy of store, engine and signing keys stands in FOLDER, while everything runs.

    The key-encryption key is not in it: keep that apart, nobody reads a case without it.
    """
    from workers.keeping import about
    from workers.keeping import backup as keep

    settings = Settings.load()
    note("copying the store, the engine and the keys …")

    async def run() -> dict[str, object]:
        return about(await keep(settings, folder, at=await SystemClock().now()))

    kept = _done(run)
    if json_:
        print_json(kept)
        return
    say(f"{folder}: store {_there(kept['store'])}, engine {_there(kept['engine'])}, keys copied")
    for line in kept["by_hand"] if isinstance(kept["by_hand"], list) else ():
        note(f"not copied here: {line}")


def restore(
    folder: Folder,
    *,
    erased: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder of notes on what was erased, newer than the backup; may be repeated.",
            file_okay=False,
        ),
    ] = None,
    nothing_erased: Annotated[
        bool,
        typer.Option("--nothing-erased", help="You know that nothing was erased since the backup."),
    ] = False,
    only_compare: Annotated[
        bool,
        typer.Option("--only-compare", help="The files are in place; compare and complete again."),
    ] = False,
    json_: AsJson = False,
) -> None:
    """The backup in FOLDER is the installation; store and engine are compared and completed.

    Wants a home with nothing in it but the key-encryption key, and refuses to touch anything
    otherwise. Exit code 2 when something is left for a person to do. What was erased since the
    backup is erased in it before anybody can open it: it needs the newest folder of notes
    (`erased` in the home that was lost).
    """
    from workers.keeping import put_back, reconciled

    settings = Settings.load()
    known = bool(erased) or settings.erased.is_dir() or nothing_erased
    if not only_compare and not known:
        stop(
            "it is not known what was erased since this backup was made",
            mend="Name the newest folder of notes: --erased DIR (`erased` in the home that was "
            "lost, or ESCALATE_KEEPING__ERASED_DIR); or say --nothing-erased, if you know that.",
            code=USAGE,
        )

    async def run() -> dict[str, object]:
        if not only_compare:
            await put_back(settings, folder, erased=erased or ())
        note("the files are in place; comparing store and engine …")
        return (await reconciled(settings)).model_dump(mode="json")

    found = _done(run)
    findings = found["findings"] if isinstance(found["findings"], list) else []
    if json_:
        print_json(found)
    else:
        say(
            f"{found['cases']} cases; {found['appended']} journal batches completed, "
            f"{found['reopened']} deliveries opened again; {found['waiting_acts']} acts and "
            f"{found['waiting_deliveries']} deliveries are applied as soon as `escalate up` runs"
        )
        for finding in findings:
            say(f"- {finding['case']}: {finding['what']}\n  -> {finding['mend']}")
    if findings:
        raise typer.Exit(USAGE)


def _done(run: Callable[[], Coroutine[Any, Any, dict[str, object]]]) -> dict[str, object]:
    try:
        return asyncio.run(run())
    except BackupFailed as error:
        stop(str(error), code=REFUSED)
    except (StoreError, NotSetUpError) as error:
        said = str(error)
        stop(said, mend="" if error.mend in said else error.mend, code=UNREACHABLE)
    except EngineError as error:
        stop(str(error), mend="`escalate engine` says which and why", code=UNREACHABLE)


def _there(copied: object) -> str:
    return "copied" if copied else "not copied"
