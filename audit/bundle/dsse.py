"""DSSE envelopes (secure-systems-lab/dsse 1.0): what was signed, byte for byte, and who signed it.

The bytes verified are the bytes used: nothing is written again before a signature is checked, and a
key's id is only a hint. An envelope of ours has one signature and one spelling.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from audit.errors import ExportUnreadableError
from audit.strict_json import read_json
from cases.canonical import canonical, sha256
from cases.envelope import (
    ACT_TYPE,
    CERTIFICATE_TYPE,
    ActEnvelope,
    Certificate,
    CertifiedKey,
    key_id,
    pae,
    signing_key,
)

ACTS = "acts/"
CERTIFICATES = "certificates/"
_SUFFIX = ".dsse.json"
_ENVELOPE = {"payload", "payloadType", "signatures"}
_SIGNATURE = {"keyid", "sig"}


@dataclass(frozen=True)
class Signed:
    """An envelope: whoever uses the payload asks `holds` first."""

    kind: str
    payload: bytes
    keyid: str
    signature: bytes

    @property
    def data(self) -> bytes:
        """The file."""
        return canonical(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.kind,
                "signatures": [
                    {"keyid": self.keyid, "sig": base64.b64encode(self.signature).decode()}
                ],
            }
        )

    def holds(self, public: bytes) -> bool:
        """Whether this key signed the payload as what its type says."""
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
            key.verify(self.signature, pae(self.kind, self.payload))
        except (InvalidSignature, ValueError):
            return False
        return True


def read_signed(name: str, data: bytes) -> Signed:
    """The envelope; ExportUnreadableError for every spelling but its one."""
    value = read_json(name, data)
    signatures = value.get("signatures") if isinstance(value, dict) else None
    if not isinstance(signatures, list) or value.keys() != _ENVELOPE or len(signatures) != 1:
        raise ExportUnreadableError(name, "is not an envelope with one signature")
    only = signatures[0]
    if not isinstance(only, dict) or only.keys() != _SIGNATURE:
        raise ExportUnreadableError(name, "has a signature without key or value")
    signed = Signed(
        kind=_text(name, value["payloadType"]),
        payload=_bytes(name, value["payload"]),
        keyid=_text(name, only["keyid"]),
        signature=_bytes(name, only["sig"]),
    )
    if signed.data != data:
        raise ExportUnreadableError(name, "is not written canonically")
    return signed


def act_file(envelope: ActEnvelope) -> str:
    """Where the act stands: named by what was signed, so that one act has one place."""
    return f"{ACTS}{sha256(envelope.payload.encode())}{_SUFFIX}"


def envelope_files(
    envelopes: Iterable[ActEnvelope], certificates: Iterable[Certificate], *, root: bytes
) -> dict[str, bytes]:
    """The files of these acts, and of the certificates of the keys that signed them."""
    files: dict[str, bytes] = {}
    for envelope in envelopes:
        signed = Signed(
            kind=ACT_TYPE,
            payload=envelope.payload.encode(),
            keyid=signing_key(envelope),
            signature=_bytes(ACTS, envelope.signature),
        )
        files[act_file(envelope)] = signed.data
    for certificate in certificates:
        signed = Signed(
            kind=CERTIFICATE_TYPE,
            payload=certificate.payload.encode(),
            keyid=key_id(root),
            signature=_bytes(CERTIFICATES, certificate.signature),
        )
        files[f"{CERTIFICATES}{_key_of(certificate)}{_SUFFIX}"] = signed.data
    return files


def read_envelopes(
    files: Mapping[str, bytes], certificates: Iterable[Certificate]
) -> dict[str, ActEnvelope]:
    """By its file, every act as the workflow was given it; not believed yet."""
    known: dict[str, Certificate] = {}
    for item in certificates:
        known.setdefault(_key_of(item), item)
    found: dict[str, ActEnvelope] = {}
    for name, data in files.items():
        if not name.startswith(ACTS):
            continue
        signed = read_signed(name, data)
        if signed.kind != ACT_TYPE or name != f"{ACTS}{sha256(signed.payload)}{_SUFFIX}":
            raise ExportUnreadableError(name, "is not the act that its name says")
        try:
            payload = signed.payload.decode()
        except UnicodeDecodeError as error:
            raise ExportUnreadableError(name, "is not UTF-8") from error
        found[name] = ActEnvelope(
            payload=payload,
            signature=base64.b64encode(signed.signature).decode(),
            certificate=known.get(signed.keyid),
        )
    return found


def _key_of(certificate: Certificate) -> str:
    """The id of the key it certifies; ExportUnreadableError where it says nothing of the kind."""
    try:
        return CertifiedKey.model_validate_json(certificate.payload).key_id
    except ValidationError as error:
        raise ExportUnreadableError(CERTIFICATES, "one of them cannot be read") from error


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ExportUnreadableError(name, "has something else where a text belongs")
    return value


def _bytes(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(_text(name, value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ExportUnreadableError(name, "is not base64") from error
