"""The signed act: one envelope, and its verification by pure computation (I4, I5).

A door builds the act, signs its exact bytes with its own key, and sends those bytes. The workflow
checks the signature over the same bytes, then reads them: nothing is written again in between
(DSSE's rule: the bytes verified are the bytes used).
"""

import base64
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from cases.acts import ActBody
from cases.canonical import canonical
from cases.personal import PersonalSignature, Signed, check_personal
from cases.receipts import Reason
from cases.signing import (
    CERTIFICATE_TYPE,
    Certificate,
    CertifiedKey,
    RefusedEnvelope,
    RoundBinding,
    check_signature,
    decoded,
    issue_certificate,
    key_id,
    pae,
    read_certificate,
)
from cases.values import Grown, Inbound, Instant
from runbooks.plan import Assurance

__all__ = [
    "ACT_TYPE",
    "CERTIFICATE_TYPE",
    "DIRECTORY_AGE",
    "MAX_PAYLOAD",
    "Act",
    "ActEnvelope",
    "ActingFor",
    "Actor",
    "Authorised",
    "Certificate",
    "CertifiedKey",
    "Door",
    "Ordered",
    "RefusedEnvelope",
    "RoundBinding",
    "issue_certificate",
    "key_id",
    "pae",
    "read_certificate",
    "sign_act",
    "signing_key",
    "verify_envelope",
]

ACT_TYPE = "application/vnd.escalate.act+json"
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

    since_grown: ClassVar[frozenset[str]] = frozenset({"authorised", "ordered", "personal"})

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
    personal: PersonalSignature | None = None
    """The person's own signature over what they did; without it the door alone says so."""
    authorised: Authorised | None = None


class ActEnvelope(Grown):
    """What travels: the act's exact bytes, a signature, and the signing key's certificate."""

    since_grown: ClassVar[frozenset[str]] = frozenset({"logged"})

    payload: str
    signature: str = ""
    certificate: Certificate | None = None
    logged: str = ""
    """That the log had the door's entry of this act before it was delivered: a C2SP tlog-proof, or
    a line of the spool. Put on by the door; not part of what is signed, it is the log's word."""


def sign_act(act: Act, *, key: Ed25519PrivateKey, certificate: Certificate) -> ActEnvelope:
    """The envelope a door stores and sends."""
    payload = canonical(act)
    signature = key.sign(pae(ACT_TYPE, payload))
    return ActEnvelope(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def verify_envelope(
    envelope: ActEnvelope,
    *,
    case: str,
    root: bytes,
    revoked: frozenset[str] = frozenset(),
) -> Act:
    """The act, once everything that needs no state holds; RefusedEnvelope says what does not.

    Holds afterwards: the root certified the key for doors, the key was valid at `signed_at` and is
    not revoked, it signed exactly these bytes, they name this case, the directory answer was at
    most 60 seconds old, and at assurance L3 the person's own key signed what they did.
    """
    if not envelope.signature or envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    if len(envelope.payload) > MAX_PAYLOAD:
        raise RefusedEnvelope(Reason.MALFORMED, "too large")
    certified = read_certificate(envelope.certificate, root=root)
    payload = envelope.payload.encode()
    public = decoded(certified.public_key, Reason.UNKNOWN_KEY)
    check_signature(public, envelope.signature, pae(ACT_TYPE, payload), Reason.BAD_SIGNATURE)
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
    _signed_by_the_person(act, root=root, revoked=revoked)
    return act


def _signed_by_the_person(act: Act, *, root: bytes, revoked: frozenset[str]) -> None:
    """L3 is what the person has signed themselves, and nothing else (design §7)."""
    if act.personal is None:
        if act.assurance is Assurance.L3:
            raise RefusedEnvelope(Reason.NOT_SIGNED_BY_PERSON)
        return
    if act.actor.acting_for is not None:
        raise RefusedEnvelope(Reason.PERSONAL_SIGNATURE, "in somebody else's place")
    signed = Signed(
        act=act.act,
        case=act.case,
        person=act.actor.person,
        role=act.role,
        body=act.body,
        binding=act.binding,
    )
    check_personal(act.personal, signed, at=act.signed_at, root=root, revoked=revoked)


def signing_key(envelope: ActEnvelope) -> str:
    """The id of the key an already verified envelope was signed with."""
    if envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    return CertifiedKey.model_validate_json(envelope.certificate.payload).key_id


def _fields(error: ValidationError) -> str:
    # Only the places, never the values: an act may hold what must not be repeated (I13).
    return ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors()[:5])
