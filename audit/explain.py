"""Why a case is where it is, what it waits for, and what happens next: the part that is pure.

What the engine and the outbox know is added by `audit.trouble`; a case can be explained while both
are down, because the picture comes from the store.
"""

from collections.abc import Iterator
from datetime import datetime

from audit.explanation import Coming, Explanation, OpenEffect, Owed, Transition
from cases.clock import ClockRun
from cases.file import INCIDENT_MANAGER
from cases.gate import Round, RoundState, Vote
from cases.paging import RunState
from cases.permissions import next_step, waiting_on
from cases.records import (
    HELD_BACK,
    IN_STEPS,
    ROLLING_BACK,
    SET,
    SUPPRESSED,
    EffectRecord,
    PlanChange,
)
from cases.state import CaseState
from cases.values import spoken
from runbooks.plan import GateRule, Late, Pathway, Severity, StagePlan

TRANSITIONS = 6
"""How far back an explanation goes."""


def explain_state(
    state: CaseState, pathway: Pathway, *, at: datetime, as_of: datetime | None = None
) -> Explanation:
    """What the case's picture says about it at `at`."""
    owed = [
        Owed(
            role=item.role,
            person=item.person,
            what=item.what,
            due_at=item.due_at,
            late=item.due_at is not None and item.due_at < at,
        )
        for item in waiting_on(state, pathway, at=at)
    ]
    if state.proposed is not None:
        # The case goes on as it is until somebody agrees: nothing waits for that.
        asked = state.proposed
        owed.append(Owed(role=INCIDENT_MANAGER, what=f"agree to version {asked.version}, or not"))
    stage = next((item for item in pathway.stages if item.name == state.stage), None)
    return Explanation(
        case=state.case,
        number=state.number,
        as_of=as_of or at,
        status=state.status,
        stage=(stage.title or stage.name) if stage is not None else None,
        severity=f"{state.severity.current.value}: "
        f"{state.severity.reason or state.severity.because}",
        next_step=next_step(state, pathway, at=at),
        because=tuple(sorted(_transitions(state, pathway), key=lambda item: item.at))[
            -TRANSITIONS:
        ],
        owed=tuple(owed),
        coming=tuple(_coming(state, pathway, at=at)),
        effects=tuple(_effects(state)),
        notices_failed=state.notices_failed,
        shadow=state.shadow,
    )


def _transitions(state: CaseState, pathway: Pathway) -> Iterator[Transition]:
    yield Transition(
        at=state.opened_at,
        what=f"opened on {pathway.title}",
        rule=f"{state.runbook} {_first_version(state)}",
    )
    for visit in state.visits:
        plan = next((item for item in pathway.stages if item.name == visit.stage), None)
        title = (plan.title or plan.name) if plan is not None else visit.stage
        if visit.left_at is None or visit.outcome is None:
            yield Transition(
                at=visit.entered_at,
                what=f"{title} began",
                rule=_planned(plan, state.severity.current) if plan else "",
            )
            continue
        follows = plan.next.get(visit.outcome) if plan is not None else None
        leads = follows.then or follows.move_to if follows is not None else None
        yield Transition(
            at=visit.left_at,
            what=f"{title}: {visit.outcome}",
            who=visit.by or "",
            rule=f"{visit.outcome} leads to {leads}" if leads else "",
        )
    for change in state.plan_changes:
        yield Transition(
            at=change.at,
            what=f"{change.stage} planned anew: {change.was.value}, now {change.now.value}",
            rule="; ".join(_replanned(change)),
        )
    for round_ in state.rounds:
        if round_.closed_at is None:
            continue
        said = ", ".join(
            [f"{_voter(vote)} as {vote.role}: {vote.verdict.value}" for vote in round_.votes]
            + [f"{hand.person} as {hand.role}: broke the glass" for hand in round_.glass]
        )
        yield Transition(
            at=round_.closed_at,
            what=f"{round_.gate} round {round_.number}: {round_.state.value}",
            who=said,
            rule=_quorum(round_),
        )
        if round_.revoked is not None:
            yield Transition(
                at=round_.revoked.at,
                what=f"{round_.gate} round {round_.number}: taken back",
                who=f"{round_.revoked.by} as {round_.revoked.role}",
                rule="the whole gate decides anew",
            )
    for moved in state.migrations:
        yield Transition(
            at=moved.at,
            what=f"taken back to version {moved.version}"
            if moved.back
            else f"moved from version {moved.version_was} to {moved.version}",
            who=" and ".join(moved.by),
            rule=moved.reason,
        )
    if state.hold is not None:
        yield Transition(at=state.hold.at, what="put on hold", who=state.hold.by)


def _first_version(state: CaseState) -> str:
    return state.migrations[0].version_was if state.migrations else state.version


def _planned(stage: StagePlan, severity: Severity) -> str:
    return f"owner {stage.owner}, within {_span(stage.time_at(severity))}"


def _replanned(change: PlanChange) -> Iterator[str]:
    """What a change of severity made of the plan, the target under way first."""
    if change.due is not None and change.due_was is not None:
        yield f"due {spoken(change.due)} instead of {spoken(change.due_was)}"
    elif change.target:
        yield f"within {change.target}"
    yield from change.ahead


def _coming(state: CaseState, pathway: Pathway, *, at: datetime) -> Iterator[Coming]:
    if state.closed:
        return
    steps = [
        (instant, clock, step) for clock in state.clocks for instant, _, step in clock.steps(at)
    ]
    for instant, clock, step in sorted(steps, key=lambda item: item[0]):
        yield Coming(
            at=instant,
            clock=clock.title,
            what=_what(clock, step),
            silence=_silence(clock, state, pathway) if step is None else "",
        )
    yield from _escalating(state, pathway)
    if state.hold is not None and not state.hold.reviewed:
        yield Coming(
            at=state.hold.review_at, clock="hold", what="the hold is put before incident-manager"
        )


def _escalating(state: CaseState, pathway: Pathway) -> Iterator[Coming]:
    """What escalations, acknowledgements and kept notices do next."""
    for run in state.escalations:
        if run.state is not RunState.RUNNING or run.next_at is None or run.stood_since is not None:
            continue
        policy = pathway.policy(run.policy)
        if policy is None or run.step < len(policy.steps):
            step = policy.steps[run.step] if policy is not None else None
            what = f"step {run.step + 1}: {step.who if step is not None else 'nobody'} is told"
        else:
            again = run.passage <= policy.repeat
            what = "its steps begin anew" if again else "it is exhausted: the duty manager is paged"
        yield Coming(at=run.next_at, clock=f"escalation {run.key}", what=what)
    for lease in state.leases:
        if lease.lapses:
            what = f"{lease.person} has it no longer, unless something is done"
            yield Coming(at=lease.until, clock="acknowledgement", what=what)
    for kept in state.held:
        what = f"{kept.order.role or kept.order.person} is told: {kept.order.purpose.value}"
        yield Coming(at=kept.until, clock="kept until their hours", what=what)


def _what(clock: ClockRun, step: Late | None) -> str:
    if step is None:
        return "the hold is fulfilled" if clock.hold else "the target is reached"
    if step.do is not None:
        return f"{step.do} is done, unattended"
    if step.go is not None:
        return f"the stage is left by itself: {step.go}"
    if step.escalate is not None:
        return f"escalation by {step.escalate} begins"
    return f"{step.page} is paged" if step.page is not None else f"{step.remind} is reminded"


def _silence(clock: ClockRun, state: CaseState, pathway: Pathway) -> str:
    rule: GateRule | None = next(
        (item.gate for item in pathway.stages if item.name == clock.stage), None
    )
    if rule is None or clock.stage != state.stage:
        return "" if clock.hold else "it counts as breached, and the case waits on"
    if rule.silence.go is not None:
        return f"silence means {rule.silence.go}"
    if rule.silence.stand_in is not None:
        allowed = " or ".join(rule.silence.stand_in.allow)
        return f"from then on {allowed} may vote instead of {rule.silence.stand_in.instead_of}"
    return "silence decides nothing: the gate waits"


def _effects(state: CaseState) -> Iterator[OpenEffect]:
    for effect in state.effects:
        if not effect.open and effect.state != SUPPRESSED:
            continue
        if effect.part is not None and effect.state == "intended":
            continue  # The whole effect says how far it has come.
        mend = {
            "manual": f"escalate case receipt {state.number} {effect.name} done --reference …",
            "failed": f"escalate case receipt {state.number} {effect.name} retry",
            SUPPRESSED: "an obligation carries it on"
            if state.closed
            else "an order forbids it: answer the question about the order once it is lifted",
            SET: f"it happens at {_instant(effect)}; to call it off: "
            f"escalate case receipt {state.number} {effect.name} skip --reason …",
            IN_STEPS: f"{_progress(effect)}; to undo it: "
            f"escalate case roll-back {state.number} {effect.name} --reason …",
            ROLLING_BACK: "every step that was done is being undone",
            HELD_BACK: effect.detail or "it waits to be cleared",
        }.get(effect.state, "it is under way; look at what the engine says")
        yield OpenEffect(
            title=effect.title,
            name=effect.name,
            state=effect.state,
            owner=effect.owner,
            due_at=effect.due_at,
            detail=effect.detail,
            mend=mend,
        )


def _instant(effect: EffectRecord) -> str:
    return spoken(effect.set_for) if effect.set_for is not None else "its instant"


def _progress(effect: EffectRecord) -> str:
    run = effect.run
    if run is None or not run.ordered:
        return "no step has been ordered"
    batch = run.batches[run.ordered - 1]
    waits = "; its approval is disputed" if run.doubted else ""
    return f"step {run.ordered} of {len(run.batches)}, {batch.last} of {run.total}{waits}"


def _voter(vote: Vote) -> str:
    return f"{vote.person} for {vote.acting_for}" if vote.acting_for else vote.person


def _quorum(round_: Round) -> str:
    if round_.state is RoundState.SUPERSEDED:
        return "the facts changed, so the question is asked again"
    needed = round_.reject if round_.state is RoundState.REJECTED else round_.approve
    return "needs " + " and ".join(f"{number} of {party}" for party, number in needed.items())


def _span(span: object) -> str:
    return str(span).removesuffix(":00")


def lines(explanation: Explanation) -> list[str]:
    """The explanation as a person reads it."""
    where = explanation.stage or explanation.status
    as_of = spoken(explanation.as_of)
    shadow = " (shadow: nothing is sent)" if explanation.shadow else ""
    said = [
        f"Case {explanation.number}{shadow}: {where}, {explanation.severity} (as of {as_of})",
        explanation.next_step,
    ]
    if explanation.because:
        said += ["", "How it came here"]
        said += [f"  {spoken(item.at)}  {_told(item)}" for item in explanation.because]
    said += _let_in(explanation)
    if explanation.readers:
        said += ["", "Who reads it for a time"]
        said += [
            f"  {each.who} until {spoken(each.until)}, "
            + (f"let by {each.by}" if each.by else "opened in an emergency")
            for each in explanation.readers
        ]
    if explanation.owed:
        said += ["", "Who owes what"]
        said += [f"  {_owing(item)}" for item in explanation.owed]
    if explanation.coming:
        said += ["", "What happens by itself"]
        said += [
            f"  {spoken(item.at)}  {item.clock}: {item.what}"
            + (f"; {item.silence}" if item.silence else "")
            for item in explanation.coming
        ]
    if explanation.effects:
        said += ["", "Actions that are open"]
        for effect in explanation.effects:
            said.append(f"  {effect.title} ({effect.state}), {effect.owner}")
            said.append(f"    -> {effect.mend}")
    if explanation.notices_failed:
        said += ["", f"{explanation.notices_failed} notices reached nobody"]
        said.append(f"    -> escalate case raise {explanation.number} ROLE --reason …")
    if explanation.troubles:
        said += ["", "What keeps it from going on"]
        for trouble in explanation.troubles:
            since = f" since {spoken(trouble.since)}" if trouble.since else ""
            detail = f": {trouble.detail}" if trouble.detail else ""
            said.append(f"  {trouble.what}{since}{detail}")
            said.append(f"    -> {trouble.mend}")
    elif explanation.looked_at_engine:
        said += ["", "Engine and outbox: nothing is stuck."]
    return said


def _let_in(explanation: Explanation) -> list[str]:
    if not explanation.let_in:
        return []
    return [
        "",
        "By which policies",
        *(
            f"  {spoken(each.at)}  {each.what}{f' — {each.who}' if each.who else ''}: "
            f"{', '.join(each.policies)} (policies {each.digest[:16]})"
            for each in explanation.let_in
        ),
    ]


def _told(item: Transition) -> str:
    who = f" — {item.who}" if item.who else ""
    rule = f" ({item.rule})" if item.rule else ""
    return f"{item.what}{who}{rule}"


def _owing(item: Owed) -> str:
    person = f" ({item.person})" if item.person else ""
    due = f", due {spoken(item.due_at)}" if item.due_at else ""
    late = ", LATE" if item.late else ""
    return f"{item.role}{person}: {item.what}{due}{late}"
