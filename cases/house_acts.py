"""Acts about the record itself: a door signs and carries them out, no workflow hears of them.

What is to be erased has ended, so nothing runs that could verify an act; a legal hold and a custody
entry must be possible in the same way on a case that runs and on one that is over. They are signed
like every other act, under a type of their own: no house act can be handed to a workflow, and no
workflow's act to a door as one of these.
"""

import base64
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
)
from pydantic import Field, StringConstraints

from cases.acts import Digest
from cases.canonical import canonical
from cases.envelope import (
    DIRECTORY_AGE,
    MAX_PAYLOAD,
    ActEnvelope,
    Actor,
    Certificate,
    Door,
    RefusedEnvelope,
    pae,
)
from cases.receipts import Reason
from cases.signing import read_signed
from cases.values import Inbound, Instant, Line, Name, Prose
from runbooks.plan import Assurance

HOUSE_TYPE = "application/vnd.escalate.house-act+json"

Why = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
"""A reason that has to be given; it is not part of the case and outlives its content."""


class LegalBasis(StrEnum):
    """On which ground content is erased."""

    RETENTION_OVER = "retention-over"
    """Nothing needs it any longer (GDPR Art 5(1)(e), 17(1)(a))."""
    CONSENT_WITHDRAWN = "consent-withdrawn"
    """GDPR Art 17(1)(b)."""
    OBJECTION = "objection"
    """The person objected, and nothing overrides that (GDPR Art 17(1)(c))."""
    UNLAWFUL = "unlawful-processing"
    """It should never have been kept (GDPR Art 17(1)(d))."""
    LEGAL_DUTY = "legal-duty"
    """A law or an order says so (GDPR Art 17(1)(e); COPPA)."""
    CHILD = "child"
    """It was collected from a child (GDPR Art 17(1)(f))."""
    OTHER = "other"
    """Named in the reason."""


class Erase(Inbound):
    """A person asks for a case's content to be erased; nothing is done before a second agrees."""

    verb: Literal["erase"] = "erase"
    basis: LegalBasis
    reason: Why


class AgreeToErase(Inbound):
    """A second person agrees: from now on the time to think runs."""

    verb: Literal["agree-to-erase"] = "agree-to-erase"
    erasure: Line
    reason: Prose = ""


class WithdrawErasure(Inbound):
    """The erasure does not happen."""

    verb: Literal["withdraw-erasure"] = "withdraw-erasure"
    erasure: Line
    reason: Why


class SetLegalHold(Inbound):
    """Nothing of a case, or of any case about a subject, may be deleted."""

    verb: Literal["legal-hold"] = "legal-hold"
    hold: Line
    subject: Line = ""
    """Whom it is about, as reports name them; empty: this one case."""
    reason: Why
    matter: Line
    """What it is for: the proceedings' reference."""
    review_at: Instant


class KeepLegalHold(Inbound):
    """A hold was looked at again, and stands until the next review."""

    verb: Literal["keep-legal-hold"] = "keep-legal-hold"
    hold: Line
    reason: Why
    review_at: Instant


class LiftLegalHold(Inbound):
    """A person asks for a hold to end; it stands until a second agrees."""

    verb: Literal["lift-legal-hold"] = "lift-legal-hold"
    hold: Line
    reason: Why


class AgreeToLift(Inbound):
    """A second person agrees: the hold is over."""

    verb: Literal["agree-to-lift"] = "agree-to-lift"
    hold: Line
    reason: Prose = ""


class CustodyEvent(StrEnum):
    """What happened to an item of evidence, in the words of ISO/IEC 27037."""

    ACQUIRED = "acquired"
    """It was taken in, and hashed as it was."""
    ACCESSED = "accessed"
    """Somebody looked at it."""
    COPIED = "copied"
    """A copy was made, for analysis or for somebody outside."""
    TRANSFERRED = "transferred"
    """It went to somebody else's custody."""
    RETURNED = "returned"
    """It came back."""
    PRESERVED = "preserved"
    """It was put where it is kept unaltered, or looked at to be still as it was."""
    DISPOSED = "disposed"
    """It was destroyed."""


class Custody(Inbound):
    """What was done with an item of evidence: never the item, never what it shows."""

    verb: Literal["custody"] = "custody"
    digest: Digest
    """The item's SHA-256 at its acquisition: which item is meant."""
    event: CustodyEvent
    why: Why
    kept_at: Line = ""
    """Where it is kept from now on."""
    to: Line = ""
    """Who has it now."""
    found: Digest | None = None
    """Its SHA-256 as it was worked out again at this moment."""


HouseBody = Annotated[
    Erase
    | AgreeToErase
    | WithdrawErasure
    | SetLegalHold
    | KeepLegalHold
    | LiftLegalHold
    | AgreeToLift
    | Custody,
    Field(discriminator="verb"),
]


class HouseAct(Inbound):
    """What is signed."""

    v: int = 1
    act: str
    """A UUID: the same act again changes nothing."""
    case: str
    """Empty where it is about a subject."""
    actor: Actor
    role: Name
    assurance: Assurance
    door: Door
    signed_at: Instant
    body: HouseBody


def sign_house_act(
    act: HouseAct, *, key: Ed25519PrivateKey, certificate: Certificate
) -> ActEnvelope:
    """The envelope a door keeps."""
    payload = canonical(act)
    signature = key.sign(pae(HOUSE_TYPE, payload))
    return ActEnvelope(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def read_house_act(envelope: ActEnvelope, *, root: bytes) -> HouseAct:
    """The act, once a certified door key is shown to have signed these bytes in its time.

    RefusedEnvelope otherwise.
    """
    if not envelope.signature or envelope.certificate is None:
        raise RefusedEnvelope(Reason.UNSIGNED)
    if len(envelope.payload) > MAX_PAYLOAD:
        raise RefusedEnvelope(Reason.MALFORMED, "too large")
    act = read_signed(
        HouseAct,
        HOUSE_TYPE,
        payload=envelope.payload,
        signature=envelope.signature,
        certificate=envelope.certificate,
        root=root,
        at=lambda act: act.signed_at,
    )
    age = act.signed_at - act.actor.directory_as_of
    if not timedelta(0) <= age <= DIRECTORY_AGE:
        raise RefusedEnvelope(Reason.STALE_DIRECTORY)
    if act.role not in act.actor.roles:
        raise RefusedEnvelope(Reason.ROLE, act.role)
    return act


class HouseRefusal(StrEnum):
    """Why a door does not do what it was asked; the texts people read are in `docs/errors.md`."""

    ROLE = "keepers-role"
    ASSURANCE = "keepers-assurance"
    SAME_PERSON = "keepers-same-person"
    SAME_SIDE = "keepers-same-side"
    UNDER_HOLD = "under-legal-hold"
    NOT_ENDED = "erasure-not-ended"
    STILL_OWED = "erasure-still-owed"
    UNDELIVERED = "erasure-undelivered"
    ERASED = "erased-already"
    UNDER_WAY = "erasure-under-way"
    NO_SUCH_ERASURE = "no-such-erasure"
    NOT_TO_WITHDRAW = "erasure-not-open"
    NO_SUCH_HOLD = "no-such-legal-hold"
    HOLD_LIFTED = "legal-hold-lifted"
    LIFT_NOT_ASKED = "lift-not-asked"
    REVIEW_DATE = "hold-review-date"
    NO_SUCH_EVIDENCE = "no-such-evidence"
    NOT_THE_SAME = "evidence-differs"
    DISPOSED = "evidence-disposed"
    NOT_SEEN = "not-found"
    ACT_ID = "act-id-taken"


class HouseRefusedError(Exception):
    """The act was not taken; `detail` names what stands in the way."""

    def __init__(self, reason: HouseRefusal, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail
