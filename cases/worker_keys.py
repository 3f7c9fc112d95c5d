"""A worker's own key: who certifies it, to what, and what it signs.

A worker makes a key at its start and keeps it in memory; a new one takes its place long before the
certificate of the old one ends. A door certifies it: to the build the worker runs and to the
runbooks it may serve. With it the worker marks every batch of journal entries that its code
derived, over the exact bytes that go into the history, so that a history tells which build wrote
which entries. The mark travels beside the bytes and is no part of what the case says: a replay
derives the same batch and no mark.
"""

import base64
from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from cases.canonical import canonical
from cases.receipts import Reason
from cases.signing import (
    Certificate,
    RefusedEnvelope,
    check_signature,
    decoded,
    key_id,
    pae,
    read_signed,
)
from cases.values import Inbound, Instant

CERTIFICATE_TYPE = "application/vnd.escalate.worker-certificate+json"
REQUEST_TYPE = "application/vnd.escalate.worker-request+json"
BATCH_TYPE = "application/vnd.escalate.journal-batch+json"
MARK = "worker"
"""The name under which a payload carries its mark."""
_NAMED, _SIGNED = 8, 64


class WorkerRequest(Inbound):
    """What a worker asks a door to certify."""

    v: int = 1
    public_key: str
    """32 bytes, base64."""
    build: str
    """The digest over the source it runs (`audit.bundle.code`)."""
    asked_at: Instant

    @property
    def key_id(self) -> str:
        """The short name of its key; RefusedEnvelope where it is none."""
        return key_id(decoded(self.public_key, Reason.MALFORMED))


class CertifiedWorker(Inbound):
    """What a door certifies."""

    v: int = 1
    key_id: str
    public_key: str
    build: str
    runbooks: tuple[str, ...]
    """Digests of the documents whose cases it may serve, sorted."""
    not_before: Instant
    not_after: Instant
    issued_at: Instant
    """When the door said so: by then its own certificate has to count."""

    def covers(self, at: datetime) -> bool:
        """Whether it counts at that instant."""
        return self.not_before <= at < self.not_after


class WorkerCertificate(Inbound):
    """A door's signed word on a worker's key, with the root's on the door's."""

    payload: str
    signature: str
    certificate: Certificate


class Mark(NamedTuple):
    """Whose signature stands beside a batch."""

    key_id: str
    signature: bytes

    @property
    def written(self) -> bytes:
        """As a payload carries it."""
        return bytes.fromhex(self.key_id) + self.signature


def sign_request(request: WorkerRequest, *, key: Ed25519PrivateKey) -> str:
    """That whoever asks has the key; base64."""
    return base64.b64encode(key.sign(pae(REQUEST_TYPE, canonical(request)))).decode()


def check_request(request: WorkerRequest, signature: str) -> None:
    """Whoever asked has the key; RefusedEnvelope otherwise."""
    public = decoded(request.public_key, Reason.MALFORMED)
    check_signature(public, signature, pae(REQUEST_TYPE, canonical(request)), Reason.BAD_SIGNATURE)


def certify_worker(
    worker: CertifiedWorker, *, door: Ed25519PrivateKey, certificate: Certificate
) -> WorkerCertificate:
    """The door's word on it; `certificate` is the root's on the door, good at `issued_at`."""
    payload = canonical(worker)
    signature = door.sign(pae(CERTIFICATE_TYPE, payload))
    return WorkerCertificate(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def read_worker(certificate: WorkerCertificate, *, root: bytes) -> CertifiedWorker:
    """What the certificate says, once a door that the root certified has said it in time.

    RefusedEnvelope for whatever does not hold.
    """
    worker = read_signed(
        CertifiedWorker,
        CERTIFICATE_TYPE,
        payload=certificate.payload,
        signature=certificate.signature,
        certificate=certificate.certificate,
        root=root,
        at=lambda said: said.issued_at,
    )
    if key_id(decoded(worker.public_key, Reason.MALFORMED)) != worker.key_id:
        raise RefusedEnvelope(Reason.MALFORMED, "a key has one name")
    return worker


def said_by(certificate: WorkerCertificate) -> CertifiedWorker:
    """What it says, whoever signed it; RefusedEnvelope where it says nothing."""
    try:
        return CertifiedWorker.model_validate_json(certificate.payload)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED, "certificate") from error


def mark_of(data: bytes, *, key: Ed25519PrivateKey, named: str) -> Mark:
    """The signature of a worker's key over exactly these bytes of a batch."""
    return Mark(named, key.sign(pae(BATCH_TYPE, data)))


def read_mark(written: bytes) -> Mark:
    """The mark that a payload carries; RefusedEnvelope where it is none."""
    if len(written) != _NAMED + _SIGNED:
        raise RefusedEnvelope(Reason.MALFORMED, "mark")
    return Mark(written[:_NAMED].hex(), written[_NAMED:])


def check_mark(mark: Mark, data: bytes, *, worker: CertifiedWorker) -> None:
    """That worker's key signed exactly these bytes; RefusedEnvelope otherwise."""
    check_signature(
        decoded(worker.public_key, Reason.BAD_SIGNATURE),
        base64.b64encode(mark.signature).decode(),
        pae(BATCH_TYPE, data),
        Reason.BAD_SIGNATURE,
    )
