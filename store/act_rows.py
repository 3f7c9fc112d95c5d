"""What the store says about an act: how far it has come, and the answers to recording it."""

from enum import StrEnum

from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt
from cases.values import Instant, Value


class ActState(StrEnum):
    """How far an act has come."""

    PENDING = "pending"
    ANSWERED = "answered"
    DEAD = "dead"


class Recorded(Value):
    """The act is signed and durable: it counts from `at` on."""

    envelope: ActEnvelope
    at: Instant
    behind: int = 0
    """How many earlier acts of the case still wait; 0 = it may be delivered at once."""
    after_log: bool = False
    """It is delivered once the log has its entry, by whoever finds that."""


class Duplicate(Value):
    """The act was recorded before: this is its envelope, and its receipt if it has one."""

    envelope: ActEnvelope
    at: Instant
    receipt: ActReceipt | None = None


class RoundClosed(Value):
    """Silence has taken effect for the round: nothing was signed or stored."""

    closed_at: Instant
    expires_at: Instant | None = None


class ActConflict(Value):
    """The act's id belongs to another person or case: nothing was signed or stored."""

    act_id: str


class ActRow(Value):
    """An act without its words."""

    id: str
    case: str
    person: str
    verb: str
    gate: str | None = None
    round: int | None = None
    signed_at: Instant
    state: ActState
    attempts: int
    next_attempt_at: Instant
    lease_owner: str | None = None
    lease_until: Instant | None = None
    last_error: str = ""
    settled_at: Instant | None = None
    log_after: int | None = None
    """The entry of the doors' stream that the log must have first; None: it waits for none."""
    logged: bool = False
    """Whether the log, or the spool, has that entry."""

    @property
    def waits_for_log(self) -> bool:
        """Whether it is held back until the log has its entry."""
        return self.state is ActState.PENDING and self.log_after is not None and not self.logged


class WaitingAct(Value):
    """An act that is held back until the log has the door's entry of it."""

    id: str
    case: str
    log_after: int
    since: Instant


class ClaimedAct(ActRow):
    """An act with its envelope, ready to be delivered."""

    envelope: ActEnvelope
