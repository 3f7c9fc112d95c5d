"""The root's word that door keys are no longer to be trusted."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import ValidationError

from cases.canonical import canonical
from cases.envelope import pae
from workflows.messages import KeysRevoked, Revocation

REVOCATION_TYPE = "application/vnd.escalate.revocation+json"


def sign_revocation(revocation: Revocation, *, root: Ed25519PrivateKey) -> KeysRevoked:
    """The note that every running case is to be sent."""
    payload = canonical(revocation)
    signature = root.sign(pae(REVOCATION_TYPE, payload))
    return KeysRevoked(revocation=payload.decode(), signature=base64.b64encode(signature).decode())


def read_revocation(note: KeysRevoked, *, root: bytes) -> Revocation | None:
    """What the note says, if the root signed it; None otherwise."""
    payload = note.revocation.encode()
    try:
        signature = base64.b64decode(note.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(root).verify(signature, pae(REVOCATION_TYPE, payload))
        return Revocation.model_validate_json(payload)
    except (InvalidSignature, binascii.Error, ValidationError, ValueError):
        return None
