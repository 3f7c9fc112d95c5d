"""What stands in an export: every file of one, by its place, out of what is known of a case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.access import policy_file
from audit.acts import prove, root_of
from audit.builds import ran_on
from audit.bundle.clock_rows import FILE as CLOCKS
from audit.bundle.clock_rows import clock_rows
from audit.bundle.code import FILE as BUILD
from audit.bundle.code import build_file
from audit.bundle.dsse import envelope_files
from audit.bundle.made import made_of
from audit.bundle.opened import opened_files
from audit.bundle.sealed import SUFFIX as EVENTS
from audit.bundle.sealed import events_file
from audit.bundle.workers import FILE as WORKERS
from audit.bundle.workers import certificates_file
from audit.came_in import envelopes_owed, inputs
from audit.comments import COMMENTS
from audit.histories import CaseHistory, Run, as_json
from audit.incoming import salt_of
from audit.log.keyring_note import FILE as KEYRING_NOTE
from audit.log.segments import placed
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
from audit.owed import history_folder, stream_file
from audit.owed_record import OwedRecord
from audit.personal_files import personal_files
from audit.record import CaseRecord, Seal, branch_file
from audit.rules import compiled, document
from audit.sealing import as_sealed
from cases.canonical import canonical, sha256
from cases.envelope import Act, ActEnvelope
from cases.ids import obligation_id
from cases.journal import GENESIS, Entry


def export_files(record: CaseRecord, *, seal: Seal, at: datetime, version: str) -> dict[str, bytes]:
    """Every file of the export by its place, manifest and signature among them."""
    kept = _Kept()
    runs = kept.runs(record.history.runs, "history")
    left = kept.runs(record.left_behind, "history/left-behind")
    owed = {item.name: kept.owed(item) for item in record.owed}
    files = kept.files | _record(record) | _parts(record, seal=seal, version=version)
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
        branches={name: branch_file(index) for index, name in enumerate(record.branches)},
        lineage=dict(record.lineage),
        owed=owed,
        runbook=record.request.pathway.digest,
        files=_sums(files),
    )
    written = write(manifest)
    signed = sign_manifest(written, key=seal.key, certificate=seal.certificate)
    return files | {MANIFEST: written, SIGNATURE: write(signed)}


@dataclass
class _Kept:
    """The histories: as people and replay read them, and as the bytes that were sealed."""

    files: dict[str, bytes] = field(default_factory=dict)

    def runs(self, runs: Sequence[Run], folder: str) -> tuple[RunFile, ...]:
        """Where each of them stands."""
        kept: list[RunFile] = []
        for number, run in enumerate(runs, start=1):
            name = f"{folder}/{number}-{run.run}"
            sealed = as_sealed(run)
            self.files[f"{name}.json"] = as_json(run).encode()
            self.files[f"{name}{EVENTS}"] = events_file(sealed.events)
            kept.append(
                RunFile(
                    run=run.run,
                    file=f"{name}.json",
                    ending=sealed.ending,
                    sealed=f"{name}{EVENTS}",
                )
            )
        return tuple(kept)

    def owed(self, item: OwedRecord) -> OwedFiles:
        """Where its record stands."""
        if item.entries:
            self.files[stream_file(item.name)] = lines(item.entries)
        return OwedFiles(
            stream=stream_file(item.name) if item.entries else "",
            head=_head(item.entries),
            runs=self.runs(item.runs, history_folder(item.name)),
        )


def _record(record: CaseRecord) -> dict[str, bytes]:
    """The record itself: streams, proofs, rules."""
    files = {CASE_STREAM: lines(record.entries), DOOR_STREAM: lines(record.door)}
    for index, entries in enumerate(record.branches.values()):
        files[branch_file(index)] = lines(entries)
    if record.log is not None:
        files |= record.log.files
    files |= {document(digest): source for digest, source in record.runbooks.items()}
    files |= personal_files(map(_act, _acts_of_the_case(record)))
    files |= {policy_file(digest): text for digest, text in record.policies.items()}
    if record.comments is not None:
        files[COMMENTS] = canonical(record.comments)
    return files


def _parts(record: CaseRecord, *, seal: Seal, version: str) -> dict[str, bytes]:
    """What stands beside the record: for people, and for tools that know nothing of us."""
    root = root_of(seal.root)
    acts = _acts(record)
    keyring = _keyring(acts, seal)
    versions = compiled(record.runbooks)
    return {
        **envelope_files(acts, keyring.certificates, root=root),
        **personal_files(map(_act, acts)),
        **opened_files(_placed(record)),
        CLOCKS: clock_rows(versions),
        BUILD: build_file(
            version=version, runbooks=tuple(record.runbooks), ran_on=ran_on(record.history.runs)
        ),
        KEYRING: write(keyring),
        **made_of(
            record.request,
            record.history,
            _as_read(record.entries),
            _as_read(record.door),
            runbooks=record.runbooks,
            acts=acts,
        ),
        **({WORKERS: certificates_file(record.workers)} if record.workers else {}),
        **({KEYRING_NOTE: seal.keyring_note} if seal.keyring_note else {}),
    }


def _sums(files: Mapping[str, bytes]) -> dict[str, FileSum]:
    return {
        name: FileSum(sha256=sha256(data), size=len(data)) for name, data in sorted(files.items())
    }


def _placed(record: CaseRecord) -> Iterator[tuple[Entry, str]]:
    """Every entry of every stream that the log covers, with the branch it was recorded on."""
    streams: dict[str, Sequence[Entry]] = {CASE_STREAM: record.entries, DOOR_STREAM: record.door}
    for index, entries in enumerate(record.branches.values()):
        streams[branch_file(index)] = entries
    for file, entries in streams.items():
        yield from placed(entries, record.lineage.get(file, ()))


def _acts_of_the_case(record: CaseRecord) -> list[ActEnvelope]:
    """Every act in the case's histories whose envelope holds, also one that the case refused."""
    root = root_of(record.request.root_key)
    came = inputs(record.history, salt=salt_of(record.request))
    return list(prove(came, case=record.history.case, root=root).envelopes.values())


def _acts(record: CaseRecord) -> list[ActEnvelope]:
    """The same, and those of what the case owes."""
    case, root = record.history.case, root_of(record.request.root_key)
    found = {_act(envelope).act: envelope for envelope in _acts_of_the_case(record)}
    for item in record.owed:
        history = CaseHistory(
            case=obligation_id(case, item.name), namespace=record.history.namespace, runs=item.runs
        )
        found |= envelopes_owed(history, case=case, root=root)
    return list(found.values())


def _as_read(entries: Sequence[Entry]) -> list[Entry]:
    """The entries as they are read out of the export, fields in the order they stand there."""
    return [Entry.model_validate_json(entry.data) for entry in entries]


def lines(entries: Sequence[Entry]) -> bytes:
    """The stream as it is hashed: one entry's exact bytes a line."""
    return b"".join(entry.data + b"\n" for entry in entries)


def _act(envelope: ActEnvelope) -> Act:
    return Act.model_validate_json(envelope.payload)


def _keyring(acts: Sequence[ActEnvelope], seal: Seal) -> Keyring:
    seen = {seal.certificate.payload: seal.certificate}
    for envelope in acts:
        if envelope.certificate is not None:
            seen.setdefault(envelope.certificate.payload, envelope.certificate)
    return Keyring(root=seal.root, certificates=tuple(seen.values()), log=seal.log)


def _head(entries: Sequence[Entry]) -> StreamHead:
    if not entries:
        return StreamHead(sequence=0, hash=GENESIS)
    return StreamHead(sequence=entries[-1].sequence, hash=entries[-1].hash)
