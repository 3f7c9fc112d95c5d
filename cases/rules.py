"""The rules of who may act: roles of each verb, who may vote or object, what closing requires."""

from cases.file import INCIDENT_MANAGER, CaseFile
from cases.gate import Round, RoundKind, RoundState, roles_of
from cases.rounds import deciders
from cases.state import CaseState
from runbooks.plan import Pathway

ANY_REVIEWER = "any-reviewer"


def roles_for(file: CaseFile, verb: str) -> tuple[str, ...]:
    """The roles that may do `verb` in the stage the case is in."""
    stage = file.stage
    owner = stage.owner if stage is not None else INCIDENT_MANAGER
    first = file.pathway.stages[0].owner
    working = tuple(dict.fromkeys((owner, first, INCIDENT_MANAGER)))
    match verb:
        case "answer" | "evidence" | "reply" | "raise":
            return working
        case "complete":
            return tuple(dict.fromkeys((owner, INCIDENT_MANAGER)))
        case "memo":
            gate = stage.gate.roles if stage is not None and stage.gate else ()
            return tuple(dict.fromkeys((*working, *gate)))
        case "hold" | "resume" | "severity":
            return tuple(dict.fromkeys((INCIDENT_MANAGER, first)))
        case "attach" | "move":
            return tuple(dict.fromkeys((INCIDENT_MANAGER, first)))
        case "close":
            return (file.pathway.closure.owner,)
        case "assign" | "cancel":
            return (INCIDENT_MANAGER,)
        case _:
            return (INCIDENT_MANAGER,)


def may_vote(file: CaseFile, round_: Round, *, person: str, role: str) -> str:
    """Empty when the person may vote in that role; else which rule stands against it.

    `role`, `conflicted` or `same-person`.
    """
    rule = file.gate_rule(round_.gate)
    if role not in roles_of(round_, rule):
        return "role"
    if person in file.state.conflicts:
        return "conflicted"
    if rule is not None:
        for stage in rule.not_the_same_person_as:
            if person in deciders(file, stage):
                return "same-person"
    if round_.kind in (RoundKind.SPLIT, RoundKind.DISSENT, RoundKind.RATIFY):
        # Whoever already voted on the question cannot be the one who breaks the tie over it.
        for earlier in file.state.rounds:
            if earlier.gate == round_.gate and earlier.number < round_.number:
                vote = earlier.vote_of(person)
                if vote is not None and earlier.state is not RoundState.SUPERSEDED:
                    return "same-person"
    return ""


def unmet(state: CaseState, pathway: Pathway, disposition: str) -> list[str]:
    """What still stands against closing with that disposition, all of it at once.

    The requirement words are the runbook language's. `decision-record` is written in the closing
    act itself, and so is `lessons`; the desk checks these two there.
    """
    plan = pathway.closure.dispositions.get(disposition)
    if plan is None:
        return ["no such disposition"]
    missing: list[str] = []
    for requirement in plan.requires:
        kind, _, name = requirement.partition(":")
        match kind:
            case "action-receipt":
                done = [effect for effect in state.effects if effect.state in ("done", "skipped")]
                if not done:
                    missing.append("action-receipt: no action has been recorded as done")
            case "receipt":
                effect = state.effect_named(name)
                if effect is None or effect.state not in ("done", "skipped"):
                    missing.append(f"receipt: {name}")
            case "answer":
                if name not in state.answers:
                    missing.append(f"answer: {name}")
            case "memo":
                if not any(state.memos.values()):
                    missing.append("memo")
            case "evidence":
                if not state.evidence:
                    missing.append("evidence")
            case "linked-case":
                if not any(link.why in ("moved-to", "attached-to") for link in state.links):
                    missing.append("linked-case")
            case _:
                continue
    missing.extend(f"open action: {effect.title}" for effect in state.effects if effect.open)
    missing.extend(
        f"ratification by {due.by}" for due in state.ratifications if due.settled is None
    )
    return missing


def dissent_role(
    file: CaseFile, round_: Round, *, person: str, roles: frozenset[str]
) -> str | None:
    """The role in which the person may object in this round, if they have not done so."""
    rule = file.gate_rule(round_.gate)
    if rule is None or round_.kind is not RoundKind.ASK or person in file.state.conflicts:
        return None
    if any(
        (item.gate, item.round, item.person) == (round_.gate, round_.number, person)
        for item in file.state.dissents
    ):
        return None
    who = rule.dissent.who if rule.dissent is not None else ANY_REVIEWER
    candidates = rule.roles if who == ANY_REVIEWER else (who,)
    return next((role for role in candidates if role in roles), None)
