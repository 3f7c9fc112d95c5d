"""`escalate audit export|verify|replay`: a case's whole record, and whether it is true."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import REFUSED, UNREACHABLE, USAGE, AsJson, note, print_json, say, stop
from workers.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

    from audit.bundle.redactions import Redactions
    from audit.findings import Replayed
    from audit.log.note import NoteKey
    from workers.house import House

app = typer.Typer(help="Export a case's whole record; verify and replay it.", no_args_is_help=True)

Address = Annotated[
    str | None, typer.Option(help="host:port of the running engine; default: the settings'.")
]
PATIENCE = timedelta(seconds=4)
"""How long an export waits for the log: a gateway that runs signs a checkpoint every second."""


class Format(StrEnum):
    """How a journal is written for other tools."""

    OCSF = "ocsf"
    """OCSF 1.5.0, one event a line, without prose."""
    PROV = "prov"
    """W3C PROV-JSON, without prose."""
    CSV = "csv"
    JSONL = "jsonl"


@app.command()
def export(
    case: Annotated[str, typer.Argument(help="The case's number.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="A folder, or file, that does not exist yet.")
    ] = None,
    tar: Annotated[bool, typer.Option("--tar", help="One file instead of a folder.")] = False,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="The journal for another tool instead; default: stdout."),
    ] = None,
    redactions: Annotated[
        Path | None,
        typer.Option(help="File with what its reader may not see: then it is an excerpt."),
    ] = None,
    address: Address = None,
) -> None:
    """The case's record stands in a new folder or tar: histories, journal, rules, keys, a report.

    Payloads are in clear: treat it as the case itself. With --redactions the named fields are
    nowhere in it, and entries are proven all the same. With --format only the journal is written,
    for a SIEM, an archive or a spreadsheet; it proves nothing by itself.
    """
    from audit.errors import AuditError

    held_back = _redactions(redactions)
    if format_ is not None:
        if tar:
            stop("--tar is for the whole record, --format for the journal alone", code=USAGE)
        text = asyncio.run(_journal_as(case, format_, held_back))
        if out is None:
            typer.echo(text, nl=False)
            return
        try:
            with out.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            stop(f"{out}: {error.strerror}", code=REFUSED)
        say(str(out))
        return
    if out is None:
        stop("say with --out where the record goes: a folder that does not exist yet", code=USAGE)
    note(f"exporting case {case} …")
    try:
        written = _export(case, out=out, tar=tar, held_back=held_back, address=address)
        say(str(asyncio.run(written)))
    except AuditError as error:
        stop(str(error), code=REFUSED)


def _redactions(file: Path | None) -> "Redactions":
    from audit.bundle.redactions import NONE, Redactions
    from audit.errors import AuditError
    from audit.reading import read_model

    if file is None:
        return NONE
    try:
        return read_model(file.name, file.read_bytes(), Redactions)
    except (OSError, AuditError) as error:
        stop(f"{file}: {error}", mend="docs/bundle.md says what it holds.", code=USAGE)


async def _export(
    case: str, *, out: Path, tar: bool, held_back: "Redactions", address: str | None
) -> Path:
    from audit.export import Seal, export_case
    from gateway.log_key import log_key_in
    from gateway.signer import load_or_create_keys

    async with _at_work(address) as (home, client):
        row = await home.store.cases.by_number(case)
        if row is None:
            stop(f"there is no case {case}", mend="escalate case list")
        at = await home.clock.now()
        signer = load_or_create_keys(home.settings.keys)
        log = log_key_in(home.settings.keys)
        written = await export_case(
            row.id,
            store=home.store,
            client=client,
            seal=Seal(
                key=signer.door,
                certificate=signer.certificate_at(at),
                root=signer.root_key,
                log=str(log or ""),
            ),
            out=out,
            at=at,
            version=metadata.version("escalate"),
            patience=PATIENCE,
            tar=tar,
            redactions=held_back,
        )
        if not await home.store.log.is_settled(row.id):
            note("some entries are not in the transparency log yet: verify says INCOMPLETE")
        return written


async def _journal_as(case: str, wanted: Format, held_back: "Redactions") -> str:
    """The journal out of the store: no engine needs to run."""
    from audit.formats.ocsf import as_ocsf
    from audit.formats.prov import as_prov
    from audit.formats.rows import as_csv, as_jsonl
    from audit.formats.seen import seen
    from audit.formats.stored import streams_of
    from workers.house import house

    async with house(Settings.load()) as home:
        row = await home.store.cases.by_number(case)
        if row is None:
            stop(f"there is no case {case}", mend="escalate case list")
        rows = seen(await streams_of(home.store, row.id), held_back)
    match wanted:
        case Format.OCSF:
            return as_ocsf(rows, number=row.number, version=metadata.version("escalate"))
        case Format.PROV:
            return as_prov(rows, number=row.number)
        case Format.CSV:
            return as_csv(rows)
        case Format.JSONL:
            return as_jsonl(rows)


@app.command()
def verify(
    place: Annotated[Path, typer.Argument(help="An export: its folder, or its tar.")],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(help="File with the public keys you trust; default: this installation's."),
    ] = None,
    replay: Annotated[bool, typer.Option(help="Also replay strictly.")] = True,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds; then the answer is INCOMPLETE.")
    ] = 300.0,
    json_: AsJson = False,
) -> None:
    """PASS (exit code 0), FAIL (1) or INCOMPLETE (2), each check with its reasons; offline."""
    from audit.bundle.limit import verify_within

    pinned, logs = _pinned(keys)
    how = "replay" if replay else "histories"
    verdict = verify_within(time_limit, place, pinned=pinned, logs=logs, how=how)
    if json_:
        written = verdict.model_dump(mode="json")
        print_json({**written, "outcome": verdict.outcome.value})
    else:
        for line in verdict.lines():
            say(line)
    if verdict.exit_code:
        raise typer.Exit(verdict.exit_code)


@app.command()
def replay(
    folder: Annotated[Path | None, typer.Argument(help="An export's folder.")] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every case of this installation instead.")
    ] = False,
    address: Address = None,
    json_: AsJson = False,
) -> None:
    """Today's code does it all again; every difference is named with its event.

    Exit code 1 when something differs. A case that goes on is replayed as far as it is.
    """
    from audit.errors import AuditError

    if (folder is None) is not every:
        stop("name one export's folder, or --all", code=USAGE)
    try:
        replayed = asyncio.run(_replay_all(address) if folder is None else _replay_one(folder))
    except AuditError as error:
        stop(str(error), code=REFUSED)
    if json_:
        print_json(
            {
                name: {**item.model_dump(mode="json", exclude={"derived"}), "ok": item.ok}
                for name, item in replayed.items()
            }
        )
    else:
        for name, item in replayed.items():
            state = ("replays" if item.ok else "DIFFERS") + (", goes on" if item.open else "")
            state += ", shadow" if item.shadow else ""
            say(
                f"case {name}: {state} ({item.events} events, {item.commands} commands, "
                f"{item.entries} entries)"
            )
            for finding in item.findings:
                say(f"  {finding}")
    if not all(item.ok for item in replayed.values()):
        raise typer.Exit(REFUSED)


async def _replay_one(folder: Path) -> "dict[str, Replayed]":
    from audit.strict_replay import strict_replay
    from audit.verify import read_export

    export = read_export(folder)
    number = export.manifest.number
    replayed = {number: await strict_replay(export.history, export.entries)}
    for name, owed in export.owed.items():
        if owed.history.runs:
            replayed[f"{number} {name}"] = await strict_replay(owed.history, owed.lines.entries)
    return replayed


async def _replay_all(address: str | None) -> "dict[str, Replayed]":
    from audit.errors import HistoryMissingError
    from audit.export import codec_of
    from audit.histories import CaseHistory, fetch
    from audit.owed import gather_owed
    from audit.strict_replay import strict_replay
    from cases.ids import obligation_id
    from store import CaseFilter

    replayed: dict[str, Replayed] = {}
    async with _at_work(address) as (home, client):
        for line in await home.store.views.list(CaseFilter(limit=100_000)):
            try:
                history = await fetch(client, line.case, codec=codec_of(client))
            except HistoryMissingError as error:
                note(f"case {line.number}: {error}; verify its export instead")
                continue
            entries = await home.store.journal.entries(line.case)
            replayed[line.number] = await strict_replay(history, entries)
            owed = await gather_owed(
                line.case, store=home.store, client=client, codec=codec_of(client)
            )
            for item in owed:
                if item.runs:
                    history = CaseHistory(
                        case=obligation_id(line.case, item.name),
                        namespace=client.namespace,
                        runs=item.runs,
                    )
                    name = f"{line.number} {item.name}"
                    replayed[name] = await strict_replay(history, item.entries)
    return replayed


@asynccontextmanager
async def _at_work(address: str | None) -> "AsyncIterator[tuple[House, Client]]":
    from workers.errors import NotSetUpError
    from workers.house import house
    from workers.worker import client_of

    settings = Settings.load()
    port = settings.engine.port
    where = address or settings.engine.address or (f"127.0.0.1:{port}" if port else None)
    if where is None:
        raise NotSetUpError(
            "the running engine's address is not known",
            mend="Give --address as `escalate up` printed it, or set ESCALATE_ENGINE__PORT.",
        )
    async with house(settings) as home:
        yield home, await client_of(home, address=where)


def _pinned(file: Path | None) -> "tuple[frozenset[bytes], frozenset[NoteKey]]":
    """The root and log keys that are trusted: the file's, else this installation's, else none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from audit.log.errors import LogError
    from audit.log.exported import parse_logs
    from audit.manifest import parse_keys
    from gateway.log_key import log_key_in
    from gateway.signer import ROOT_FILE

    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
            return parse_keys(text), parse_logs(text)
        except (OSError, ValueError, LogError) as error:
            mend = 'It holds {"root": "<base64>", "log": "<name>+<hash>+<base64>"}.'
            stop(f"{file}: {error}", mend=mend, code=USAGE)
    folder = Settings.load().keys
    log = log_key_in(folder)
    logs = frozenset({log} if log is not None else ())
    own = folder / ROOT_FILE
    if not own.is_file():
        return frozenset(), logs
    root = load_pem_private_key(own.read_bytes(), password=None)
    if not isinstance(root, Ed25519PrivateKey):
        stop(f"{own}: not an Ed25519 key", mend="escalate doctor", code=UNREACHABLE)
    return frozenset({root.public_key().public_bytes_raw()}), logs
