"""A security key and the browser in front of it, in software: what WebAuthn says they send.

Everything that a hostile browser could change can be changed here: the page's origin, the site, the
kind of ceremony, the flags, the counter, the challenge.
"""

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import cbor2
from cryptography import x509
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


MODEL = "ee882879-721c-4913-9775-3dfcce97072a"


@dataclass
class Maker:
    """A maker of security keys: a root certificate, and one for each of its models."""

    key: EllipticCurvePrivateKey = field(default_factory=_p256)

    @cached_property
    def root(self) -> bytes:
        """Its root certificate, PEM: the same whenever it is asked for."""
        return self._certificate("root", self.key, ca=True).public_bytes(Encoding.PEM)

    def attests(self, data: bytes, *, names: str = MODEL) -> Json:
        """A packed statement over that, by a certificate that names the model."""
        own = _p256()
        leaf = self._certificate("model", own, names=names)
        return {
            "alg": -7,
            "sig": own.sign(data, ECDSA(hashes.SHA256())),
            "x5c": [leaf.public_bytes(Encoding.DER)],
        }

    def _certificate(
        self, name: str, key: EllipticCurvePrivateKey, *, ca: bool = False, names: str = ""
    ) -> x509.Certificate:
        def called(word: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, word)])

        made = (
            x509.CertificateBuilder()
            .subject_name(called(name))
            .issuer_name(called("root"))
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            oid = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
            value = b"\x04\x10" + uuid.UUID(names).bytes
            made = made.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
        return made.sign(self.key, hashes.SHA256())


@dataclass
class Authenticator:
    """One credential on one site."""

    rp_id: str
    origin: str
    key: EllipticCurvePrivateKey | Ed25519PrivateKey = field(default_factory=_p256)
    synced: bool = False
    counter: int = 0
    counts: bool = True
    model: str = str(uuid.UUID(int=0))
    maker: Maker | None = None
    """Whose word it gives on its model, where it is asked for that."""
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
        data = self._data(change) + uuid.UUID(self.model).bytes
        data += len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(self.cose())
        attestation: Json = {"fmt": "none", "attStmt": {}, "authData": data}
        if self.maker is not None and options["attestation"] == "direct":
            signed = data + hashlib.sha256(client_data).digest()
            statement = self.maker.attests(signed, names=change.get("names", self.model))
            attestation = {"fmt": "packed", "attStmt": statement, "authData": data}
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
