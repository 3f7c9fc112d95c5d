"""What the workflow answers to an act."""

from enum import StrEnum

from cases.values import Instant, Line, Value


class Outcome(StrEnum):
    """The typed answers; every one of them is journalled."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The same act again: `first` is the answer it had."""
    SUPERSEDED = "superseded"
    """The round was replaced by a newer one."""
    TOO_LATE = "too-late"
    NOT_YOURS = "not-yours"
    ALREADY_DECIDED = "already-decided"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why an act was not accepted; the texts people read are in `docs/errors.md`."""

    NONE = ""
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_KEY = "unknown-key"
    EXPIRED_KEY = "expired-key"
    REVOKED_KEY = "revoked-key"
    STALE_DIRECTORY = "stale-directory"
    STALE_ROLES = "stale-roles"
    OTHER_CASE = "other-case"
    MALFORMED = "malformed"
    UNKNOWN_DOOR = "unknown-door"
    PLAINTEXT = "plaintext"
    ROLE = "role"
    NO_ACCESS = "no-access"
    NO_CLEARANCE = "no-clearance"
    CONFLICTED = "conflicted"
    SAME_PERSON = "same-person"
    NOT_INDEPENDENT = "not-independent"
    ORIGINAL_UNKNOWN = "original-unknown"
    ASSURANCE = "assurance"
    NOT_SIGNED_BY_PERSON = "not-signed-by-person"
    PERSONAL_SIGNATURE = "personal-signature"
    PERSONAL_KEY = "personal-key"
    SYNCED_KEY = "synced-key"
    UNLISTED_KEY = "unlisted-key"
    OLD_COUNTER = "old-counter"
    NO_SUCH_STAGE = "no-such-stage"
    NOT_THE_STAGE = "not-the-stage"
    NO_SUCH_OUTCOME = "no-such-outcome"
    UNANSWERED = "unanswered"
    OTHER_SEVERITY = "other-severity"
    NO_SUCH_QUESTION = "no-such-question"
    NOT_ASKED = "not-asked"
    BAD_ANSWER = "bad-answer"
    NO_ROUND = "no-round"
    OLD_ROUND = "old-round"
    WRONG_NONCE = "wrong-nonce"
    AFTER_DEADLINE = "after-deadline"
    DECIDED = "decided"
    REASON_REQUIRED = "reason-required"
    MEMO_INCOMPLETE = "memo-incomplete"
    NO_VOTE = "no-vote"
    NO_DISSENT = "no-dissent"
    NOT_CARRIED = "not-carried"
    NO_CONDITIONS = "no-conditions"
    NO_BREAK_GLASS = "no-break-glass"
    NO_DELEGATION = "no-delegation"
    NOT_DELEGABLE = "not-delegable"
    NO_READERS = "no-readers"
    NO_SUCH_TASK = "no-such-task"
    NO_SUCH_PERSON = "no-such-person"
    DUE_PASSED = "due-passed"
    NO_SUCH_EFFECT = "no-such-effect"
    SETTLED = "settled"
    NO_SUCH_REQUEST = "no-such-request"
    ON_HOLD = "on-hold"
    NOT_ON_HOLD = "not-on-hold"
    REVIEW_DATE = "review-date"
    SEVERITY_UNTIL = "severity-until"
    CLAIMED = "claimed"
    NO_SUCH_DISPOSITION = "no-such-disposition"
    UNMET = "unmet"
    NOT_CALLED_BACK = "not-called-back"
    NOT_CLEARED = "not-cleared"
    DRAFT_INCOMPLETE = "draft-incomplete"
    NOT_APPROVED = "not-approved"
    NOT_SO = "not-so"
    NOT_AHEAD = "not-ahead"
    GAGGED = "gagged"
    NOT_CLOSING = "not-closing"
    CLOSED = "closed"
    NOT_CLOSED = "not-closed"
    REOPENED_TOO_LATE = "reopened-too-late"
    REOPENED_TOO_OFTEN = "reopened-too-often"
    SUB_CASES_OPEN = "sub-cases-open"
    NO_SUCH_CASE = "no-such-case"
    LAW_CLOCK = "law-clock"
    WIDER_CIRCLE = "wider-circle"
    NOT_MERGED = "not-merged"
    GOES_ON_ELSEWHERE = "goes-on-elsewhere"
    UNCHANGED = "unchanged"
    NO_SUCH_VERSION = "no-such-version"
    DOES_NOT_FIT = "does-not-fit"
    NO_SUCH_OBLIGATION = "no-such-obligation"
    OLD_TURN = "old-turn"
    NOT_DUE = "not-due"
    TOO_FAR = "too-far"
    NO_RENEWAL = "no-renewal"
    UNDER_LEGAL_HOLD = "under-legal-hold"
    ERASED = "erased"


class ActReceipt(Value):
    """The answer to one act."""

    act: str
    outcome: Outcome
    reason: Reason = Reason.NONE
    detail: Line = ""
    """What would have been right: the missing fields, the unmet requirements, who decided."""
    signed_at: Instant | None = None
    applied_at: Instant
    sequence: int = 0
    """The journal entry that records it."""
    first: "ActReceipt | None" = None

    @property
    def accepted(self) -> bool:
        """Whether the act took effect, now or the first time it was sent."""
        return self.outcome is Outcome.ACCEPTED or (
            self.first is not None and self.first.outcome is Outcome.ACCEPTED
        )
