"""The signed act: one envelope, and its verification by pure computation (I4, I5).

A door builds the act, signs its exact bytes with its own key, and sends those bytes. The workflow
checks the signature over the same bytes, then reads them: nothing is written again in between
(DSSE's rule: the bytes verified are the bytes used).
"""

import base64
import binascii
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from pydantic import ValidationError

from cases.acts import ActBody
from cases.canonical import canonical, sha256
from cases.receipts import Reason
from cases.values import Grown, Inbound, Instant
from runbooks.plan import Assurance

ACT_TYPE = "application/vnd.escalate.act+json"
CERTIFICATE_TYPE = "application/vnd.escalate.certificate+json"
DIRECTORY_AGE = timedelta(seconds=60)
"""How old the directory answer stamped into an act may be (design §7)."""
MAX_PAYLOAD = 64 * 1024


class Door(StrEnum):
    """Where the person was when they acted."""

    WEB = "web"
    LINK = "link"
    CLI = "cli"
    API = "api"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    """PagerDuty says that the person did it there."""


class ActingFor(Inbound):
    """In whose place a delegate acted, and by which delegation; never in a delegate's own place."""

    person: str
    """Who is away and named the delegate."""
    roles: tuple[str, ...]
    """The roles this person holds and the delegation covers."""
    since: Instant
    until: Instant
    delegation: str
    """Which record of the directory, or of the store, says so."""
    accounts: tuple[str, ...] = ()
    """This person's other accounts."""


class Actor(Grown):
    """Who acted, as the directory knew them at that moment."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"accounts", "acting_for"})

    person: str
    roles: tuple[str, ...]
    directory_digest: str
    directory_as_of: Instant
    accounts: tuple[str, ...] = ()
    """Other accounts of the same human: whoever checks four eyes counts them as one."""
    acting_for: ActingFor | None = None

    @property
    def own_names(self) -> frozenset[str]:
        """Every name of the human who acted."""
        return frozenset((self.person, *self.accounts))

    @property
    def names(self) -> frozenset[str]:
        """Every name the act is bound to: who acted, and in whose place."""
        principal = self.acting_for
        if principal is None:
            return self.own_names
        return self.own_names | {principal.person, *principal.accounts}


class RoundBinding(Inbound):
    """Exactly what was shown to the person who decided."""

    gate: str
    round: int
    revision: int
    content_hash: str
    nonce: str


class Ordered(Inbound):
    """The order over many cases that an act came out of (`cases.bulk_orders`)."""

    order: str
    digest: str
    """Of the signed order: the act names exactly those cases, and no others can be added."""
    of: int
    """How many cases it names."""


class Authorised(Inbound):
    """That the door asked its policies, and which of them allowed it.

    The directory answer it rests on is the actor's. An act of an earlier release has none: it was
    allowed by the checks of that release, and stays valid.
    """

    policies: tuple[str, ...]
    """Their ids."""
    digest: str
    """Of the policies, their schema and the restricted classes, as one kept text."""


class Act(Grown):
    """What is signed."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"authorised", "ordered"})

    v: int = 1
    act: str
    """A UUID; it is also the update's id."""
    case: str
    actor: Actor
    role: str
    """The role the person acts in."""
    assurance: Assurance
    door: Door
    signed_at: Instant
    body: ActBody
    binding: RoundBinding | None = None
    ordered: Ordered | None = None
    authorised: Authorised | None = None


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


class ActEnvelope(Inbound):
    """What travels: the act's exact bytes, a signature, and the signing key's certificate."""

    payload: str
    signature: str = ""
    certificate: Certificate | None = None


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


def sign_act(act: Act, *, key: Ed25519PrivateKey, certificate: Certificate) -> ActEnvelope:
    """The envelope a door stores and sends."""
    payload = canonical(act)
    signature = key.sign(pae(ACT_TYPE, payload))
    return ActEnvelope(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def read_certificate(certificate: Certificate, *, root: bytes) -> CertifiedKey:
    """The certified key, once the root's signature over it holds; RefusedEnvelope otherwise."""
    payload = certificate.payload.encode()
    _check(root, certificate.signature, pae(CERTIFICATE_TYPE, payload), Reason.UNKNOWN_KEY)
    try:
        return CertifiedKey.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED, "certificate") from error


def verify_envelope(
    envelope: ActEnvelope,
    *,
    case: str,
    root: bytes,
    revoked: frozenset[str] = frozenset(),
) -> Act:
    """The act, once everything that needs no state holds; RefusedEnvelope says what does not.

    Holds afterwards: the root certified the key for doors, the key was valid at `signed_at` and is
    not revoked, it signed exactly these bytes, they name this case, and the directory answer was
    at most 60 seconds old.
    """
    if not envelope.signature or envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    if len(envelope.payload) > MAX_PAYLOAD:
        raise RefusedEnvelope(Reason.MALFORMED, "too large")
    certified = read_certificate(envelope.certificate, root=root)
    payload = envelope.payload.encode()
    public = _decoded(certified.public_key, Reason.UNKNOWN_KEY)
    _check(public, envelope.signature, pae(ACT_TYPE, payload), Reason.BAD_SIGNATURE)
    try:
        act = Act.model_validate_json(payload)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED, _fields(error)) from error
    if certified.use != "door":
        raise RefusedEnvelope(Reason.UNKNOWN_KEY, "not a door's key")
    if certified.key_id in revoked:
        raise RefusedEnvelope(Reason.REVOKED_KEY, certified.key_id)
    if not certified.not_before <= act.signed_at < certified.not_after:
        raise RefusedEnvelope(Reason.EXPIRED_KEY, certified.key_id)
    if act.case != case:
        raise RefusedEnvelope(Reason.OTHER_CASE)
    age = act.signed_at - act.actor.directory_as_of
    if not timedelta(0) <= age <= DIRECTORY_AGE:
        raise RefusedEnvelope(Reason.STALE_DIRECTORY)
    principal = act.actor.acting_for
    if act.role not in (principal.roles if principal is not None else act.actor.roles):
        raise RefusedEnvelope(Reason.ROLE, act.role)
    if principal is not None and not principal.since <= act.signed_at < principal.until:
        raise RefusedEnvelope(Reason.NO_DELEGATION, principal.delegation)
    return act


def signing_key(envelope: ActEnvelope) -> str:
    """The id of the key an already verified envelope was signed with."""
    if envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    return CertifiedKey.model_validate_json(envelope.certificate.payload).key_id


def _check(public: bytes, signature: str, message: bytes, reason: Reason) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(_decoded(signature, reason), message)
    except (InvalidSignature, ValueError) as error:
        raise RefusedEnvelope(reason) from error


def _decoded(text: str, reason: Reason) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedEnvelope(reason, "not base64") from error


def _fields(error: ValidationError) -> str:
    # Only the places, never the values: an act may hold what must not be repeated (I13).
    return ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors()[:5])
