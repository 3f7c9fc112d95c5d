"""The case's own ordered record: typed entries, each with the hash of the one before (§6)."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import JsonValue, StringConstraints

from cases.canonical import canonical, sha256
from cases.values import Instant, Mutable, Value

GENESIS = "0" * 64


class Stream(StrEnum):
    """The writers of a case's record; each obligation has a stream of its own beside them."""

    CASE = "case"
    """The workflow."""
    DOOR = "door"
    """The gateway."""


StreamName = Annotated[
    str, StringConstraints(pattern=r"^(case|door|obligation/[a-z0-9][a-z0-9-]{0,79})$")
]


def obligation_stream(name: str) -> str:
    """The stream of what the case owes under that name.

    A stream of its own and no entries in the case's: that one is sealed when the case closes, and
    obligations run beside one another, so no one head could follow them all. The key of an entry
    stays (case, stream, branch, sequence), under the case's key and salt.
    """
    return f"obligation/{name}"


class Kind(StrEnum):
    """The closed vocabulary of entries: area, subject, action."""

    CASE_OPENED = "case:opened:by-report"
    CASE_LINKED = "case:link:recorded"
    CASE_UNLINKED = "case:link:removed"
    LINK_SHADOWED = "case:link:shadowed"
    OUTSIDE_ENDED = "case:outside:ended"
    CASE_MOVING = "case:move:accepted"
    CASE_CLOSING = "case:closing:accepted"
    CLOSING_TAKEN_BACK = "case:closing:taken-back"
    CANCELLED_ALONG = "case:closing:along-with"
    SUB_CASE_CANCELLED = "case:sub-case:cancelled"
    SUB_CASE_STAYS = "case:sub-case:stays"
    CASE_CLOSED = "case:closed:with-disposition"
    CASE_CANCELLED = "case:closed:cancelled"
    CASE_REOPENED = "case:reopened:by-person"
    CASE_MERGING = "case:merge:begun"
    CASE_MERGED = "case:merge:taken-in"
    MERGE_FAILED = "case:merge:failed"
    CASE_MERGED_AWAY = "case:merge:given-away"
    CASE_UNMERGED = "case:unmerge:done"
    MERGE_GIVEN_BACK = "case:unmerge:given-back"
    CASE_CONTINUED = "case:run:continued"
    MIGRATION_PROPOSED = "case:migration:proposed"
    CASE_MIGRATED = "case:migration:done"
    OBLIGATION_RECORDED = "case:obligation:recorded"
    OBLIGATION_SHADOWED = "case:obligation:shadowed"
    RULE_ISSUED = "case:interim-rule:issued"
    INTAKE_ANSWERED = "intake:questions:answered"
    SEVERITY_ASSESSED = "severity:table:assessed"
    SEVERITY_SET = "severity:person:set"
    STAGE_ENTERED = "stage:work:entered"
    STAGE_COMPLETED = "stage:work:completed"
    STAGE_LEFT = "stage:work:left"
    REPLANNED = "stage:plan:changed"
    ROUND_OPENED = "gate:round:opened"
    ROUND_SUPERSEDED = "gate:round:superseded"
    ROUND_CLOSED = "gate:round:closed"
    VOTE_CAST = "gate:vote:cast"
    VOTE_WITHDRAWN = "gate:vote:withdrawn"
    DECISION_REVOKED = "gate:decision:revoked"
    GLASS_BEGUN = "gate:break-glass:begun"
    GLASS_BROKEN = "gate:break-glass:done"
    DISSENT_FILED = "gate:dissent:filed"
    SILENCE_TAKEN = "gate:silence:taken-effect"
    STAND_IN_ALLOWED = "gate:stand-in:allowed"
    RATIFICATION_DUE = "gate:ratification:due"
    RATIFIED = "gate:ratification:given"
    COMMENTED = "comment:text:added"
    TASK_OPENED = "task:work:opened"
    TASK_HANDED_ON = "task:work:handed-on"
    TASK_SETTLED = "task:work:settled"
    TASK_FELL_AWAY = "task:work:fell-away"
    TASK_OWED_AGAIN = "task:work:owed-again"
    MEMO_WRITTEN = "memo:fields:written"
    EVIDENCE_ADDED = "evidence:item:added"
    CALLED_BACK = "evidence:call-back:recorded"
    INFORMATION_ASKED = "information:request:asked"
    INFORMATION_GIVEN = "information:request:answered"
    EFFECT_INTENDED = "effect:action:intended"
    EFFECT_HELD_BACK = "effect:action:held-back"
    EFFECT_SUPPRESSED = "effect:action:suppressed"
    EFFECT_DUE_AGAIN = "effect:action:due-again"
    EFFECT_CLEARED = "effect:action:cleared"
    EFFECT_WITHDRAWN = "effect:action:withdrawn"
    EFFECT_DONE = "effect:action:done"
    EFFECT_MANUAL = "effect:action:handed-to-person"
    EFFECT_FAILED = "effect:action:failed"
    EFFECT_SHADOWED = "effect:action:shadowed"
    EFFECT_SET = "effect:action:set-for-an-instant"
    EFFECT_PULLED_FORWARD = "effect:action:pulled-forward"
    EFFECT_ROLLED_BACK = "effect:action:rolled-back"
    BULK_BEGUN = "effect:steps:begun"
    BULK_LOOKED = "effect:steps:looked-at"
    BULK_STOPPED = "effect:steps:stopped"
    EFFECT_SETTLED = "effect:action:settled-by-person"
    DRAFT_BUILT = "draft:report:built"
    DRAFT_APPROVED = "draft:report:approved"
    NOTICE_ORDERED = "notice:message:ordered"
    NOTICE_ENDED = "notice:message:ended"
    NOTICE_HELD = "notice:message:held"
    NOTICE_SHADOWED = "notice:message:shadowed"
    TICKET_SYNCED = "ticket:sync:done"
    TICKET_FAILED = "ticket:sync:failed"
    TICKET_SHADOWED = "ticket:sync:shadowed"
    TICKET_CHANGED = "ticket:outside:changed"
    REPORT_RECEIVED = "report:further:received"
    REPORT_SPLIT = "report:joined:splitting"
    CLOCK_STARTED = "clock:run:started"
    CLOCK_DEADLINE = "clock:deadline:computed"
    CLOCK_PAUSED = "clock:run:paused"
    CLOCK_RESUMED = "clock:run:resumed"
    CLOCK_RESTARTED = "clock:run:reset"
    CLOCK_STOPPED = "clock:run:stopped"
    CLOCK_CANCELLED = "clock:run:cancelled"
    CLOCK_REACHED = "clock:step:reached"
    CLOCK_BREACHED = "clock:deadline:breached"
    ACKNOWLEDGED = "people:stage:acknowledged"
    LEASE_LAPSED = "people:lease:lapsed"
    ESCALATION_BEGUN = "people:escalation:begun"
    ESCALATION_STEP = "people:escalation:stepped"
    ESCALATION_STOPPED = "people:escalation:acknowledged"
    ESCALATION_EXHAUSTED = "people:escalation:exhausted"
    ESCALATION_ENDED = "people:escalation:ended"
    UPDATE_ASKED = "people:update:asked"
    UPDATE_MISSED = "people:update:missed"
    DECIDERS_PINNED = "people:deciders:pinned"
    CONFLICT_DECLARED = "people:conflict:declared"
    ASSIGNED = "people:role:assigned"
    CLAIMED = "people:work:claimed"
    CLAIM_RELEASED = "people:work:released"
    WORK_OFFERED = "people:work:offered"
    WORK_ACCEPTED = "people:work:accepted"
    WORK_DECLINED = "people:work:declined"
    WORK_OFFER_LAPSED = "people:work:offer-lapsed"
    CLAIM_LAPSED = "people:work:claim-lapsed"
    RAISED = "people:page:raised"
    LEGAL_HOLD = "case:legal-hold:begun"
    HANDOVER_ASKED = "people:handover:asked"
    HELD = "case:hold:begun"
    RESUMED = "case:hold:ended"
    ACT_REFUSED = "act:envelope:refused"
    ACTS_REFUSED = "act:envelope:refused-many"
    KEYS_REVOKED = "keys:door:revoked"
    OBLIGATION_BEGUN = "obligation:work:begun"
    OBLIGATION_CONTINUED = "obligation:run:continued"
    OBLIGATION_TURN = "obligation:turn:opened"
    OBLIGATION_REACHED = "obligation:step:reached"
    OBLIGATION_OVERDUE = "obligation:turn:overdue"
    OBLIGATION_EXTENDED = "obligation:turn:extended"
    OBLIGATION_EXPIRED = "obligation:rule:expired"
    OBLIGATION_SETTLED = "obligation:turn:settled"
    OBLIGATION_ENDED = "obligation:work:ended"
    DOOR_DELIVERY = "door:delivery:accepted"
    DOOR_SPLIT = "door:report:split-off"
    DOOR_SENT_AGAIN = "door:delivery:sent-again"
    DOOR_ACT_RECORDED = "door:act:recorded"
    DOOR_ACT_ANSWERED = "door:act:answered"
    DOOR_ACT_REFUSED = "door:act:refused"
    DOOR_ACT_LATE = "door:act:after-closing"
    DOOR_LINK_OPENED = "door:link:opened"
    DOOR_OBLIGATION = "door:obligation:started"
    DOOR_SESSION_OPENED = "door:session:opened"
    DOOR_SESSION_PROVED = "door:session:proved-again"
    DOOR_SESSION_REFUSED = "door:session:refused"
    DOOR_SESSION_ENDED = "door:session:ended"
    DOOR_SESSION_FORGOTTEN = "door:session:account-forgotten"
    DOOR_GLASS_ASKED = "door:log-break-glass:asked"
    DOOR_GLASS_OPENED = "door:log-break-glass:opened"
    DOOR_GLASS_ENDED = "door:log-break-glass:ended"
    DOOR_GLASS_REVIEWED = "door:log-break-glass:reviewed"
    DOOR_PASSKEY_ENROLLED = "door:passkey:enrolled"
    DOOR_PASSKEY_CONFIRMED = "door:passkey:confirmed"
    DOOR_PASSKEY_REVOKED = "door:passkey:revoked"
    DOOR_PASSKEY_REFUSED = "door:passkey:refused"
    DOOR_WORKER_CERTIFIED = "door:worker:certified"
    DOOR_WORKER_REFUSED = "door:worker:refused"
    DOOR_WORKER_REVOKED = "door:worker:revoked"
    DOOR_PAYLOADS_OPENED = "door:payloads:opened"
    DOOR_PAYLOADS_REFUSED = "door:payloads:refused"
    DOOR_OUTSIDE_ENDED = "door:outside:ended"
    DOOR_MAIL_RECEIVED = "door:mail:received"
    DOOR_NOTICE_BOUNCED = "door:notice:bounced"
    DOOR_TICKET_MENDED = "door:ticket:mended"
    DOOR_TICKET_DIFFERS = "door:ticket:differs"
    DOOR_ABSENCE_SET = "door:absence:set"
    DOOR_ABSENCE_ENDED = "door:absence:ended"
    DOOR_RUN_SEALED = "door:run:sealed"
    DOOR_NOTICE = "door:notice:ended"
    DOOR_PAGE = "door:page:changed"
    DOOR_PAGER_SAID = "door:pager:said"
    DOOR_HOLD_SET = "door:legal-hold:set"
    DOOR_HOLD_KEPT = "door:legal-hold:kept"
    DOOR_LIFT_ASKED = "door:legal-hold:lift-asked"
    DOOR_HOLD_LIFTED = "door:legal-hold:lifted"
    DOOR_ERASURE_PROPOSED = "door:erasure:proposed"
    DOOR_ERASURE_ASKED = "door:erasure:asked"
    DOOR_ERASURE_AGREED = "door:erasure:agreed"
    DOOR_ERASURE_WITHDRAWN = "door:erasure:withdrawn"
    DOOR_ERASURE_REFUSED = "door:erasure:refused"
    DOOR_CUSTODY = "door:custody:recorded"
    DOOR_EXPORTED = "door:export:made"
    KEY_SHREDDED = "key:case:shredded"
    LOOK_ALLOWED = "access:look:allowed"
    LOOK_DENIED = "access:look:denied"
    LOOK_REPEATED = "access:look:repeated"
    ACT_ALLOWED = "access:act:allowed"
    ACT_DENIED = "access:act:denied"
    EMERGENCY_OPENED = "access:emergency:opened"
    EMERGENCY_ENDED = "access:emergency:ended"
    EMERGENCY_REVIEWED = "access:emergency:reviewed"
    EMERGENCY_UNREVIEWED = "access:emergency:unreviewed"
    GRANT_ASKED = "access:grant:asked"
    GRANT_GIVEN = "access:grant:given"
    GRANT_REFUSED = "access:grant:refused"
    GRANT_LAPSED = "access:grant:lapsed"
    GRANT_ENDED = "access:grant:ended"


class Entry(Value):
    """One journal entry. `body` holds what a reader needs and a salted digest of each input."""

    v: int = 1
    case: str
    stream: StreamName
    sequence: int
    previous: str
    at: Instant
    kind: Kind
    body: dict[str, JsonValue] = {}
    salt: str = ""
    """Keeps the hash of a short entry from being guessed once the entry itself is shredded."""

    @property
    def data(self) -> bytes:
        """The entry's canonical bytes, the ones that are stored, hashed and compared."""
        return canonical(self)

    @property
    def hash(self) -> str:
        """SHA-256 over `data`."""
        return sha256(self.data)


PackedEntry = tuple[Instant | None, Kind, dict[str, JsonValue]]
"""An entry without what its neighbours say already; no instant means: as the one before."""


def packed(entries: Iterable[Entry]) -> tuple[PackedEntry, ...]:
    """The entries as they travel; `restored` gives them back byte for byte."""
    written: list[PackedEntry] = []
    before: Instant | None = None
    for entry in entries:
        written.append((None if entry.at == before else entry.at, entry.kind, entry.body))
        before = entry.at
    return tuple(written)


def restored(
    written: Iterable[PackedEntry],
    *,
    case: str,
    stream: StreamName,
    first: int,
    previous: str,
    salt: bytes,
) -> tuple[Entry, ...]:
    """The entries that were packed: numbered from `first`, chained from the hash `previous`.

    `salt` is the case's own; each entry's is worked out from it again.
    """
    entries: list[Entry] = []
    at: Instant | None = None
    for sequence, (instant, kind, body) in enumerate(written, start=first):
        at = instant or at
        if at is None:
            raise BrokenChain(sequence, "the first entry has no instant")
        entry = Entry(
            case=case,
            stream=stream,
            sequence=sequence,
            previous=previous,
            at=at,
            kind=kind,
            body=body,
            salt=_salt(salt, stream, sequence),
        )
        entries.append(entry)
        previous = entry.hash
    return tuple(entries)


class Journal(Mutable):
    """The head of a stream and the entries that have not been stored yet."""

    case: str
    stream: StreamName = Stream.CASE
    sequence: int = 0
    head: str = GENESIS
    pending: list[Entry] = []

    def record(self, kind: Kind, *, at: datetime, salt: bytes, **body: Any) -> Entry:
        """The entry is appended; its hash is the new head. Body values of None are left out."""
        sequence = self.sequence + 1
        entry = Entry(
            case=self.case,
            stream=self.stream,
            sequence=sequence,
            previous=self.head,
            at=at,
            kind=kind,
            body={name: value for name, value in body.items() if value is not None},
            salt=_salt(salt, self.stream, sequence),
        )
        self.sequence = sequence
        self.head = entry.hash
        self.pending.append(entry)
        return entry

    def stored(self, through: int) -> None:
        """Entries up to and including `through` need not be sent again."""
        self.pending = [entry for entry in self.pending if entry.sequence > through]


class BrokenChain(Exception):
    """The entries do not follow one another; `sequence` is where it breaks."""

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(f"entry {sequence}: {what}")
        self.sequence = sequence
        self.what = what


def check_chain(entries: Iterable[Entry], *, previous: str = GENESIS, after: int = 0) -> str:
    """The head of the chain, once every entry follows the one before; BrokenChain otherwise."""
    sequence = after
    for entry in entries:
        sequence += 1
        if entry.sequence != sequence:
            raise BrokenChain(sequence, f"found sequence {entry.sequence}")
        if entry.previous != previous:
            raise BrokenChain(sequence, "previous hash differs")
        previous = entry.hash
    return previous


def _salt(key: bytes, stream: str, sequence: int) -> str:
    return hmac.new(key, f"{stream}|{sequence}".encode(), hashlib.sha256).hexdigest()[:32]
