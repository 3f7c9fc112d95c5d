"""Stages: who owns them, how long they may take, what lateness does, where outcomes lead."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StrictInt, StrictStr, model_validator

from runbooks.grammar.base import ClockId, Duration, Moment, Name, Prose, Strict, refuse
from runbooks.grammar.closing import Requirement
from runbooks.grammar.gates import (
    BreakGlassRule,
    DissentRule,
    Quorum,
    Reject,
    Silence,
    SplitRule,
)
from runbooks.grammar.times import Severities, Times
from runbooks.plan import (
    Assurance,
    CallBackResult,
    ClockEffect,
    Distinct,
    Severity,
    StageKind,
    Votes,
)
from runbooks.plan import ReopenRule as Reopening

REOPENING = Reopening()
"""What holds where a closure says nothing of it."""

GATE_KEYS = (
    "ask",
    "approve",
    "reject",
    "approve_as",
    "reject_as",
    "veto",
    "split",
    "distinct",
    "not_the_same_person_as",
    "votes",
    "assurance",
    "memo",
    "silence",
    "dissent",
    "delegation",
    "passkeys",
    "break_glass",
)

MORE_INFORMATION = "more-information"


_ACTIONS = ("remind", "page", "do", "go", "escalate")
_NAMED = ", ".join(f"`{key}`" for key in _ACTIONS)


class LateStep(Strict):
    """What happens when time runs out: somebody is told, something is done, or an outcome taken."""

    at: Moment
    remind: Name | None = None
    page: Name | None = None
    do: Name | None = None
    go: Name | None = None
    escalate: Name | None = None
    """The escalation policy that begins."""
    instead_of: Name | None = None
    """The silent role in whose place the paged one votes from then on."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        named = [key for key in _ACTIONS if getattr(self, key) is not None]
        if not named:
            refuse("RB011", f"one of {_NAMED}")
        if len(named) > 1:
            refuse("RB017", f"one of {_NAMED}", at=(named[1],))
        if self.instead_of is not None and self.page is None:
            refuse("RB017", "`instead-of` beside `page` only", at=("instead-of",))
        return self


def _words(value: Any) -> Any:  # whatever stands in the document
    return (value,) if isinstance(value, str) else value


Words = Annotated[
    tuple[StrictStr, ...],
    Field(min_length=1),
    BeforeValidator(_words, json_schema_input_type=str | list[str]),
]
"""One answer, or several of which one must be given."""


class NextStep(Strict):
    """Where an outcome leads: effects first, then a stage or another runbook."""

    do: tuple[Name, ...] = ()
    undo: tuple[Name, ...] = ()
    suspend: tuple[ClockId, ...] = ()
    needs: tuple[Name, ...] = ()
    """Questions that must be answered before anybody can take this outcome."""
    issue: tuple[Name, ...] = ()
    """Interim rules that hold from then on."""
    then: Name | None = None
    move_to: Name | None = None
    closes_as: Name | None = None
    """The disposition under which a case that moves ends here."""
    call_back: CallBackResult | None = None
    """What the newest recorded call-back must say before anybody can take this outcome."""
    only_at: tuple[Severity, ...] = ()
    """The severities at which anybody can take this outcome; none named: at all of them."""
    not_before: ClockId | None = None
    """The clock whose window must have opened before anybody can take this outcome."""
    set_for: Name | None = None
    """The question whose answer is the one instant at which everything under `do` happens."""
    if_: Annotated[dict[Name, Words], Field(min_length=1)] | None = None
    """The answers with which alone anybody can take this outcome."""
    clock: ClockEffect = ClockEffect.RESTARTS
    """What asking for information does to the gate's target."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.then is None and self.move_to is None:
            refuse("RB011", "`then` with a stage, or `move-to` with a runbook")
        if self.then is not None and self.move_to is not None:
            refuse("RB017", "either `then` or `move-to`", at=("move-to",))
        if self.closes_as is not None and self.move_to is None:
            refuse("RB017", "`closes-as` beside `move-to` only", at=("closes-as",))
        if self.set_for is not None and not self.do:
            refuse("RB017", "`set-for` beside `do` only", at=("set-for",))
        if self.set_for is not None and self.move_to is not None:
            refuse("RB017", "`then` beside `set-for`: who moves away cannot call it off")
        return self


def _short(value: Any) -> Any:  # whatever stands in the document
    return {"then": value} if isinstance(value, str) else value


Next = Annotated[NextStep, BeforeValidator(_short, json_schema_input_type=str | NextStep)]
"""A stage's name, or the long form."""


def _bare(value: Any) -> Any:  # whatever stands in the document
    return {"requires": value} if isinstance(value, tuple) else value


class DispositionRule(Strict):
    """One way to close, and what must be on record for it."""

    title: Prose | None = None
    requires: tuple[Requirement, ...] = ()


Disposition = Annotated[
    DispositionRule, BeforeValidator(_bare, json_schema_input_type=list[str] | DispositionRule)
]
"""The list of what it requires, or the long form with a title."""


class ReopenRule(Strict):
    """Who may reopen a case that has ended, for how long, how often, and where it goes on."""

    by: Annotated[tuple[Name, ...], Field(min_length=1)] = REOPENING.by
    within: Duration = REOPENING.within
    """So long after its end."""
    most: Annotated[StrictInt, Field(ge=0, le=100)] = REOPENING.most
    to: tuple[Name, ...] = ()
    """The stages it can return to, the usual one first; none named: the first stage."""


class Stage(Strict):
    """One visible stage. With `ask` it is a gate, with `dispositions` it is the closure."""

    stage: Name
    title: Prose | None = None
    owner: Name
    within: Times
    """How long it may take: one time, or one by severity."""
    only_at: Severities | None = None
    """Passed over at other severities, with the outcome `skipped`."""
    late: tuple[LateStep, ...] = ()
    escalate: Name | None = None
    """The escalation policy that begins when its question is asked, or its work begins."""
    do: tuple[Name, ...] = ()
    """Effects performed when the stage begins: act first, review after."""
    needs: tuple[Name, ...] = ()
    """Questions that must be answered before the stage can be completed."""
    independent_of: tuple[Name, ...] = ()
    """Questions that name an earlier case, or its people: whoever decided there stays out here."""
    skip_when_done: Name | None = None
    """An effect that completes the stage once it is performed."""
    next: Annotated[dict[Name, Next], Field(min_length=1)] | None = None
    dispositions: Annotated[dict[Name, Disposition], Field(min_length=1)] | None = None
    reopen: ReopenRule | None = None
    """Of the closure: who may reopen a case that has ended."""

    ask: Prose | None = None
    approve: Quorum | None = None
    reject: Reject | None = None
    approve_as: StrictStr = "Approve"
    reject_as: StrictStr = "Reject"
    veto: tuple[Name, ...] = ()
    split: SplitRule | None = None
    distinct: Distinct = Distinct.PEOPLE
    not_the_same_person_as: tuple[Name, ...] = ()
    votes: Votes | None = None
    assurance: Literal[Assurance.L1, Assurance.L2, Assurance.L3] = Assurance.L1
    memo: tuple[Name, ...] = ()
    silence: Silence = None
    dissent: DissentRule | None = None
    delegation: Literal["allowed", "refused"] = "allowed"
    break_glass: BreakGlassRule | None = None
    passkeys: Literal["any", "device-bound"] = "any"

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        is_gate = self.ask is not None or self.approve is not None
        if self.dispositions is not None:
            if is_gate:
                refuse("RB017", "a gate or a closure, not both", at=("dispositions",))
            if self.next is not None:
                refuse("RB017", "no `next` at the closure: the case ends here", at=("next",))
        elif self.next is None:
            refuse("RB011", "`next` with an outcome, or `dispositions` at the closure")
        if is_gate and self.ask is None:
            refuse("RB011", "`ask` with the question of the gate")
        if is_gate and self.approve is None:
            refuse("RB011", "`approve` with the people who must agree")
        if not is_gate:
            for key in GATE_KEYS:
                if key in self.model_fields_set:
                    alias = key.replace("_", "-")
                    refuse("RB017", f"`ask` and `approve` beside `{alias}`", at=(alias,))
        for outcome, step in (self.next or {}).items():
            if is_gate and step.needs:
                at = ("next", outcome, "needs")
                refuse("RB017", "no `needs` at the outcome of a gate: it has a memo", at=at)
        return self

    @model_validator(mode="after")
    def _clock_of_a_question(self) -> Self:
        for outcome, step in (self.next or {}).items():
            asks = outcome == MORE_INFORMATION and self.approve is not None
            if "clock" in step.model_fields_set and not asks:
                at = ("next", outcome, "clock")
                refuse("RB017", "`clock` at `more-information` of a gate only", at=at)
        return self

    @model_validator(mode="after")
    def _signed_with_a_passkey(self) -> Self:
        if self.passkeys == "device-bound" and self.assurance is not Assurance.L3:
            refuse("RB017", "`assurance: L3` beside `passkeys: device-bound`", at=("passkeys",))
        return self

    @model_validator(mode="after")
    def _reopened_where_it_ends(self) -> Self:
        if self.reopen is not None and self.dispositions is None:
            refuse("RB017", "`reopen` at the closure", at=("reopen",))
        return self

    @model_validator(mode="after")
    def _for_everybody(self) -> Self:
        if self.dispositions is not None and self.only_at is not None:
            refuse("RB017", "a closure for every severity", at=("only-at",))
        return self

    @model_validator(mode="after")
    def _is_decided_or_worked_on(self) -> Self:
        if self.dispositions is not None and self.independent_of:
            at = ("independent-of",)
            refuse("RB017", "`independent-of` where something is decided or worked on", at=at)
        return self

    @model_validator(mode="after")
    def _waits_where_it_is_worked(self) -> Self:
        for outcome, step in (self.next or {}).items():
            for key in ("not_before", "only_at"):
                if getattr(step, key) and self.approve is not None:
                    alias = key.replace("_", "-")
                    at = ("next", outcome, alias)
                    refuse("RB017", f"no `{alias}` at a gate: it would be left undecided", at=at)
        return self

    @model_validator(mode="after")
    def _answers_are_read_by_people(self) -> Self:
        taken = [late.go for late in self.late]
        for outcome, step in (self.next or {}).items():
            if step.if_ is not None and self.approve is not None:
                refuse("RB017", "no `if` at the outcome of a gate", at=("next", outcome, "if"))
            if step.if_ is not None and outcome in taken:
                at = ("late", taken.index(outcome), "go")
                refuse("RB017", "an outcome without `if`: time reads no answers", at=at)
        return self

    @property
    def kind(self) -> StageKind:
        """What the stage asks of people."""
        if self.dispositions is not None:
            return StageKind.CLOSURE
        return StageKind.GATE if self.approve is not None else StageKind.WORK
