"""The compiled form of a runbook: what a running case needs to know, and nothing else.

A `Pathway` travels in the workflow's input (≤ 8 KB deflated), so every field that still has its
default is left out when it is written. Prose, decision tables and macros stay in the runbook
document, which the case pins by `digest` and activities load by it.
"""

from runbooks.plan.actions import Clearance, EffectPlan, Source
from runbooks.plan.bulk import BulkGuardPlan, BulkPlan, BulkStepPlan
from runbooks.plan.clocks import ClockKind, ClockPlan, ClockStart
from runbooks.plan.escalations import (
    ANYBODY,
    EVERYBODY,
    LEASE,
    Obeys,
    PolicyPlan,
    PolicyStep,
    graver_or_as_grave,
)
from runbooks.plan.gags import Gag
from runbooks.plan.gates import (
    BrokenGlass,
    Dissent,
    Distinct,
    GateRule,
    Ratify,
    Silence,
    Split,
    StandIn,
    Votes,
)
from runbooks.plan.law import Meaning, Trigger
from runbooks.plan.owed import FollowUp, Handover, LegalHold, OwedKind
from runbooks.plan.pathway import Pathway
from runbooks.plan.questions import AnswerKind, Look, QuestionPlan, answers_of
from runbooks.plan.stages import (
    SKIPPED,
    CallBackResult,
    ClockEffect,
    Disposition,
    Next,
    ReopenRule,
    StageKind,
    StagePlan,
)
from runbooks.plan.taxonomy import TaxonomyPlan
from runbooks.plan.updates import UpdatePlan
from runbooks.plan.words import Assurance, Late, Role, Severity

__all__ = [
    "ANYBODY",
    "EVERYBODY",
    "LEASE",
    "SKIPPED",
    "AnswerKind",
    "Assurance",
    "BrokenGlass",
    "BulkGuardPlan",
    "BulkPlan",
    "BulkStepPlan",
    "CallBackResult",
    "Clearance",
    "ClockEffect",
    "ClockKind",
    "ClockPlan",
    "ClockStart",
    "Disposition",
    "Dissent",
    "Distinct",
    "EffectPlan",
    "FollowUp",
    "Gag",
    "GateRule",
    "Handover",
    "Late",
    "LegalHold",
    "Look",
    "Meaning",
    "Next",
    "Obeys",
    "OwedKind",
    "Pathway",
    "PolicyPlan",
    "PolicyStep",
    "QuestionPlan",
    "Ratify",
    "ReopenRule",
    "Role",
    "Severity",
    "Silence",
    "Source",
    "Split",
    "StageKind",
    "StagePlan",
    "StandIn",
    "TaxonomyPlan",
    "Trigger",
    "UpdatePlan",
    "Votes",
    "answers_of",
    "graver_or_as_grave",
]
