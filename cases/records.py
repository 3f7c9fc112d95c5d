"""The parts of a case's state: what was answered, entered, done, asked, held and linked."""

from datetime import timedelta
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from cases.clock import ClockRun
from cases.many import BulkRun, Part
from cases.values import Instant, Mutable, Value, spoken
from runbooks.plan import CallBackResult, Severity


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
    until: Instant | None = None
    """When what a person set is over, and the computed one is in force again."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: said for name, said in handler(self).items() if said or name != "until"}

    @property
    def of_the_table(self) -> "SeverityRecord":
        """The record once nobody has set anything else."""
        return self.model_copy(
            update={"current": self.computed, "set_by": None, "reason": "", "until": None}
        )


class PlanChange(Value):
    """What a change of severity made of the plan: the target under way, and the stages ahead."""

    at: Instant
    was: Severity
    now: Severity
    stage: str
    target: str = ""
    """How long the stage may take now; empty where its time stays what it was."""
    due: Instant | None = None
    due_was: Instant | None = None
    ahead: tuple[str, ...] = ()
    """What is different at later stages, in words."""


class StageVisit(Mutable):
    """One passage through a stage."""

    stage: str
    visit: int
    entered_at: Instant
    left_at: Instant | None = None
    outcome: str | None = None
    by: str | None = None
    note: str = ""


SUPPRESSED = "suppressed"
"""Ordered, and forbidden for as long as a non-disclosure order stands; nothing waits for it."""

HELD_BACK = "held-back"
"""Ordered, and waiting for the clearance or the approval its runbook asks for."""

SET = "set"
"""Ordered for one instant that has not come."""

IN_STEPS = "in-steps"
"""On many: carried out step by step, each watched before the next."""

ROLLING_BACK = "rolling-back"
"""Stopped: every step that was done is being undone."""

ROLLED_BACK = "rolled-back"
"""Stopped, and nothing of it stands any more."""

SHADOWED = "shadowed"
"""In a shadow case: it would have been performed now, and was not."""

BY_ITSELF = (SET, IN_STEPS, ROLLING_BACK)
"""States that a person cannot settle by a receipt: what they wait for settles them."""


class EffectRecord(Mutable):
    """An outside action of this case."""

    key: str
    name: str
    title: str
    by: str
    owner: str
    stage: str
    state: str
    """`intended`, `done`, `manual`, `failed`, `skipped`, or one of the words above."""
    attempt: int = 1
    due_at: Instant | None = None
    instruction: str = ""
    reference: str = ""
    detail: str = ""
    compensates: str | None = None
    at: Instant
    settled_by: str | None = None
    settled_at: Instant | None = None
    irreversible: bool = False
    set_for: Instant | None = None
    """The one instant at which it happens, or happened."""
    run: BulkRun | None = None
    """How far an effect on many has come."""
    part: Part | None = None
    """Set for one step of an effect on many, its undoing, or a look at what it did."""

    @property
    def open(self) -> bool:
        """Whether somebody or something still has to do something about it."""
        return self.state in ("intended", "manual", "failed", HELD_BACK, *BY_ITSELF)

    @property
    def performed(self) -> bool:
        """Whether the case goes on as after it: it was done, or in a shadow would have been."""
        return self.state in ("done", SHADOWED)


_LATER = frozenset({"origin", "withdrawn"})
"""Fields that evidence of earlier releases does not have: while empty they are not written."""


class EvidenceItem(Value):
    """A piece of evidence, by reference and digest."""

    label: str
    reference: str
    digest: str
    by: str
    at: Instant
    origin: str = ""
    """The number of the case it came with, where that became part of this one."""
    withdrawn: bool = False
    """It went back with that case: no fact of this one any more."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: said for name, said in handler(self).items() if said or name not in _LATER}


class CallBackRecord(Value):
    """A call to a number we found ourselves: who called whom, when, and what came of it."""

    agency: str
    number: str
    source: str
    called_at: Instant
    result: CallBackResult
    note: str = ""
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
    material: bool = True
    """Its answer is a fact that rounds show; a handover note is none."""
    role: str | None = None
    """Who is asked, whoever works on the case beside; None asks only these."""


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
    lasts: timedelta = timedelta()
    """How long it holds after each thing the person does; zero: it is not renewed."""
    lapses: bool = False
    """Whether anybody is told when it is over."""


class ClaimRecord(Value):
    """A role's work of one stage that a person took out of the queue, and until when."""

    stage: str
    role: str
    person: str
    at: Instant
    until: Instant


class WorkOffer(Value):
    """A role's work that somebody wants to hand over, until the other answers or time is over."""

    role: str
    by: str
    person: str
    note: str = ""
    at: Instant
    until: Instant


class Link(Value):
    """Another case this one belongs with."""

    number: str
    case: str = ""
    why: str
    """`moved-to`, `attached-to`, `same-subject`, `merged-into` …, or a kind that a person chose."""


class Decider(Value):
    """Somebody who decided the matter before, by their opaque name."""

    person: str
    did: str
    """`decided` or `led`."""


class Pinned(Value):
    """Who decided before, as it was when it was looked up."""

    number: str = ""
    """The other case's; empty where a person named them."""
    case: str = ""
    people: tuple[Decider, ...] = ()
    failed: str = ""
    """Why nothing could be found."""


class ClosingRecord(Value):
    """How the case ended."""

    disposition: str
    by: str
    role: str = ""
    """The role the person ended it in; empty when the runbook did."""
    record: str = ""
    lessons: str = ""
    at: Instant


class Reopening(Value):
    """A case that had ended went on: who wanted it, and which ending it was."""

    by: str
    role: str
    reason: str
    at: Instant
    """When it was signed: acts signed before it belong to the life that ended."""
    stage: str
    disposition: str
    closed_at: Instant
    owed: tuple[str, ...] = ()
    """What the case owed by then, by name: that goes on, and is not owed twice."""


class BeforeMerging(Value):
    """What a case was when it became part of another one: an un-merge gives it back."""

    stage: str
    clocks: tuple[ClockRun, ...]
    leases: tuple[Lease, ...] = ()
    hold: HoldRecord | None = None
    asked: bool = False
    """Whether the stage's gate had an open round."""
    tasks: tuple[str, ...] = ()
    """Tasks that were open: they fell away with the merge."""

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: said for name, said in handler(self).items() if said or name != "tasks"}


class MergedInto(Value):
    """That the case has become part of another one, and by which act."""

    number: str
    case: str
    act: str
    """The act, signed on the other case, that both rest on."""
    by: str
    role: str
    at: Instant
    before: BeforeMerging


class TakenIn(Value):
    """Another case became part of this one, or was to."""

    number: str
    case: str
    act: str
    by: str
    at: Instant
    state: str = "begun"
    """`begun`, `done`, `failed`, `given-back`."""
    because: str = ""


class NamedCase(Value):
    """Another case, by number and id."""

    number: str
    case: str


class Along(Value):
    """That a case and its sub-cases are cancelled together, and by which act."""

    act: str
    """Signed on the case at the top; all of them rest on it."""
    top: str = ""
    """The number of the case at the top; empty there."""
    cases: tuple[NamedCase, ...]
    """Everything the act names, the deepest first."""


class Ratification(Mutable):
    """A stand-in's approval that the absent role still has to confirm."""

    gate: str
    by: str
    due_at: Instant
    round: int | None = None
    settled: str | None = None


class ProposedMigration(Value):
    """Somebody asks that the case go on under another version; a second person has to agree."""

    version: str
    digest: str
    rules: str
    """SHA-256 of the compiled version: both people sign for the same rules."""
    by: str
    role: str
    act: str
    at: Instant
    reason: str


class Migration(Value):
    """The case went on under another version of its runbook, and what it left behind with it."""

    version_was: str
    digest_was: str
    version: str
    digest: str
    by: tuple[str, ...]
    at: Instant
    reason: str
    back: bool = False
    """Whether it was the way back: from there nobody goes forth again alone."""
    unasked: dict[str, AnswerGiven] = {}
    """Answers that the version does not ask for, or does not take: a way back restores them."""


class IssuedRule(Value):
    """An interim rule this case has issued; what became of it stands in a record of its own."""

    name: str
    number: str
    """How people call it: `1001-R1`."""
    title: str
    obligation: str
    """What watches it to its end."""
    gate: str
    by: tuple[str, ...]
    at: Instant
    expires_at: Instant

    @property
    def said(self) -> str:
        """As texts name it: `1001-R1, until 2026-12-25 10:00Z`."""
        return f"{self.number}, until {spoken(self.expires_at)}"


class Offered(Value):
    """A further report that a door connected with this case."""

    delivery: str
    source: str
    case: str = ""
    number: str = ""
    """The other case's; of a report that was split off, its own case's."""
    at: Instant
    why: str = ""
    """`same-ticket`, `same-subject`, `joined`, `splitting`, `split-off`."""
    because: str = ""
    """The rule's reason, where a rule put it here."""
