"""The whole state of a case in one model: it crosses continue-as-new, and nothing else does."""

from datetime import datetime
from typing import Any

from pydantic import JsonValue, SerializerFunctionWrapHandler, model_serializer

from cases.canonical import canonical, sha256
from cases.clock import ClockRun
from cases.comments import Said
from cases.drafts.record import Drafted
from cases.ended_outside import OutsideEnd
from cases.gate import Change, Round, RoundState
from cases.journal import Journal
from cases.many import BulkApproval
from cases.paging import EscalationRun, HeldNotice, RunState
from cases.receipts import ActReceipt
from cases.records import (
    SET,
    Along,
    AnswerGiven,
    CallBackRecord,
    ClaimRecord,
    ClosingRecord,
    DissentRecord,
    EffectRecord,
    EvidenceItem,
    HoldRecord,
    InformationRequest,
    IssuedRule,
    Lease,
    Link,
    MergedInto,
    Migration,
    Offered,
    Pinned,
    PlanChange,
    ProposedMigration,
    Ratification,
    Reopening,
    SeverityRecord,
    StageVisit,
    TakenIn,
    WorkOffer,
)
from cases.report import Report, TicketRef
from cases.tasks import Task
from cases.values import Instant, Mutable
from runbooks.plan import Pathway

LATER_FIELDS = frozenset(
    {
        "along",
        "claims",
        "comments",
        "work_offers",
        "left_sub_cases",
        "merged",
        "reopenings",
        "taken_in",
    }
)
"""Fields that cases of earlier releases do not know: while empty they are not written."""


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
    plan_changes: list[PlanChange] = []
    rounds: list[Round] = []
    changed: dict[str, list[Change]] = {}
    """By gate: what is different from what its last round showed."""
    memos: dict[str, dict[str, str]] = {}
    evidence: list[EvidenceItem] = []
    requests: list[InformationRequest] = []
    dissents: list[DissentRecord] = []
    ratifications: list[Ratification] = []
    tasks: list[Task] = []
    comments: list[Said] = []
    call_backs: list[CallBackRecord] = []
    rules: list[IssuedRule] = []
    legal_hold: str | None = None
    """The role that reviews it: nothing of the case may be deleted while it stands."""
    clocks: list[ClockRun] = []
    happened: dict[str, Instant] = {}
    """Events that clocks of the law count from, and when they were: `effect:<name>`."""
    effects: list[EffectRecord] = []
    drafts: dict[str, Drafted] = {}
    """By effect: the report it would hand in, once people have been asked or it was ordered."""
    approvals: dict[str, BulkApproval] = {}
    """By effect: what a gate has approved of it and nobody has used yet."""
    assignments: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    """Person → since which stage they are out."""
    accounts: dict[str, list[str]] = {}
    """Person → the other accounts of the same human, of whoever has acted and has several."""
    pinned: dict[str, Pinned] = {}
    """By question: who decided the matter before, and is kept out where the runbook says so."""
    leases: list[Lease] = []
    escalations: list[EscalationRun] = []
    raised: list[str] = []
    """Roles that were paged by hand at the current stage."""
    held: list[HeldNotice] = []
    """Notices that are kept until somebody's hours."""
    hold: HoldRecord | None = None
    links: list[Link] = []
    offered: list[Offered] = []
    ticket: TicketRef | None = None
    closing: ClosingRecord | None = None
    pending_outcome: str | None = None
    """An outcome of the current stage that has been accepted and not walked yet."""
    pending_by: str | None = None
    reassess: bool = False
    """Answers changed, and the severity table has not judged them yet."""
    left_sub_cases: bool = False
    """It is being cancelled, and its sub-cases go on without it."""
    along: Along | None = None
    """It is being cancelled together with sub-cases, or as one."""
    closing_act: ClosingRecord | None = None
    """An accepted act that ends the case, until the case has ended."""
    moving_to: str | None = None
    attaching_to: str | None = None
    revoked_keys: list[str] = []
    notices_failed: int = 0
    shadow: bool = False
    """It runs beside today's process: nothing of it leaves the house."""
    outside: OutsideEnd | None = None
    """That today's process has ended, and how."""
    migrations: list[Migration] = []
    proposed: ProposedMigration | None = None
    """Another version of the runbook that waits for a second person."""
    reopenings: list[Reopening] = []
    merged: MergedInto | None = None
    """It is part of another case now, and a pointer to it."""
    claims: list[ClaimRecord] = []
    work_offers: list[WorkOffer] = []
    """Work that is being handed over: whoever had it has it until the other accepts."""
    taken_in: list[TakenIn] = []
    """Cases that became part of this one."""

    # private: not part of the picture
    journal: Journal
    receipts: dict[str, ActReceipt] = {}
    refusals: dict[str, int] = {}
    """How many refusals an actor has had in a round (I8)."""
    refused_since: dict[str, int] = {}
    """Refusals not yet journalled one by one, by actor, round and minute."""
    told: dict[str, int] = {}
    """How often a notice of the same meaning has been ordered: the next one is another notice."""
    pathway: Pathway | None = None
    """The rules it was moved to; None while it walks those it was opened under (I2)."""
    ticket_notes: int = 0
    """How many notes were written to the ticket."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A run hands its state to the next one: that of an earlier release must read as it did.
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value or name not in LATER_FIELDS}

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
        """The newest clock called `clock_id`: one that was cancelled may have begun again."""
        return next((clock for clock in reversed(self.clocks) if clock.id == clock_id), None)

    def stage_clock(self, stage: str) -> ClockRun | None:
        """The newest target of the stage."""
        return next((run for run in reversed(self.clocks) if run.stage == stage), None)

    def task(self, task_id: str) -> Task | None:
        """The task with that id."""
        return next((task for task in self.tasks if task.id == task_id), None)

    def effect(self, key: str) -> EffectRecord | None:
        """The effect with that key."""
        return next((effect for effect in self.effects if effect.key == key), None)

    def effect_named(self, name: str) -> EffectRecord | None:
        """The newest effect of that name."""
        return next((effect for effect in reversed(self.effects) if effect.name == name), None)

    def facts(self) -> dict[str, JsonValue]:
        """What a round shows and signs: answers, memos, evidence digests, severity, replies.

        A question is no fact yet: its answer is.
        """
        facts: dict[str, JsonValue] = {
            "runbook": f"{self.runbook} {self.version}",
            "severity": self.severity.current.value,
            "answers": {name: answer.value for name, answer in sorted(self.answers.items())},
            "memos": {
                gate: dict(sorted(memo.items())) for gate, memo in sorted(self.memos.items())
            },
            "evidence": [f"{item.label} {item.digest}" for item in self.standing_evidence],
            "information": [
                {"question": request.question, "answer": request.answer or ""}
                for request in self.requests
                if request.answer is not None and request.material
            ],
        }
        if self.call_backs:
            facts["call-backs"] = [
                f"{call.agency} at {call.number} ({call.source}), {call.called_at.isoformat()}: "
                f"{call.result.value}"
                for call in self.call_backs
            ]
        shown = {name: each.digest for name, each in sorted(self.drafts.items()) if each.gate}
        if shown:
            facts["drafts"] = dict(shown)
        return facts

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
        coming += [(claim.until, f"claim of {claim.role} lapses") for claim in self.claims]
        coming += [(offer.until, f"hand-over of {offer.role}") for offer in self.work_offers]
        if self.hold is None:
            coming += [
                (effect.set_for, f"{effect.title}: the instant it is set for")
                for effect in self.effects
                if effect.state == SET and effect.set_for is not None
            ]
        elif not self.hold.reviewed:
            coming.append((self.hold.review_at, "hold: review date"))
        coming += [(notice.until, "kept notice") for notice in self.held]
        if self.severity.until is not None:
            coming.append((self.severity.until, "severity: the table's again"))
        if self.hold is None:
            coming += [(lease.until, "acknowledgement") for lease in self.leases if lease.lapses]
        coming += [
            (instant, f"escalation {run.policy}")
            for run in self.escalations
            if run.state is RunState.RUNNING and run.stood_since is None
            for instant in (run.next_at, *(unread.at for unread in run.unread))
            if instant is not None
        ]
        return min(coming, default=None)

    def due_at(self, at: datetime) -> datetime | None:
        """The earliest target among the clocks that run."""
        due = [clock.due_at(at) for clock in self.clocks if not clock.hold]
        return min((instant for instant in due if instant is not None), default=None)

    @property
    def standing_evidence(self) -> list[EvidenceItem]:
        """What is on the list, less what went back with another case."""
        return [item for item in self.evidence if not item.withdrawn]

    @property
    def merging(self) -> list[TakenIn]:
        """Cases that are on their way into this one."""
        return [item for item in self.taken_in if item.state == "begun"]

    @property
    def life(self) -> int:
        """1, and one more for each time the case was reopened."""
        return 1 + len(self.reopenings)

    def life_word(self) -> tuple[str, ...]:
        """What keeps the keys of a reopened case apart from those of its lives before."""
        return (f"life {self.life}",) if self.reopenings else ()

    @property
    def breached(self) -> bool:
        """Whether any clock has passed its target."""
        return any(clock.breached_at is not None for clock in self.clocks)

    @property
    def closed(self) -> bool:
        """Whether the case has ended."""
        return self.status in ("closed", "cancelled")


PRIVATE = frozenset(
    {"journal", "receipts", "refusals", "refused_since", "told", "ticket_notes", "pathway"}
)
"""Fields that are the workflow's own: not part of the picture."""

GROWING = (
    "visits",
    "rounds",
    "clocks",
    "effects",
    "evidence",
    "requests",
    "dissents",
    "ratifications",
    "tasks",
    "comments",
    "call_backs",
    "rules",
    "offered",
    "escalations",
)
"""Lists that only ever grow: each item is a field of the picture of its own, `rounds.3`.

So a batch carries the one round that changed, and the store still merges top-level fields only.
"""


def picture(state: CaseState) -> dict[str, JsonValue]:
    """The whole state as doors may see it, in JSON form."""
    written: dict[str, JsonValue] = state.model_dump(mode="json", exclude=set(PRIVATE))
    return written


def fields_of(state: CaseState) -> dict[str, JsonValue]:
    """The picture as batches carry it: what still has its default is left out.

    Fields and items of growing lists are top-level, so that a reader merges batches by name.
    """
    written: dict[str, JsonValue] = state.model_dump(
        mode="json", exclude=set(PRIVATE), exclude_defaults=True
    )
    fields: dict[str, JsonValue] = {}
    for name, value in written.items():
        if name in GROWING and isinstance(value, list):
            fields.update({f"{name}.{index}": item for index, item in enumerate(value)})
        else:
            fields[name] = value
    return fields


def default_of(field: str) -> JsonValue:
    """What a top-level field of the picture says while it is left out."""
    value: JsonValue = CaseState.model_fields[field].get_default(call_default_factory=True)
    return value


class CasePicture(CaseState):
    """A state read back from the store: the private part is empty."""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "CasePicture":
        """The picture out of the store's merged fields; `rounds.3` is the fourth of `rounds`."""
        whole: dict[str, Any] = {}
        items: dict[str, dict[int, Any]] = {}
        for name, value in fields.items():
            field, dot, index = name.partition(".")
            if dot:
                items.setdefault(field, {})[int(index)] = value
            else:
                whole[name] = value
        for field, found in items.items():
            whole[field] = [found[index] for index in sorted(found)]
        return cls.model_validate({**whole, "journal": {"case": fields["case"]}})
