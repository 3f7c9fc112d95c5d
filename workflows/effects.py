"""Everything a case may ask of the outside world: twelve effects, with what they take and give.

`activities/` implements each of them under the same name; `policies.py` holds their time-outs and
retries. A workflow can do nothing else outside itself.
"""

import base64
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, JsonValue

from cases.cancelling import CancelAnswer
from cases.envelope import ActEnvelope
from cases.gate import Round, RoundState
from cases.journal import Entry, PackedEntry, Stream, restored
from cases.many import Part
from cases.merging import BackAnswer, MergeAnswer
from cases.notice import NoticeOrder, NoticeResult
from cases.records import Pinned
from cases.report import TicketRef
from cases.ticket_note import Standing, TicketLine
from cases.values import Instant
from runbooks.compact import Compact
from runbooks.plan import Severity

Order = TypeVar("Order", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)


class Heading(Compact):
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
    shadow: bool = False


class DoorRound(Compact):
    """A round as the doors need it: open for acts, or closed."""

    gate: str
    round: int
    revision: int
    content_hash: str
    nonce: str
    asked_at: Instant
    expires_at: Instant | None = None
    open: bool


class Owed(Compact):
    """Something that is owed after closing, recorded with the entry that says so."""

    key: str
    name: str
    title: str
    owner: str
    due_at: Instant


class JournalBatch(Compact):
    """New entries of the case stream, and what they changed in the case's picture.

    Entries travel without what can be worked out: number, previous hash, an instant said before.
    """

    case: str
    original_run: str
    first: int
    """The number of the first entry."""
    previous: str
    """The hash of the entry before it."""
    salt: str
    """The case's commitment salt, base64: the salt of each entry follows from it."""
    entries: tuple[PackedEntry, ...]
    heading: Heading
    changes: dict[str, JsonValue] = {}
    """Top-level fields of the picture that changed since the last batch; `rounds.3` is one."""
    owed: tuple[Owed, ...] = ()
    at: Instant

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.first + len(self.entries) - 1

    def restore(self) -> tuple[Entry, ...]:
        """The entries as the workflow wrote them, byte for byte."""
        return restored(
            self.entries,
            case=self.case,
            stream=Stream.CASE,
            first=self.first,
            previous=self.previous,
            salt=base64.b64decode(self.salt),
        )

    @property
    def rounds(self) -> tuple[DoorRound, ...]:
        """The rounds that changed since the last batch, as the doors need them."""
        changed = [
            Round.model_validate(value)
            for name, value in self.changes.items()
            if name.startswith("rounds.")
        ]
        return tuple(
            DoorRound(
                gate=round_.gate,
                round=round_.number,
                revision=round_.revision,
                content_hash=round_.content_hash,
                nonce=round_.nonce,
                asked_at=round_.asked_at,
                expires_at=round_.expires_at,
                open=round_.state is RoundState.OPEN,
            )
            for round_ in sorted(changed, key=lambda item: (item.gate, item.number))
        )


class Stored(Compact):
    """Entries up to `sequence` are durable."""

    sequence: int
    forked: bool = False


class AssessOrder(Compact):
    """Answers to be judged by a pinned runbook's severity table."""

    case: str
    runbook_digest: str
    answers: dict[str, str]
    at: Instant


class Assessed(Compact):
    """The row that fired, and its reason."""

    severity: Severity
    row: str
    because: str


class ReportOrder(Compact):
    """A report to be handed in: exactly what was approved, with the digest that was."""

    form: str
    version: int
    fields: dict[str, str | list[str]]
    digest: str


class EffectOrder(Compact):
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
    report: ReportOrder | None = None
    part: Part | None = None
    """One step of an effect on many."""
    set_for: Instant | None = None
    """The one instant it was set for."""
    entry: int = 0
    """The entry of the case stream that the transparency log must have before; 0: none."""
    at: Instant


class EffectState(StrEnum):
    """Where an effect stands."""

    INTENDED = "intended"
    DONE = "done"
    MANUAL = "manual"
    """A person has to do it; it is open until there is a receipt."""
    FAILED = "failed"
    SKIPPED = "skipped"
    SHADOWED = "shadowed"
    """In a shadow case: it would have been done."""


class EffectResult(Compact):
    """How an attempt ended; `failed` means no further automatic attempt makes sense."""

    state: EffectState
    reference: str = ""
    detail: str = ""
    found: tuple[int, int] | None = None
    """What a look came to: how many were checked, and how many of them were the wrong ones."""
    logged: str = ""
    """That the log had the order's entry before anything was done: a C2SP tlog-proof, or a line of
    the spool. It is the log's word, not the receiver's."""
    policies: tuple[str, ...] = ()
    """Which policies let it happen, or kept it from happening; none: they were not asked."""
    policy: str = ""
    """The digest of all of them, as they were asked."""


class TicketOrder(Compact):
    """One coalesced write to the case's ticket: at most one a quiet point."""

    key: str
    case: str
    number: str
    ticket: TicketRef | None
    """None: a ticket is opened first."""
    lines: tuple[TicketLine, ...] = ()
    """Opaque: case number, stage titles and outcomes; never content (I13)."""
    standing: Standing | None = None
    """What a macro may say of the case; None where no line has one."""
    status: str | None = None
    """`open`, `pending`, `solved`."""
    severity: Severity
    runbook: str = ""
    """The digest of the version whose words it has, where the case was moved to another one."""
    at: Instant

    @property
    def note(self) -> str:
        """The comment in our own words."""
        return "\n".join(line.text for line in self.lines)


class TicketResult(Compact):
    """The ticket as it is now; `failed` says why it could not be written, the case goes on."""

    ticket: TicketRef | None = None
    failed: str = ""


class CollectOrder(Compact):
    """Before silence takes effect: what was signed in time and has not arrived yet (I18)."""

    case: str
    gate: str | None = None
    round: int | None = None
    deadline: Instant
    ready: bool = False
    """Only what may be delivered now: nothing waits for the log, and no door closes."""
    at: Instant


class Collected(Compact):
    """Undelivered envelopes signed at or before the deadline, oldest first."""

    envelopes: tuple[ActEnvelope, ...] = ()


class LinkOrder(Compact):
    """A case goes on as another one: under another runbook, or as part of an existing case."""

    key: str
    case: str
    number: str
    runbook: str | None = None
    """Set: a new case is opened on it."""
    attach_to: str | None = None
    """Set: the number of the case that takes over the report."""
    severity: Severity
    answers: dict[str, str] = {}
    """What is known, for a runbook that asks it too; never prose (I13)."""
    at: Instant


class Linked(Compact):
    """The other case."""

    case: str = ""
    number: str = ""
    runbook: str = ""
    failed: str = ""


class SplitOrder(Compact):
    """A report that joined the case is to have one of its own."""

    case: str
    delivery: str
    at: Instant


class DecidersOrder(Compact):
    """Who decided in another case is asked, so that they are kept from deciding here."""

    case: str
    """The one that asks."""
    question: str
    """The intake question that names the other."""
    number: str
    at: Instant


class ChildrenOrder(Compact):
    """Before a case ends: whether its sub-cases have."""

    case: str
    sub_cases: tuple[str, ...]
    """Their numbers."""
    at: Instant


class Children(Compact):
    """The sub-cases that have not ended, by number."""

    open: tuple[str, ...] = ()


class MergeOrder(Compact):
    """Another case is asked to become part of this one, by an act that both take."""

    act: str
    case: str
    number: str
    loser: str
    clocks: dict[str, Instant] = {}
    """When each running clock of the law is due here."""
    need_to_know: bool = False
    shadow: bool = False
    at: Instant


class CancelOrder(Compact):
    """A sub-case is cancelled along with this one, by an act that names it."""

    act: str
    number: str
    sub_case: str
    shadow: bool = False
    at: Instant


class GiveBackOrder(Compact):
    """The case that this one was part of is told that it is no more."""

    act: str
    winner: str
    at: Instant


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
SPLIT_OFF = Effect("split_off_report", SplitOrder, Linked)
LOOK_UP_DECIDERS = Effect("look_up_deciders", DecidersOrder, Pinned)
MERGE_AWAY = Effect("merge_away", MergeOrder, MergeAnswer)
LOOK_AT_CHILDREN = Effect("look_at_sub_cases", ChildrenOrder, Children)
CANCEL_ALONG = Effect("cancel_along", CancelOrder, CancelAnswer)
GIVE_BACK = Effect("give_back", GiveBackOrder, BackAnswer)

OUTSIDE: frozenset[str] = frozenset(
    effect.name for effect in (NOTIFY, PERFORM, SYNC_TICKET, OPEN_LINKED, SPLIT_OFF)
)
"""What reaches somebody, or begins another case: a shadow case asks for none of it."""

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
        SPLIT_OFF,
        LOOK_UP_DECIDERS,
        LOOK_AT_CHILDREN,
        CANCEL_ALONG,
        MERGE_AWAY,
        GIVE_BACK,
    )
)
