"""Who owes a case what by when, and what has to happen next: questions, no changes."""

from collections.abc import Iterable
from datetime import datetime

from cases.batches import clock_of
from cases.clocks import running
from cases.drafts.holding import waits_for_gate
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import Round, RoundKind, RoundState, still_needed
from cases.handover import is_handover
from cases.independence import unknown
from cases.records import HELD_BACK, IN_STEPS
from cases.rounds import memo_missing
from cases.rules import view_of
from cases.state import CaseState
from cases.tasks import PERSON
from cases.updates import UPDATE
from cases.values import Instant, Value
from runbooks.plan import Pathway, StagePlan
from runbooks.quorums import roles_named


class Waiting(Value):
    """Who owes what by when."""

    role: str
    person: str | None = None
    what: str
    stage: str
    due_at: Instant | None = None
    task: str | None = None
    """What is owed beside the stage, where it is that: a task, or an answer to a hand-over."""


def waiting_on(state: CaseState, pathway: Pathway, *, at: datetime) -> list[Waiting]:
    """Who owes what by when, the nearest first."""
    file = view_of(state, pathway)
    waiting: list[Waiting] = []
    if state.closed:
        return waiting
    stage = file.stage
    for round_ in state.rounds:
        if round_.state is not RoundState.OPEN:
            continue
        clock = state.stage_clock(round_.gate)
        due = round_.expires_at or (clock.due_at(at) if clock is not None else None)
        waiting.extend(
            Waiting(
                role=role,
                person=state.assignments.get(role),
                what=question_of(file, round_),
                stage=round_.gate,
                due_at=due,
            )
            for role in roles_named(still_needed(round_))
        )
    if stage is not None and state.pending_outcome is None:
        asked = state.open_round(stage.name) is not None
        gate = stage.gate
        original = () if asked else unknown(file, stage)
        memo = gate is not None and not asked and bool(memo_missing(file, stage.name, gate))
        if gate is None or memo or original:
            clock = state.stage_clock(stage.name)
            waiting.append(
                Waiting(
                    role=stage.owner,
                    person=state.assignments.get(stage.owner),
                    what=_owed_at(stage, memo=memo, original=original),
                    stage=stage.name,
                    due_at=clock.due_at(at) if clock is not None else None,
                )
            )
    waiting.extend(
        Waiting(
            role=effect.owner,
            person=state.assignments.get(effect.owner),
            what=effect.title if effect.state == "manual" else f"{effect.title} ({effect.state})",
            stage=effect.stage,
            due_at=effect.due_at,
        )
        for effect in state.effects
        if effect.state in ("manual", "failed")
    )
    for effect in state.effects:
        plan = file.effect_plan(effect.name)
        if plan is None or plan.clearance is None or waits_for_gate(file, effect):
            continue
        if effect.state == HELD_BACK:
            waiting.append(
                Waiting(
                    role=plan.clearance.by,
                    person=state.assignments.get(plan.clearance.by),
                    what=f"clear or skip: {effect.title}",
                    stage=effect.stage,
                    due_at=effect.at + plan.clearance.within,
                )
            )
    waiting.extend(
        Waiting(
            role=task.owner,
            person=task.person or state.assignments.get(task.owner),
            # What is to be done stands on the case's page: nobody reads over a shoulder (I13).
            what=f"settle {task.id} ({_said(task.origin)})" if task.origin != PERSON else task.id,
            stage=task.gate or state.stage or "",
            due_at=task.due,
            task=task.id,
        )
        for task in state.tasks
        if task.open
    )
    waiting.extend(
        Waiting(
            role=offer.role,
            person=offer.person,
            what=f"accept the work of {_said(offer.role)}, or decline",
            stage="",
            due_at=offer.until,
            task=f"hand-over of {offer.role}",
        )
        for offer in state.work_offers
    )
    waiting.extend(_of_many(file, at=at))
    if pathway.handover is not None:
        waiting.extend(
            Waiting(
                role=pathway.handover.by,
                person=state.assignments.get(pathway.handover.by),
                what="write the handover note",
                stage=state.stage or "",
                due_at=request.at + pathway.handover.every,
            )
            for request in state.requests
            if is_handover(request) and request.answer is None
        )
    waiting.extend(_of_updates(file, at=at))
    if state.hold is not None:
        waiting.append(
            Waiting(
                role=INCIDENT_MANAGER,
                what="review the hold",
                stage=stage.name if stage is not None else "",
                due_at=state.hold.review_at,
            )
        )
    return sorted(waiting, key=lambda item: (item.due_at is None, item.due_at or at))


def _of_updates(file: CaseFile, *, at: datetime) -> Iterable[Waiting]:
    """The updates that audiences wait for."""
    for plan in file.pathway.updates:
        clock = running(file, UPDATE + plan.name, at=at)
        if clock is not None:
            yield Waiting(
                role=plan.by,
                person=file.state.assignments.get(plan.by),
                what=f"write the update for {_said(plan.to)}",
                stage=file.state.stage or "",
                due_at=clock.due_at(at),
            )


def _of_many(file: CaseFile, *, at: datetime) -> Iterable[Waiting]:
    """Effects on many that wait: for their approval, or for somebody who looks at a step."""
    state = file.state
    for effect in state.effects:
        plan = file.effect_plan(effect.name)
        bulk, run = plan.bulk if plan is not None else None, effect.run
        if bulk is None:
            continue
        if effect.state == HELD_BACK:
            yield Waiting(
                role=INCIDENT_MANAGER,
                person=state.assignments.get(INCIDENT_MANAGER),
                what=f"lead to {bulk.gate}: {effect.title}",
                stage=effect.stage,
            )
        elif effect.state == IN_STEPS and bulk.guard is not None and run is not None:
            step = state.effect_named(f"{effect.name}-step-{run.ordered}")
            looked = any(look.step == run.ordered for look in run.looks)
            if step is not None and step.performed and not looked:
                watching = state.clock(clock_of(effect, run.ordered))
                yield Waiting(
                    role=bulk.guard.by,
                    person=state.assignments.get(bulk.guard.by),
                    what=f"look at step {run.ordered}: {effect.title}",
                    stage=effect.stage,
                    due_at=watching.due_at(at) if watching is not None else None,
                )


def next_step(state: CaseState, pathway: Pathway, *, at: datetime) -> str:
    """One sentence: what has to happen for the case to go on."""
    if state.closed:
        return f"Nothing: the case is {state.status}."
    if state.hold is not None:
        return "The case is on hold; it goes on when somebody resumes it."
    file = view_of(state, pathway)
    stage = file.stage
    if stage is None:
        return "The case is being opened."
    owed = waiting_on(state, pathway, at=at)
    name = _titled(stage)
    if stage.gate is not None:
        round_ = state.open_round(stage.name)
        if round_ is None:
            return f"{name}{_not_asked_yet(file, stage)}."
        needed = " and ".join(
            f"{number} verdict{'s' if number > 1 else ''} of {_said(party)}"
            for party, number in still_needed(round_).items()
        )
        return f"{name}: waits for {needed or 'the verdict of the people asked'}."
    if is_waiting(owed, stage):
        return f"{name}: waits for {_said(stage.owner)}."
    return f"{name} is under way."


def _not_asked_yet(file: CaseFile, stage: StagePlan) -> str:
    original = unknown(file, stage)
    if original:
        return f": {_said_first(original)}"
    missing = memo_missing(file, stage.name, stage.gate) if stage.gate is not None else []
    return f": the memo needs {', '.join(missing)}" if missing else " is being settled"


def _owed_at(stage: StagePlan, *, memo: bool, original: tuple[str, ...]) -> str:
    name = stage.title or _said(stage.name)
    if original:
        return _said_first(original)
    if memo:
        return f"write the memo for {name}"
    return f"complete {name}" if stage.next else "close the case"


def _said_first(original: tuple[str, ...]) -> str:
    return f"who decided before is looked up by the answer to {' or '.join(original)}"


def _titled(stage: StagePlan) -> str:
    name = stage.title or _said(stage.name)
    return name[:1].upper() + name[1:]


def _said(name: str) -> str:
    return name.replace("-", " ")


def is_waiting(owed: Iterable[Waiting], stage: StagePlan) -> bool:
    """Whether somebody owes the stage something."""
    return any(item.stage == stage.name for item in owed)


def question_of(file: CaseFile, round_: Round) -> str:
    """What the round asks, in the words people read."""
    rule = file.gate_rule(round_.gate)
    asked = rule.ask if rule is not None else round_.gate
    prefix = {
        RoundKind.ASK: "",
        RoundKind.SPLIT: "Opinions are split. ",
        RoundKind.DISSENT: "A reviewer objects. ",
        RoundKind.RATIFY: "Confirm what was approved in your place. ",
        RoundKind.CORRECTION: "A decision was taken back. ",
    }[round_.kind]
    return prefix + asked
