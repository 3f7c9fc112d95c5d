"""A runbook, compiled to what a running case needs."""

from datetime import timedelta

from runbooks.compile_clocks import calendars_of, clock_plan, late_steps, meaning_of
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.effects import STANDARD_EFFECTS, Effect
from runbooks.grammar.escalations import EscalationPolicy
from runbooks.grammar.gates import (
    BreakGlassRule,
    Quorum,
    SilenceRule,
    SplitRule,
    counted,
    people,
)
from runbooks.grammar.interim import interim_rules
from runbooks.grammar.obligations import carried, obligations_of
from runbooks.grammar.stages import NextStep, Stage
from runbooks.grammar.times import OTHERWISE, time_at
from runbooks.grammar.updates import UpdateRule
from runbooks.plan import (
    BrokenGlass,
    Clearance,
    Disposition,
    Dissent,
    EffectPlan,
    FollowUp,
    Gag,
    GateRule,
    Handover,
    LegalHold,
    Next,
    Pathway,
    PolicyPlan,
    PolicyStep,
    Ratify,
    ReopenRule,
    Severity,
    Silence,
    Source,
    Split,
    StagePlan,
    StandIn,
    UpdatePlan,
    Votes,
)
from runbooks.quorums import enough_against
from runbooks.references import RefKind, references
from runbooks.runbook import Runbook


def compile_runbook(runbook: Runbook) -> Pathway:
    """The pathway a case of this runbook walks, pinned to the digest of its text."""
    document = runbook.document
    return Pathway(
        runbook=document.runbook,
        version=document.version,
        digest=runbook.digest,
        title=document.title,
        owner=document.owner,
        first=document.stages[0].stage,
        questions=document.plans,
        law=tuple(meaning_of(row) for row in document.law),
        stages=tuple(_stage(stage) for stage in document.stages),
        effects=tuple(_effect(name, effect) for name, effect in _used_effects(document).items()),
        clocks=tuple(clock_plan(name, clock, document) for name, clock in document.clocks.items()),
        calendars=calendars_of(document),
        escalations=tuple(_policy(name, rule) for name, rule in document.escalations.items()),
        updates=tuple(_update(name, rule) for name, rule in document.updates.items()),
        after_closing=(
            *obligations_of(document.after_closing, owner=document.closure.owner),
            *_hold_review(document),
            *carried(document.gags, document.all_effects),
        ),
        interim_rules=interim_rules(document.interim_rules),
        need_to_know=document.need_to_know,
        legal_hold=(
            LegalHold(owner=document.legal_hold.owner, review=document.legal_hold.review)
            if document.legal_hold
            else None
        ),
        taxonomy=document.taxonomy.plan if document.taxonomy else None,
        handover=(
            Handover(
                every=document.handover.every,
                by=document.handover.by,
                until=document.handover.until,
            )
            if document.handover
            else None
        ),
        gags=tuple(
            Gag(
                name=name,
                order=gag.order,
                until=gag.until,
                suppresses=gag.suppresses,
                review=gag.review,
            )
            for name, gag in document.gags.items()
        ),
        hold_at_most=(
            {severity: time_at(document.hold_at_most, severity) for severity in Severity}
            if document.hold_at_most
            else {}
        ),
    )


def _used_effects(document: RunbookDocument) -> dict[str, Effect]:
    named = {each.name for each in references(document) if each.kind is RefKind.EFFECT}
    standard = {name: effect for name, effect in STANDARD_EFFECTS.items() if name in named}
    return standard | document.effects


def _stage(stage: Stage) -> StagePlan:
    return StagePlan(
        name=stage.stage,
        title=stage.title or "",
        kind=stage.kind,
        owner=stage.owner,
        within=stage.within[OTHERWISE],
        within_at={
            Severity(name): time
            for name, time in stage.within.items()
            if name != OTHERWISE and time != stage.within[OTHERWISE]
        },
        only_at=stage.only_at or (),
        late=late_steps(stage.late, within=stage.within[OTHERWISE]),
        escalate=stage.escalate,
        enter=stage.do,
        needs=stage.needs,
        independent_of=stage.independent_of,
        gate=_gate(stage),
        next={outcome: _next(step) for outcome, step in (stage.next or {}).items()},
        dispositions={
            name: Disposition(title=rule.title or "", requires=rule.requires)
            for name, rule in (stage.dispositions or {}).items()
        },
        skip_when_done=stage.skip_when_done,
        reopen=(
            ReopenRule(
                by=stage.reopen.by,
                within=stage.reopen.within,
                most=stage.reopen.most,
                to=stage.reopen.to,
            )
            if stage.reopen
            else None
        ),
    )


def _policy(name: str, rule: EscalationPolicy) -> PolicyPlan:
    return PolicyPlan(
        name=name,
        title=rule.title or "",
        steps=tuple(
            PolicyStep(
                page=step.page,
                remind=step.remind,
                person=step.person,
                on_call=step.on_call,
                after=step.after or timedelta(),
                otherwise=step.otherwise,
                unread=step.unread,
                obeys=step.obeys,
            )
            for step in rule.steps
        ),
        between=rule.between,
        repeat=rule.repeat,
        acknowledged_by=str(rule.acknowledged_by),
        lease=rule.lease,
        pierced_by=rule.pierced_by,
    )


def _update(name: str, rule: UpdateRule) -> UpdatePlan:
    return UpdatePlan(
        name=name,
        to=rule.to,
        by=rule.by,
        every=rule.every[OTHERWISE],
        every_at={
            Severity(at): time
            for at, time in rule.every.items()
            if at != OTHERWISE and time != rule.every[OTHERWISE]
        },
        only_at=rule.only_at or (),
        until=rule.until,
    )


def _gate(stage: Stage) -> GateRule | None:
    if stage.ask is None or stage.approve is None:
        return None
    approve = counted(stage.approve)
    return GateRule(
        ask=stage.ask,
        approve=approve,
        reject=counted(stage.reject.quorum) if stage.reject else enough_against(approve),
        approve_label=stage.approve_as,
        reject_label=stage.reject_as,
        reject_reason=stage.reject is None or stage.reject.reason == "required",
        veto=stage.veto,
        distinct=stage.distinct,
        not_the_same_person_as=stage.not_the_same_person_as,
        votes=stage.votes or _votes(stage.approve),
        assurance=stage.assurance,
        memo=stage.memo,
        split=_split(stage.split),
        approval_prevails=stage.split is not None and stage.split.go is not None,
        silence=_silence(stage.silence),
        dissent=(
            Dissent(who=stage.dissent.who, to=stage.dissent.to, within=stage.dissent.within)
            if stage.dissent
            else None
        ),
        delegation=stage.delegation == "allowed",
        device_bound=stage.passkeys == "device-bound",
        break_glass=_break_glass(stage.break_glass),
    )


def _break_glass(rule: BreakGlassRule | None) -> BrokenGlass | None:
    if rule is None:
        return None
    return BrokenGlass(
        by=rule.by,
        within=rule.within,
        review=rule.review.by,
        review_within=rule.review.within,
    )


def _split(rule: SplitRule | None) -> Split | None:
    if rule is None or rule.to is None or rule.within is None:
        return None
    return Split(to=rule.to, within=rule.within)


def _votes(approve: Quorum) -> Votes:
    """Four eyes vote blind: the second pair must not lean on the first."""
    return Votes.BLIND if people(approve) >= 2 else Votes.OPEN  # noqa: PLR2004 - four eyes


def _silence(rule: SilenceRule | None) -> Silence:
    if rule is None:
        return Silence()
    if rule.allow is None or rule.instead_of is None:
        return Silence(go=rule.go)
    return Silence(
        stand_in=StandIn(
            allow=rule.allow,
            instead_of=rule.instead_of,
            only=rule.only,
            ratify=Ratify(by=rule.ratify.by, within=rule.ratify.within) if rule.ratify else None,
        )
    )


def _next(step: NextStep) -> Next:
    return Next(
        do=step.do,
        undo=step.undo,
        suspend=step.suspend,
        needs=step.needs,
        issue=step.issue,
        then=step.then,
        move_to=step.move_to,
        closes_as=step.closes_as,
        call_back=step.call_back,
        only_at=step.only_at,
        not_before=step.not_before,
        set_for=step.set_for,
        only_if=step.if_ or {},
        clock=step.clock,
    )


def _effect(name: str, effect: Effect) -> EffectPlan:
    return EffectPlan(
        name=name,
        title=effect.title,
        by=effect.by,
        owner=effect.owner,
        within=effect.within,
        instruction=effect.instruction or "",
        compensate=effect.compensate,
        irreversible=effect.irreversible,
        protective=effect.protective,
        discloses=effect.discloses,
        where_due=effect.where_due,
        clearance=(
            Clearance(by=effect.clearance.by, within=effect.clearance.within)
            if effect.clearance
            else None
        ),
        gate=effect.gate or "",
        fill={
            name: Source(of=source)
            if isinstance(source, str)
            else Source(of=source.from_, words=source.as_)
            for name, source in effect.fill.items()
        },
        bulk=effect.bulk.plan if effect.bulk else None,
    )


def _hold_review(document: RunbookDocument) -> list[FollowUp]:
    rule = document.legal_hold
    if rule is None:
        return []
    title = "Review the legal hold"
    return [FollowUp(name="legal-hold", owner=rule.owner, after=rule.review, title=title)]
