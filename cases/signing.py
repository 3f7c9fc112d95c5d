"""What every signature here is made of: exact bytes with their type, keys, and the root's word."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import BaseModel, ValidationError

from cases.canonical import canonical, sha256
from cases.receipts import Reason
from cases.values import Inbound, Instant

Model = TypeVar("Model", bound=BaseModel)

CERTIFICATE_TYPE = "application/vnd.escalate.certificate+json"


class RoundBinding(Inbound):
    """Exactly what was shown to the person who decided."""

    gate: str
    round: int
    revision: int
    content_hash: str
    nonce: str


class Certificate(Inbound):
    """The root's word that a key belongs to a door for a time."""

    payload: str
    signature: str


class CertifiedKey(Inbound):
    """What a certificate says."""

    key_id: str
    public_key: str
    """32 bytes, base64."""
    use: str
    not_before: Instant
    not_after: Instant


class RefusedEnvelope(Exception):
    """The envelope does not prove what it claims; `reason` says which check failed."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


def pae(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: type and bytes, each with its length."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def key_id(public: bytes) -> str:
    """A short name for a public key: the first 16 hex characters of its SHA-256."""
    return sha256(public)[:16]


def issue_certificate(
    root: Ed25519PrivateKey,
    public: Ed25519PublicKey,
    *,
    use: str,
    not_before: datetime,
    not_after: datetime,
) -> Certificate:
    """A certificate for `public`, signed by the root key."""
    raw = public.public_bytes_raw()
    payload = canonical(
        CertifiedKey(
            key_id=key_id(raw),
            public_key=base64.b64encode(raw).decode(),
            use=use,
            not_before=not_before,
            not_after=not_after,
        )
    )
    signature = root.sign(pae(CERTIFICATE_TYPE, payload))
    return Certificate(payload=payload.decode(), signature=base64.b64encode(signature).decode())


def read_certificate(certificate: Certificate, *, root: bytes) -> CertifiedKey:
    """The certified key, once the root's signature over it holds; RefusedEnvelope otherwise."""
    payload = certificate.payload.encode()
    check_signature(root, certificate.signature, pae(CERTIFICATE_TYPE, payload), Reason.UNKNOWN_KEY)
    try:
        return CertifiedKey.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED, "certificate") from error


def check_signature(public: bytes, signature: str, message: bytes, reason: Reason) -> None:
    """The Ed25519 signature over the message holds; RefusedEnvelope with that reason otherwise."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(decoded(signature, reason), message)
    except (InvalidSignature, ValueError) as error:
        raise RefusedEnvelope(reason) from error


def decoded(text: str, reason: Reason) -> bytes:
    """The bytes that are written in base64; RefusedEnvelope with that reason otherwise."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedEnvelope(reason, "not base64") from error


def read_signed(
    kind: type[Model],
    type_: str,
    *,
    payload: str,
    signature: str,
    certificate: Certificate,
    root: bytes,
    at: Callable[[Model], datetime],
    use: str = "door",
    otherwise: str = "not a door's key",
) -> Model:
    """What the payload says, once a key certified for that use is shown to have signed it in time.

    `at` is the instant by which it says it was signed; `otherwise` is said of a key for another
    use. RefusedEnvelope for whatever does not hold.
    """
    certified = read_certificate(certificate, root=root)
    signed = payload.encode()
    public = decoded(certified.public_key, Reason.BAD_SIGNATURE)
    check_signature(public, signature, pae(type_, signed), Reason.BAD_SIGNATURE)
    try:
        value = kind.model_validate_json(signed)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED) from error
    if certified.use != use:
        raise RefusedEnvelope(Reason.UNKNOWN_KEY, otherwise)
    if not certified.not_before <= at(value) < certified.not_after:
        raise RefusedEnvelope(Reason.EXPIRED_KEY, certified.key_id)
    return value
