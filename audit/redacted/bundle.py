"""Writes a redacted bundle: the same streams and proofs, without what its reader may not see."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from audit.export import Seal, refuse_to_overwrite, write_file
from audit.log.keyring_note import FILE as KEYRING_NOTE
from audit.manifest import KEYRING, FileSum, Keyring, SignedBy, StreamHead, sign_manifest
from audit.manifest import write as written
from audit.redacted.gathering import ReadStream, RedactedRecord
from audit.redacted.manifest import (
    FORMAT,
    MANIFEST,
    REDACTIONS,
    SIGNATURE,
    Because,
    RedactedManifest,
    Redaction,
    Redactions,
    StreamFile,
)
from audit.redacted.opening import lines
from audit.redacted.order import mark_file
from audit.redacted.telling import readme, report
from cases.canonical import canonical, sha256
from cases.journal import GENESIS

WITHHELD = ("history", "runbooks", "case.json")
"""What a bundle for somebody who sees less than everything leaves out whole."""


def write_redacted(
    record: RedactedRecord,
    *,
    case: str,
    number: str,
    reader: str,
    seal: Seal,
    out: Path,
    at: datetime,
    version: str,
) -> Path:
    """The bundle is at `out`, complete, or nothing was written."""
    refuse_to_overwrite(out)
    files = {name: lines(read.entries) for name, read in record.streams.items()}
    if record.log is not None:
        files |= record.log.files
    files |= {
        mark_file(key.stream, key.branch, key.sequence): mark for key, mark in record.marks.items()
    }
    files[REDACTIONS] = canonical(redactions_of(record, reader=reader))
    files[KEYRING] = written(
        Keyring(root=seal.root, certificates=(seal.certificate,), log=seal.log)
    )
    if seal.keyring_note:
        files[KEYRING_NOTE] = seal.keyring_note
    files["report.html"] = report(record, number=number, at=at).encode()
    files["README.txt"] = readme(number, erased=bool(record.shreds)).encode()
    manifest = canonical(
        RedactedManifest(
            format=FORMAT,
            case=case,
            number=number,
            created_at=at,
            escalate=version,
            erased=bool(record.shreds),
            waits=record.waits,
            streams={name: _stream(read) for name, read in record.streams.items()},
            files={
                name: FileSum(sha256=sha256(data), size=len(data))
                for name, data in sorted(files.items())
            },
        )
    )
    signed: SignedBy = sign_manifest(manifest, key=seal.key, certificate=seal.certificate)
    files |= {MANIFEST: manifest, SIGNATURE: written(signed)}
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


def redactions_of(record: RedactedRecord, *, reader: str) -> Redactions:
    """What is left out, entry by entry."""
    return Redactions(
        reader=reader,
        erasures=tuple(record.shreds),
        withheld=WITHHELD,
        entries=tuple(
            Redaction(
                file=name,
                sequence=entry.sequence,
                fields=len(entry.digests),
                because=Because.ERASED
                if (name, entry.sequence) in record.erased
                else Because.READER,
            )
            for name, read in sorted(record.streams.items())
            for entry in read.entries
            if entry.digests
        ),
    )


def _stream(read: ReadStream) -> StreamFile:
    last = read.entries[-1] if read.entries else None
    return StreamFile(
        stream=read.stream,
        branch=read.branch,
        lineage=read.lineage,
        head=StreamHead(sequence=0, hash=GENESIS)
        if last is None
        else StreamHead(sequence=last.sequence, hash=last.hash),
    )
