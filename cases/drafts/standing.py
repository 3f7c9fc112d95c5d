"""Drafts in the case's state: built when people are asked, kept up to date, approved (I5)."""

from collections.abc import Iterable
from datetime import datetime

from cases.drafts.draft import draft_of, reports_of
from cases.drafts.record import Drafted, Gap
from cases.file import CaseFile
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import HELD_BACK
from cases.refusal import refused
from cases.state import CaseState
from runbooks.plan import EffectPlan, Pathway


def draft(file: CaseFile, plan: EffectPlan, *, at: datetime) -> Drafted:
    """The effect's draft stands in the state as the case knows it now, approved by nobody."""
    built = draft_of(file.state, file.pathway, plan)
    before = file.state.drafts.get(plan.name)
    drafted = Drafted(draft=built, digest=built.digest, gate=plan.gate)
    file.state.drafts[plan.name] = drafted
    if before is None or before.digest != drafted.digest:
        file.note(
            Kind.DRAFT_BUILT,
            at,
            effect=plan.name,
            form=built.form,
            digest=drafted.digest,
            missing=[gap.field for gap in built.gaps] or None,
        )
    return drafted


def draft_for_gate(file: CaseFile, gate: str, *, at: datetime) -> None:
    """Every report the gate approves is drafted anew: what is asked now is about these."""
    for plan in reports_of(file.pathway):
        if plan.gate == gate and not _handed_in(file, plan):
            draft(file, plan, at=at)


def redraft(file: CaseFile, *, at: datetime) -> bool:
    """Drafts that nobody has approved yet say what the case knows now; whether a gate's changed.

    An approved one stays as it was approved: it is held against the case when it is ordered.
    """
    changed = False
    for plan in reports_of(file.pathway):
        before = file.state.drafts.get(plan.name)
        if before is None or before.approved_in is not None or _handed_in(file, plan):
            continue
        changed |= draft(file, plan, at=at).digest != before.digest and bool(plan.gate)
    return changed


def approve(file: CaseFile, gate: str, round_: int, *, at: datetime) -> None:
    """The drafts that were shown are approved by that round, word for word."""
    for plan in reports_of(file.pathway):
        drafted = file.state.drafts.get(plan.name)
        if plan.gate != gate or drafted is None or _handed_in(file, plan):
            continue
        drafted.approved_in = round_
        file.note(
            Kind.DRAFT_APPROVED,
            at,
            effect=plan.name,
            gate=gate,
            round=round_,
            digest=drafted.digest,
        )


def approved(file: CaseFile, plan: EffectPlan) -> bool:
    """Whether people have approved exactly what the case would hand in now."""
    drafted = file.state.drafts.get(plan.name)
    return (
        drafted is not None
        and drafted.approved_in is not None
        and drafted.digest == draft_of(file.state, file.pathway, plan).digest
    )


def waits_for(file: CaseFile, gate: str) -> list[str]:
    """The names of reports that were ordered and wait until the gate approves their drafts."""
    gates = {plan.name: plan.gate for plan in reports_of(file.pathway)}
    return [
        effect.name
        for effect in file.state.effects
        if effect.state == HELD_BACK
        and gates.get(effect.name) == gate
        and file.state.drafts[effect.name].approved_in is None
    ]


def must_be_complete(file: CaseFile, gate: str) -> None:
    """What the gate would approve can be handed in: no field is missing, none is wrong."""
    gaps = [
        gap
        for plan in reports_of(file.pathway)
        if plan.gate == gate
        for gap in draft_of(file.state, file.pathway, plan).gaps
    ]
    if gaps:
        raise refused(Reason.DRAFT_INCOMPLETE, _said(gaps))


def must_be_fileable(file: CaseFile, name: str) -> None:
    """A form that a person says they handed in has every field of its law."""
    gaps = lacks(file.state, file.pathway, name)
    if gaps:
        raise refused(Reason.DRAFT_INCOMPLETE, _said(gaps))


def lacks(state: CaseState, pathway: Pathway, name: str) -> tuple[Gap, ...]:
    """What a form without a gate still lacks; what a gate approved lacked nothing then."""
    plan = next((plan for plan in reports_of(pathway) if plan.name == name), None)
    if plan is None or plan.gate:
        return ()
    return draft_of(state, pathway, plan).gaps


def _handed_in(file: CaseFile, plan: EffectPlan) -> bool:
    """Whether the report has been handed in and not been corrected since: it stays as it was."""
    newest = next(
        (
            effect
            for effect in reversed(file.state.effects)
            if plan.name in (effect.name, effect.compensates)
        ),
        None,
    )
    return newest is not None and newest.name == plan.name and newest.performed


def _said(gaps: Iterable[Gap]) -> str:
    return "; ".join(map(str, gaps))[:500]
