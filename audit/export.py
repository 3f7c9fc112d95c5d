"""A case's whole record as a directory that anybody can check without us (design §6).

Plain files: histories with payloads in clear, every stream of the journal byte for byte, the
runbook, public keys, a readable report, and a manifest signed by the door. Nothing secret but the
case itself is in it: treat it as the case.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import JsonValue
from temporalio.client import Client
from temporalio.converter import PayloadCodec

from audit.access import digests_of, policy_file
from audit.acts import prove, root_of
from audit.comments import COMMENTS, OpenComments, open_comments
from audit.commitments import case_input, inputs, salt_of
from audit.errors import ExportRefusedError
from audit.histories import CaseHistory, Run, fetch, left_behind
from audit.log.exported import LogPart, Segment, lineage, log_part
from audit.log.keyring_note import FILE as KEYRING_NOTE
from audit.log.reader import sealed, settled
from audit.log.vouched import cosigned
from audit.manifest import (
    CASE_STREAM,
    DOOR_STREAM,
    KEYRING,
    MANIFEST,
    SIGNATURE,
    FileSum,
    Keyring,
    Manifest,
    OwedFiles,
    RunFile,
    StreamHead,
    sign_manifest,
    write,
)
from audit.owed import OwedRecord, gather_owed, history_folder, stream_file
from audit.personal_files import personal_files
from audit.readme import readme
from audit.report import write_report
from audit.rules import digests, document
from audit.shape import ending
from audit.strict_replay import is_closed
from cases.canonical import canonical, sha256
from cases.envelope import Act, Certificate
from cases.journal import GENESIS, Entry, Stream
from cases.state import CasePicture, picture
from store import MAIN, Store, UnknownObject
from workflows.messages import CaseInput


@dataclass(frozen=True)
class Seal:
    """What a door signs an export with."""

    key: Ed25519PrivateKey = field(repr=False)
    certificate: Certificate
    root: str
    """The root's public key, base64."""
    log: str = ""
    """The log's public key, as a note's verifier pins it."""
    keyring_note: bytes = b""
    """The root's keyring note; empty where the root signed none yet."""


@dataclass(frozen=True)
class CaseRecord:
    """Everything that is known of a case."""

    history: CaseHistory
    request: CaseInput
    entries: Sequence[Entry]
    door: Sequence[Entry]
    runbooks: Mapping[str, bytes]
    """By digest, the documents the case was bound to: more than one where it was moved."""
    picture: Mapping[str, JsonValue]
    left_behind: Sequence[Run] = ()
    branches: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """Other branches of the case stream, whole, by name."""
    lineage: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    """By stream's file: the branches its entries were recorded on."""
    log: LogPart | None = None
    """What the transparency log says of the case."""
    owed: Sequence[OwedRecord] = ()
    """What the case owes after closing."""
    policies: Mapping[str, bytes] = field(default_factory=dict)
    """By digest, the policies by which people were let in, and things were let happen."""
    comments: OpenComments | None = None
    """What was said about the case, to everybody."""


async def export_case(
    case: str,
    *,
    store: Store,
    client: Client,
    seal: Seal,
    out: Path,
    at: datetime,
    version: str,
    patience: timedelta = timedelta(0),
) -> Path:
    """The case's export is at `out`, complete, or nothing was written.

    So long is waited until every run that ended is sealed, as long again until the log has a
    checkpoint over everything that was read, and until the witnesses cosigned one.
    """
    refuse_to_overwrite(out)
    record = await gather(case, store=store, client=client, patience=patience)
    return write_export(record, seal=seal, out=out, at=at, version=version)


async def gather(
    case: str, *, store: Store, client: Client, patience: timedelta = timedelta(0)
) -> CaseRecord:
    """The case's record from Temporal and from the store, the branch it lives on first."""
    codec = codec_of(client)
    history = await fetch(client, case, codec=codec)
    request = read_request(history)
    entries = await store.journal.entries(case)
    if is_closed(entries) and ending(history.runs[-1]) is None:
        raise ExportRefusedError("the case is closing at this moment: try again")
    if patience:
        await sealed(store, case, within=patience)
    view = await store.views.get(case)
    head = await store.journal.head(case)
    branches = await store.journal.branches(case)
    others = [
        branch.branch
        for branch in branches
        if branch.stream is Stream.CASE and branch.branch != head.branch
    ]
    beside = {
        name: await store.journal.entries(case, stream=Stream.CASE, branch=name) for name in others
    }
    door = await store.journal.entries(case, stream=Stream.DOOR)
    streams = {
        CASE_STREAM: (entries, lineage(branches, stream=Stream.CASE, branch=head.branch)),
        DOOR_STREAM: (door, lineage(branches, stream=Stream.DOOR, branch=MAIN)),
    }
    for index, (name, items) in enumerate(beside.items()):
        found = lineage(branches, stream=Stream.CASE, branch=name)
        streams[_branch_file(index)] = (items, found)
    # Only now: doors go on writing about a case that has closed, and what was read must be covered.
    if patience:
        await settled(store, case, within=patience)
        await cosigned(store, case, within=patience)
    return CaseRecord(
        history=history,
        request=request,
        entries=entries,
        door=door,
        runbooks={digest: await store.objects.get(digest) for digest in digests(request, entries)},
        picture={} if view is None else picture(CasePicture.of(view.state)),
        left_behind=await left_behind(client, history, codec=codec),
        branches=beside,
        lineage={file: segments for file, (_, segments) in streams.items()},
        log=await log_part(store, case, streams=streams.values()),
        owed=await gather_owed(case, store=store, client=client, codec=codec),
        policies=await _policies(store, entries, door),
        comments=open_comments(entries, await store.comments.of_case(case)),
    )


async def _policies(store: Store, *streams: Sequence[Entry]) -> dict[str, bytes]:
    """The texts that the store still has; a verifier says which are missing."""
    found = {}
    for digest in digests_of(*streams):
        with suppress(UnknownObject):
            found[digest] = await store.objects.get(digest)
    return found


def codec_of(client: Client) -> PayloadCodec:
    """The codec the client was connected with; ExportRefusedError when it has none."""
    codec = client.data_converter.payload_codec
    if codec is None:
        raise ExportRefusedError("the client cannot open payloads: connect it with the keyring")
    return codec


def read_request(history: CaseHistory) -> CaseInput:
    """What the case was started with; ExportRefusedError when the key does not open it."""
    request = case_input(history)
    if request is None:
        raise ExportRefusedError("the case's own input does not open: is this the case's key?")
    return request


def refuse_to_overwrite(out: Path) -> None:
    """`out` does not exist, and can be made; ExportRefusedError otherwise."""
    if out.exists() or out.is_symlink():
        raise ExportRefusedError(f"{out} exists; an export is never overwritten")


def write_export(record: CaseRecord, *, seal: Seal, out: Path, at: datetime, version: str) -> Path:
    """The export is at `out`: written beside it, then moved there in one step."""
    refuse_to_overwrite(out)
    files, runs, left, owed = _files(record, seal=seal)
    manifest = Manifest(
        case=record.history.case,
        number=record.request.number,
        namespace=record.history.namespace,
        created_at=at,
        escalate=version,
        runs=runs,
        left_behind=left,
        case_head=_head(record.entries),
        door_head=_head(record.door),
        branches={name: _branch_file(index) for index, name in enumerate(record.branches)},
        lineage=dict(record.lineage),
        owed=owed,
        runbook=record.request.pathway.digest,
        files={
            name: FileSum(sha256=sha256(data), size=len(data))
            for name, data in sorted(files.items())
        },
    )
    written = write(manifest)
    signed = sign_manifest(written, key=seal.key, certificate=seal.certificate)
    files[MANIFEST] = written
    files[SIGNATURE] = write(signed)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name, data in files.items():
            write_file(draft / name, data)
        draft.rename(out)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return out


def _files(
    record: CaseRecord, *, seal: Seal
) -> tuple[dict[str, bytes], tuple[RunFile, ...], tuple[RunFile, ...], dict[str, OwedFiles]]:
    files: dict[str, bytes] = {}

    def keep(runs: Sequence[Run], folder: str) -> tuple[RunFile, ...]:
        kept: list[RunFile] = []
        for number, run in enumerate(runs, start=1):
            name = f"{folder}/{number}-{run.run}.json"
            files[name] = run.to_json().encode()
            kept.append(RunFile(run=run.run, file=name, ending=ending(run) or ""))
        return tuple(kept)

    runs = keep(record.history.runs, "history")
    left = keep(record.left_behind, "history/left-behind")
    files[CASE_STREAM] = lines(record.entries)
    files[DOOR_STREAM] = lines(record.door)
    for index, entries in enumerate(record.branches.values()):
        files[_branch_file(index)] = lines(entries)
    files |= personal_files(_signed(record))
    if record.log is not None:
        files |= record.log.files
    owed: dict[str, OwedFiles] = {}
    for item in record.owed:
        if item.entries:
            files[stream_file(item.name)] = lines(item.entries)
        owed[item.name] = OwedFiles(
            stream=stream_file(item.name) if item.entries else "",
            head=_head(item.entries),
            runs=keep(item.runs, history_folder(item.name)),
        )
    files |= {document(digest): source for digest, source in record.runbooks.items()}
    files |= {policy_file(digest): text for digest, text in record.policies.items()}
    files[KEYRING] = write(_keyring(record, seal))
    if seal.keyring_note:
        files[KEYRING_NOTE] = seal.keyring_note
    files["case.json"] = json.dumps(
        dict(record.picture), indent=1, ensure_ascii=False, sort_keys=True
    ).encode()
    if record.comments is not None:
        files[COMMENTS] = canonical(record.comments)
    files["report.html"] = write_report(record.request, record.entries, record.door).encode()
    files["README.txt"] = readme(record.request.number).encode()
    return files, runs, left, owed


def lines(entries: Sequence[Entry]) -> bytes:
    """The stream as it is hashed: one entry's exact bytes a line."""
    return b"".join(entry.data + b"\n" for entry in entries)


def _keyring(record: CaseRecord, seal: Seal) -> Keyring:
    seen = {seal.certificate.payload: seal.certificate}
    for item in inputs(record.history, salt=salt_of(record.request)):
        certificate = item.envelope.certificate if item.envelope is not None else None
        if certificate is not None:
            seen.setdefault(certificate.payload, certificate)
    return Keyring(root=seal.root, certificates=tuple(seen.values()), log=seal.log)


def _signed(record: CaseRecord) -> Iterator[Act]:
    """Every act in the histories whose envelope holds, also one that was refused by the case."""
    root = root_of(record.request.root_key)
    runs = inputs(record.history, salt=salt_of(record.request))
    yield from prove(runs, case=record.history.case, root=root).acts.values()


def _head(entries: Sequence[Entry]) -> StreamHead:
    if not entries:
        return StreamHead(sequence=0, hash=GENESIS)
    return StreamHead(sequence=entries[-1].sequence, hash=entries[-1].hash)


def _branch_file(index: int) -> str:
    return f"journal/branch-{index + 1}.jsonl"


def write_file(path: Path, data: bytes) -> None:
    """The file is on the disk, new, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
