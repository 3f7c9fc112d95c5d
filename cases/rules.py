"""The rules of who may act: roles of each verb, who may vote or object, what closing requires."""

from collections.abc import Iterable

from cases.acts import Resolution
from cases.call_back import callers
from cases.clock_starts import duties
from cases.correction import uncorrected
from cases.file import DUTY_MANAGER, INCIDENT_MANAGER, CaseFile
from cases.gate import WHOLE, Round, RoundKind, RoundState, roles_of
from cases.independence import kept_out
from cases.people import human, is_conflicted
from cases.records import (
    HELD_BACK,
    IN_STEPS,
    ROLLED_BACK,
    ROLLING_BACK,
    SET,
    SHADOWED,
    SUPPRESSED,
    EffectRecord,
    InformationRequest,
)
from cases.rounds import deciders
from cases.state import CaseState
from runbooks.plan import Pathway, StagePlan

ANY_REVIEWER = "any-reviewer"

SETTLED = ("done", "skipped", ROLLED_BACK, SHADOWED)
"""States of an effect about which nothing is left to be done."""


def roles_for(file: CaseFile, verb: str) -> tuple[str, ...]:
    """The roles that may do `verb` in the stage the case is in."""
    stage = file.stage
    owner = stage.owner if stage is not None else INCIDENT_MANAGER
    first = file.pathway.stages[0].owner
    working = tuple(dict.fromkeys((owner, first, INCIDENT_MANAGER)))
    match verb:
        case "answer" | "evidence" | "reply" | "raise" | "link":
            return working
        case "complete":
            return tuple(dict.fromkeys((owner, INCIDENT_MANAGER)))
        case "memo" | "call-back":
            gate = stage.gate.roles if stage is not None and stage.gate else ()
            calling = callers(file.pathway) if verb == "call-back" else ()
            return tuple(dict.fromkeys((*working, *calling, *gate)))
        case "hold" | "resume" | "severity" | "attach" | "move" | "split" | "merge":
            return tuple(dict.fromkeys((INCIDENT_MANAGER, first)))
        case "close":
            return (file.pathway.closure.owner,)
        case "migrate":
            return (INCIDENT_MANAGER, DUTY_MANAGER)
        case "comment" | "task" | "hand-on":
            # Who is given a task may see the case: a closed circle is widened by who runs it.
            closed = file.pathway.need_to_know and verb != "comment"
            return (INCIDENT_MANAGER,) if closed else all_roles(file.pathway)
        case _:
            return (INCIDENT_MANAGER,)


def roles_to_reply(file: CaseFile, request: InformationRequest | None) -> tuple[str, ...]:
    """The roles that may answer the request: those that work on the case, and the one asked."""
    asked = () if request is None or request.role is None else (request.role,)
    return tuple(dict.fromkeys((*roles_for(file, "reply"), *asked)))


def may_vote(
    file: CaseFile,
    round_: Round,
    *,
    person: str,
    role: str,
    also: Iterable[str] = (),
    acting_for: str | None = None,
) -> str:
    """Empty when the person may vote in that role; else which rule stands against it.

    `role`, `conflicted`, `not-independent`, `same-person` or `not-delegable`. `also` are the other
    names the vote would be bound to: accounts of the same human, and of whoever a delegate acts
    for. What stands against any of them stands against the vote.
    """
    rule = file.gate_rule(round_.gate)
    if role not in roles_of(round_, rule):
        return "role"
    if acting_for is not None and not (rule is not None and rule.delegable):
        return "not-delegable"
    names = human(file.state, {person, *also})
    barred = may_decide(file, round_.gate, names)
    if barred:
        return barred
    if round_.kind not in WHOLE:
        # Whoever already voted on the question cannot be the one who breaks the tie over it.
        asked_last = max(
            (
                item.number
                for item in file.state.rounds
                if item.gate == round_.gate
                and item.kind is RoundKind.CORRECTION
                and item.number < round_.number
            ),
            default=0,
        )
        voted = any(
            earlier.vote_under(names)
            for earlier in file.state.rounds
            if earlier.gate == round_.gate
            and earlier.state is not RoundState.SUPERSEDED
            and asked_last <= earlier.number < round_.number
        )
        if voted:
            return "same-person"
    return "same-person" if _has_voted(round_, person, names, acting_for) else ""


def may_decide(file: CaseFile, gate: str, names: frozenset[str]) -> str:
    """Empty when nothing keeps the human of these names from deciding at the gate."""
    if is_conflicted(file.state, names):
        return "conflicted"
    if names & kept_out(file, file.pathway.stage(gate)):
        return "not-independent"
    rule = file.gate_rule(gate)
    for stage in rule.not_the_same_person_as if rule is not None else ():
        if names & deciders(file, stage):
            return "same-person"
    return ""


def _has_voted(round_: Round, person: str, names: frozenset[str], acting_for: str | None) -> bool:
    """Whether the human has a vote in the round that this one would not replace.

    A vote replaces the one the person cast before in the same place, and one that a delegate cast
    for them; under another name, or in another's place, it would be a second one.
    """
    return any(
        names & vote.names
        for vote in round_.votes
        if not (vote.person == person and vote.acting_for == acting_for)
        and not (acting_for is None and vote.acting_for == person)
    )


def outcomes_now(file: CaseFile, stage: StagePlan) -> tuple[str, ...]:
    """The outcomes of the stage that the case's severity lets anybody take."""
    severity = file.state.severity.current
    return tuple(
        outcome
        for outcome in stage.outcomes
        if not (only_at := stage.next[outcome].only_at) or severity in only_at
    )


def watchers(file: CaseFile, effect: EffectRecord) -> tuple[str, ...]:
    """The roles that may say what an effect on many did, and each of which may undo it.

    To stop takes one person of any of them, whoever had to agree that it begins.
    """
    plan = file.effect_plan(effect.name)
    if plan is None or plan.bulk is None:
        return ()
    rule = file.gate_rule(plan.bulk.gate)
    guards = (plan.bulk.guard.by,) if plan.bulk.guard is not None else ()
    approving = tuple(rule.approve) if rule is not None else ()
    return tuple(dict.fromkeys((*guards, effect.owner, *approving, INCIDENT_MANAGER)))


def not_by_receipt(file: CaseFile, effect: EffectRecord, resolution: Resolution) -> str:
    """Why no receipt can settle the effect that way; empty when one can."""
    plan = file.effect_plan(effect.name)
    skips = resolution is Resolution.SKIP
    if effect.state in (IN_STEPS, ROLLING_BACK):
        return "it is carried out step by step; it can be rolled back"
    if effect.state == SET and not skips:
        return "it is set for an instant; it can be skipped"
    if effect.state == HELD_BACK and plan is not None and plan.bulk is not None and not skips:
        return f"it waits: {effect.detail}"
    whole = file.state.effect(effect.part.of) if effect.part is not None else None
    if whole is None or effect.part is None or effect.part.look:
        return ""
    stopped = whole.state == ROLLING_BACK
    if skips and (not stopped or effect.compensates is not None):
        return "one step cannot be left out; the whole can be rolled back"
    return (
        "it was stopped: say whether it was done"
        if stopped and (resolution is Resolution.RETRY and effect.compensates is None)
        else ""
    )


def unmet(state: CaseState, pathway: Pathway, disposition: str) -> list[str]:
    """What still stands against closing with that disposition, all of it at once.

    The requirement words are the runbook language's. `decision-record` is written in the closing
    act itself, and so is `lessons`; the desk checks these two there.
    """
    plan = pathway.closure.dispositions.get(disposition)
    if plan is None:
        return ["no such disposition"]
    missing = [
        said
        for requirement in plan.requires
        if (said := _missing(state, *requirement.partition(":")[::2]))
        and not _unasked(state, pathway, *requirement.partition(":")[::2])
    ]
    if "duties-met" in plan.requires:
        missing.extend(f"duties-met: {clock}" for clock in duties(view_of(state, pathway)))
    missing.extend(f"merge under way: case {item.number}" for item in state.merging)
    missing.extend(f"open action: {effect.title}" for effect in state.effects if effect.open)
    missing.extend(
        f"{task.id} ({task.origin.replace('-', ' ')}), owed by {task.owner}"
        for task in state.tasks
        if task.keeps_open
    )
    missing.extend(f"correction: {gate}" for gate in uncorrected(view_of(state, pathway)))
    missing.extend(
        f"ratification by {due.by}" for due in state.ratifications if due.settled is None
    )
    return missing


def _unasked(state: CaseState, pathway: Pathway, kind: str, name: str) -> bool:
    """Whether an answer is required to a question that is not asked in this case."""
    return kind == "answer" and name not in view_of(state, pathway).asked()


def _missing(state: CaseState, kind: str, name: str) -> str:
    """Empty when the requirement is met, else what is missing."""
    match kind:
        case "action-receipt":
            met = any(effect.state in SETTLED for effect in state.effects)
            return "" if met else "action-receipt: no action has been recorded as done"
        case "receipt":
            effect = state.effect_named(name)
            # An obligation carries on what an order forbids: the case need not wait for it.
            met = effect is not None and effect.state in (*SETTLED, SUPPRESSED)
        case "done":
            effect = state.effect_named(name)
            met = effect is not None and effect.performed
        case "approved" | "rejected":
            met = _last_word(state, name) == kind
        case "call-back":
            met = bool(state.call_backs)
        case "answer":
            met = name in state.answers
        case "memo":
            met = any(state.memos.values())
        case "evidence":
            met = bool(state.standing_evidence)
        case "linked-case":
            met = any(link.why in ("moved-to", "attached-to") for link in state.links)
        case _:
            met = True
    return "" if met else f"{kind}: {name}" if name else kind


def _last_word(state: CaseState, gate: str) -> str:
    """What the gate's newest decided round says, a ratification aside; nothing if taken back."""
    decided = (RoundState.APPROVED, RoundState.REJECTED)
    return next(
        (
            round_.state.value if round_.revoked is None else ""
            for round_ in reversed(state.rounds)
            if round_.gate == gate
            and round_.kind is not RoundKind.RATIFY
            and round_.state in decided
        ),
        "",
    )


def dissent_role(
    file: CaseFile, round_: Round, *, person: str, roles: frozenset[str]
) -> str | None:
    """The role in which the person may object in this round, if they have not done so."""
    rule = file.gate_rule(round_.gate)
    if rule is None or round_.kind not in WHOLE or is_conflicted(file.state, {person}):
        return None
    if human(file.state, {person}) & kept_out(file, file.pathway.stage(round_.gate)):
        return None
    if any(
        (item.gate, item.round, item.person) == (round_.gate, round_.number, person)
        for item in file.state.dissents
    ):
        return None
    who = rule.dissent.who if rule.dissent is not None else ANY_REVIEWER
    candidates = rule.roles if who == ANY_REVIEWER else (who,)
    return next((role for role in candidates if role in roles), None)


def view_of(state: CaseState, pathway: Pathway) -> CaseFile:
    """A file to ask questions of; nothing done to it would be recorded."""

    def refuse(*_: object, **__: object) -> str:
        message = "a picture of a case cannot be changed"
        raise RuntimeError(message)

    return CaseFile(state=state, pathway=pathway, record=refuse, new_nonce=refuse)  # type: ignore[arg-type]


def all_roles(pathway: Pathway) -> tuple[str, ...]:
    """Every role the runbook gives work to, asks or pages, and the duty manager."""
    roles: dict[str, None] = {INCIDENT_MANAGER: None, DUTY_MANAGER: None}
    late = [step for stage in pathway.stages for step in stage.late]
    late += [step for clock in pathway.clocks for step in clock.late]
    for stage in pathway.stages:
        roles[stage.owner] = None
        rule = stage.gate
        if rule is None:
            continue
        roles.update(dict.fromkeys(rule.roles))
        roles.update(dict.fromkeys(part.to for part in (rule.split, rule.dissent) if part))
        if rule.break_glass is not None:
            roles.update(dict.fromkeys((*rule.break_glass.by, rule.break_glass.review)))
        if rule.silence.stand_in is not None:
            roles.update(dict.fromkeys(rule.silence.stand_in.allow))
            if rule.silence.stand_in.ratify is not None:
                roles[rule.silence.stand_in.ratify.by] = None
    roles.update(dict.fromkeys(role for step in late for role in (step.remind, step.page) if role))
    roles.update(dict.fromkeys(clock.owner for clock in pathway.clocks))
    roles.update(dict.fromkeys(effect.owner for effect in pathway.effects))
    roles.update(
        dict.fromkeys(effect.clearance.by for effect in pathway.effects if effect.clearance)
    )
    if pathway.handover is not None:
        roles[pathway.handover.by] = None
    roles.update(dict.fromkeys(role for policy in pathway.escalations for role in policy.roles))
    for update in pathway.updates:
        roles.update(dict.fromkeys((update.to, update.by)))
    return tuple(roles)
