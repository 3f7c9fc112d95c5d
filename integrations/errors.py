"""Everything an integration can fail with.

    IntegrationError
    ├── VendorError                 a system outside answered badly, or not at all
    │   ├── RefusedError            4xx: the same request will be refused again
    │   │   └── FieldsRefusedError  the receiver says which fields of a form it does not take
    │   ├── ConflictError           409, 412: somebody changed it in between; read again, try again
    │   ├── ThrottledError          429: too often; wait as long as it says
    │   │   └── PacedError          our own limit, kept so that the vendor's is not run into
    │   ├── UnavailableError        5xx, no connection: nothing was done
    │   │   └── OutageError         it failed again and again: it is left alone for a while
    │   ├── OutcomeUnknownError     sent, but no answer came: it may have been done
    │   └── MisansweredError        it said yes, and what it said or shows afterwards says no
    ├── DirectoryError
    │   ├── UnknownPersonError      nobody has this id
    │   ├── DirectoryUnreadableError    the people's file is broken; says where
    │   └── RotaUnreadableError     a rota cannot say who is on call
    ├── IdentityError               the log-in provider's word proves nothing, or nobody we know
    ├── WebhookRefusedError         a delivery is not what its sender signed: 401
    ├── UnreadableBodyError         a delivery is authentic and cannot be read: 400
    └── UnusableSecretError         a configured secret cannot protect anything

An activity turns a `VendorError` into Temporal's `ApplicationError`: `retryable` decides
`non_retryable`, `retry_after` becomes `next_retry_delay`, the class name becomes its `type`.
No message carries what was sent or received: bodies hold case text (I13).
"""

from datetime import timedelta
from enum import StrEnum


class IntegrationError(Exception):
    """The root: something at the edge of the house failed, and `mend` says what to do."""

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


class VendorError(IntegrationError):
    """A system outside did not do what it was asked."""

    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        operation: str,
        mend: str,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(f"{vendor}: {operation}: {message}", mend=mend)
        self.vendor = vendor
        self.operation = operation
        self.status = status
        self.retry_after = retry_after


class RefusedError(VendorError):
    """The request was understood and refused; asking again the same way cannot work."""


class FieldsRefusedError(RefusedError):
    """An authority does not take these fields as they are filled in; `fields` are our names."""

    def __init__(
        self, fields: tuple[str, ...], *, vendor: str, operation: str, status: int | None = None
    ) -> None:
        super().__init__(
            f"does not take {', '.join(fields)}",
            vendor=vendor,
            operation=operation,
            status=status,
            mend="Correct what fills these fields; the draft is then approved anew and retried.",
        )
        self.fields = fields


class ConflictError(VendorError):
    """Somebody else changed the thing in between."""

    retryable = True


class ThrottledError(VendorError):
    """The vendor asks us to slow down."""

    retryable = True


class PacedError(ThrottledError):
    """Our own limit for this channel or this recipient is reached: nothing was sent."""


class UnavailableError(VendorError):
    """The vendor could not be reached or is broken; nothing was done."""

    retryable = True


class OutageError(UnavailableError):
    """The channel has failed again and again and is left alone: nothing was tried."""


class OutcomeUnknownError(VendorError):
    """The request left and no answer came back: it may have been done.

    Trying again is safe for every adapter here, because each looks for its own mark, or sends the
    same key, before it acts a second time.
    """

    retryable = True


class MisansweredError(VendorError):
    """The vendor answered success, and the answer, or a second look, shows that it is not so."""


class DirectoryError(IntegrationError):
    """The directory of people cannot answer."""


class UnknownPersonError(DirectoryError):
    """Nobody in the directory has this id."""

    def __init__(self, person: str) -> None:
        super().__init__(
            "nobody in the directory has this id",
            mend="Check the id with `escalate doctor`, or add the person to the directory.",
        )
        self.person = person


class DirectoryUnreadableError(DirectoryError):
    """The people's file cannot be used; until it is mended nobody holds a role."""

    def __init__(self, message: str, *, file: str, line: int, column: int) -> None:
        super().__init__(
            f"{file}:{line}:{column}: {message}",
            mend=f"Mend line {line} of the directory file; it is read again at once.",
        )
        self.file = file
        self.line = line
        self.column = column


class RotaUnreadableError(DirectoryError):
    """A rota cannot say who is on call."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(
            f"{file}: {what}",
            mend="Mend the rota; `escalate on-call` shows what it says. Until then everybody who "
            "holds the role is told.",
        )


class IdentityReason(StrEnum):
    """Why somebody is not logged in by what the provider sent."""

    PROVIDER_REFUSED = "provider-refused"
    PROVIDER_UNUSABLE = "provider-unusable"
    CODE_REFUSED = "code-refused"
    NOT_A_TOKEN = "not-a-token"  # noqa: S105 - a reason
    WRONG_ALGORITHM = "wrong-algorithm"
    UNKNOWN_KEY = "unknown-provider-key"
    WRONG_SIGNATURE = "wrong-token-signature"
    WRONG_ISSUER = "wrong-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_NONCE = "wrong-log-in-nonce"
    EXPIRED = "token-expired"
    CLOCK_SKEW = "clock-skew"
    WRONG_SUBJECT = "wrong-subject"
    NO_PROOF_TIME = "no-proof-time"
    STALE_PROOF = "stale-proof"
    NO_SECOND_FACTOR = "no-second-factor"
    ANOTHER_PERSON = "another-person"
    CLAIM_MISSING = "claim-missing"
    PERSON_UNKNOWN = "person-unknown"
    PERSON_TAKEN = "person-taken"
    NO_ROLES = "no-roles"
    STATE_UNKNOWN = "log-in-unknown"
    STATE_USED = "log-in-used"
    OTHER_BROWSER = "other-browser"


class IdentityError(IntegrationError):
    """What came from the log-in provider is not believed; `reason` says which check failed."""

    def __init__(self, reason: IdentityReason, message: str, *, mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.reason = reason


class RefusalReason(StrEnum):
    """Why a delivery was not believed."""

    HEADER_MISSING = "header-missing"
    HEADER_REPEATED = "header-repeated"
    HEADER_MALFORMED = "header-malformed"
    TOO_OLD = "too-old"
    FROM_THE_FUTURE = "from-the-future"
    WRONG_SIGNATURE = "wrong-signature"


class WebhookRefusedError(IntegrationError):
    """A delivery is not proved to come from its sender, now, unchanged."""

    def __init__(self, reason: RefusalReason, message: str, *, mend: str) -> None:
        super().__init__(message, mend=mend)
        self.reason = reason


class UnreadableBodyError(IntegrationError):
    """A delivery is authentic, but its body is not what was agreed."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            mend="Compare the sender's body with the documented one, then let it deliver again.",
        )


class UnusableSecretError(IntegrationError):
    """A configured secret is empty, malformed, too short, or public."""
