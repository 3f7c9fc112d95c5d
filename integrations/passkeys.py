"""A new passkey as the browser hands it over: read and checked once, when it is enrolled.

The checks of WebAuthn's registration are the library's; whether later signatures hold is computed
by `cases.personal`, which needs nothing but the public key that is found here.
"""

import base64
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import verify_registration_response
from webauthn.helpers import (
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import AttestationFormat, CredentialDeviceType
from webauthn.registration.verify_registration_response import VerifiedRegistration

from cases.values import Value
from integrations.authenticators import Authenticators

ALGORITHMS = (COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA)
"""ES256 and Ed25519: both are checked with `cryptography` alone, and with openssl."""

_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
"""The extension by which a maker's certificate names the model it is for."""
_OCTETS = b"\x04\x10"


class UnusablePasskeyError(Exception):
    """What the browser sent is no new passkey of this site."""


class NewPasskey(Value):
    """What is known of it."""

    credential: str
    public_key: str
    """SubjectPublicKeyInfo, DER in base64."""
    device_bound: bool
    aaguid: str
    counter: int
    model: str = ""
    """The listed model whose maker attested it; empty: none did, or none is listed."""


def creation_options(
    *,
    rp_id: str,
    name: str,
    person: str,
    display: str,
    handle: bytes,
    challenge: bytes,
    known: Sequence[str],
    attested: bool = False,
) -> dict[str, Any]:
    """What `navigator.credentials.create` is called with, every byte string in base64url.

    With `attested` the maker's word on the model is asked for; a person may refuse to give it.
    """
    return {
        "rp": {"id": rp_id, "name": name},
        "user": {"id": bytes_to_base64url(handle), "name": person, "displayName": display},
        "challenge": bytes_to_base64url(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": each.value} for each in ALGORITHMS],
        "timeout": 300_000,
        "excludeCredentials": [{"type": "public-key", "id": each} for each in known],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "direct" if attested else "none",
    }


def request_options(*, rp_id: str, challenge: str, known: Sequence[str]) -> dict[str, Any]:
    """What `navigator.credentials.get` is called with."""
    return {
        "challenge": challenge,
        "rpId": rp_id,
        "timeout": 300_000,
        "allowCredentials": [{"type": "public-key", "id": each} for each in known],
        "userVerification": "required",
    }


def read_registration(
    credential: dict[str, Any],
    *,
    challenge: bytes,
    rp_id: str,
    origin: str,
    listed: Authenticators | None = None,
) -> NewPasskey:
    """The passkey, made for this site after this challenge by a user who was verified.

    Of which listed model it is, is said where its maker attests it.
    """

    def held(roots: Mapping[AttestationFormat, list[bytes]] | None = None) -> VerifiedRegistration:
        return verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
            pem_root_certs_bytes_by_fmt=roots,
        )

    try:
        verified = held()
        public = decoded_public_key_to_cryptography(
            decode_credential_public_key(verified.credential_public_key)
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise UnusablePasskeyError(type(error).__name__) from error
    if not isinstance(public, EllipticCurvePublicKey | Ed25519PublicKey) or (
        isinstance(public, EllipticCurvePublicKey) and not isinstance(public.curve, SECP256R1)
    ):
        raise UnusablePasskeyError("neither ES256 nor Ed25519")
    written = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return NewPasskey(
        credential=bytes_to_base64url(verified.credential_id),
        public_key=base64.b64encode(written).decode(),
        device_bound=verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE,
        aaguid=verified.aaguid,
        counter=verified.sign_count,
        model=_attested(verified, listed, held) if listed is not None else "",
    )


def _attested(
    verified: VerifiedRegistration,
    listed: Authenticators,
    held: Callable[[Mapping[AttestationFormat, list[bytes]]], VerifiedRegistration],
) -> str:
    """The listed model it is of, by its maker's certificate; empty where that does not hold.

    A key that attests itself has no certificate, and proves nothing about its model.
    """
    model = listed.of(verified.aaguid)
    if model is None or verified.fmt != AttestationFormat.PACKED:
        return ""
    certificates = parse_attestation_object(verified.attestation_object).att_stmt.x5c or []
    if not certificates:
        return ""
    try:
        held({AttestationFormat.PACKED: list(model.roots)})
        leaf = x509.load_der_x509_certificate(certificates[0])
        named = leaf.extensions.get_extension_for_oid(_AAGUID).value
    except (WebAuthnException, ValueError, TypeError, x509.ExtensionNotFound):
        return ""
    own = _OCTETS + uuid.UUID(verified.aaguid).bytes
    return model.name if getattr(named, "value", b"") == own else ""
