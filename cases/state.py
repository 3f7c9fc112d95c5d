"""The whole state of a case in one model: it crosses continue-as-new, and nothing else does."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from cases.canonical import canonical, commit, sha256
from cases.clock import ClockRun
from cases.gate import Change, Round, RoundState
from cases.journal import Entry, Journal, Kind
from cases.receipts import ActReceipt
from cases.report import Report, TicketRef
from cases.values import Instant, Mutable, Value
from runbooks.plan import Severity


class AnswerGiven(Value):
    """An intake question's current answer."""

    value: str
    by: str
    at: Instant


class SeverityRecord(Value):
    """The severity in force, and what the table computed beside it."""

    current: Severity
    computed: Severity
    row: str = ""
    because: str = ""
    set_by: str | None = None
    reason: str = ""


class StageVisit(Mutable):
    """One passage through a stage."""

    stage: str
    visit: int
    entered_at: Instant
    left_at: Instant | None = None
    outcome: str | None = None
    by: str | None = None
    note: str = ""


class EffectRecord(Mutable):
    """An outside action of this case."""

    key: str
    name: str
    title: str
    by: str
    owner: str
    stage: str
    state: str
    """`intended`, `done`, `manual`, `failed`, `skipped`."""
    attempt: int = 1
    due_at: Instant | None = None
    instruction: str = ""
    reference: str = ""
    detail: str = ""
    compensates: str | None = None
    at: Instant
    settled_by: str | None = None
    irreversible: bool = False

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in ("intended", "manual", "failed")


class EvidenceItem(Value):
    """A piece of evidence, by reference and digest."""

    label: str
    reference: str
    digest: str
    by: str
    at: Instant


class InformationRequest(Mutable):
    """A question from a gate back to the people who work on the case."""

    id: str
    gate: str
    round: int
    asked_by: str
    question: str
    at: Instant
    answer: str | None = None
    answered_by: str | None = None
    answered_at: Instant | None = None


class HoldRecord(Value):
    """Work stopped on purpose."""

    reason: str
    by: str
    at: Instant
    review_at: Instant
    reviewed: bool = False


class DissentRecord(Value):
    """An objection on record."""

    gate: str
    round: int
    person: str
    role: str
    reason: str
    at: Instant


class Lease(Value):
    """'I have it': no reminders to this role until then."""

    stage: str
    role: str
    person: str
    at: Instant
    until: Instant


class Link(Value):
    """Another case this one belongs with."""

    number: str
    case: str = ""
    why: str
    """`moved-to`, `moved-from`, `attached-to`, `same-subject`, `kept-apart`."""


class ClosingRecord(Value):
    """How the case ended."""

    disposition: str
    by: str
    record: str = ""
    lessons: str = ""
    at: Instant


class Ratification(Mutable):
    """A stand-in's approval that the absent role still has to confirm."""

    gate: str
    by: str
    due_at: Instant
    round: int | None = None
    settled: str | None = None


class Offered(Value):
    """A further report that a door connected with this case."""

    delivery: str
    source: str
    case: str = ""
    number: str = ""
    at: Instant
    why: str = ""


class CaseState(Mutable):
    """Everything the case knows. Doors see it as the case's picture, without the private part."""

    case: str
    number: str
    report: Report
    runbook: str
    version: str
    digest: str
    opened_at: Instant
    status: str = "open"
    severity: SeverityRecord
    answers: dict[str, AnswerGiven] = {}
    revision: int = 1
    stage: str | None = None
    visits: list[StageVisit] = []
    rounds: list[Round] = []
    changed: dict[str, list[Change]] = {}
    """By gate: what is different from what its last round showed."""
    memos: dict[str, dict[str, str]] = {}
    evidence: list[EvidenceItem] = []
    requests: list[InformationRequest] = []
    dissents: list[DissentRecord] = []
    ratifications: list[Ratification] = []
    clocks: list[ClockRun] = []
    effects: list[EffectRecord] = []
    assignments: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    """Person → since which stage they are out."""
    leases: list[Lease] = []
    hold: HoldRecord | None = None
    links: list[Link] = []
    offered: list[Offered] = []
    ticket: TicketRef | None = None
    closing: ClosingRecord | None = None
    pending_outcome: str | None = None
    """An outcome of the current stage that has been accepted and not walked yet."""
    pending_by: str | None = None
    reassess: bool = False
    """Answers changed: the severity table is to be asked again."""
    closing_act: ClosingRecord | None = None
    """An accepted act that ends the case, until the case has ended."""
    moving_to: str | None = None
    attaching_to: str | None = None
    revoked_keys: list[str] = []
    notices_failed: int = 0

    # private: not part of the picture
    journal: Journal
    receipts: dict[str, ActReceipt] = {}
    refusals: dict[str, int] = {}
    """How many refusals an actor has had in a round (I8)."""
    refused_since: dict[str, int] = {}
    """Refusals not yet journalled one by one, by actor, round and minute."""

    def current_visit(self) -> StageVisit | None:
        """The passage through a stage that has begun and not ended."""
        return next((visit for visit in reversed(self.visits) if visit.left_at is None), None)

    def round_of(self, gate: str) -> Round | None:
        """The newest round of the gate."""
        return next((round_ for round_ in reversed(self.rounds) if round_.gate == gate), None)

    def open_round(self, gate: str) -> Round | None:
        """The gate's open round; there is at most one."""
        round_ = self.round_of(gate)
        return round_ if round_ is not None and round_.state is RoundState.OPEN else None

    def clock(self, clock_id: str) -> ClockRun | None:
        """The clock called `clock_id`."""
        return next((clock for clock in self.clocks if clock.id == clock_id), None)

    def effect(self, key: str) -> EffectRecord | None:
        """The effect with that key."""
        return next((effect for effect in self.effects if effect.key == key), None)

    def effect_named(self, name: str) -> EffectRecord | None:
        """The newest effect of that name."""
        return next((effect for effect in reversed(self.effects) if effect.name == name), None)

    def facts(self) -> dict[str, JsonValue]:
        """What a round shows and signs: answers, memos, evidence digests, severity, replies."""
        return {
            "runbook": f"{self.runbook} {self.version}",
            "severity": self.severity.current.value,
            "answers": {name: answer.value for name, answer in sorted(self.answers.items())},
            "memos": {
                gate: dict(sorted(memo.items())) for gate, memo in sorted(self.memos.items())
            },
            "evidence": [f"{item.label} {item.digest}" for item in self.evidence],
            "information": [
                {"question": request.question, "answer": request.answer or ""}
                for request in self.requests
            ],
        }

    def content_hash(self) -> str:
        """SHA-256 over the facts and their revision: what an act at a gate is bound to (I5)."""
        return sha256(canonical({"revision": self.revision, "facts": self.facts()}))

    def next_instant(self, at: datetime) -> tuple[datetime, str] | None:
        """The next instant at which the case does something by itself, and what."""
        coming = [
            (instant, f"{clock.title}: {label}")
            for clock in self.clocks
            for instant, label, _ in clock.steps(at)[:1]
        ]
        if self.hold is not None and not self.hold.reviewed:
            coming.append((self.hold.review_at, "hold: review date"))
        return min(coming, default=None)

    def due_at(self, at: datetime) -> datetime | None:
        """The earliest target among the clocks that run."""
        due = [clock.due_at(at) for clock in self.clocks if not clock.hold]
        return min((instant for instant in due if instant is not None), default=None)

    @property
    def breached(self) -> bool:
        """Whether any clock has passed its target."""
        return any(clock.breached_at is not None for clock in self.clocks)

    @property
    def closed(self) -> bool:
        """Whether the case has ended."""
        return self.status in ("closed", "cancelled")


PRIVATE = frozenset({"journal", "receipts", "refusals", "refused_since"})


def picture(state: CaseState) -> dict[str, JsonValue]:
    """The state as doors may see it, field by field, in JSON form."""
    written: dict[str, JsonValue] = state.model_dump(mode="json", exclude=set(PRIVATE))
    return written


class CasePicture(CaseState):
    """A state read back from the store: the private part is empty."""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "CasePicture":
        """The picture out of the store's merged fields."""
        return cls.model_validate({**fields, "journal": {"case": fields["case"]}})


def changes_between(before: dict[str, JsonValue], after: dict[str, JsonValue]) -> list[Change]:
    """What differs between two sets of facts, as sentences' parts: what, was, now."""
    changes: list[Change] = []
    for what in sorted(before.keys() | after.keys()):
        was, now = before.get(what), after.get(what)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            changes.extend(
                Change(
                    what=f"{what}: {inner}", was=_text(was.get(inner)), now=_text(now.get(inner))
                )
                for inner in sorted(was.keys() | now.keys())
                if was.get(inner) != now.get(inner)
            )
        else:
            changes.append(Change(what=what, was=_text(was), now=_text(now)))
    return changes


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_text(item)}" for name, item in value.items())
    return str(value)


class Record:
    """Writes journal entries for one case: instant and salt are held once, inputs committed."""

    def __init__(self, state: CaseState, *, salt: bytes) -> None:
        self._state = state
        self._salt = salt

    def __call__(self, kind: Kind, *, at: datetime, **body: Any) -> Entry:
        """The entry is appended to the case stream."""
        return self._state.journal.record(kind, at=at, salt=self._salt, **body)

    def commit(self, value: Any) -> str:
        """The salted digest of an input, for the entry it causes."""
        return commit(self._salt, value)


ACK_LEASE = timedelta(minutes=30)
"""How long "I have it" keeps reminders away; shorter where the clock has less left."""
