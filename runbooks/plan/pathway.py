"""The whole runbook, compiled."""

from datetime import timedelta
from typing import Self

from runbooks.compact import Compact
from runbooks.plan.actions import EffectPlan
from runbooks.plan.clocks import ClockPlan
from runbooks.plan.escalations import PolicyPlan
from runbooks.plan.gags import Gag
from runbooks.plan.law import Meaning
from runbooks.plan.owed import FollowUp, Handover, LegalHold
from runbooks.plan.questions import QuestionPlan
from runbooks.plan.stages import StageKind, StagePlan
from runbooks.plan.taxonomy import TaxonomyPlan
from runbooks.plan.updates import UpdatePlan
from runbooks.plan.words import Severity
from runbooks.statutes.calendar import Calendar


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
    law: tuple[Meaning, ...] = ()
    """What its answers mean to the law."""
    stages: tuple[StagePlan, ...]
    effects: tuple[EffectPlan, ...] = ()
    clocks: tuple[ClockPlan, ...] = ()
    calendars: dict[str, Calendar] = {}
    """What its clocks are counted by, whole: a case looks no holiday and no zone up."""
    escalations: tuple[PolicyPlan, ...] = ()
    """Who is told in which order until somebody has it."""
    updates: tuple[UpdatePlan, ...] = ()
    """Who is told how the case stands, and how often."""
    after_closing: tuple[FollowUp, ...] = ()
    interim_rules: tuple[FollowUp, ...] = ()
    """What gates of it can issue; each is watched from then on, also after closing."""
    need_to_know: bool = False
    """Seen only by those who decide, who are asked now, or who have it by name."""
    legal_hold: LegalHold | None = None
    handover: Handover | None = None
    taxonomy: TaxonomyPlan | None = None
    gags: tuple[Gag, ...] = ()
    """Non-disclosure orders, and what each of them suppresses while it stands."""
    hold_at_most: dict[Severity, timedelta] = {}
    """How far ahead a hold's review date may lie; empty: a year."""

    def stage(self, name: str) -> StagePlan:
        """The stage called `name`; KeyError when the runbook has none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def owed_plan(self, name: str) -> FollowUp | None:
        """What is owed under that name.

        A rule that is issued again has a number after it, and so has what a case owes that was
        reopened and has closed again.
        """
        for plan in (*self.after_closing, *self.interim_rules):
            if plan.name == name:
                return plan
        again, _, number = name.rpartition("-")
        plans = (*self.interim_rules, *self.after_closing)
        rule = next((plan for plan in plans if plan.name == again), None)
        if rule is None or not number.isdigit():
            return None
        return rule.model_copy(update={"name": name})

    def effect(self, name: str) -> EffectPlan:
        """The effect called `name`; KeyError when the runbook has none."""
        for effect in self.effects:
            if effect.name == name:
                return effect
        raise KeyError(name)

    def policy(self, name: str) -> PolicyPlan | None:
        """The escalation policy called `name`; None where these rules have none."""
        return next((policy for policy in self.escalations if policy.name == name), None)

    @property
    def closure(self) -> StagePlan:
        """The stage in which the case is closed."""
        return next(stage for stage in self.stages if stage.kind is StageKind.CLOSURE)

    def walked_by(self, walk: str) -> Self:
        """The same pathway, walked by other code."""
        return self.model_copy(update={"walk": walk})
