"""Who may do what to a case now: questions, no changes.

The desk refuses by these rules, and the pages show only what they allow: one source for both.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cases import leases
from cases.acts import Resolution
from cases.batches import steps_of
from cases.call_back import takes_call_backs
from cases.drafts.holding import waits_for_gate
from cases.ended_outside import ENDED_OUTSIDE
from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate_permissions import Allowed, Place, Voter, acts_at, hands_on, settles
from cases.independence import kept_out
from cases.joining import joined_reports
from cases.linking import CHOSEN
from cases.people import human, is_conflicted
from cases.records import HELD_BACK, IN_STEPS, ROLLING_BACK, EffectRecord
from cases.reopening import barred, barred_from_unmerging, rule_of, stages_to
from cases.rules import (
    all_roles,
    not_by_receipt,
    outcomes_now,
    roles_for,
    roles_to_reply,
    view_of,
    watchers,
)
from cases.state import CaseState
from cases.tasks import PERSON
from cases.waiting import Waiting, is_waiting, next_step, waiting_on
from runbooks.plan import Pathway, StageKind

__all__ = [
    "Allowed",
    "Place",
    "Waiting",
    "all_roles",
    "allowed_acts",
    "is_waiting",
    "next_step",
    "view_of",
    "waiting_on",
]


def allowed_acts(
    state: CaseState,
    pathway: Pathway,
    *,
    person: str,
    roles: frozenset[str],
    at: datetime,
    accounts: tuple[str, ...] = (),
    places: Iterable[Place] = (),
) -> list[Allowed]:
    """Every act the person may do now; the first role that allows it is the one acted in.

    `accounts` are their other ones, `places` those of the people whose delegate they are.
    """
    if state.closed:
        return _for_ended(state, pathway, person=person, roles=roles, at=at)
    if state.closing_act is not None:
        return []
    file = view_of(state, pathway)
    offered = _Offered(file, person=person, roles=roles)
    own = Voter(person, roles, accounts)
    if state.hold is None:
        for round_ in state.rounds:
            offered.acts.extend(acts_at(file, round_, own, at=at))
        for place in places:
            voter = Voter(person, place.roles, (*accounts, *place.accounts), place.person)
            for round_ in state.rounds:
                offered.acts.extend(acts_at(file, round_, voter, at=at))
    _offer_tasks(offered, own)
    _offer_stage(offered)
    _offer_work(offered)
    _offer_running(offered)
    return offered.acts


def _for_ended(
    state: CaseState, pathway: Pathway, *, person: str, roles: frozenset[str], at: datetime
) -> list[Allowed]:
    """What can be done to a case that has ended."""
    if person in state.conflicts:
        return []
    for role in rule_of(pathway).by:
        if role not in roles:
            continue
        if barred(state, pathway, role=role, at=at) is None:
            return [Allowed(verb="reopen", role=role, choices=stages_to(pathway))]
        if barred_from_unmerging(state, pathway, role=role) is None:
            return [Allowed(verb="unmerge", role=role)]
    return []


@dataclass
class _Offered:
    """Acts offered so far to one person."""

    file: CaseFile
    person: str
    roles: frozenset[str]
    acts: list[Allowed] = field(default_factory=list)

    def offer(self, verb: str, *, within: Iterable[str] | None = None, **where: object) -> None:
        """The act is offered if the person has one of the roles that may do it."""
        allowed = roles_for(self.file, verb) if within is None else within
        role = next((role for role in allowed if role in self.roles), None)
        if role is not None:
            self.acts.append(Allowed.model_validate({"verb": verb, "role": role, **where}))


def _offer_stage(offered: _Offered) -> None:
    """What ends the stage the case is in, or says who has it."""
    file, state = offered.file, offered.file.state
    stage = file.stage
    if stage is None or state.pending_outcome is not None:
        return
    ended = (ENDED_OUTSIDE,) if state.shadow else ()
    names = human(state, {offered.person})
    out = is_conflicted(state, names) or bool(names & kept_out(file, stage))
    if stage.kind is StageKind.WORK and state.hold is None and not out:
        offered.offer("complete", stage=stage.name, choices=outcomes_now(file, stage))
    if stage.kind is StageKind.CLOSURE and state.hold is None:
        offered.offer("close", stage=stage.name, choices=(*stage.dispositions, *ended))
    elif ended:
        offered.offer("close", stage=stage.name, choices=ended)
    if not out:
        mine = leases.who_may(file, stage, person=offered.person)
        within = sorted(offered.roles) if mine is None else mine
        offered.offer("acknowledge", within=within, stage=stage.name)
        _offer_claim(offered, (stage.owner, *(stage.gate.roles if stage.gate else ())))


def _offer_claim(offered: _Offered, mine: Iterable[str]) -> None:
    """Work that nobody has can be claimed, and one's own claim given back."""
    state, person = offered.file.state, offered.person
    free = [role for role in mine if state.assignments.get(role) is None]
    own = [claim.role for claim in state.claims if claim.person == person]
    if any(role in offered.roles for role in own):
        offered.offer("claim", within=own, choices=("release",))
    else:
        offered.offer("claim", within=free, choices=("claim",))


def _offer_work(offered: _Offered) -> None:
    """What adds to the case: answers, memos, evidence, replies, receipts."""
    state, pathway = offered.file.state, offered.file.pathway
    for plan in pathway.stages:
        if plan.gate is not None and plan.gate.memo:
            offered.offer("memo", gate=plan.name, choices=plan.gate.memo)
    if pathway.questions:
        offered.offer("answer", choices=offered.file.asked())
    offered.offer("evidence")
    if takes_call_backs(pathway):
        offered.offer("call-back")
    for request in state.requests:
        if request.answer is None:
            asked = roles_to_reply(offered.file, request)
            offered.offer("reply", within=asked, request=request.id)
    for effect in state.effects:
        if effect.run is not None and (effect.state == IN_STEPS or effect.performed):
            _offer_watching(offered, effect)
        elif effect.state == HELD_BACK:
            _offer_clearance(offered, effect)
        elif effect.state != ROLLING_BACK and effect.open:
            offered.offer(
                "receipt",
                within=(effect.owner, INCIDENT_MANAGER),
                effect=effect.key,
                label=effect.title,
                choices=tuple(
                    choice
                    for choice in ("done", "retry", "skip")
                    if (choice != "retry" or effect.state == "failed")
                    and not not_by_receipt(offered.file, effect, Resolution(choice))
                ),
            )


def _offer_watching(offered: _Offered, effect: EffectRecord) -> None:
    """What was seen of an effect on many, and the button that undoes it."""
    roles = watchers(offered.file, effect)
    if any(step.performed for step in steps_of(offered.file, effect)):
        offered.offer("observe", within=roles, effect=effect.key, label=effect.title)
    offered.offer("roll-back", within=roles, effect=effect.key, label=effect.title)


def _offer_clearance(offered: _Offered, effect: EffectRecord) -> None:
    plan = offered.file.effect_plan(effect.name)
    held = plan is not None and plan.clearance and not waits_for_gate(offered.file, effect)
    clears = (plan.clearance.by,) if plan is not None and plan.clearance and held else ()
    may_clear = bool(offered.roles & set(clears))
    offered.offer(
        "receipt",
        within=clears if may_clear else (effect.owner, INCIDENT_MANAGER),
        effect=effect.key,
        label=effect.title,
        choices=("clear", "skip") if may_clear else ("skip",),
    )


def _offer_tasks(offered: _Offered, own: Voter) -> None:
    """Tasks that the person can settle or give to somebody else, and that they can set one."""
    for task in offered.file.state.tasks:
        role, ways = settles(offered.file, task, own)
        if ways:
            offered.acts.append(
                Allowed(verb="finish", role=role, task=task.id, label=task.id, choices=ways)
            )
        role = hands_on(offered.file, task, own)
        if role:
            choices = all_roles(offered.file.pathway) if task.origin == PERSON else (task.owner,)
            offered.acts.append(
                Allowed(verb="hand-on", role=role, task=task.id, label=task.id, choices=choices)
            )
    offered.offer("comment", choices=all_roles(offered.file.pathway))
    offered.offer("task", choices=all_roles(offered.file.pathway))


def _offer_handing_over(offered: _Offered) -> None:
    """Work of one's own, or anybody's for who runs the case; and what one is offered oneself."""
    state, person = offered.file.state, offered.person
    everything = INCIDENT_MANAGER in offered.roles
    names = human(state, {person})
    mine = [role for role, who in state.assignments.items() if who in names]
    choices = tuple(all_roles(offered.file.pathway) if everything else mine)
    if choices:
        within = (INCIDENT_MANAGER,) if everything else sorted(offered.roles)
        offered.offer("hand-over", within=within, choices=choices)
    for each in state.work_offers:
        if each.person in names:
            roles = (each.role, *sorted(offered.roles))
            answers = ("accept", "decline")
            offered.offer("accept", within=roles, label=each.role, choices=answers)


def _offer_running(offered: _Offered) -> None:
    """What steers the case as a whole."""
    state, pathway = offered.file.state, offered.file.pathway
    offered.offer("assign", choices=all_roles(pathway))
    _offer_handing_over(offered)
    offered.offer("hold" if state.hold is None else "resume")
    offered.offer("severity")
    offered.offer("raise", choices=all_roles(pathway))
    offered.offer("move")
    offered.offer("migrate")
    related = [link.number for link in state.links if link.why in ("same-subject", "kept-apart")]
    if related:
        offered.offer("attach", choices=tuple(related))
    joined = joined_reports(offered.file)
    if joined:
        offered.offer("split", choices=joined)
    offered.offer("link", choices=tuple(kind.value for kind in CHOSEN))
    offered.offer("merge")
    offered.offer("cancel")
