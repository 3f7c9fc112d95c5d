"""A door's signed word that a case's key was destroyed: what a restore goes by.

A copy of the store that is older than the erasure still holds the key, wrapped. Whoever brings such
a copy back destroys it again before anything can be read, by these notes and by nothing else.
"""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
)

from cases.canonical import canonical, sha256
from cases.envelope import ActEnvelope, Certificate, RefusedEnvelope, pae
from cases.receipts import Reason
from cases.signing import read_signed
from cases.values import Inbound, Instant

NOTE_TYPE = "application/vnd.escalate.shred+json"


class ShredNote(Inbound):
    """Which key is gone, and what stays of its case."""

    v: int = 1
    case: str
    key_id: str
    erasure: str
    at: Instant
    streams: dict[str, str]
    """By the name of a stream's file: the SHA-256 of what stays of it."""


class ErasedCase(Inbound):
    """One file of the folder that restores go by."""

    note: ActEnvelope
    streams: dict[str, str]
    """What stays, as it stands in the store."""


def sign_note(note: ShredNote, *, key: Ed25519PrivateKey, certificate: Certificate) -> ActEnvelope:
    """The note as it is kept."""
    payload = canonical(note)
    signature = key.sign(pae(NOTE_TYPE, payload))
    return ActEnvelope(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def read_note(kept: ErasedCase, *, root: bytes) -> ShredNote:
    """The note, once a certified door key is shown to have signed it and what stays fits it.

    RefusedEnvelope otherwise: a key that nobody erased must not be lost to a forged note.
    """
    envelope = kept.note
    if envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    note = read_signed(
        ShredNote,
        NOTE_TYPE,
        payload=envelope.payload,
        signature=envelope.signature,
        certificate=envelope.certificate,
        root=root,
        at=lambda note: note.at,
    )
    if {name: sha256(text.encode()) for name, text in kept.streams.items()} != note.streams:
        raise RefusedEnvelope(Reason.MALFORMED, "what stays is not what the note names")
    return note
