"""What is known of one obligation while it is owed, and its file in somebody's hands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from cases.file import Tell
from cases.journal import Entry, Journal, Kind
from cases.receipts import ActReceipt
from cases.recording import Record
from cases.values import Instant, Line, Mutable, Name, Prose, Value
from runbooks.plan import FollowUp, OwedKind, Severity

DAY = timedelta(days=1)
KEPT_ANSWERS = 24
"""How many past turns the picture shows; the journal holds every one."""


class TurnAnswer(Value):
    """How a turn was settled."""

    turn: int
    due_at: Instant
    answer: Name
    by: str
    role: str
    at: Instant
    reference: Line = ""
    note: Prose = ""


_ASKED_WHEN_DUE = (OwedKind.RECHECK, OwedKind.PERIODIC, OwedKind.SUPPRESSED)


class ObligationState(Mutable):
    """Everything of an obligation that its next run needs."""

    case: str
    number: str
    severity: Severity
    plan: FollowUp
    conflicts: tuple[str, ...] = ()
    """Who declared a conflict on the case."""
    turn: int = 1
    begun_at: Instant
    """When this turn began."""
    first_due: Instant
    """When it was due before any extension."""
    due_at: Instant
    planned_at: Instant
    """When `due_at` was set: reviews that would lie before it are not made up for."""
    overdue: bool = False
    taken: list[str] = []
    """Steps of this turn that have been taken: reminders, reviews, pages."""
    renewals: int = 0
    answers: list[TurnAnswer] = []
    settled_by: TurnAnswer | None = None
    """Set: the last turn is settled, nothing is owed any more."""
    ended_at: Instant | None = None
    notices_failed: int = 0
    told: int = 0
    """How many notices were ordered."""
    receipts: dict[str, ActReceipt] = {}
    revoked_keys: list[str] = []
    refusals: dict[str, int] = {}
    refused_since: dict[str, int] = {}
    journal: Journal

    @property
    def lapses(self) -> bool:
        """Whether it ends by itself when it is due: an interim rule expires."""
        return self.plan.kind is OwedKind.RULE

    @property
    def closed(self) -> bool:
        """Whether the journal has its last entry."""
        return self.ended_at is not None

    @property
    def answer_by(self) -> datetime:
        """From when on it is overdue.

        What is asked only when it is due leaves a day to answer; what was known before does not.
        """
        return self.due_at + DAY if self.plan.kind in _ASKED_WHEN_DUE else self.due_at


class ObligationPicture(Value):
    """An obligation as doors see it."""

    number: str
    plan: FollowUp
    turn: int
    begun_at: Instant
    first_due: Instant
    due_at: Instant
    answer_by: Instant
    overdue: bool
    renewals: int = 0
    answers: tuple[TurnAnswer, ...] = ()
    settled_by: TurnAnswer | None = None
    ended_at: Instant | None = None

    @property
    def open(self) -> bool:
        """Whether a person can still settle it."""
        return self.settled_by is None


def picture(state: ObligationState) -> ObligationPicture:
    """The picture of the obligation: no receipts, no journal."""
    fields: Mapping[str, Any] = {
        name: getattr(state, name) for name in ObligationPicture.model_fields
    }
    return ObligationPicture.model_validate({**fields, "answers": tuple(state.answers)})


def shown(state: ObligationState) -> dict[str, JsonValue]:
    """The picture as it travels."""
    written: dict[str, JsonValue] = picture(state).model_dump(mode="json")
    return written


@dataclass
class ObligationFile:
    """An obligation in somebody's hands: the workflow's, or a test's."""

    state: ObligationState
    record: Record
    wishes: list[Tell] = field(default_factory=list)

    def note(self, kind: Kind, at: datetime, **body: Any) -> Entry:
        """The entry is on record."""
        return self.record(kind, at=at, **body)
