"""A running case goes on under another version of its runbook (I2).

One person asks for it and a second one agrees; both sign the same rules. Nothing is done again and
nothing is undone: what is behind the case stays as it was decided, and what is ahead of it follows
the new version. Until somebody decides anything, one person can take the case back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cases import escalations, updates
from cases.answers import fits
from cases.clock_rules import read_by_other_rules
from cases.clocks import late_at
from cases.effects import intend, reconsider
from cases.file import CaseFile, Note
from cases.gate import WHOLE, RoundKind, RoundState
from cases.handover import restart_handover
from cases.journal import Kind
from cases.notice import Purpose
from cases.pinning import pin_answers
from cases.records import AnswerGiven, Migration, Ratification
from cases.replanning import retarget
from cases.rounds import facts_changed
from cases.ticket_note import VERSION
from runbooks.plan import AnswerKind, GateRule, Pathway

DECIDED = (
    RoundState.APPROVED,
    RoundState.REJECTED,
    RoundState.SPLIT,
    RoundState.MORE_INFORMATION,
    RoundState.SILENT,
)
"""What a round can come to; superseded and voided ones came to nothing."""


@dataclass(frozen=True)
class Agreed:
    """Who agreed to the version, or took the case back, by which act."""

    person: str
    role: str
    act: str
    signed_at: datetime


def misfits(file: CaseFile, pathway: Pathway) -> list[str]:
    """What of the case has no place under that version, each in words; empty where it fits."""
    return [
        *_stages_without_place(file, pathway),
        *_questions_without_place(file, pathway),
        *_effects_without_place(file, pathway),
    ]


def leads_back(file: CaseFile, pathway: Pathway) -> bool:
    """Whether the version is the one the case came from, and nobody has decided anything since."""
    state = file.state
    last = state.migrations[-1] if state.migrations else None
    if last is None or last.back or last.digest_was != pathway.digest:
        return False
    left = (visit.left_at for visit in state.visits if visit.left_at is not None)
    decided = (
        round_.closed_at
        for round_ in state.rounds
        if round_.state in DECIDED and round_.closed_at is not None
    )
    return all(instant < last.at for instant in (*left, *decided))


def migrate(
    file: CaseFile,
    pathway: Pathway,
    agreed: Agreed,
    *,
    reason: str,
    commitment: str = "",
    at: datetime,
) -> None:
    """The case is under those rules from now on, by those who agreed to it.

    Call it only where nothing `misfits`, and where somebody else has asked or the rules lead back.
    """
    state, was = file.state, file.pathway
    back = leads_back(file, pathway)
    asked = None if back else state.proposed
    before = state.facts()
    restored = dict(state.migrations[-1].unasked) if back else {}
    file.pathway = state.pathway = pathway
    state.proposed = None
    state.migrations.append(
        Migration(
            version_was=state.version,
            digest_was=state.digest,
            version=pathway.version,
            digest=pathway.digest,
            by=(agreed.person,) if asked is None else (asked.by, agreed.person),
            at=at,
            reason=reason,
            back=back,
            unasked=_take_answers(file, restored),
        )
    )
    file.note(
        Kind.CASE_MIGRATED,
        at,
        runbook=f"{state.runbook} {pathway.version}",
        digest=pathway.digest,
        was=f"{state.runbook} {state.version}",
        digest_was=state.digest,
        by=agreed.person,
        role=agreed.role,
        act=agreed.act,
        signed=agreed.signed_at.isoformat(),
        asked_by=asked.by if asked is not None else None,
        asked_act=asked.act if asked is not None else None,
        back=back or None,
        reason=reason,
        unasked=sorted(state.migrations[-1].unasked) or None,
        restored=sorted(restored) or None,
        input=commitment or None,
    )
    state.version, state.digest = pathway.version, pathway.digest
    if pathway.legal_hold is not None and state.legal_hold is None:
        state.legal_hold = pathway.legal_hold.owner
        file.note(Kind.LEGAL_HOLD, at, role=state.legal_hold)
    restart_handover(file, was.handover, at=at)
    read_by_other_rules(file, was, at=at)
    escalations.under_other_rules(file, at=at)
    updates.replan_updates(file, at=at)
    _stay_in_the_stage(file, was, at=at)
    pin_answers(file, _to_be_pinned(file), at=at)
    reconsider(file, at=at)
    # The table of the version has yet to judge the answers; open questions wait for what it says.
    state.reassess = True
    facts_changed(file, before, at=at)
    file.wishes.append(Note.of(VERSION(version=pathway.version)))


def _stages_without_place(file: CaseFile, pathway: Pathway) -> Iterator[str]:
    plans = {stage.name: stage for stage in pathway.stages}
    for name in dict.fromkeys(visit.stage for visit in file.state.visits):
        was, plan = file.pathway.stage(name), plans.get(name)
        if plan is None:
            yield f"it has been in the stage {name}, which the version does not have"
        elif plan.kind is not was.kind or (plan.gate is None) is not (was.gate is None):
            yield f"the stage {name}, where it has been, is of another kind in the version"


def _questions_without_place(file: CaseFile, pathway: Pathway) -> Iterator[str]:
    """What one named role has yet to answer, and would not be asked under the version."""
    rules = {stage.name: stage.gate for stage in pathway.stages}
    owed = {(due.gate, RoundKind.RATIFY, due.by) for due in _unratified(file)}
    asked = {
        (round_.gate, round_.kind, role)
        for round_ in file.state.rounds
        if round_.state is RoundState.OPEN and round_.kind not in WHOLE
        for role in round_.approve
    }
    for gate, kind, role in sorted(owed | asked):
        if _named(rules.get(gate), kind) != role:
            yield f"{role} has yet to answer at {gate} ({kind.value}): the version asks nobody so"


def _unratified(file: CaseFile) -> Iterator[Ratification]:
    return (due for due in file.state.ratifications if due.settled is None)


def _named(rule: GateRule | None, kind: RoundKind) -> str | None:
    """The one role that the rule has for a question of that kind."""
    if rule is None:
        return None
    stand_in = rule.silence.stand_in
    ratify = stand_in.ratify if stand_in is not None else None
    match kind:
        case RoundKind.SPLIT:
            return rule.split.to if rule.split is not None else None
        case RoundKind.DISSENT:
            return rule.dissent.to if rule.dissent is not None else None
        case _:
            return ratify.by if ratify is not None else None


def _effects_without_place(file: CaseFile, pathway: Pathway) -> Iterator[str]:
    plans = {plan.name: plan for plan in pathway.effects}
    for effect in file.state.effects:
        if not effect.open:
            continue
        whole = file.state.effect(effect.part.of) if effect.part is not None else None
        name = whole.name if whole is not None else effect.compensates or effect.name
        plan, was = plans.get(name), file.effect_plan(name)
        if plan is None:
            yield f"the action {effect.title} is under way, and the version does not have it"
        elif effect.run is not None and was is not None and plan.bulk != was.bulk:
            yield f"the action {effect.title} is carried out in steps, which the version cuts anew"


def _take_answers(file: CaseFile, restored: dict[str, AnswerGiven]) -> dict[str, AnswerGiven]:
    """The answers the version asks for and takes stand; those taken away are returned."""
    state, questions = file.state, file.pathway.questions
    # What somebody has answered since the case was moved is newer than what was put away then.
    given = {**restored, **state.answers}
    state.answers = {
        name: answer
        for name, answer in given.items()
        if name in questions and fits(answer.value, questions[name])
    }
    asked = file.asked()
    state.answers = {name: answer for name, answer in state.answers.items() if name in asked}
    return {name: answer for name, answer in given.items() if name not in state.answers}


def _stay_in_the_stage(file: CaseFile, was: Pathway, *, at: datetime) -> None:
    """The stage under way has the target, the steps and the first actions of the version."""
    stage = file.stage
    if stage is None:
        return
    before = was.stage(stage.name)
    clock = file.state.stage_clock(stage.name)
    if clock is not None and not clock.reading(at).ended:
        retarget(clock, stage, file.state.severity.current, at=at)
        clock.late = late_at(stage, clock.within)
        clock.owner = stage.owner
        clock.title = f"{stage.title or stage.name} target"
    for name in stage.enter:
        if name not in before.enter:
            intend(file, name, stage=stage.name, at=at)
    if stage.gate is None and stage.owner != before.owner:
        file.tell(Purpose.WORK, stage.owner, stage=stage.name, step=file.pathway.version)


def _to_be_pinned(file: CaseFile) -> list[str]:
    """The answered questions that name who decided before, where nobody was looked up for them."""
    kinds = (AnswerKind.CASE, AnswerKind.PEOPLE)
    return [
        name
        for name in file.state.answers
        if file.pathway.questions[name].kind in kinds and name not in file.state.pinned
    ]
