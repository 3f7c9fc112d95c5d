"""One order over many cases: what it asks of each, what a case would say to it, and the way back.

The order is signed once and names its cases; each case gets a signed act of its own, so that it can
be proved by itself. That act names the order it came out of.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
)
from pydantic import Field

from cases.acts import Acknowledge, ActBody, Assign, ChangeSeverity, Claim, Close, Hold, Resume
from cases.acts_between_cases import Move
from cases.canonical import canonical, sha256
from cases.desk import Desk
from cases.envelope import (
    Act,
    Actor,
    Certificate,
    Door,
    pae,
)
from cases.file import CaseFile
from cases.journal import Kind
from cases.receipts import Reason
from cases.recording import Record
from cases.refusal import Refusal
from cases.signing import read_signed
from cases.state import CaseState
from cases.values import Inbound, Instant, Prose, Value
from runbooks.plan import Assurance, Pathway, Severity

ORDER_TYPE = "application/vnd.escalate.bulk-order+json"
MOST = 2000
"""More cases than this in one order are a slip of the pen, whoever confirms it."""


class TakeUp(Inbound):
    """'I have it', said to each case at the stage it is in."""

    verb: Literal["acknowledge"] = "acknowledge"
    reason: Prose = ""


Wish = Annotated[
    TakeUp | Assign | Claim | Close | Hold | Move | Resume | ChangeSeverity,
    Field(discriminator="verb"),
]
"""What can be asked of many cases at once: nothing that answers a question shown to one person."""


class BulkItem(Inbound):
    """One case of an order."""

    case: str
    number: str
    act: str
    """The act the case gets: the same one however often the order is sent."""
    role: str
    does: Annotated[int, Field(ge=0)]
    """Which of the order's bodies."""


class BulkOrder(Inbound):
    """What a person signs: these acts, for these cases."""

    v: int = 1
    order: str
    """A UUID."""
    actor: Actor
    assurance: Assurance
    door: Door
    signed_at: Instant
    verb: str
    bodies: tuple[ActBody, ...]
    """Each said once: cases that are asked the same share it."""
    items: tuple[BulkItem, ...]
    undoes: str = ""
    """The order whose way back this is."""
    confirms: str = ""
    """The digest of the order somebody else asked for, which this second person confirms."""

    @property
    def digest(self) -> str:
        """What each act of it names."""
        return sha256(canonical(self))


class OrderEnvelope(Inbound):
    """The order's exact bytes, a door's signature, and the certificate of its key."""

    payload: str
    signature: str
    certificate: Certificate


def sign_order(
    order: BulkOrder, *, key: Ed25519PrivateKey, certificate: Certificate
) -> OrderEnvelope:
    """The envelope a door keeps."""
    payload = canonical(order)
    signature = key.sign(pae(ORDER_TYPE, payload))
    return OrderEnvelope(
        payload=payload.decode(),
        signature=base64.b64encode(signature).decode(),
        certificate=certificate,
    )


def read_order(envelope: OrderEnvelope, *, root: bytes) -> BulkOrder:
    """The order, once a certified door key is shown to have signed these bytes in its time.

    RefusedEnvelope otherwise.
    """
    return read_signed(
        BulkOrder,
        ORDER_TYPE,
        payload=envelope.payload,
        signature=envelope.signature,
        certificate=envelope.certificate,
        root=root,
        at=lambda order: order.signed_at,
    )


def body_for(wish: Wish, state: CaseState) -> ActBody | None:
    """What the wish asks of this case; None where it has no stage that it could be about."""
    if not isinstance(wish, TakeUp):
        return wish
    if state.stage is None:
        return None
    return Acknowledge(stage=state.stage, reason=wish.reason)


class Before(Value):
    """How the case stood in what an order changes: enough to find the way back."""

    severity: Severity
    person: str | None = None
    """Who had the work that is given to another."""
    review_at: Instant | None = None
    """When the hold was to be looked at again; None where there was none."""


def before(state: CaseState, body: ActBody) -> Before:
    """What an undo has to know of the case as it is now."""
    return Before(
        severity=state.severity.current,
        person=state.assignments.get(body.role) if isinstance(body, Assign) else None,
        review_at=state.hold.review_at if state.hold is not None else None,
    )


class Tried(Value):
    """What the case would answer at this instant, if nothing else happens first."""

    refused: Reason = Reason.NONE
    detail: str = ""
    kinds: tuple[Kind, ...] = ()
    """What its journal would say, in order."""


def tried(state: CaseState, pathway: Pathway, act: Act, *, at: datetime) -> Tried:
    """The act is tried by the very desk that will take it, on a picture that nobody keeps."""
    if state.closed:
        return Tried(refused=Reason.CLOSED)
    file = CaseFile(
        state=state, pathway=pathway, record=Record(state, salt=b""), new_nonce=lambda: ""
    )
    try:
        Desk(file, root=b"").apply(act, key="", commitment="", at=at)
    except Refusal as no:
        return Tried(refused=no.reason, detail=no.detail)
    return Tried(kinds=tuple(dict.fromkeys(entry.kind for entry in state.journal.pending)))


class NoWayBack(Exception):
    """The act cannot be undone; `name` says why, as `docs/errors.md` does."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def has_way_back(body: ActBody, was: Before) -> bool:
    """Whether an act could undo this one, as things stand when it is ordered."""
    match body:
        case Hold() | ChangeSeverity() | Claim():
            return True
        case Resume():
            return was.review_at is not None
        case Assign():
            return was.person is not None
        case _:
            return False


def way_back(done: ActBody, was: Before, state: CaseState, *, reason: str, at: datetime) -> ActBody:
    """The act that brings the case back to what it was; NoWayBack where there is none.

    Only what still stands as the order left it is undone: what somebody did since is theirs.
    """
    if not has_way_back(done, was):
        raise NoWayBack("bulk-no-way-back")
    match done:
        case Hold():
            stands = state.hold is not None and state.hold.review_at == done.review_at
            back: ActBody = Resume(reason=reason)
        case Resume():
            if was.review_at is None or was.review_at <= at:
                raise NoWayBack("bulk-no-way-back")
            stands = state.hold is None
            back = Hold(reason=reason, review_at=was.review_at)
        case ChangeSeverity():
            stands = state.severity.current is done.severity
            back = ChangeSeverity(severity=was.severity, reason=reason)
        case Assign():
            stands = state.assignments.get(done.role) == done.person
            back = Assign(role=done.role, person=was.person or "", reason=reason)
        case Claim():
            stands = True
            back = Claim(release=not done.release)
        case _:
            raise NoWayBack("bulk-no-way-back")
    if not stands:
        raise NoWayBack("bulk-changed-since")
    return back


def shared(bodies: Sequence[ActBody]) -> tuple[tuple[ActBody, ...], tuple[int, ...]]:
    """Each different body once, and which of them each case gets."""
    seen: dict[bytes, int] = {}
    distinct: list[ActBody] = []
    which: list[int] = []
    for body in bodies:
        written = canonical(body)
        if written not in seen:
            seen[written] = len(distinct)
            distinct.append(body)
        which.append(seen[written])
    return tuple(distinct), tuple(which)
