"""A person's own signature over what they did: WebAuthn, checked offline by pure computation.

What is signed is a *statement*: the act's id, case, person, role, body and the round that was
shown. Its exact bytes are hashed, the hash is the challenge, and the person's authenticator signs
the challenge together with the page it was asked from. Whose key it is says an *enrolment* that a
door signed once a second person had confirmed it; it travels with the signature, so that nothing
has to be looked up to check either, in the workflow as years later from an export.
"""

import base64
import binascii
import hashlib
import json
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import Field, ValidationError

from cases.acts import ActBody
from cases.canonical import canonical
from cases.receipts import Reason
from cases.signing import (
    Certificate,
    RefusedEnvelope,
    RoundBinding,
    check_signature,
    decoded,
    pae,
    read_certificate,
)
from cases.values import Grown, Inbound, Instant

ENROLMENT_TYPE = "application/vnd.escalate.enrolment+json"
STATEMENT_AGE = timedelta(minutes=5)
"""How long a person may take between being asked and having signed."""
MAX_STATEMENT = 64 * 1024
MAX_CLIENT_DATA = 4 * 1024

_HEAD, _FLAGS, _COUNTER = 37, 32, slice(33, 37)
_UP, _UV, _BE, _BS = 0x01, 0x04, 0x08, 0x10

Text = Annotated[str, Field(max_length=8 * 1024)]


class Signed(Inbound):
    """What a person did, without when: the door says when."""

    act: str
    case: str
    person: str
    role: str
    body: ActBody
    binding: RoundBinding | None


class Statement(Signed):
    """What the person signs."""

    v: int = 1
    issued_at: Instant
    """When the door asked."""


class PersonalKey(Grown):
    """Whose key it is, and what is known of it."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"model", "listed"})

    v: int = 1
    credential: str
    """The credential's id, base64url without padding."""
    person: str
    public_key: str
    """SubjectPublicKeyInfo, DER in base64: ES256 or Ed25519."""
    rp_id: str
    origins: tuple[str, ...]
    """The pages it may be used from, exactly."""
    device_bound: bool
    """It cannot leave its device: not eligible for backup."""
    aaguid: str
    """What the authenticator says of its model; without attestation nothing proves it."""
    enrolled_by: str
    enrolled_at: Instant
    confirmed_by: str
    """The second person."""
    confirmed_at: Instant
    model: str = ""
    """The listed model of security keys whose maker attested it; empty: none did."""
    listed: bool = False
    """Models were listed when it was confirmed: what it says of itself is not believed then."""

    @property
    def unlisted(self) -> bool:
        """Whether nobody is believed who says that it cannot leave its device."""
        return self.listed and not self.model


class Enrolment(Inbound):
    """A door's signed word on whose key it is."""

    payload: Text
    signature: Text
    certificate: Certificate


class PersonalSignature(Inbound):
    """Everything that is needed to check it: exact bytes, and the enrolment of the key."""

    statement: Annotated[str, Field(max_length=MAX_STATEMENT)]
    authenticator_data: Text
    """base64"""
    client_data: Text
    """base64"""
    signature: Text
    """base64"""
    enrolment: Enrolment

    @property
    def key(self) -> PersonalKey:
        """The key, as its checked enrolment says."""
        return PersonalKey.model_validate_json(self.enrolment.payload)

    @property
    def signed_bytes(self) -> bytes:
        """What the authenticator signed: its own data, then the hash of the page's."""
        client_data = base64.b64decode(self.client_data)
        return base64.b64decode(self.authenticator_data) + hashlib.sha256(client_data).digest()


def challenge_of(statement: bytes) -> str:
    """The challenge that stands for these exact bytes, as a page and `clientDataJSON` write it."""
    return base64.urlsafe_b64encode(hashlib.sha256(statement).digest()).rstrip(b"=").decode()


def written(statement: Statement) -> bytes:
    """The exact bytes of a statement."""
    return canonical(statement)


def check_personal(
    signature: PersonalSignature,
    signed: Signed,
    *,
    at: datetime,
    root: bytes,
    revoked: frozenset[str] = frozenset(),
) -> PersonalKey:
    """The key, once it is the person's and signed exactly this; RefusedEnvelope otherwise.

    Holds afterwards: a second person confirmed the key before, in the word of a door that the root
    certifies; the authenticator verified its user; it was asked from our own page for this very
    statement; and the statement says what the act says, at most five minutes before it.
    """
    key = read_enrolment(signature.enrolment, root=root, revoked=revoked)
    if key.person != signed.person or key.confirmed_at > at:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "it is another person's, or was enrolled later")
    statement = signature.statement.encode()
    try:
        said = Statement.model_validate_json(statement)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the statement cannot be read") from error
    for name in Signed.model_fields:
        if getattr(said, name) != getattr(signed, name):
            raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, f"another {name} was signed")
    if not timedelta(0) <= at - said.issued_at <= STATEMENT_AGE:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "it was signed too long ago")
    client_data = decoded(signature.client_data, Reason.PERSONAL_SIGNATURE)
    _check_client_data(client_data, challenge=challenge_of(statement), key=key)
    data = decoded(signature.authenticator_data, Reason.PERSONAL_SIGNATURE)
    _check_authenticator_data(data, key=key)
    _check_assertion(
        decoded(key.public_key, Reason.PERSONAL_KEY),
        decoded(signature.signature, Reason.PERSONAL_SIGNATURE),
        data + hashlib.sha256(client_data).digest(),
    )
    return key


def read_enrolment(
    enrolment: Enrolment, *, root: bytes, revoked: frozenset[str] = frozenset()
) -> PersonalKey:
    """The key, once a door said of it that two people put it there; RefusedEnvelope otherwise."""
    certified = read_certificate(enrolment.certificate, root=root)
    payload = enrolment.payload.encode()
    public = decoded(certified.public_key, Reason.UNKNOWN_KEY)
    check_signature(public, enrolment.signature, pae(ENROLMENT_TYPE, payload), Reason.PERSONAL_KEY)
    try:
        key = PersonalKey.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "the enrolment cannot be read") from error
    if certified.use != "door" or certified.key_id in revoked:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "no door that is trusted enrolled it")
    if not certified.not_before <= key.confirmed_at < certified.not_after:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "the door's key was not valid then")
    if key.confirmed_by in (key.person, key.enrolled_by) or key.confirmed_at < key.enrolled_at:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "no second person confirmed it")
    return key


def counter_of(authenticator_data: bytes) -> int:
    """How often the authenticator says it has signed; 0 where it does not count."""
    return int.from_bytes(authenticator_data[_COUNTER], "big")


def _check_client_data(client_data: bytes, *, challenge: str, key: PersonalKey) -> None:
    if len(client_data) > MAX_CLIENT_DATA:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the page's part is too large")
    said = _object(client_data)
    if said.get("type") != "webauthn.get":
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "no assertion was asked for")
    if said.get("challenge") != challenge:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "something else was signed")
    if said.get("origin") not in key.origins:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "it was asked from another page")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "it was asked inside another site's page")


def _check_authenticator_data(data: bytes, *, key: PersonalKey) -> None:
    if len(data) < _HEAD:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the authenticator's part is too short")
    if data[:_FLAGS] != hashlib.sha256(key.rp_id.encode()).digest():
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "it was made for another site")
    flags = data[_FLAGS]
    if not flags & _UP or not flags & _UV:
        raise RefusedEnvelope(
            Reason.PERSONAL_SIGNATURE, "the authenticator did not verify its user"
        )
    eligible = bool(flags & _BE)
    # Whether a key may be backed up never changes in its life: a change means another key.
    if eligible == key.device_bound or (flags & _BS and not eligible):
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "it says otherwise whether it is synced")


def _check_assertion(public_key: bytes, signature: bytes, message: bytes) -> None:
    try:
        public = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RefusedEnvelope(Reason.PERSONAL_KEY, "not a public key") from error
    try:
        if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
            public.verify(signature, message, ECDSA(hashes.SHA256()))
        elif isinstance(public, Ed25519PublicKey):
            public.verify(signature, message)
        else:
            raise RefusedEnvelope(Reason.PERSONAL_KEY, "neither ES256 nor Ed25519")
    except (InvalidSignature, ValueError) as error:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the signature does not hold") from error


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_pairs)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the page's part is not JSON") from error
    if not isinstance(value, dict):
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "the page's part is not JSON")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found
