"""Everything a case may ask of the outside world: eight effects, with what they take and give.

`activities/` implements each of them under the same name; `policies.py` holds their time-outs and
retries. A workflow can do nothing else outside itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import JsonValue

from cases.envelope import ActEnvelope
from cases.journal import Entry
from cases.notice import NoticeOrder, NoticeResult
from cases.report import TicketRef
from cases.values import Instant, Value
from runbooks.plan import Severity

Order = TypeVar("Order", bound=Value)
Result = TypeVar("Result", bound=Value)


class Heading(Value):
    """What lists, filters and the watch need of a case, in clear: opaque words and instants."""

    number: str
    runbook: str
    version: str
    status: str
    """`open`, `held`, `closed`, `cancelled`."""
    stage: str
    severity: Severity
    waiting_on: tuple[str, ...] = ()
    """Roles."""
    due_at: Instant | None = None
    """The earliest deadline that still runs."""
    next_at: Instant | None = None
    """The next instant at which the case will do something by itself."""
    next_label: str = ""
    breached: bool = False


class DoorRound(Value):
    """A round as the doors need it: open for acts, or closed."""

    gate: str
    round: int
    revision: int
    content_hash: str
    nonce: str
    asked_at: Instant
    expires_at: Instant | None = None
    open: bool


class JournalBatch(Value):
    """New entries of the case stream, and what they changed in the case's picture."""

    case: str
    original_run: str
    entries: tuple[Entry, ...]
    heading: Heading
    changes: dict[str, JsonValue]
    """Top-level fields of the state that changed since the last batch."""
    rounds: tuple[DoorRound, ...] = ()
    at: Instant


class Stored(Value):
    """Entries up to `sequence` are durable."""

    sequence: int
    forked: bool = False


class AssessOrder(Value):
    """Answers to be judged by a pinned runbook's severity table."""

    case: str
    runbook_digest: str
    answers: dict[str, str]
    at: Instant


class Assessed(Value):
    """The row that fired, and its reason."""

    severity: Severity
    row: str
    because: str


class EffectOrder(Value):
    """An action the runbook orders, with the key that makes it happen once (I9)."""

    key: str
    case: str
    number: str
    name: str
    title: str
    by: str
    stage: str
    facts: dict[str, str] = {}
    """Answers of the kinds `reference` and `choice` only: a receiver gets no prose."""
    compensates: str | None = None
    irreversible: bool = False
    at: Instant


class EffectState(StrEnum):
    """Where an effect stands."""

    INTENDED = "intended"
    DONE = "done"
    MANUAL = "manual"
    """A person has to do it; it is open until there is a receipt."""
    FAILED = "failed"
    SKIPPED = "skipped"


class EffectResult(Value):
    """How an attempt ended; `failed` means no further automatic attempt makes sense."""

    state: EffectState
    reference: str = ""
    detail: str = ""


class TicketOrder(Value):
    """One coalesced write to the case's ticket: at most one a quiet point."""

    key: str
    case: str
    number: str
    ticket: TicketRef | None
    """None: a ticket is opened first."""
    note: str = ""
    """Opaque: case number, stage titles and outcomes; never content (I13)."""
    status: str | None = None
    """`open`, `pending`, `solved`."""
    severity: Severity
    at: Instant


class TicketResult(Value):
    """The ticket as it is now; `failed` says why it could not be written, the case goes on."""

    ticket: TicketRef | None = None
    failed: str = ""


class CollectOrder(Value):
    """Before silence takes effect: what was signed in time and has not arrived yet (I18)."""

    case: str
    gate: str | None = None
    round: int | None = None
    deadline: Instant
    at: Instant


class Collected(Value):
    """Undelivered envelopes signed at or before the deadline, oldest first."""

    envelopes: tuple[ActEnvelope, ...] = ()


class LinkOrder(Value):
    """A case goes on as another one: under another runbook, or as part of an existing case."""

    key: str
    case: str
    number: str
    runbook: str | None = None
    """Set: a new case is opened on it."""
    attach_to: str | None = None
    """Set: the number of the case that takes over the report."""
    severity: Severity
    at: Instant


class Linked(Value):
    """The other case."""

    case: str = ""
    number: str = ""
    runbook: str = ""
    failed: str = ""


class ObligationOrder(Value):
    """Something owed after closing."""

    key: str
    case: str
    number: str
    name: str
    title: str
    owner: str
    due_at: Instant
    at: Instant


class Noted(Value):
    """It is on record."""

    key: str


@dataclass(frozen=True)
class Effect(Generic[Order, Result]):
    """A named thing the case may ask for, with its message types."""

    name: str
    takes: type[Order]
    gives: type[Result]


APPEND_JOURNAL = Effect("append_journal", JournalBatch, Stored)
ASSESS = Effect("assess_severity", AssessOrder, Assessed)
NOTIFY = Effect("notify", NoticeOrder, NoticeResult)
PERFORM = Effect("perform_effect", EffectOrder, EffectResult)
SYNC_TICKET = Effect("sync_ticket", TicketOrder, TicketResult)
COLLECT_ACTS = Effect("collect_acts", CollectOrder, Collected)
OPEN_LINKED = Effect("open_linked_case", LinkOrder, Linked)
RECORD_OBLIGATION = Effect("record_obligation", ObligationOrder, Noted)

EFFECTS: tuple[str, ...] = tuple(
    effect.name
    for effect in (
        APPEND_JOURNAL,
        ASSESS,
        NOTIFY,
        PERFORM,
        SYNC_TICKET,
        COLLECT_ACTS,
        OPEN_LINKED,
        RECORD_OBLIGATION,
    )
)
