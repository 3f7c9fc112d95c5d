"""A security key and the browser in front of it, in software: what WebAuthn says they send.

Everything that a hostile browser could change can be changed here: the page's origin, the site, the
kind of ceremony, the flags, the counter, the challenge.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64url(data: bytes) -> str:
    """As WebAuthn's JSON writes bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64(data: bytes) -> str:
    """As our own JSON writes bytes."""
    return base64.b64encode(data).decode()


def _p256() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


@dataclass
class Authenticator:
    """One credential on one site."""

    rp_id: str
    origin: str
    key: EllipticCurvePrivateKey | Ed25519PrivateKey = field(default_factory=_p256)
    synced: bool = False
    counter: int = 0
    counts: bool = True
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def credential(self) -> str:
        """Its id, as JSON writes it."""
        return b64url(self.id)

    @property
    def public_key(self) -> str:
        """SubjectPublicKeyInfo in base64."""
        public = self.key.public_key()
        return b64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def register(self, options: Json, **change: Any) -> Json:
        """What `navigator.credentials.create` resolves to."""
        client_data = self._client_data("webauthn.create", options["challenge"], change)
        data = self._data(change) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        attestation = {"fmt": "none", "attStmt": {}, "authData": data + cbor2.dumps(self.cose())}
        return {
            "id": self.credential,
            "rawId": self.credential,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64url(client_data),
                "attestationObject": b64url(cbor2.dumps(attestation)),
                "transports": ["usb"],
            },
        }

    def sign(self, options: Json, **change: Any) -> Json:
        """What `navigator.credentials.get` resolves to, as our API takes it."""
        client_data = self._client_data("webauthn.get", options["challenge"], change)
        if self.counts and "counter" not in change:
            self.counter += 1
        data = self._data({"flags": self._flags(), **change})
        message = data + hashlib.sha256(client_data).digest()
        signature = (
            self.key.sign(message, ECDSA(hashes.SHA256()))
            if isinstance(self.key, EllipticCurvePrivateKey)
            else self.key.sign(message)
        )
        return {
            "credential": self.credential,
            "authenticator_data": b64(data),
            "client_data": b64(client_data),
            "signature": b64(signature),
        }

    def _client_data(self, kind: str, challenge: str, change: Json) -> bytes:
        said = {
            "type": change.get("type", kind),
            "challenge": change.get("challenge", challenge),
            "origin": change.get("origin", self.origin),
            "crossOrigin": change.get("cross_origin", False),
        }
        return json.dumps(said).encode()

    def _flags(self) -> int:
        return UP | UV | (BE | BS if self.synced else 0)

    def _data(self, change: Json) -> bytes:
        flags = change.get("flags", self._flags() | AT)
        counter = change.get("counter", self.counter)
        site = hashlib.sha256(change.get("rp_id", self.rp_id).encode()).digest()
        return site + bytes([flags]) + int(counter).to_bytes(4, "big")

    def cose(self) -> dict[int, Any]:
        """The public key as registration hands it over."""
        public = self.key.public_key()
        if isinstance(self.key, Ed25519PrivateKey):
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}
