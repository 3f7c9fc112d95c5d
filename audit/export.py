"""A case's whole record as a directory that anybody can check without us (design §6).

Plain files: histories with payloads in clear, every stream of the journal byte for byte, the
runbook, public keys, a readable report, and a manifest signed by the door; beside them the parts
that tools check which know nothing of us (`audit.bundle`). Nothing secret but the case itself is in
it: treat it as the case.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.converter import PayloadCodec

from audit.access import digests_of
from audit.bundle.tar import packed
from audit.came_in import case_input
from audit.comments import open_comments
from audit.contents import export_files
from audit.errors import ExportRefusedError
from audit.histories import CaseHistory, fetch, left_behind
from audit.log.part import lineage, log_part
from audit.log.reader import sealed, settled
from audit.log.vouched import cosigned
from audit.manifest import (
    CASE_STREAM,
    DOOR_STREAM,
)
from audit.marks import marking
from audit.owed_record import gather_owed
from audit.record import CaseRecord, Seal, branch_file
from audit.rules import digests
from audit.together import read_together
from cases.journal import Entry, Stream
from store import MAIN, Store, UnknownObject
from workflows.messages import CaseInput


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
    tar: bool = False,
) -> Path:
    """The case's export is at `out`, a folder or a tar, complete, or nothing was written.

    So long is waited until every run that ended is sealed, as long again until the log has a
    checkpoint over everything that was read, and until the witnesses cosigned one.
    """
    refuse_to_overwrite(out)
    record = await gather(case, store=store, client=client, patience=patience)
    return write_export(record, seal=seal, out=out, at=at, version=version, tar=tar)


async def gather(
    case: str, *, store: Store, client: Client, patience: timedelta = timedelta(0)
) -> CaseRecord:
    """The case's record from Temporal and from the store, the branch it lives on first."""
    codec = codec_of(client)
    read = await read_together(
        lambda: fetch(client, case, codec=codec), lambda: store.journal.entries(case)
    )
    if not read.settled:
        raise ExportRefusedError("the case is closing at this moment: try again")
    history, entries = read.history, read.entries
    request = read_request(history)
    if patience:
        await sealed(store, case, within=patience)
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
        streams[branch_file(index)] = (items, found)
    # Only now: doors go on writing about a case that has closed, and what was read must be covered.
    if patience:
        await settled(store, case, within=patience)
        await cosigned(store, case, within=patience)
    left = await left_behind(client, history, codec=codec)
    owed = await gather_owed(case, store=store, client=client, codec=codec)
    marked = marking([*history.runs, *left, *(run for item in owed for run in item.runs)])
    return CaseRecord(
        history=history,
        request=request,
        entries=entries,
        door=door,
        runbooks={digest: await store.objects.get(digest) for digest in digests(request, entries)},
        left_behind=left,
        branches=beside,
        lineage={file: segments for file, (_, segments) in streams.items()},
        log=await log_part(store, case, streams=streams.values()),
        owed=owed,
        policies=await _policies(store, entries, door),
        workers=tuple((await store.worker_keys.certificates(marked)).values()),
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


def write_export(
    record: CaseRecord,
    *,
    seal: Seal,
    out: Path,
    at: datetime,
    version: str,
    tar: bool = False,
) -> Path:
    """The export is at `out`: written beside it, then moved there in one step."""
    refuse_to_overwrite(out)
    files = export_files(record, seal=seal, at=at, version=version)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        if tar:
            write_file(draft / out.name, packed(files))
            (draft / out.name).rename(out)
            draft.rmdir()
            return out
        for name, data in files.items():
            write_file(draft / name, data)
        draft.rename(out)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return out


def write_file(path: Path, data: bytes) -> None:
    """The file is on the disk, new, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


__all__ = [
    "CaseRecord",
    "Seal",
    "codec_of",
    "export_case",
    "gather",
    "read_request",
    "refuse_to_overwrite",
    "write_export",
    "write_file",
]
