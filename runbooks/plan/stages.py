"""A stage, and where its outcomes lead."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import SerializerFunctionWrapHandler, field_serializer, model_validator

from runbooks.compact import Compact
from runbooks.plan.gates import GateRule
from runbooks.plan.words import Late, Role, Severity

SKIPPED = "skipped"
"""The outcome of a stage that is passed over."""


class StageKind(StrEnum):
    """What a stage asks of people."""

    WORK = "work"
    GATE = "gate"
    CLOSURE = "closure"


class CallBackResult(StrEnum):
    """What came of calling somebody back at a number we found ourselves."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNREACHED = "unreached"


class ClockEffect(StrEnum):
    """What asking for information does to the gate's own target; the law's clocks go on anyway."""

    RESTARTS = "restarts"
    """The gate has its whole time again once the answer is there."""
    PAUSES = "pauses"
    """The target stands still while the answer is looked for, and goes on with what is left."""
    RUNS_ON = "runs-on"
    """The time counts as if nobody had asked: steps of lateness come while the case is away."""


class Next(Compact):
    """Where an outcome leads: effects first, then a stage, or another runbook."""

    do: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    """Effects whose compensation is performed."""
    suspend: tuple[str, ...] = ()
    """Clocks that stop running until the stage this leads to is left again (tolling)."""
    needs: tuple[str, ...] = ()
    """Intake questions that must be answered before anybody can take this outcome."""
    issue: tuple[str, ...] = ()
    """Interim rules that hold from then on."""
    then: str | None = None
    move_to: str | None = None
    closes_as: str | None = None
    """The disposition of a case that moved; without one it is `moved`."""
    call_back: CallBackResult | None = None
    """What the newest recorded call-back must say before anybody can take this outcome."""
    only_at: tuple[Severity, ...] = ()
    """The severities at which anybody can take this outcome; none named: at all of them."""
    not_before: str | None = None
    """The clock whose window must have opened before anybody can take this outcome."""
    set_for: str | None = None
    """The question whose answer is the one instant at which everything of `do` happens."""
    only_if: dict[str, tuple[str, ...]] = {}
    """The answers with which alone anybody can take this outcome."""
    clock: ClockEffect = ClockEffect.RESTARTS
    """At `more-information`: what it does to the gate's target."""

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


class ReopenRule(Compact):
    """Who may reopen a case that has ended, for how long, how often, and where it goes on."""

    by: tuple[Role, ...] = ("incident-manager", "duty-manager")
    within: timedelta = timedelta(days=90)
    """So long after its end."""
    most: int = 3
    """So often."""
    to: tuple[str, ...] = ()
    """The stages it can return to, the usual one first; none named: the first stage."""


class StagePlan(Compact):
    """One visible stage of the pathway."""

    name: str
    title: str = ""
    kind: StageKind = StageKind.WORK
    owner: Role
    within: timedelta
    """The time at every severity that `within_at` does not name."""
    within_at: dict[Severity, timedelta] = {}
    only_at: tuple[Severity, ...] = ()
    """Passed over at every other severity, with the outcome `skipped`; empty: never."""
    late: tuple[Late, ...] = ()
    escalate: str | None = None
    """The escalation policy that begins when it is asked, or when its work begins."""
    enter: tuple[str, ...] = ()
    """Effects performed when the stage begins (act first, review after)."""
    needs: tuple[str, ...] = ()
    """Intake questions that must be answered before the stage can be completed."""
    independent_of: tuple[str, ...] = ()
    """Questions that say what was decided before: whoever decided it does not act here."""
    gate: GateRule | None = None
    next: dict[str, Next] = {}
    dispositions: dict[str, Disposition] = {}
    skip_when_done: str | None = None
    """An effect that, once performed, completes the stage with the outcome `done`."""
    reopen: ReopenRule | None = None
    """Of the closure; None: what `ReopenRule` says by itself."""

    def time_at(self, severity: Severity) -> timedelta:
        """How long the stage may take at that severity."""
        return self.within_at.get(severity, self.within)

    def comes_at(self, severity: Severity) -> bool:
        """Whether a case of that severity stops here."""
        return not self.only_at or severity in self.only_at

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes somebody may take; that it is passed over is nobody's to say."""
        return tuple(name for name in self.next if not (self.only_at and name == SKIPPED))

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
