"""Who sees a case, and what of it: need-to-know, conflicts, and votes that are still blind."""

from collections.abc import Iterable

from pydantic import JsonValue

from cases.file import DUTY_MANAGER, INCIDENT_MANAGER
from cases.gate import Round, RoundState
from cases.journal import Entry, Kind
from cases.obligations.answers import roles_of
from cases.people import is_conflicted
from cases.permissions import all_roles
from cases.state import CasePicture, CaseState
from runbooks.plan import Pathway, Votes

ALWAYS = frozenset({INCIDENT_MANAGER, DUTY_MANAGER})
_OF_VOTES = frozenset({Kind.VOTE_CAST, Kind.VOTE_WITHDRAWN})
_VERDICT = frozenset(
    {"verdict", "reason", "instead_of", "on_behalf_of", "replaces", "conditions", "input"}
)


def may_see(state: CaseState, pathway: Pathway, *, person: str, roles: frozenset[str]) -> bool:
    """Whether the person has to do with the case: by role in its runbook, or by name in its record.

    Who has declared a conflict sees nothing of it any more.
    """
    if is_conflicted(state, {person}):
        return False
    if pathway.need_to_know:
        return _needs_to_know(state, pathway, person=person, roles=roles)
    concerned = {*all_roles(pathway), *(effect.owner for effect in pathway.effects)}
    concerned |= {effect.owner for effect in state.effects}
    if state.closed:
        concerned |= {owed.owner for owed in pathway.after_closing}
    concerned |= _of_rules(state, pathway)
    for round_ in state.rounds:
        concerned |= set(round_.asked)
    concerned |= {task.owner for task in state.tasks}
    return (
        bool(roles & (ALWAYS | concerned))
        or _has_work(state, person)
        or any(vote.person == person for round_ in state.rounds for vote in round_.votes)
    )


def _of_rules(state: CaseState, pathway: Pathway) -> set[str]:
    """Who watches the interim rules that the case has issued, and who decides what stays."""
    plans = [pathway.owed_plan(rule.obligation) for rule in state.rules]
    return {role for plan in plans if plan is not None for role in roles_of(plan)}


def _needs_to_know(
    state: CaseState, pathway: Pathway, *, person: str, roles: frozenset[str]
) -> bool:
    """Whether the person decides on the case, is asked now, or has it by name.

    The duty manager is told when nobody else can be, so they may look; who only holds a role that
    worked on the case before, or that was paged, may not.
    """
    asked = {DUTY_MANAGER, pathway.closure.owner, *_of_rules(state, pathway)}
    for stage in pathway.stages:
        rule = stage.gate
        if stage.name == state.stage:
            asked.add(stage.owner)
        if rule is None:
            continue
        asked |= set(rule.roles)
        if rule.silence.stand_in is not None:
            asked |= set(rule.silence.stand_in.allow)
    clock = state.stage_clock(state.stage) if state.stage is not None else None
    if clock is not None:
        asked |= set(clock.backups)
    for round_ in state.rounds:
        asked |= {*round_.asked, *round_.backups}
    for effect in state.effects:
        if effect.open:
            asked.add(effect.owner)
    asked |= {task.owner for task in state.tasks if task.open}
    return (
        bool(roles & asked)
        or _has_work(state, person)
        or any(vote.person == person for round_ in state.rounds for vote in round_.votes)
    )


def _has_work(state: CaseState, person: str) -> bool:
    """Whether something of the case is the person's by name."""
    theirs = [task.person for task in state.tasks if task.open]
    theirs += [offer.person for offer in state.work_offers]
    return person in state.assignments.values() or person in theirs


def hides_votes(round_: Round, pathway: Pathway, *, person: str) -> bool:
    """Whether the round's votes are hidden from the person: blind, open, and theirs not cast."""
    rule = next((stage.gate for stage in pathway.stages if stage.name == round_.gate), None)
    blind = rule is not None and rule.votes is Votes.BLIND
    return blind and round_.state is RoundState.OPEN and round_.vote_of(person) is None


def hidden_rounds(state: CaseState, pathway: Pathway, *, person: str) -> frozenset[tuple[str, int]]:
    """The rounds whose votes the person may not see yet."""
    return frozenset(
        (round_.gate, round_.number)
        for round_ in state.rounds
        if hides_votes(round_, pathway, person=person)
    )


def blinded(state: CasePicture, pathway: Pathway, *, person: str) -> CasePicture:
    """The state as the person may see it: no trace of a vote that is still hidden from them.

    Also what is derived from votes (who is still owed) must be derived from this state.
    """
    hidden = hidden_rounds(state, pathway, person=person)
    if not hidden:
        return state
    rounds = [
        round_.model_copy(update={"votes": []})
        if (round_.gate, round_.number) in hidden
        else round_
        for round_ in state.rounds
    ]
    return state.model_copy(update={"rounds": rounds})


def without_cases(state: CasePicture, unseen: frozenset[str]) -> CasePicture:
    """The state without the numbers of cases that the person may not know of."""
    if not unseen:
        return state
    merged = state.merged
    return state.model_copy(
        update={
            "links": [link for link in state.links if link.number not in unseen],
            "taken_in": [item for item in state.taken_in if item.number not in unseen],
            "merged": merged if merged is None or merged.number not in unseen else None,
        }
    )


def seen_entries(
    entries: Iterable[Entry],
    hidden: frozenset[tuple[str, int]],
    unseen: frozenset[str] = frozenset(),
) -> list[tuple[Entry, dict[str, JsonValue]]]:
    """The entries, each with what of its body may be read."""
    seen: list[tuple[Entry, dict[str, JsonValue]]] = []
    for entry in entries:
        body = dict(entry.body)
        if entry.kind in _OF_VOTES and (body.get("gate"), body.get("round")) in hidden:
            body = {name: value for name, value in body.items() if name not in _VERDICT}
            body["note"] = "hidden until you have voted"
        if body.get("number") in unseen:
            body = {"note": "about a case that you may not see"}
        seen.append((entry, body))
    return seen
