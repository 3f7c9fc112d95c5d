"""Which worker wrote which entries: each batch of the histories held against workers' certificates.

A batch carries the mark of the worker whose code derived it, over its exact bytes. The certificate
that says what that worker is comes with the export, and counts for nothing by itself: a door signed
it, the verifier's root certified the door, and the root's keyring note says which builds may work
and which keys were revoked. Until the root lists the first build nobody asks that workers sign;
what is signed has to hold all the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.bundle.whole import Bundle
from audit.errors import ExportUnreadableError
from audit.log.keyring_note import (
    KeyringNote,
    Role,
    build_digest,
    door_key,
    worker_key,
)
from audit.reading import Stream as Lines
from audit.reading import read_model
from audit.verdict import Check, judged
from cases.canonical import canonical
from cases.journal import BrokenChain, Entry, Kind, Stream, obligation_stream
from cases.receipts import Reason
from cases.signing import CertifiedKey, RefusedEnvelope, decoded
from cases.values import Inbound
from cases.worker_keys import (
    CertifiedWorker,
    Mark,
    WorkerCertificate,
    check_mark,
    read_mark,
    read_worker,
    said_by,
)
from workflows.effects import APPEND_JOURNAL, JournalBatch
from workflows.obligation_effects import APPEND_OBLIGATION, ObligationBatch

NAME = "workers"
FILE = "workers/certificates.json"
KINDS: Mapping[str, type[JournalBatch] | type[ObligationBatch]] = {
    APPEND_JOURNAL.name: JournalBatch,
    APPEND_OBLIGATION.name: ObligationBatch,
}
"""By its name in a history, what carries entries."""
_DAY = "%Y-%m-%d %H:%M"
_SHORT = 12


class Certificates(Inbound):
    """The certificates of the workers that marked the batches of an export, by their keys."""

    v: int = 1
    workers: tuple[WorkerCertificate, ...]


@dataclass(frozen=True)
class Batch:
    """Entries on their way to the store, as a history has them."""

    place: str
    """File and event."""
    kind: str
    data: bytes
    mark: bytes = b""
    """Empty where no worker signed it."""


@dataclass(frozen=True)
class Record:
    """What an export says that workers wrote."""

    case: str
    files: Mapping[str, bytes]
    streams: Mapping[str, Sequence[Lines]]
    """By its name, a stream on each of its branches, the one that is lived on first."""
    runbook: str
    """The digest of the document that the case began with."""
    moved: Sequence[tuple[int, str]] = ()
    """After which entry the case was under which other one."""


def certificates_file(certificates: Iterable[WorkerCertificate]) -> bytes:
    """The file."""
    found = {said_by(each).key_id: each for each in certificates}
    return canonical(Certificates(workers=tuple(found[key] for key in sorted(found))))


def read_certificates(data: bytes) -> dict[str, WorkerCertificate]:
    """By its key each worker's certificate; ExportUnreadableError for all but its one spelling."""
    found = read_model(FILE, data, Certificates)
    if canonical(found) != data:
        raise ExportUnreadableError(FILE, "is not written canonically")
    try:
        named = {said_by(each).key_id: each for each in found.workers}
    except RefusedEnvelope as refused:
        raise ExportUnreadableError(FILE, "holds what is no certificate") from refused
    if certificates_file(named.values()) != data:
        raise ExportUnreadableError(FILE, "names a key twice, or out of order")
    return named


def key_of(mark: bytes) -> str:
    """The key that the mark names; empty where it is no mark."""
    try:
        return read_mark(mark).key_id
    except RefusedEnvelope:
        return ""


def moves(entries: Sequence[Entry]) -> list[tuple[int, str]]:
    """After which entry of its stream a case was under which other rules."""
    return [
        (entry.sequence, str(entry.body.get("digest")))
        for entry in entries
        if entry.kind is Kind.CASE_MIGRATED
    ]


def check_workers(
    batches: Sequence[Batch], record: Record, *, root: bytes, note: KeyringNote | None
) -> Check | None:
    """FAIL for a mark that does not hold, INCOMPLETE for entries without one where it is asked.

    None where nobody signed and nobody asks. What was written before the root listed the first
    build is not asked for, which is said.
    """
    since = _asked_since(note)
    marked = any(batch.mark for batch in batches)
    if since is None and not marked and FILE not in record.files:
        return None
    try:
        data = record.files.get(FILE)
        certificates = read_certificates(data) if data is not None else {}
    except ExportUnreadableError as error:
        return judged(NAME, wrong=[str(error)])
    held = _Held(record, certificates, root=root, note=note)
    for batch in batches:
        held.hold(batch)
    for key in sorted(certificates.keys() - held.named):
        held.wrong.setdefault(f"{FILE} certifies worker {key}, which signed nothing here", [])
    missing, before = list(held.missing), list[str]()
    if since is not None:
        missing += _unsigned(record, held.signed, since=since)
        before += _unsigned(record, held.signed, until=since)
    check = judged(NAME, wrong=_grouped(held.wrong), missing=missing)
    return check.model_copy(update={"reasons": (*check.reasons, *before)})


class _Held:
    """Batches that are being held against certificates."""

    def __init__(
        self,
        record: Record,
        certificates: Mapping[str, WorkerCertificate],
        *,
        root: bytes,
        note: KeyringNote | None,
    ) -> None:
        self._record, self._certificates = record, certificates
        self._root, self._note = root, note
        self._workers: dict[str, CertifiedWorker] = {}
        self.wrong: dict[str, list[str]] = {}
        """By what is wrong, where."""
        self.missing: dict[str, None] = {}
        self.signed: dict[str, set[int]] = {}
        """By stream, the entries that a certified worker wrote."""
        self.named: set[str] = set()

    def hold(self, batch: Batch) -> None:
        """What is wrong with the batch is known, or its entries count as signed."""
        if not batch.mark:
            return
        try:
            mark = read_mark(batch.mark)
        except RefusedEnvelope:
            self._say(batch, "the mark of a worker cannot be read")
            return
        self.named.add(mark.key_id)
        worker = self._worker(batch, mark)
        if worker is None:
            return
        try:
            check_mark(mark, batch.data, worker=worker)
        except RefusedEnvelope:
            self._say(batch, f"is not what worker {mark.key_id} signed")
            return
        try:
            told = KINDS[batch.kind].model_validate_json(batch.data)
            entries = told.restore()
        except (ValueError, ArithmeticError, BrokenChain):
            self._say(batch, "is no batch of entries")
            return
        faults = [
            *self._of_batch(told, entries),
            *self._of_rules(worker, told, entries),
            *self._of_worker(worker, told.at),
        ]
        for fault in faults:
            self._say(batch, fault)
        if not faults:
            own = {entry.sequence for entry in entries}
            self.signed.setdefault(_stream_of(told), set()).update(own)

    def _worker(self, batch: Batch, mark: Mark) -> CertifiedWorker | None:
        """What the marking worker is certified to; None once it is said why it is not."""
        known = self._workers.get(mark.key_id)
        if known is not None:
            return known
        certificate = self._certificates.get(mark.key_id)
        if certificate is None:
            self._say(batch, f"worker {mark.key_id} is certified by nobody")
            return None
        try:
            worker = read_worker(certificate, root=self._root)
        except RefusedEnvelope as refused:
            self._say(batch, f"the certificate of worker {mark.key_id} does not hold: {refused}")
            return None
        self._workers[mark.key_id] = worker
        return worker

    def _of_batch(
        self, told: JournalBatch | ObligationBatch, entries: Sequence[Entry]
    ) -> Iterator[str]:
        if told.case != self._record.case:
            yield "was signed for another case"
            return
        branches = self._record.streams.get(_stream_of(told), ())
        for entry in entries:
            place = entry.sequence - 1
            there = {each.hashes[place] for each in branches if place < len(each.hashes)}
            # What a case that goes on has derived a moment ago is not stored yet.
            if there and entry.hash not in there:
                yield f"signs another entry {entry.sequence} than the journal has"
                return

    def _of_rules(
        self,
        worker: CertifiedWorker,
        told: JournalBatch | ObligationBatch,
        entries: Sequence[Entry],
    ) -> Iterator[str]:
        """The runbooks that the case was under while these entries came."""
        changes = [(0, self._record.runbook), *self._record.moved]
        if isinstance(told, JournalBatch) and entries:
            first, last = entries[0].sequence, entries[-1].sequence
            over = [entry for entry, _ in changes[1:]] + [last + 1]
            ends = zip(changes, over, strict=True)
            under = [digest for (since, digest), end in ends if since < last and end >= first]
        else:
            under = [changes[-1][1]]
        for digest in under:
            if digest not in worker.runbooks:
                yield f"worker {worker.key_id} is not certified to runbook {digest[:_SHORT]}"

    def _of_worker(self, worker: CertifiedWorker, at: datetime) -> Iterator[str]:
        who = f"worker {worker.key_id}"
        if not worker.covers(at):
            yield (
                f"the certificate of {who} counts from {worker.not_before:{_DAY}} to "
                f"{worker.not_after:{_DAY}} UTC, and it signed at {at:{_DAY}}"
            )
        if self._note is not None:
            yield from self._by_the_root(self._note, worker, at)

    def _by_the_root(
        self, note: KeyringNote, worker: CertifiedWorker, at: datetime
    ) -> Iterator[str]:
        who = f"worker {worker.key_id}"
        build = note.find(Role.BUILD, build_digest(worker.build))
        since = _asked_since(note)
        if since is None or at < since:
            pass
        elif build is None:
            yield f"{who} ran build {worker.build[:_SHORT]}, which the keyring does not list"
        elif build.fault_at(at):
            yield f"{who} ran build {worker.build[:_SHORT]}, which {build.fault_at(at)}"
        public = decoded(worker.public_key, Reason.MALFORMED)
        own = note.find(Role.WORKER, worker_key(public, key_id=worker.key_id))
        if own is not None and own.fault_at(at):
            yield f"the key of {who} {own.fault_at(at)}, and it signed at {at:{_DAY}}"
        yield from self._of_door(note, worker)

    def _of_door(self, note: KeyringNote, worker: CertifiedWorker) -> Iterator[str]:
        """Whether the door that certified it counted then."""
        payload = self._certificates[worker.key_id].certificate.payload
        door = CertifiedKey.model_validate_json(payload)
        public = decoded(door.public_key, Reason.MALFORMED)
        listed = note.find(Role.DOOR, door_key(public, key_id=door.key_id))
        if listed is None:
            why = f"the keyring does not list door {door.key_id}, which certified a worker"
            self.missing.setdefault(why)
        elif listed.fault_at(worker.issued_at):
            fault = listed.fault_at(worker.issued_at)
            yield f"the door that certified worker {worker.key_id} {fault}"

    def _say(self, batch: Batch, why: str) -> None:
        self.wrong.setdefault(why, []).append(batch.place)


def _stream_of(told: JournalBatch | ObligationBatch) -> str:
    return obligation_stream(told.name) if isinstance(told, ObligationBatch) else Stream.CASE.value


def _asked_since(note: KeyringNote | None) -> datetime | None:
    """Since when the root asks that workers sign: since it listed the first build."""
    builds = note.of(Role.BUILD) if note is not None else ()
    return min((each.since for each in builds), default=None)


def _unsigned(
    record: Record,
    signed: Mapping[str, set[int]],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[str]:
    """The entries of each stream, from or until that instant, that no certified worker signed."""
    for stream, branches in record.streams.items():
        own = signed.get(stream, set())
        numbers = [
            entry.sequence
            for lines in branches[:1]
            for entry in lines.entries
            if entry.sequence not in own
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
        ]
        if numbers:
            why = (
                f"were written before {until:{_DAY}} UTC, when the root listed no build yet"
                if until is not None
                else "are not signed by a certified worker"
            )
            yield f"{stream} stream: {len(numbers)} entries {why}; the first is {numbers[0]}"


def _grouped(wrong: Mapping[str, Sequence[str]]) -> list[str]:
    """Each thing once, with the first place of it."""
    told = []
    for why, places in wrong.items():
        if not places:
            told.append(why)
            continue
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        told.append(f"{places[0]}{more}: {why}")
    return told


def record_of(bundle: Bundle, runbook: str) -> Record:
    """What an export says that workers wrote."""
    owed = {obligation_stream(name): [lines] for name, lines in bundle.owed.items()}
    return Record(
        case=bundle.manifest.case,
        files=bundle.files,
        streams={
            Stream.CASE.value: [bundle.case_stream, *bundle.branches.values()],
            **owed,
        },
        runbook=runbook,
        moved=moves(bundle.entries),
    )
