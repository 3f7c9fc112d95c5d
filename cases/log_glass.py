"""Going on without the transparency log: two people order it, a spool signs what happens meanwhile.

Not to be confused with the break-glass of a gate (`cases.acts_at_gates`): that one stands in for
absent approvers of one case, this one for a log that cannot be written, for every case, for at most
an hour. What is decided meanwhile is signed into a spool before it takes effect, and each line
carries both orders: whoever verifies it needs nothing else than the root's public key.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, StringConstraints, ValidationError

from cases.canonical import canonical, sha256
from cases.envelope import (
    Actor,
    Certificate,
    CertifiedKey,
    Door,
    RefusedEnvelope,
    key_id,
    pae,
)
from cases.receipts import Reason
from cases.signing import read_signed
from cases.values import Inbound, Instant
from runbooks.plan import Assurance

ORDER_TYPE = "application/vnd.escalate.log-break-glass+json"
LINE_TYPE = "application/vnd.escalate.log-spool-line+json"
SPOOL_USE = "spool"
DOOR_USE = "door"
LONGEST = timedelta(minutes=60)
WAITS = timedelta(minutes=30)
"""How long an order waits for its second person."""
REVIEW_WITHIN = timedelta(hours=24)
MAY = ("incident-manager", "duty-manager", "executive")
"""Roles that may order it, confirm it and review it."""
SPOOL_LINE = "{"
"""How a spool's line begins where an act carries one: a tlog-proof begins with its version."""

Model = TypeVar("Model", bound=Inbound)


class GlassVerb(StrEnum):
    """The four orders about it."""

    OPEN = "open"
    CONFIRM = "confirm"
    END = "end"
    REVIEW = "review"


class GlassOrder(Inbound):
    """What one person signs."""

    v: int = 1
    order: str
    """A UUID of the break-glass; the same in all of its orders."""
    verb: GlassVerb
    actor: Actor
    role: str
    assurance: Assurance
    door: Door
    signed_at: Instant
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    minutes: Annotated[int, Field(ge=1, le=60)] = 60
    confirms: str = ""
    """The digest of the order that a second person confirms."""

    @property
    def digest(self) -> str:
        """What a confirmation names."""
        return sha256(canonical(self))


class Signed(Inbound):
    """Exact bytes, a signature, and the root's certificate of the key."""

    payload: str
    signature: str
    certificate: Certificate


class Glass(Inbound):
    """Both orders under which a line was signed."""

    opened: Signed
    confirmed: Signed


class SpoolLine(Inbound):
    """What a spool signs: that this leaf stands for something that was about to take effect."""

    v: int = 1
    spool: str
    """The id of the spool's key."""
    number: Annotated[int, Field(ge=1)]
    previous: str
    """The hash of the line before it; sixty-four zeros before the first."""
    case: str
    stream: str
    branch: str
    sequence: int
    leaf: str
    """As the log would have it."""
    at: Instant
    glass: Glass


def sign(
    value: GlassOrder | SpoolLine, *, key: Ed25519PrivateKey, certificate: Certificate
) -> Signed:
    """The value's exact bytes, signed as what it is."""
    payload = canonical(value)
    signature = key.sign(pae(_type_of(value), payload))
    return Signed(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def line_hash(line: bytes) -> str:
    """What the next line, and the late leaf, name a line by."""
    return sha256(line)


def read_line(data: bytes, *, root: bytes) -> SpoolLine:
    """The line, once its key and both of its orders hold; RefusedEnvelope says what does not.

    Holds afterwards: the root certified the spool's key and the doors' keys, two different people
    ordered it, and the line was signed within the minutes they ordered.
    """
    try:
        signed = Signed.model_validate_json(data)
    except ValidationError as error:
        raise RefusedEnvelope(Reason.MALFORMED, "not a line of a spool") from error
    if canonical(signed) != data:
        raise RefusedEnvelope(Reason.MALFORMED, "not spelt as a spool spells it")
    line = _read(signed, SpoolLine, LINE_TYPE, use=SPOOL_USE, root=root, at=lambda it: it.at)
    if line.spool != _key_of(signed):
        raise RefusedEnvelope(Reason.UNKNOWN_KEY, "of another spool")
    begun, until = glass_open(line.glass, root=root)
    if not begun <= line.at < until:
        raise RefusedEnvelope(Reason.AFTER_DEADLINE, "outside the time that was ordered")
    return line


def glass_open(glass: Glass, *, root: bytes) -> tuple[datetime, datetime]:
    """From when until when two people ordered it; RefusedEnvelope where they did not."""
    first = read_order(glass.opened, root=root)
    second = read_order(glass.confirmed, root=root)
    if (first.verb, second.verb) != (GlassVerb.OPEN, GlassVerb.CONFIRM):
        raise RefusedEnvelope(Reason.MALFORMED, "not an order and its confirmation")
    if (second.order, second.confirms) != (first.order, first.digest):
        raise RefusedEnvelope(Reason.MALFORMED, "it confirms another order")
    if first.actor.own_names & second.actor.own_names:
        raise RefusedEnvelope(Reason.SAME_PERSON)
    if not first.signed_at <= second.signed_at <= first.signed_at + WAITS:
        raise RefusedEnvelope(Reason.AFTER_DEADLINE, "confirmed too late")
    return second.signed_at, second.signed_at + timedelta(minutes=first.minutes)


def read_order(signed: Signed, *, root: bytes) -> GlassOrder:
    """The order, once a certified door key is shown to have signed it; else RefusedEnvelope."""
    order = _read(
        signed, GlassOrder, ORDER_TYPE, use=DOOR_USE, root=root, at=lambda it: it.signed_at
    )
    if order.role not in order.actor.roles or order.role not in MAY:
        raise RefusedEnvelope(Reason.ROLE, order.role)
    return order


def _read(
    signed: Signed,
    kind: type[Model],
    type_: str,
    *,
    use: str,
    root: bytes,
    at: Callable[[Model], datetime],
) -> Model:
    return read_signed(
        kind,
        type_,
        payload=signed.payload,
        signature=signed.signature,
        certificate=signed.certificate,
        root=root,
        at=at,
        use=use,
        otherwise=f"not a key for {use}",
    )


def _key_of(signed: Signed) -> str:
    """The id of the key that has been shown to have signed it."""
    certified = CertifiedKey.model_validate_json(signed.certificate.payload)
    return key_id(base64.b64decode(certified.public_key))


def _type_of(value: GlassOrder | SpoolLine) -> str:
    return ORDER_TYPE if isinstance(value, GlassOrder) else LINE_TYPE
