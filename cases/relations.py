"""What a person has to do with a case, and what its rules say against them: questions, no answers.

Need-to-know is decided by policies over these words; whoever asks them gathers the words here, so
that a door, an effect and a dry run never see a case differently.
"""

from collections.abc import Iterable
from enum import StrEnum

from cases.file import DUTY_MANAGER
from cases.obligations.answers import roles_of
from cases.people import human, is_conflicted
from cases.reopening import rule_of
from cases.rules import all_roles, may_decide, view_of
from cases.state import CaseState
from runbooks.plan import Pathway


class Relation(StrEnum):
    """What somebody has to do with one case."""

    CONCERNED = "concerned"
    """They hold a role that the runbook gives work to, asks or pages."""
    ASKED = "asked"
    """They hold a role that decides on it, works on it now, or owes it something now."""
    WORKS = "works"
    """They hold the role that owns its stage, or something open in it."""
    APPROVER = "approver"
    """They hold a role that one of its gates names, or whose vote an open round may take."""
    STEERS = "steers"
    """They hold a role that opens, owns or ends it."""
    OWNS = "owns"
    """They have the role that ends it by name, or hold that role while nobody has it by name."""
    WATCHER = "watcher"
    """They hold a role that watches an interim rule it has issued."""
    ASSIGNED = "assigned"
    CLAIMED = "claimed"
    DECIDED = "decided"
    ON_CALL = "on-call"
    """They were told at the step of an escalation that is under way."""
    GRANTED = "granted"
    """Its owner lets them read it, for a time that is not over; only doors know of it."""
    CONFLICTED = "conflicted"
    """They have declared a conflict, under whichever account."""
    SUBJECT = "subject"
    """It is about an account of theirs."""
    RELATIVE = "relative"
    """It is about an account of somebody close to them."""


def relations_of(
    state: CaseState, pathway: Pathway, *, person: str, roles: frozenset[str]
) -> frozenset[str]:
    """Every relation of the person to the case, but those only directory and doors know of."""
    found: set[Relation] = set()
    if is_conflicted(state, {person}):
        found.add(Relation.CONFLICTED)
    working = _working(state, pathway)
    approving = _approving(state, pathway)
    watching = _of_rules(state, pathway)
    by_role = {
        Relation.CONCERNED: _concerned(state, pathway) | watching,
        Relation.ASKED: working | approving | watching | {DUTY_MANAGER, pathway.closure.owner},
        Relation.WORKS: working,
        Relation.APPROVER: approving | _deciding_in_turn(pathway),
        Relation.STEERS: _steering(pathway),
        Relation.WATCHER: watching,
    }
    found |= {relation for relation, theirs in by_role.items() if roles & theirs}
    owner = owner_of(state, pathway)
    if owner == person or (owner is None and pathway.closure.owner in roles):
        found.add(Relation.OWNS)
    if person in _named(state):
        found.add(Relation.ASSIGNED)
    if any(claim.person == person for claim in state.claims):
        found.add(Relation.CLAIMED)
    if any(vote.person == person for round_ in state.rounds for vote in round_.votes):
        found.add(Relation.DECIDED)
    if any(person in run.told for run in state.escalations if run.active):
        found.add(Relation.ON_CALL)
    return frozenset(relation.value for relation in found)


def owner_of(state: CaseState, pathway: Pathway) -> str | None:
    """Who has the case by name, in the role that ends it; None where nobody does."""
    return state.assignments.get(pathway.closure.owner)


def bars_at(
    state: CaseState, pathway: Pathway, *, gate: str, names: Iterable[str], delegate: bool
) -> frozenset[str]:
    """What the gate's rule says against the human of these names deciding there."""
    if not any(stage.name == gate and stage.gate is not None for stage in pathway.stages):
        return frozenset()
    file = view_of(state, pathway)
    bars = {may_decide(file, gate, human(state, names))}
    rule = file.gate_rule(gate)
    if delegate and not (rule is not None and rule.delegable):
        bars.add("not-delegable")
    return frozenset(bars - {""})


def _concerned(state: CaseState, pathway: Pathway) -> set[str]:
    """Every role with work in the case, before, now or later."""
    concerned = {*all_roles(pathway), *(effect.owner for effect in pathway.effects)}
    concerned |= {effect.owner for effect in state.effects}
    if state.closed:
        concerned |= {owed.owner for owed in pathway.after_closing}
    for round_ in state.rounds:
        concerned |= set(round_.asked)
    concerned |= {task.owner for task in state.tasks}
    return concerned


def _named(state: CaseState) -> set[str]:
    """Who has something of the case by name, or was offered it."""
    tasks = (task.person for task in state.tasks if task.open and task.person is not None)
    return {*state.assignments.values(), *tasks, *(offer.person for offer in state.work_offers)}


def _of_rules(state: CaseState, pathway: Pathway) -> set[str]:
    """Who watches the interim rules that the case has issued, and who decides what stays."""
    plans = [pathway.owed_plan(rule.obligation) for rule in state.rules]
    return {role for plan in plans if plan is not None for role in roles_of(plan)}


def _working(state: CaseState, pathway: Pathway) -> set[str]:
    """The roles that have something to do in it now.

    Whose role worked on it before, or was paged, is not among them.
    """
    working = {stage.owner for stage in pathway.stages if stage.name == state.stage}
    working |= {effect.owner for effect in state.effects if effect.open}
    working |= {task.owner for task in state.tasks if task.open}
    return working


def _approving(state: CaseState, pathway: Pathway) -> set[str]:
    """The roles that decide in it: at every gate, and in the rounds there have been."""
    approving: set[str] = set()
    for stage in pathway.stages:
        rule = stage.gate
        if rule is None:
            continue
        approving |= set(rule.roles)
        if rule.silence.stand_in is not None:
            approving |= set(rule.silence.stand_in.allow)
    clock = state.stage_clock(state.stage) if state.stage is not None else None
    if clock is not None:
        approving |= set(clock.backups)
    for round_ in state.rounds:
        approving |= {*round_.asked, *round_.backups}
    return approving


def _deciding_in_turn(pathway: Pathway) -> set[str]:
    """The roles that decide only when others cannot: who breaks a tie, confirms, or is asked over.

    A round of theirs may be open before the store's picture of the case shows it.
    """
    roles: set[str] = set()
    for stage in pathway.stages:
        rule = stage.gate
        if rule is None:
            continue
        roles |= {part.to for part in (rule.split, rule.dissent) if part is not None}
        if rule.silence.stand_in is not None and rule.silence.stand_in.ratify is not None:
            roles.add(rule.silence.stand_in.ratify.by)
        roles |= {step.page for step in stage.late if step.page is not None}
    return roles


def _steering(pathway: Pathway) -> set[str]:
    """The roles that open the case, own a stage of it, or may begin it again."""
    return {*(stage.owner for stage in pathway.stages), *rule_of(pathway).by}
