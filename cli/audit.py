"""`escalate audit export|verify`: a case's whole record, and whether it is true."""

import asyncio
from datetime import timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import audit_replay
from cli.at_work import Address, at_work
from cli.output import REFUSED, UNREACHABLE, USAGE, AsJson, note, print_json, say, stop
from workers.clock import SystemClock
from workers.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    from audit.log.note import NoteKey
    from store import CaseRow
    from workers.house import House

app = typer.Typer(help="Export a case's whole record; verify and replay it.", no_args_is_help=True)

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
    reader: Annotated[
        str,
        typer.Option(
            "--for", help="A role or a person: only what they may see, the rest as digests."
        ),
    ] = "",
    address: Address = None,
) -> None:
    """The case's record stands in a new folder or tar: histories, journal, rules, keys, a report.

    Payloads are in clear: treat it as the case itself. Of a case that was erased it holds what is
    left. With --format only the journal is written, for a SIEM, an archive or a spreadsheet; it
    proves nothing by itself.
    """
    from audit.errors import AuditError

    if format_ is not None:
        if tar:
            stop("--tar is for the whole record, --format for the journal alone", code=USAGE)
        try:
            text = asyncio.run(_journal_as(case, format_, reader=reader))
        except AuditError as error:
            stop(str(error), code=REFUSED)
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
        written = _export(case, out=out, tar=tar, reader=reader, address=address)
        say(str(asyncio.run(written)))
    except AuditError as error:
        stop(str(error), code=REFUSED)


async def _export(case: str, *, out: Path, tar: bool, reader: str, address: str | None) -> Path:
    from audit.export import Seal, export_case
    from audit.log.exported import TOKEN
    from audit.reading import read_files
    from gateway.log_key import log_key_in
    from gateway.signer import load_or_create_keys
    from workers.vouching import keyring_note_of

    async with at_work(address) as (home, client):
        row = await home.store.cases.by_number(case)
        if row is None:
            stop(f"there is no case {case}", mend="escalate case list")
        at = await home.clock.now()
        signer = load_or_create_keys(home.settings.keys)
        log = log_key_in(home.settings.keys)
        if reader or row.erased:
            if tar:
                stop("what is written for a reader is a folder: leave --tar out", code=USAGE)
            return await _redacted(home, row, reader=reader, out=out, at=at)
        written = await export_case(
            row.id,
            store=home.store,
            client=client,
            seal=Seal(
                key=signer.door,
                certificate=signer.certificate_at(at),
                root=signer.root_key,
                log=str(log or ""),
                keyring_note=keyring_note_of(home.settings),
            ),
            out=out,
            at=at,
            version=metadata.version("escalate"),
            patience=PATIENCE,
            tar=tar,
        )
        await _exported(home, row.id, reader="", at=at)
        if home.settings.tsa.url is not None and TOKEN not in read_files(written):
            note("no time stamp covers it yet: verify says INCOMPLETE; export it in a minute")
        if not await home.store.log.is_settled(row.id):
            note("some entries are not in the transparency log yet: verify says INCOMPLETE")
        return written


async def _redacted(
    home: "House", row: "CaseRow", *, reader: str, out: Path, at: "datetime"
) -> Path:
    from audit.export import Seal
    from audit.log.reader import settled
    from gateway.log_key import log_key_in
    from gateway.signer import load_or_create_keys
    from workers.redacting import export_redacted
    from workers.vouching import keyring_note_of

    await settled(home.store, row.id, within=PATIENCE)
    signer = load_or_create_keys(home.settings.keys)
    written = await export_redacted(
        home,
        row,
        reader=reader,
        seal=Seal(
            key=signer.door,
            certificate=signer.certificate_at(at),
            root=signer.root_key,
            log=str(log_key_in(home.settings.keys) or ""),
            keyring_note=keyring_note_of(home.settings),
        ),
        out=out,
        at=at,
        version=metadata.version("escalate"),
    )
    await _exported(home, row.id, reader=reader, at=at)
    return written


async def _exported(home: "House", case: str, *, reader: str, at: "datetime") -> None:
    """That it was handed out stands in the doors' stream: an erasure later does not reach it."""
    from cases.journal import Kind

    await home.store.journal.append_door(
        case, Kind.DOOR_EXPORTED, at=at, who="installation", reader=reader or None
    )


async def _journal_as(case: str, wanted: Format, *, reader: str) -> str:
    """The journal out of the store: no engine needs to run."""
    from audit.formats.ocsf import as_ocsf
    from audit.formats.prov import as_prov
    from audit.formats.rows import as_csv, as_jsonl
    from audit.formats.seen import seen
    from audit.formats.stored import streams_of
    from workers.house import house
    from workers.redacting import shown_to

    async with house(Settings.load()) as home:
        row = await home.store.cases.by_number(case)
        if row is None:
            stop(f"there is no case {case}", mend="escalate case list")
        if row.erased:
            stop(f"case {case} was erased", mend="Without --format what is left of it is exported.")
        shows = await shown_to(home, row, reader) if reader else None
        rows = seen(await streams_of(home.store, row.id), shows)
        # What left the house stands in the doors' stream, in whatever form it left.
        await _exported(home, row.id, reader=reader, at=await home.clock.now())
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
    policy: Annotated[
        Path | None,
        typer.Option(help="C2SP tlog-policy: which log, whose cosignatures. Without --keys: ours."),
    ] = None,
    tsa_roots: Annotated[
        Path | None,
        typer.Option(help="PEM of authorities whose time you believe. Without --keys: ours."),
    ] = None,
    keyring: Annotated[
        Path | None,
        typer.Option(help="A keyring note newer than the export's. Without --keys: ours."),
    ] = None,
    replay: Annotated[bool, typer.Option(help="Also replay strictly.")] = True,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds; then the answer is INCOMPLETE.")
    ] = 300.0,
    json_: AsJson = False,
) -> None:
    """PASS (exit code 0), FAIL (1) or INCOMPLETE (2), each check with its reasons; offline."""
    from audit.bundle.limit import verify_within
    from audit.log.errors import LogError
    from workers.vouching import voucher_files, vouchers

    pinned, logs = _pinned(keys)
    at = asyncio.run(SystemClock().now())
    try:
        # Whoever brings keys verifies for themselves: what is configured here says nothing then.
        own = Settings.load() if keys is None else None
        files = voucher_files(own, policy=policy, roots=tsa_roots, keyring=keyring)
        # Read here as well, so that a file which cannot be used is a wrong use and no verdict.
        vouchers(own, at=at, policy=policy, roots=tsa_roots, keyring=keyring)
    except (OSError, LogError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        stop(f"--policy, --tsa-roots or --keyring: {reason}", code=USAGE)
    more = ["--at", at.isoformat()]
    for name, file in files.items():
        more += [name, str(file.absolute())]
    how = "replay" if replay else "histories"
    verdict = verify_within(time_limit, place, pinned=pinned, logs=logs, how=how, more=more)
    if json_:
        written = verdict.model_dump(mode="json")
        print_json({**written, "outcome": verdict.outcome.value})
    else:
        for line in verdict.lines():
            say(line)
    if verdict.exit_code:
        raise typer.Exit(verdict.exit_code)


audit_replay.register(app)


def _pinned(file: Path | None) -> "tuple[frozenset[bytes], frozenset[NoteKey]]":
    """The root and log keys that are trusted: the file's, else this installation's, else none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from audit.log.errors import LogError
    from audit.log.exported import parse_logs
    from audit.manifest import parse_keys
    from gateway.log_key import log_keys_in
    from gateway.signer import ROOT_FILE

    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
            return parse_keys(text), parse_logs(text)
        except (OSError, ValueError, LogError) as error:
            mend = 'It holds {"root": "<base64>", "log": "<name>+<hash>+<base64>"}.'
            stop(f"{file}: {error}", mend=mend, code=USAGE)
    folder = Settings.load().keys
    logs = frozenset(log_keys_in(folder))
    own = folder / ROOT_FILE
    if not own.is_file():
        return frozenset(), logs
    root = load_pem_private_key(own.read_bytes(), password=None)
    if not isinstance(root, Ed25519PrivateKey):
        stop(f"{own}: not an Ed25519 key", mend="escalate doctor", code=UNREACHABLE)
    return frozenset({root.public_key().public_bytes_raw()}), logs
