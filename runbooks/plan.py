"""The compiled form of a runbook: what a running case needs to know, and nothing else.

A `Pathway` travels in the workflow's input (≤ 8 KB), so every field that still has its default is
left out when it is written. Prose, decision tables and macros stay in the runbook document, which
the case pins by `digest` and activities load by it.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import (
    SerializerFunctionWrapHandler,
    field_serializer,
    model_serializer,
    model_validator,
)

from runbooks.compact import Compact
from runbooks.statutes.calendar import Calendar
from runbooks.statutes.span import Span

Role = str
"""A role of the directory, in kebab case: `legal`, `incident-manager`."""


class Severity(StrEnum):
    """How bad the harm is; lower is worse (SEV0: life or child in danger now)."""

    SEV0 = "SEV0"
    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Assurance(StrEnum):
    """How well a person proved who they are (design §7)."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


class Late(Compact):
    """What happens when a clock has run for `at` and has not stopped: exactly one of the four."""

    at: timedelta
    label: str
    """As the runbook says it: `75%`, `50m`."""
    remind: Role | None = None
    page: Role | None = None
    do: str | None = None
    """An effect that is performed unattended."""
    go: str | None = None
    """An outcome the stage takes by itself."""
    instead_of: Role | None = None
    """The silent role in whose place the paged one votes from then on."""


class StageKind(StrEnum):
    """What a stage asks of people."""

    WORK = "work"
    GATE = "gate"
    CLOSURE = "closure"


class Votes(StrEnum):
    """Whether the verdicts of others are shown before one has voted."""

    BLIND = "blind"
    OPEN = "open"


class Distinct(StrEnum):
    """What must differ between the people of a quorum."""

    PEOPLE = "people"
    ROLES = "roles"


class Split(Compact):
    """Who decides, and by when, when both approval and rejection have votes and neither can win."""

    to: Role
    within: timedelta


class Ratify(Compact):
    """Who confirms a stand-in's approval afterwards, and by when."""

    by: Role
    within: timedelta


class StandIn(Compact):
    """After `within`, one role may vote in place of a silent one."""

    allow: dict[Role, int]
    instead_of: Role
    only: str = "approve"
    ratify: Ratify | None = None


class Silence(Compact):
    """What happens when `within` passes and the gate has not been decided.

    All unset means the gate waits; `go` is an outcome the gate takes by itself.
    """

    go: str | None = None
    stand_in: StandIn | None = None


class Dissent(Compact):
    """Who may object to a decision, and which role must then decide it."""

    who: Role
    to: Role
    within: timedelta


class GateRule(Compact):
    """Who must agree for a gate to open, and everything that can happen instead."""

    ask: str
    approve: dict[Role, int]
    reject: dict[Role, int]
    approve_label: str = "Approve"
    reject_label: str = "Reject"
    reject_reason: bool = True
    veto: tuple[Role, ...] = ()
    distinct: Distinct = Distinct.PEOPLE
    not_the_same_person_as: tuple[str, ...] = ()
    """Stages whose deciders may not vote here."""
    votes: Votes = Votes.OPEN
    assurance: Assurance = Assurance.L1
    memo: tuple[str, ...] = ()
    """Memo fields that must be written before the round is asked."""
    split: Split | None = None
    silence: Silence = Silence()
    dissent: Dissent | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_each(cls, written: Any) -> Any:  # as it was written
        if isinstance(written, dict) and "reject" not in written and "approve" in written:
            return {**written, "reject": dict.fromkeys(written["approve"], 1)}
        return written

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = self.without_defaults(handler(self))
        if self.reject == dict.fromkeys(self.approve, 1):
            del written["reject"]
        return written

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role that may vote, in the order the runbook names them."""
        return tuple(dict.fromkeys((*self.approve, *self.reject, *self.veto)))


class CallBackResult(StrEnum):
    """What came of calling somebody back at a number we found ourselves."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNREACHED = "unreached"


class Next(Compact):
    """Where an outcome leads: effects first, then a stage, or another runbook."""

    do: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    """Effects whose compensation is performed."""
    suspend: tuple[str, ...] = ()
    """Clocks that stop running until the stage this leads to is left again (tolling)."""
    then: str | None = None
    move_to: str | None = None
    closes_as: str | None = None
    """The disposition of a case that moved; without one it is `moved`."""
    call_back: CallBackResult | None = None
    """What the newest recorded call-back must say before anybody can take this outcome."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:  # as it was written
        return {"then": written} if isinstance(written, str) else written


class Disposition(Compact):
    """One way a case may close, and what must be on record for it."""

    title: str = ""
    requires: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:  # as it was written
        return {"requires": written} if isinstance(written, list | tuple) else written


class StagePlan(Compact):
    """One visible stage of the pathway."""

    name: str
    title: str = ""
    kind: StageKind = StageKind.WORK
    owner: Role
    within: timedelta
    late: tuple[Late, ...] = ()
    enter: tuple[str, ...] = ()
    """Effects performed when the stage begins (act first, review after)."""
    needs: tuple[str, ...] = ()
    """Intake questions that must be answered before the stage can be completed."""
    gate: GateRule | None = None
    next: dict[str, Next] = {}
    dispositions: dict[str, Disposition] = {}
    skip_when_done: str | None = None
    """An effect that, once performed, completes the stage with the outcome `done`."""

    @field_serializer("dispositions", mode="wrap")
    def _short_dispositions(
        self, plans: dict[str, Disposition], handler: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """A disposition without a title is written as what it requires."""
        written: dict[str, dict[str, Any]] = handler(plans)
        return {
            name: plan["requires"] if set(plan) == {"requires"} else plan
            for name, plan in written.items()
        }

    @field_serializer("next", mode="wrap")
    def _short_steps(
        self, steps: dict[str, Next], handler: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        """A step that only leads to a stage is written as its name."""
        written: dict[str, dict[str, Any]] = handler(steps)
        return {
            outcome: step["then"] if set(step) == {"then"} else step
            for outcome, step in written.items()
        }


class Clearance(Compact):
    """Who lets an effect happen that was ordered and held back, and by when they are asked to."""

    by: Role
    within: timedelta


class EffectPlan(Compact):
    """An outside action the runbook may order."""

    name: str
    title: str
    by: str = "manual"
    """`manual`, or `webhook:<connector>`: a signed outgoing webhook to a configured connector."""
    owner: Role = "incident-manager"
    within: timedelta = timedelta(hours=24)
    instruction: str = ""
    compensate: str | None = None
    irreversible: bool = False
    protective: bool = False
    """A content action that may proceed on silence and is reviewed after (I11)."""
    discloses: bool = False
    """Hands user data to somebody outside: never by silence (I11)."""
    clearance: Clearance | None = None
    """Held back, once ordered, until somebody clears it."""


class ClockKind(StrEnum):
    """The kinds of clock this release runs (facts, A-bis)."""

    DEADLINE = "deadline"
    PROMPT = "prompt"
    TOLLING = "tolling"
    MIN_HOLD = "min-hold"


class ClockStart(StrEnum):
    """The event a clock counts from; receipt and awareness are audited acts."""

    OPENED = "opened"
    RECEIPT = "receipt"
    AWARENESS = "awareness"


class ClockPlan(Compact):
    """A clock of the whole case; a stage's own target is not one of these."""

    id: str
    title: str
    kind: ClockKind = ClockKind.DEADLINE
    starts: ClockStart = ClockStart.RECEIPT
    starts_after: str | None = None
    """For a hold: the effect whose performance starts it, instead of `starts`."""
    within: timedelta
    statutory: bool = True
    owner: Role
    stops: tuple[str, ...] = ()
    """`effect:<name>`, `stage:<name>` (left), or `closed`."""
    restart: str = "remaining"
    """After a suspension: `full` or `remaining`."""
    late: tuple[Late, ...] = ()
    source: str = ""
    row: str = ""
    """The row of the law it runs by: `EU-TCO6@1`; where and how well it was read stands there."""
    pin: str = ""
    """The first half of the row's digest: 128 bits hold it as fast, and a pathway is short."""
    span: Span | None = None
    """How the row counts; then the deadline is computed and `within` only says about how long."""
    calendar: str = ""
    """Which of the pathway's calendars it is counted by."""


class AnswerKind(StrEnum):
    """What an intake question takes."""

    YES_NO_UNKNOWN = "yes-no-unknown"
    YES_NO = "yes-no"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    REFERENCE = "reference"


class QuestionPlan(Compact):
    """An intake question as the running case needs it (its prose is in the runbook document)."""

    kind: AnswerKind = AnswerKind.YES_NO_UNKNOWN
    choices: tuple[str, ...] = ()
    material: bool = True
    """A changed answer voids the open rounds (I5)."""


class OwedKind(StrEnum):
    """What kind of thing is owed after closing: it decides which answers settle it."""

    RECHECK = "recheck"
    """Somebody looks again, and says what they found."""
    FOLLOW_UP = "follow-up"
    """Something is done by a date."""
    HOLD = "hold"
    """Data is kept until a person renews the hold or releases it."""
    APPEAL = "appeal"
    """An appeal can come in until the window closes."""
    PERIODIC = "periodic"
    """The same thing is done again and again, until a person ends it."""


class FollowUp(Compact):
    """Something that is owed after the case has closed."""

    name: str
    owner: Role
    after: timedelta
    title: str = ""
    only: tuple[str, ...] = ()
    """The dispositions after which it is owed; empty: all of them."""
    kind: OwedKind = OwedKind.FOLLOW_UP
    review: tuple[timedelta, ...] = ()
    """How long before it is due its owner is reminded, the longest first."""
    every: timedelta | None = None
    """A further turn is due so long after the one before: the renewal, or the period."""
    renewals: int | None = None
    """A hold can be renewed so many times; None: as often as needed."""
    minimum: bool = False
    """The law wants the data kept until then: the hold cannot be released before."""
    extend: timedelta = timedelta(days=7)
    """By how much all extensions of one turn together may move what is due."""


class Handover(Compact):
    """A note for whoever takes over is asked of `by` again and again, while the case is open."""

    every: timedelta
    by: Role


class LegalHold(Compact):
    """Nothing of the case may be deleted; `owner` reviews that after closing."""

    owner: Role
    review: timedelta


class Pathway(Compact):
    """A whole runbook, compiled. `walk` names the code that walks it (`runbook`: the graph)."""

    runbook: str
    version: str
    digest: str
    title: str
    owner: str
    first: str
    walk: str = "runbook"
    questions: dict[str, QuestionPlan] = {}
    stages: tuple[StagePlan, ...]
    effects: tuple[EffectPlan, ...] = ()
    clocks: tuple[ClockPlan, ...] = ()
    calendars: dict[str, Calendar] = {}
    """What its clocks are counted by, whole: a case looks no holiday and no zone up."""
    after_closing: tuple[FollowUp, ...] = ()
    need_to_know: bool = False
    """Seen only by those who decide, who are asked now, or who have it by name."""
    legal_hold: LegalHold | None = None
    handover: Handover | None = None

    def stage(self, name: str) -> StagePlan:
        """The stage called `name`; KeyError when the runbook has none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def effect(self, name: str) -> EffectPlan:
        """The effect called `name`; KeyError when the runbook has none."""
        for effect in self.effects:
            if effect.name == name:
                return effect
        raise KeyError(name)

    @property
    def closure(self) -> StagePlan:
        """The stage in which the case is closed."""
        return next(stage for stage in self.stages if stage.kind is StageKind.CLOSURE)

    def walked_by(self, walk: str) -> Self:
        """The same pathway, walked by other code."""
        return self.model_copy(update={"walk": walk})
