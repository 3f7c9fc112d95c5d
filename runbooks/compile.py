"""A runbook, compiled to what a running case needs."""

from datetime import timedelta

from runbooks.grammar.base import moment_of
from runbooks.grammar.clocks import Clock
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.effects import STANDARD_EFFECTS, Effect
from runbooks.grammar.gates import Quorum, SilenceRule, people
from runbooks.grammar.obligations import obligations_of
from runbooks.grammar.stages import LateStep, NextStep, Stage
from runbooks.plan import (
    ClockPlan,
    ClockStart,
    Disposition,
    Dissent,
    EffectPlan,
    GateRule,
    Late,
    Next,
    Pathway,
    QuestionPlan,
    Ratify,
    Silence,
    Split,
    StagePlan,
    StandIn,
    Votes,
)
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
        questions={
            name: QuestionPlan(
                kind=question.kind, choices=question.choice or (), material=question.material
            )
            for name, question in document.intake.items()
        },
        stages=tuple(_stage(stage) for stage in document.stages),
        effects=tuple(_effect(name, effect) for name, effect in _used_effects(document).items()),
        clocks=tuple(_clock(name, clock, document) for name, clock in document.clocks.items()),
        after_closing=obligations_of(document.after_closing, owner=document.closure.owner),
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
        within=stage.within,
        late=_late(stage.late, within=stage.within),
        enter=stage.do,
        needs=stage.needs,
        gate=_gate(stage),
        next={outcome: _next(step) for outcome, step in (stage.next or {}).items()},
        dispositions={
            name: Disposition(title=rule.title or "", requires=rule.requires)
            for name, rule in (stage.dispositions or {}).items()
        },
        skip_when_done=stage.skip_when_done,
    )


def _late(steps: tuple[LateStep, ...], *, within: timedelta) -> tuple[Late, ...]:
    compiled = (
        Late(
            at=moment_of(step.at, within=within),
            label=step.at,
            remind=step.remind,
            page=step.page,
            do=step.do,
            go=step.go,
        )
        for step in steps
    )
    return tuple(sorted(compiled, key=lambda late: late.at))


def _gate(stage: Stage) -> GateRule | None:
    if stage.ask is None or stage.approve is None:
        return None
    return GateRule(
        ask=stage.ask,
        approve=stage.approve,
        reject=stage.reject.quorum if stage.reject else dict.fromkeys(stage.approve, 1),
        approve_label=stage.approve_as,
        reject_label=stage.reject_as,
        reject_reason=stage.reject is None or stage.reject.reason == "required",
        veto=stage.veto,
        distinct=stage.distinct,
        not_the_same_person_as=stage.not_the_same_person_as,
        votes=stage.votes or _votes(stage.approve),
        assurance=stage.assurance,
        memo=stage.memo,
        split=Split(to=stage.split.to, within=stage.split.within) if stage.split else None,
        silence=_silence(stage.silence),
        dissent=(
            Dissent(who=stage.dissent.who, to=stage.dissent.to, within=stage.dissent.within)
            if stage.dissent
            else None
        ),
    )


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
        do=step.do, undo=step.undo, suspend=step.suspend, then=step.then, move_to=step.move_to
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
    )


def _clock(name: str, clock: Clock, document: RunbookDocument) -> ClockPlan:
    return ClockPlan(
        id=name,
        title=clock.title,
        kind=clock.kind,
        starts=clock.starts or ClockStart.RECEIPT,
        starts_after=clock.starts_after,
        within=clock.within,
        statutory=clock.statutory,
        owner=clock.owner or document.closure.owner,
        stops=clock.stops,
        restart=clock.restart,
        late=_late(clock.late, within=clock.within),
        source=clock.source or "",
    )
